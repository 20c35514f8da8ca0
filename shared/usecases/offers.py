"""Offers answered by agents: one winner, by compare-and-set; the owner is written before the answer is given."""

from shared.contracts import agents, records
from shared.domain import routing
from shared.domain.centre import AgentProfile
from shared.domain.conversation import WorkRef
from shared.domain.routing import Assignment, Offer, OfferGone, OfferState
from shared.errors import not_found, offer_gone
from shared.ports import Bells
from shared.usecases import views
from shared.usecases.services import Services
from shared.usecases.work import change_item, finish_all, reflect_item


async def accept(services: Services, bells: Bells, agent: AgentProfile, offer_id: str) -> records.Conversation:
    """Take the work; the winner may repeat it. Problems: not-found, offer-gone."""
    offer = await _mine(services, agent, offer_id, OfferState.ACCEPTED)
    ref = WorkRef(agent.pool, offer.work_id)

    def decide(current: Assignment) -> Assignment | None:
        state = current.offer.state if current.offer and current.offer.id == offer_id else OfferState.REVOKED
        if state is OfferState.ACCEPTED:
            return None
        if state is not OfferState.PENDING:
            raise OfferGone(state)
        return routing.accept(current, services.capacity(agent.id), services.clock())

    if offer.state is not OfferState.ACCEPTED:
        try:
            await change_item(services, ref, decide, bells)
        except OfferGone as gone:
            raise offer_gone(gone.state) from None
    item = await services.routing.item(agent.pool, offer.work_id)
    conversation = await reflect_item(services, item.value, bells) if item else None
    if conversation is None or conversation.owner is None or conversation.owner.id != agent.id:
        # The customer, or the end of the conversation, was faster: so the work is over, too.
        await finish_all(services, [ref], bells)
        raise offer_gone(OfferState.CANCELLED)
    return views.conversation(conversation)


async def decline(services: Services, bells: Bells, agent: AgentProfile, offer_id: str) -> agents.OfferEnded:
    """Leave the work to others; repeating it is harmless. Problems: not-found, offer-gone."""
    offer = await _mine(services, agent, offer_id, OfferState.DECLINED)
    if offer.state is OfferState.DECLINED:
        return agents.OfferEnded(offer_id=offer_id, state=offer.state)

    def decide(current: Assignment) -> Assignment:
        if current.offer is None or current.offer.id != offer_id:
            raise OfferGone(OfferState.REVOKED)
        rules, capacity = services.centre.offers, services.capacity(agent.id)
        return routing.end_offer(current, OfferState.DECLINED, rules, capacity, services.clock())

    try:
        await change_item(services, WorkRef(agent.pool, offer.work_id), decide, bells)
    except OfferGone as gone:
        raise offer_gone(gone.state) from None
    return agents.OfferEnded(offer_id=offer_id, state=OfferState.DECLINED)


async def _mine(services: Services, agent: AgentProfile, offer_id: str, repeated: OfferState) -> Offer:
    """An offer made to this agent that is pending, or that the same answer has ended before."""
    found = await services.routing.offer(agent.pool, offer_id)
    if found is None or found.value.agent_id != agent.id:
        raise not_found("offer")
    if found.value.state not in (OfferState.PENDING, repeated):
        raise offer_gone(found.value.state)
    return found.value
