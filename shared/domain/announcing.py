"""What customers who wait are told of it: when, and in which words. Rounded, as nobody knows better."""

from datetime import datetime

from shared.domain.centre import ContactCentre
from shared.domain.conversation import Announced, Conversation, Draft, Kind, Sender, Status
from shared.domain.policy import Announcements
from shared.domain.routing.place import Place

FINE_MINUTES_MAX, COARSE_MINUTES = 10, 5
"""Up to ten minutes are told to the minute, more in steps of five."""
MINUTES_MAX = 60
"""A longer wait is told as more than that."""
MEANINGFUL = 0.25
"""A wait is told again if it has changed by this share of what was told."""


def due_at(conversation: Conversation, centre: ContactCentre) -> datetime | None:
    """When to look at the wait next; None if nothing is left to be told."""
    rule, began = _rule(conversation, centre), _began(conversation)
    if rule is None or began is None or conversation.callback_at:
        return None
    told = _told(conversation)
    if told is None:
        return began + rule.after
    return told.at + rule.every if told.times < rule.most else None


def announce(draft: Draft, centre: ContactCentre, place: Place | None) -> None:
    """Note that the wait was looked at, and tell the customer of it, if it is another one than they know of."""
    conversation = draft.conversation
    rule, began = _rule(conversation, centre), _began(conversation)
    if rule is None or began is None:
        return
    before = _told(conversation) or Announced(began, draft.now)
    position = place.position if place and rule.position else None
    minutes = minutes_of(place.estimated_wait_seconds) if place and rule.wait else None
    # Whoever is being offered to somebody is about to be answered.
    is_news = conversation.status is Status.QUEUED and _is_news(before, position, minutes)
    if not is_news:
        draft.set(announced=Announced(began, draft.now, before.times, before.position, before.minutes))
        return
    text = " ".join(_sentences(centre, conversation.locale, position, minutes))
    draft.say(f"announcement-{conversation.version}", Sender(Kind.SYSTEM, centre.name), text)
    draft.set(announced=Announced(began, draft.now, before.times + 1, position, minutes))


def minutes_of(seconds: int | None) -> int | None:
    """The minutes that are told: rounded up, as who is served sooner does not mind."""
    if seconds is None:
        return None
    minutes = max(-(-seconds // 60), 1)
    if minutes > FINE_MINUTES_MAX:
        minutes = -(-minutes // COARSE_MINUTES) * COARSE_MINUTES
    return min(minutes, MINUTES_MAX + 1)


def _is_news(told: Announced, position: int | None, minutes: int | None) -> bool:
    if position is not None and position != told.position:
        return True
    if minutes is None or told.minutes is None:
        return minutes is not None
    return abs(minutes - told.minutes) >= max(1.0, MEANINGFUL * told.minutes)


def _sentences(centre: ContactCentre, locale: str, position: int | None, minutes: int | None) -> list[str]:
    said = []
    if position is not None:
        said.append(centre.text("wait_position", locale, position=str(position)))
    if minutes is None:
        return said
    if minutes == 1:
        said.append(centre.text("wait_minute", locale))
    elif minutes > MINUTES_MAX:
        said.append(centre.text("wait_long", locale))
    else:
        said.append(centre.text("wait_minutes", locale, minutes=str(minutes)))
    return said


def _rule(conversation: Conversation, centre: ContactCentre) -> Announcements | None:
    queue = centre.queues.get(conversation.queue or "")
    return queue.announcements if queue else None


def _began(conversation: Conversation) -> datetime | None:
    return conversation.waiting_since or conversation.queued_at


def _told(conversation: Conversation) -> Announced | None:
    """Of this wait; what was told of an earlier one is over."""
    announced = conversation.announced
    return announced if announced and announced.since == _began(conversation) else None
