"""What a run amounts to, by queue and by agent, and what differs between two runs of the same traffic."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.backtest.recording import Arrival, Recording
from shared.domain.backtest.whatif import Outcome, Run
from shared.domain.centre import ContactCentre


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """Of one queue; times in seconds, None where nobody was answered."""

    queue: str
    offered: int
    answered: int
    abandoned: int  # later than the queue's shortAbandon
    overflowed: int
    service_level: float | None  # answered in time, of those answered or abandoned
    mean_wait: float | None
    p95_wait: float | None


@dataclass(frozen=True, slots=True)
class StaffFigures:
    """Of all agents: the share of their signed-in capacity that was held, and how unevenly work was given."""

    occupancy: float | None
    unfairness: float  # the Gini coefficient of work per agent: 0 is even, 1 is all to one


@dataclass(frozen=True, slots=True)
class Difference:
    """An arrival that fared differently; the id is the work item's."""

    id: str
    queue: str
    was: str
    becomes: str


def recorded(recording: Recording) -> Run:
    """What was recorded, as a run; occupancy is not known from it."""
    return Run(tuple(map(_as_it_was, recording.arrivals)), {}, {})


def _as_it_was(arrival: Arrival) -> Outcome:
    return Outcome(
        arrival, arrival.wait if arrival.wait is not None else arrival.patience, arrival.agent_id,
        arrival.patience is not None, None,
    )  # fmt: skip


def by_queue(run: Run, centre: ContactCentre) -> list[QueueFigures]:
    """The figures of each queue, by name."""
    queues: dict[str, list[Outcome]] = {}
    for outcome in run.outcomes:
        queues.setdefault(outcome.arrival.item.queue, []).append(outcome)
    return [_figures(queue, outcomes, centre) for queue, outcomes in sorted(queues.items())]


def _figures(queue: str, outcomes: Sequence[Outcome], centre: ContactCentre) -> QueueFigures:
    profile = centre.queues.get(queue)
    level = profile.service_level if profile else timedelta(seconds=20)
    short = profile.short_abandon if profile else timedelta()
    waits = sorted(outcome.wait for outcome in outcomes if outcome.agent_id and outcome.wait is not None)
    left = [outcome for outcome in outcomes if outcome.has_left and outcome.wait is not None and outcome.wait > short]
    counted = len(waits) + len(left)
    in_time = sum(wait <= level for wait in waits)
    return QueueFigures(
        queue, len(outcomes), len(waits), len(left), sum(outcome.overflow is not None for outcome in outcomes),
        in_time / counted if counted else None,
        statistics.fmean(wait.total_seconds() for wait in waits) if waits else None,
        waits[min(int(len(waits) * 0.95), len(waits) - 1)].total_seconds() if waits else None,
    )  # fmt: skip


def of_staff(run: Run) -> StaffFigures:
    """The figures of all agents together."""
    given: dict[str, int] = dict.fromkeys(run.signed_in, 0)
    for outcome in run.outcomes:
        if outcome.agent_id:
            given[outcome.agent_id] = given.get(outcome.agent_id, 0) + 1
    signed_in = sum(run.signed_in.values())
    return StaffFigures(sum(run.busy.values()) / signed_in if signed_in else None, gini(given))


def gini(given: Mapping[str, int]) -> float:
    """How unevenly something is given."""
    counts, total = sorted(given.values()), sum(given.values())
    if not total:
        return 0.0
    weighted = sum(place * count for place, count in enumerate(counts, 1))
    return 2 * weighted / (len(counts) * total) - (len(counts) + 1) / len(counts)


def differences(before: Run, after: Run) -> list[Difference]:
    """The arrivals that fared differently, in the order of their coming. Both runs are of one recording."""
    found = []
    for was, becomes in zip(before.outcomes, after.outcomes, strict=True):
        item = was.arrival.item
        if _fared(was) != _fared(becomes):
            found.append(Difference(item.id, item.queue, _fared(was), _fared(becomes)))
    return found


def _fared(outcome: Outcome) -> str:
    seconds = f"{outcome.wait.total_seconds():.0f} s" if outcome.wait is not None else ""
    if outcome.agent_id:
        return f"answered by {outcome.agent_id} after {seconds}"
    if outcome.has_left:
        return f"left after {seconds}"
    return f"overflowed by {outcome.overflow}" if outcome.overflow else "not answered"
