"""Learns a pool's flows from its records: who came, waited and gave up from work items, how long work holds its agent
from what agents' states were.

A record does not say when it changed. The pool's clock is the latest moment that stands in any record seen: it is what
abandonments are dated by, and is some seconds behind at most where there is enough going on to learn from. Versions of
agents' states come with their own moments.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.flow import ANSWER_SECONDS_DEFAULT, HANDLE_SECONDS_DEFAULT, Flow, Observed
from shared.domain.presence import AgentState, Held, Hold
from shared.domain.routing.work import Offer, WorkItem, WorkKind, WorkState

IN_LINE = (WorkState.WAITING, WorkState.OFFERED)
_LEFT = (WorkState.DONE, WorkState.OVERFLOWED)


@dataclass(slots=True)
class _Work:
    """What an agent holds: since when (None: unknown), of which queue (None: unknown)."""

    since: float | None
    queue: str | None
    is_taken: bool


class Learner:
    """Of one pool. Deterministic: it knows no time but that of the records."""

    def __init__(self) -> None:
        self.clock = 0.0
        self._queues: dict[str, Observed] = {}
        self._pool = Observed()
        self._known: dict[str, AgentState] = {}
        self._held: dict[str, dict[str, _Work]] = {}

    def flow(self, queue: str) -> Flow:
        """What is known of a queue; where that is little, what is known of the pool."""
        handling = self._pool.handling.value(HANDLE_SECONDS_DEFAULT)
        answering = self._pool.answering.value(ANSWER_SECONDS_DEFAULT)
        seen = self._queues.get(queue)
        if seen is None:
            return Flow(handling, answering)
        return Flow(
            seen.handling.value(handling), seen.answering.value(answering), seen.impatience(self.clock),
            seen.coming(self.clock),
        )  # fmt: skip

    def see(self, before: WorkItem | AgentState | Offer | None, after: WorkItem | AgentState | Offer) -> None:
        """A version of a record after the one that was known, if there was one."""
        if isinstance(after, WorkItem):
            if after.kind is WorkKind.NEW:
                self._see_item(before if isinstance(before, WorkItem) else None, after)
        elif isinstance(after, AgentState):
            self._tick(after.idle_since)
        else:
            self._tick(after.created_at)

    def _see_item(self, before: WorkItem | None, after: WorkItem) -> None:
        began = after.queued_at or after.enqueued_at
        self._tick(began)
        was_in_line = before is not None and before.state in IN_LINE
        if before is None:
            if after.offer_id is None and after.assignment_epoch:
                return  # given to its agent directly: it was never in line
            self._of(after.queue).arrived(began.timestamp(), after.priority)
        if (was_in_line or before is None) and after.state in _LEFT and not after.assignment_epoch:
            self._of(after.queue).gave_up(self.clock)
        by = (after.state in IN_LINE) - was_in_line
        if by:
            self._of(after.queue).wait_changed(self.clock, by)

    def see_past(self, agent: AgentState, at: datetime) -> None:
        """The next version of an agent's state, and since when it was so."""
        before, moment = self._known.get(agent.id), at.timestamp()
        self._known[agent.id] = agent
        works = self._held.setdefault(agent.id, {})
        if before is None:
            works.update({id_: _Work(None, None, held.state is not Hold.OFFERED) for id_, held in agent.held.items()})
            return
        for id_ in before.held.keys() - agent.held.keys():
            self._given_back(works.pop(id_), moment)
        queue = _given_of(before.assigned_at, agent.assigned_at)
        for id_, held in agent.held.items():
            if id_ not in works:
                works[id_] = _Work(moment, queue, is_taken=held.state is not Hold.OFFERED)
            else:
                self._goes_on(works[id_], held, moment)

    def forget(self, agent_id: str) -> None:
        """The next version of the agent's state does not follow on the last one that was seen."""
        self._known.pop(agent_id, None)
        self._held.pop(agent_id, None)

    def _goes_on(self, work: _Work, held: Held, moment: float) -> None:
        if not work.is_taken and held.state is not Hold.OFFERED:
            work.is_taken = True
            if work.since is not None:
                for seen in self._concerned(work):
                    seen.answering.add(moment - work.since)

    def _given_back(self, work: _Work, moment: float) -> None:
        """An offer that came to nothing has cost the time that others are then answered later."""
        if work.since is None:
            return
        for seen in self._concerned(work):
            if work.is_taken:
                seen.handling.add(moment - work.since)
            else:
                seen.handling.add_time(moment - work.since)

    def _concerned(self, work: _Work) -> list[Observed]:
        return [self._pool, self._of(work.queue)] if work.queue is not None else [self._pool]

    def _of(self, queue: str) -> Observed:
        if queue not in self._queues:
            self._queues[queue] = Observed()
        return self._queues[queue]

    def _tick(self, moment: datetime) -> None:
        self.clock = max(self.clock, moment.timestamp())


def _given_of(before: Mapping[str, datetime], after: Mapping[str, datetime]) -> str | None:
    """The queue from which an agent was given work between two versions, if it is certain."""
    queues = [queue for queue, at in after.items() if before.get(queue) != at]
    return queues[0] if len(queues) == 1 else None
