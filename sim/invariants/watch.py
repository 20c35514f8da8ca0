"""All invariants together: told of each batch that is written, asked before time moves on, and at the end."""

from collections.abc import Callable, Sequence

from shared.ports import Container, Document
from sim.broker import CHANNEL_EVENTS, POISON, Broker
from sim.invariants.conversations import ConversationWatch
from sim.invariants.deadlines import Deadlines
from sim.invariants.entering import EnteringWatch
from sim.invariants.policy import PolicyInForce
from sim.invariants.promises import Promises
from sim.invariants.routing import RoutingWatch

HISTORY_EVENTS_MAX = 1_000
LET_GO_SECONDS = 15.0
"""Work of a conversation that does not want it any more is finished within this."""


class Watch:
    """Independent of the code that it checks: it knows documents and promises."""

    def __init__(
        self, policy: PolicyInForce, time: Callable[[], float], disturbed_at: Callable[[], float],
        fail: Callable[[str, str], None],
    ) -> None:  # fmt: skip
        self.fail, self._policy = fail, policy
        self._deadlines = Deadlines(time, disturbed_at, fail)
        self.routing = RoutingWatch(policy, self._deadlines, fail, time)
        entering = EnteringWatch(policy, self.routing, fail, time)
        self.conversations = ConversationWatch(self._deadlines, fail, time, entering)
        self.promises = Promises(fail)
        self._dead_letters: set[str] = set()
        self.checks = 0

    def wrote(
        self, container: Container, partition: str, changes: Sequence[tuple[Document | None, Document]]
    ) -> None:  # fmt: skip
        """See store.Observer."""
        self.checks += 1
        if container is Container.ROUTING:
            self.routing.wrote(changes)
            for _, after in changes:
                if after.type == "work":
                    self._wanted(after.body["conversation_id"], after.body["id"])
        elif container is Container.CONVERSATIONS:
            self.conversations.wrote(partition, changes)
            for id_ in self.routing.of.get(partition, ()):
                self._wanted(partition, id_)
        elif container is Container.CONFIG:
            if self._policy.wrote(changes):
                self.routing.policy_changed()
        elif container is Container.DEAD_LETTERS:
            self._dead_letters.update(after.id for _, after in changes)

    def tick(self) -> None:
        """Everything that was due at this moment has been done."""
        self.checks += 1
        self.routing.tick()
        self._deadlines.check()

    def check_end(self, broker: Broker, longest_history: int) -> None:
        """Everything is over, and nothing is left."""
        if longest_history > HISTORY_EVENTS_MAX:
            self.fail("history", f"an orchestration has a history of {longest_history} events")
        for id_ in self.conversations.open:
            self.fail("I5", f"{id_} has never ended: it is {self.conversations.heads[id_]['status']}")
        for text in self.routing.held():
            self.fail("I3", f"all is over, but {text}")
        for text in self.routing.unfinished():
            self.fail("I8", f"all is over, but {text}")
        self._settled(broker)
        self.promises.check(self.conversations)

    def _settled(self, broker: Broker) -> None:
        """I8: each message that was accepted is done once, or dead."""
        if pending := broker.pending(CHANNEL_EVENTS):
            self.fail("I8", f"never taken: {[message.id for message in pending]}")
        over = len([number for number in broker.done if number not in broker.dead]) + len(broker.dead)
        wanted = sum(broker.accepted.values()) - len(broker.pending("work")) - broker.not_due()
        if over != wanted:
            self.fail("I8", f"{wanted} messages were accepted and are not pending, {over} are done or dead")
        given_up = [m.id for m in broker.dead.values() if not m.id.startswith(POISON)]
        if given_up:
            self.fail("I8", f"given up by the queue: {given_up}")
        if len(self._dead_letters) != broker.poisoned:
            self.fail("I8", f"{broker.poisoned} messages cannot be read, {len(self._dead_letters)} are parked")

    def _wanted(self, conversation_id: str, work_id: str) -> None:
        """I8: work is over before long if its conversation does not want it, and not over while it does."""
        head, item = self.conversations.heads.get(conversation_id), self.routing.items[work_id]
        if head is None:
            return
        is_over = item["state"] in ("done", "failed")
        is_lost = is_over or item["state"] == "overflowed"
        mine = head["work"] is not None and head["work"]["id"] == work_id
        asked = head["transfer"] is not None and head["transfer"]["work"]["id"] == work_id
        is_wanted = (mine or asked) and head["status"] != "closed"
        self._deadlines.set(
            ("unwanted", work_id), not is_wanted and not is_over, "I3", LET_GO_SECONDS,
            lambda: f"{work_id} is {item['state']}, and its conversation ({head['status']}) has let go of it", 150.0,
        )  # fmt: skip
        self._deadlines.set(
            ("lost", work_id), is_wanted and is_lost, "I8", LET_GO_SECONDS,
            lambda: f"{work_id} is {item['state']}, and its conversation is {head['status']}", 20.0,
        )  # fmt: skip
