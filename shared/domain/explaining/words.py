"""The sentences of explanations as one language writes them, and what languages have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.policy import Method
from shared.domain.presence import Presence
from shared.domain.routing import Fails, OfferState

Plural = tuple[str, str]
"""A text for one, and one for any other `{count}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language. Names in braces are filled in; agents, queues and skills are called as the policy calls them."""

    and_: str
    or_: str
    level: str  # a skill at a level
    enough: str  # the skill at this level, instead of a higher one
    no_longer_asked: Plural  # for these skills
    may_help: str  # the agents of these queues
    # Why an agent could not take it. The agent's name stands before.
    not_here: str
    presences: Mapping[Presence, str]
    presence_reasons: Mapping[str, str]
    for_another: str
    refused: Plural
    for_preferred: str
    not_served: Plural
    lacks: str
    has_level: str
    has_none: str
    channel_full: Plural
    no_room: str
    # What spoke for one who could.
    preferred: str
    refused_before: Plural
    exact: str
    short_of: Plural
    never_given: str
    given_before: str
    holds: Plural
    free: Plural
    levels: Plural
    idle: str
    # How many could not, by the reason: who is counted stands before as a number.
    tallies: Mapping[Fails, Plural]
    # An offer.
    offered: str
    only: str
    first: str
    not_again: str
    others: str
    relaxed: str
    relaxed_by_now: str  # of work that still waits
    relaxed_step: str
    decided_by_preference: str
    decided_by_refusals: str
    decided_by_levels: str
    decided_by_method: Mapping[Method, str]
    decided_by_idle: str
    decided_by_id: str
    why_not_kept: str
    # What becomes of an offer, and of work.
    offer_ended: Mapping[OfferState, str]
    accepted: str
    given: str
    transfer_failed: Mapping[str, str]
    freed: str
    # Work that waits.
    nobody_works: str
    about_to_be_offered: Plural
    waits: Mapping[Fails, str]
    # What time alone will change.
    for_everybody: str
    will_leave: str
    will_call_back: str
    will_end: str
    # A conversation's way.
    queued: str
    queued_by_rule: str
    diverted: str
    overflowed: str
    callback: str
    released: str
    agent_lost: str
    returned: str
    set_aside: str
    reopened: str
    assigned: str
    assigned_over: str
    transfer_asked: str
    # How it ended.
    ended_by_rules: str
    ended_by_supervisor: str
    ended_by_agent: str
    ended_by_bot: str
    ended: str
    ended_why: str
    customer_left: str
    timed_out: Mapping[str, str]
    # Why a rule of a queue held.
    by_rule: str
    rule_held: str
    out_of_hours: str
    items_waiting: Plural
    predicted_wait: str
    waited: str
    closed_by: str
    closed: str
    queue_removed: str

    def both(self, parts: Sequence[str]) -> str:
        """All of them: a, b and c."""
        return _listed(parts, self.and_)

    def either(self, parts: Sequence[str]) -> str:
        """One of them: a, b or c."""
        return _listed(parts, self.or_)


def counted(texts: Plural, count: int, **values: str) -> str:
    """The text for so many."""
    return texts[count != 1].format(count=count, **values)


def span(length: timedelta) -> str:
    """A time as people say it, in its two largest units."""
    if timedelta() < length < timedelta(seconds=1):
        return "< 1 s"
    seconds = max(0, int(length.total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    return f"{seconds} s"


def _listed(parts: Sequence[str], last: str) -> str:
    return " ".join((", ".join(parts[:-1]), last, parts[-1])) if len(parts) > 1 else "".join(parts)
