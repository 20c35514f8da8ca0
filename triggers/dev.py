"""Signing in on a development machine. Registered only where the settings ask for it."""

import azure.durable_functions as df

from shared.contracts.agents import DevToken, DevTokenRequest
from triggers.api import Call, operation

bp = df.Blueprint()


@operation(bp, "devToken")
async def dev_token(call: Call[DevTokenRequest]) -> DevToken:
    """A token as the directory would issue it, for whoever asks."""
    token, expires_at = call.app.identity.dev_token(call.body.user, call.services.clock())
    return DevToken(token=token, expires_at=expires_at)
