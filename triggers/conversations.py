"""The agent's desk: offers and work on conversations."""

import azure.durable_functions as df

from shared.contracts.agents import (
    AgentMessage,
    ConversationAnswer,
    MessageAccepted,
    OfferEnded,
    Transfer,
    TransferAccepted,
    WrapUp,
)
from shared.contracts.records import Conversation, ConversationView
from shared.contracts.wire import Page
from shared.usecases import desk, offers
from triggers.api import Call, operation

bp = df.Blueprint()


@operation(bp, "acceptOffer")
async def accept_offer(call: Call[None]) -> ConversationAnswer:
    """The first to accept owns the conversation."""
    return ConversationAnswer(conversation=await offers.accept(call.services, call.bells, call.profile, call.id))


@operation(bp, "declineOffer")
async def decline_offer(call: Call[None]) -> OfferEnded:
    """The work goes on to somebody else."""
    return await offers.decline(call.services, call.bells, call.profile, call.id)


@operation(bp, "listConversations")
async def list_conversations(call: Call[None]) -> Page[Conversation]:
    """Conversations by status, queue, agent or customer."""
    return await desk.search(call.services, call.profile, **call.query)


@operation(bp, "readConversation")
async def read_conversation(call: Call[None]) -> ConversationView:
    """All that an agent's screen shows of a conversation."""
    return await desk.view(call.services, call.profile, call.id, **call.query)


@operation(bp, "sendMessage")
async def send_message(call: Call[AgentMessage]) -> MessageAccepted:
    """Write to the customer or leave a note."""
    return await desk.send(call.services, call.profile, call.id, call.body)


@operation(bp, "transfer")
async def transfer(call: Call[Transfer]) -> TransferAccepted:
    """Hand the conversation over."""
    return await desk.transfer(call.services, call.bells, call.profile, call.id, call.body, call.key)


@operation(bp, "setAside")
async def set_aside(call: Call[None]) -> ConversationAnswer:
    """Free the capacity until the customer writes again."""
    return ConversationAnswer(conversation=await desk.set_aside(call.services, call.bells, call.profile, call.id))


@operation(bp, "reopen")
async def reopen(call: Call[None]) -> ConversationAnswer:
    """Take up again what was set aside."""
    return ConversationAnswer(conversation=await desk.reopen(call.services, call.bells, call.profile, call.id))


@operation(bp, "end")
async def end(call: Call[None]) -> ConversationAnswer:
    """Say good-bye; wrap-up begins."""
    return ConversationAnswer(conversation=await desk.end(call.services, call.bells, call.profile, call.id))


@operation(bp, "wrapUp")
async def wrap_up(call: Call[WrapUp]) -> ConversationAnswer:
    """File the conversation."""
    changed = await desk.wrap_up(call.services, call.bells, call.profile, call.id, call.body)
    return ConversationAnswer(conversation=changed)
