"""After a conversation's commit: ring its bell, tell the agents' screens, wake who waits for news.

All of it is safe to repeat, and the change feed repeats it (`repeat`) for commits that a crash kept from being told.
"""

from functools import partial

from shared.domain.conversation import MESSAGE, TRANSFER_ENDED, Change, Conversation, Event, Message
from shared.ports import Bells
from shared.records.inbox import Notice
from shared.usecases import views
from shared.usecases.services import Services, conversation_topic, inbox_topic


async def publish(services: Services, change: Change, bells: Bells | None) -> None:
    """Tell of a commit. Without `bells` (in activities: the orchestration itself has acted) nobody is rung."""
    messages = {message.id: message for message in change.messages}
    for event in change.events:
        message = messages.get(str(event.data.get("messageId")))
        await _tell_agents(services, change.after, event, message)
    services.realtime.publish(conversation_topic(change.after.id))
    if bells and change.rings is not None:
        await bells.ring(change.after.id, change.rings)


async def repeat(services: Services, conversation: Conversation, event: Event) -> None:
    """Tell again of an event that the change feed shows."""
    message = None
    if event.type == MESSAGE and event.told:
        sender, id_ = str(event.data["sender"]), str(event.data["messageId"])
        message = await services.conversations.message(conversation.id, sender, id_)
    await _tell_agents(services, conversation, event, message)


async def _tell_agents(services: Services, conversation: Conversation, event: Event, message: Message | None) -> None:
    key = f"{conversation.id}:{event.sequence}"
    for agent_id in event.told:
        if message:
            shown = views.as_json(views.message(message))
            data = {"conversationId": conversation.id, "message": shown}
            await services.inboxes.tell(agent_id, [Notice(key, "message.upserted", data)])
        elif event.type != MESSAGE:
            await services.inboxes.tell(agent_id, partial(_notices, services, conversation.id, event, agent_id))
        services.realtime.publish(inbox_topic(agent_id))


async def _notices(services: Services, conversation_id: str, event: Event, agent_id: str) -> list[Notice]:
    """Of the conversation as it is stored by now."""
    key = f"{conversation_id}:{event.sequence}"
    notices = []
    if event.type == TRANSFER_ENDED and agent_id == event.data.get("by"):
        data = {name: value for name, value in event.data.items() if name != "by"}
        notices.append(Notice(f"{key}:transfer", "transfer.ended", {"conversationId": conversation_id, **data}))
    conversation = await services.conversations.get(conversation_id)
    if conversation and agent_id == conversation.agent_id:
        head = views.as_json(views.conversation(conversation))
        notices.append(Notice(key, "conversation.upserted", {"conversation": head}))
    else:
        notices.append(Notice(key, "conversation.removed", {"conversationId": conversation_id}))
    return notices
