"""Web chat, the customer's side."""

import azure.durable_functions as df

from shared.contracts.chat import ChatMessages, ChatStarted, ChatToken, CustomerMessage, StartChat, Survey, Typing
from shared.contracts.wire import Accepted
from shared.usecases import chat
from triggers.api import Call, operation

bp = df.Blueprint()


@operation(bp, "startChat")
async def start_chat(call: Call[StartChat]) -> ChatStarted:
    """Mint the conversation; its customer may read and write at once."""
    conversation_id = await chat.start(call.services, call.body, call.key)
    token, expires_at = call.app.identity.issue_customer(conversation_id, call.services.clock())
    return ChatStarted(conversation_id=conversation_id, token=token, expires_at=expires_at, status="new")


@operation(bp, "sendChatMessage")
async def send_chat_message(call: Call[CustomerMessage]) -> Accepted:
    """Take a message in; it shows in the transcript once it is consumed."""
    await chat.write(call.services, call.id, call.body)
    return Accepted()


@operation(bp, "readChatMessages")
async def read_chat_messages(call: Call[None]) -> ChatMessages:
    """What the customer has not seen yet."""
    return await chat.read(call.services, call.id, call.query["after"], float(call.query["wait"]))


@operation(bp, "endChat")
async def end_chat(call: Call[None]) -> Accepted:
    """The customer leaves."""
    await chat.leave(call.services, call.id)
    return Accepted()


@operation(bp, "typeInChat")
async def type_in_chat(call: Call[Typing]) -> Accepted:
    """Show the agent that the customer types."""
    await chat.typing(call.services, call.id, call.body.typing)
    return Accepted()


@operation(bp, "rateChat")
async def rate_chat(call: Call[Survey]) -> Accepted:
    """What the customer thought of it."""
    await chat.rate(call.services, call.id, call.body)
    return Accepted()


@operation(bp, "renewChatToken")
async def renew_chat_token(call: Call[None]) -> ChatToken:
    """A fresh token for one that is still good."""
    token, expires_at = call.app.identity.issue_customer(call.id, call.services.clock())
    return ChatToken(token=token, expires_at=expires_at)
