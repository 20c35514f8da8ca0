"""What agents' screens are told of routing: offers, and the agents themselves, as they are stored when it is told."""

from functools import partial

from shared.domain.presence import AgentState
from shared.domain.routing import Offer, OfferState
from shared.records.inbox import Notice
from shared.usecases import views
from shared.usecases.services import Services, inbox_topic


async def tell_agent(
    services: Services, agent_id: str, offer: Offer | None = None, *, is_repeated: bool = False
) -> None:  # fmt: skip
    """Tell an agent's screen of a change of the agent and, perhaps, of an offer."""
    await services.inboxes.tell(agent_id, partial(_notices, services, agent_id, offer, is_repeated))
    services.realtime.publish(inbox_topic(agent_id))


async def repeat_agent(services: Services, agent: AgentState) -> None:
    """Tell again of an agent that the change feed shows."""
    if not await services.inboxes.has_told((agent.id,), _agent_key(agent)):
        await tell_agent(services, agent.id, is_repeated=True)


async def repeat_offer(services: Services, offer: Offer) -> None:
    """Tell again of an offer that the change feed shows."""
    if not await services.inboxes.has_told((offer.agent_id,), _offer_key(offer)):
        await tell_agent(services, offer.agent_id, offer, is_repeated=True)


async def _notices(services: Services, agent_id: str, offer: Offer | None, is_repeated: bool) -> list[Notice]:
    """What there is to tell. After a crash there is much to repeat, and most of it was told by the process before."""
    made = [await _of_agent(services, agent_id), await _of_offer(services, offer) if offer else None]
    notices = [notice for notice in made if notice]
    if is_repeated:
        return [notice for notice in notices if not await services.inboxes.has_told((agent_id,), notice.key)]
    return notices


async def _of_agent(services: Services, agent_id: str) -> Notice | None:
    profile = services.profile(agent_id)
    if profile is None:
        return None
    state = (await services.routing.agent(profile.pool, agent_id, services.clock())).value
    return Notice(_agent_key(state), "agent.updated", {"agent": views.as_json(views.agent(state, profile))})


async def _of_offer(services: Services, offer: Offer) -> Notice | None:
    profile = services.profile(offer.agent_id)
    stored = await services.routing.offer(profile.pool, offer.id) if profile else None
    if profile is None or stored is None:
        return None
    if stored.value.state is not OfferState.PENDING:
        data = {"offerId": offer.id, "state": stored.value.state.value}
        return Notice(_offer_key(stored.value), "offer.ended", data)
    about = await services.conversations.get(offer.conversation_id)
    item = await services.routing.item(profile.pool, offer.work_id)
    if about is None:
        return None
    shown = views.as_json(views.offer(stored.value, about, item.value if item else None, services.centre))
    return Notice(_offer_key(stored.value), "offer.created", {"offer": shown})


def _offer_key(offer: Offer) -> str:
    return f"offer:{offer.id}" if offer.state is OfferState.PENDING else f"offer:{offer.id}:ended"


def _agent_key(agent: AgentState) -> str:
    return f"agent:{agent.revision}"
