"""Agents: who they are, their presence and their inbox."""

import azure.durable_functions as df

from shared.contracts.agents import Inbox, SetPresence
from shared.contracts.records import Agent
from shared.usecases import agents, inbox
from triggers.api import Call, operation

bp = df.Blueprint()


@operation(bp, "readMe")
async def read_me(call: Call[None]) -> Agent:
    """The caller as routing sees them."""
    return await agents.me(call.services, call.profile)


@operation(bp, "setPresence")
async def set_presence(call: Call[SetPresence]) -> Agent:
    """Choose a presence, now or for later."""
    return await agents.set_presence(call.services, call.profile, call.body)


@operation(bp, "heartbeat")
async def heartbeat(call: Call[None]) -> Agent:
    """Authentication has noted that the agent is there; this tells what has become of them."""
    return await agents.me(call.services, call.profile)


@operation(bp, "readInbox")
async def read_inbox(call: Call[None]) -> Inbox:
    """A snapshot, or what happened since."""
    return await inbox.read(call.services, call.profile, call.query["after"], float(call.query["wait"]))
