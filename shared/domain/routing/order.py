"""The order in which work is looked at, exact and packed into 64 bits."""

from datetime import UTC, datetime, timedelta

from shared.domain.routing.work import WorkItem

Rank = tuple[int, int, int, str]
"""First in line or not, score, time of enqueueing in microseconds, id: lower goes first."""

NEVER = (1 << 63) - 1
"""Later than any key."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TIME_BITS, _PRIORITY_BITS = 52, 10
_TIME_MAX = (1 << _TIME_BITS) - 2  # no key is NEVER
_PRIORITY_ZERO = 1 << (_PRIORITY_BITS - 1)
_PRIORITY_MAX = (1 << _PRIORITY_BITS) - 1
_SCORE_ZERO, _SCORE_MAX = 1 << 61, (1 << 62) - 2


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(at: int) -> datetime:
    """The time that is so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=at)


def span(length: timedelta) -> int:
    """A duration in microseconds."""
    return length // _MICROSECOND


def rank_of(item: WorkItem, ageing: int | None) -> Rank:
    """The item's place among all work of its pool; `ageing` in microseconds per point of priority."""
    enqueued = micros(item.enqueued_at)
    score = item.priority if ageing is None else item.priority * ageing + enqueued
    return (0 if item.is_front else 1, score, enqueued, item.id)


def packed(rank: Rank, ageing: int | None) -> int:
    """A key that orders as ranks do, or is equal where 62 bits do not tell them apart; less than NEVER."""
    behind, score, enqueued, _ = rank
    if ageing is not None:
        return behind << 62 | min(max(score + _SCORE_ZERO, 0), _SCORE_MAX)
    priority, time = score + _PRIORITY_ZERO, min(max(enqueued, 0), _TIME_MAX)
    if priority < 0:
        priority, time = 0, 0
    elif priority > _PRIORITY_MAX:
        priority, time = _PRIORITY_MAX, _TIME_MAX
    return behind << 62 | priority << _TIME_BITS | time
