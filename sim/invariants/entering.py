"""What becomes of conversations on their way into a queue: by hours, by how many wait, by emergency closures."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from shared.domain.centre import ContactCentre, QueueProfile
from shared.domain.hours import is_open
from shared.domain.policy import OverflowRule
from sim.invariants.policy import PolicyInForce
from sim.invariants.routing import RoutingWatch
from sim.outside import EPOCH

Json = Mapping[str, Any]
DECIDED_SECONDS = 10.0
"""The way was found before it was committed, at most so long ago."""


class EnteringWatch:
    """Rules that held against what could have been seen when the way was found."""

    def __init__(
        self, policy: PolicyInForce, routing: RoutingWatch, fail: Callable[[str, str], None], time: Callable[[], float]
    ) -> None:  # fmt: skip
        self._policy, self._routing, self._fail, self._time = policy, routing, fail, time

    def event(self, id_: str, event: Json) -> None:
        """Something that has happened to a conversation."""
        data = event["data"]
        if event["type"] == "enqueued":
            applied = data.get("overflow", [])
            for rule in applied:
                self._held(id_, rule)
            if not applied:
                self._was_open(id_, data["queue"])
        elif event["type"] == "ended" and data.get("by") == "overflow":
            self._held(id_, data["rule"])

    def _held(self, id_: str, rule_id: str) -> None:
        """A rule that was applied must have been true."""
        if rule_id == "closure":
            return
        if not any(self._could_hold(*found) for found in self._rules(rule_id)):
            self._fail("policy", f"the rule {rule_id} was applied to {id_}, which does not hold")

    def _was_open(self, id_: str, queue_id: str) -> None:
        """Out of hours nobody enters a queue that has a rule for it."""
        for centre in self._policy.lately():
            queue = centre.queues.get(queue_id)
            rule = queue.overflow[0] if queue and queue.overflow else None
            by_hours = rule is not None and rule.out_of_hours
            only = rule is not None and rule.items_waiting is None and rule.predicted_wait is None
            if queue is None or not (by_hours and only) or self._was(queue, centre, is_closed=False):
                return
        self._fail("policy", f"{id_} entered {queue_id} out of hours")

    def _rules(self, rule_id: str) -> Iterator[tuple[OverflowRule, QueueProfile, ContactCentre]]:
        for centre in self._policy.lately():
            for queue in centre.queues.values():
                yield from ((rule, queue, centre) for rule in queue.overflow if rule.id == rule_id)

    def _could_hold(self, rule: OverflowRule, queue: QueueProfile, centre: ContactCentre) -> bool:
        if rule.waited is not None or rule.predicted_wait is not None:
            return True  # checked when work leaves its queue; nobody but the product predicts
        if rule.out_of_hours and not self._was(queue, centre, is_closed=True):
            return False
        return rule.items_waiting is None or self._routing.most_waiting(queue.id) >= rule.items_waiting

    def _was(self, queue: QueueProfile, centre: ContactCentre, *, is_closed: bool) -> bool:
        """Whether a queue was closed (or open) at some moment of late. One that opens does so for longer than that."""
        calendar = centre.calendars.get(queue.hours or "")
        now = EPOCH + timedelta(seconds=self._time())
        moments = (now, now - timedelta(seconds=DECIDED_SECONDS))
        return any((calendar is not None and not is_open(calendar, at)) is is_closed for at in moments)
