"""I1, I6, I7: what customers and agents were promised, and whether it is so."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sim.invariants.conversations import ConversationWatch

Fail = Callable[[str, str], None]


@dataclass(slots=True)
class Said:
    """What one customer has said, in the order of sending. Each text is unique in the simulation."""

    texts: list[str] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)


class Promises:
    """Everything that was answered with yes."""

    def __init__(self, fail: Fail) -> None:
        self._fail = fail
        self.said: dict[str, Said] = {}
        self.started: set[str] = set()
        self._winners: dict[str, str] = {}
        self._agent_said: dict[tuple[str, str], str] = {}
        self._sent: Counter[str] = Counter()

    def speaks(self, customer: str, text: str) -> None:
        """A customer is about to say something."""
        self.said.setdefault(customer, Said()).texts.append(text)

    def heard(self, customer: str, text: str) -> None:
        """It was acknowledged."""
        self.said[customer].acknowledged.add(text)

    def accepted(
        self, agent: str, offer: str, conversation: str, asked_at: float, expires_at: float, watch: ConversationWatch
    ) -> None:
        """An agent was told that an offer is theirs; `asked_at` is when they first asked."""
        winner = self._winners.setdefault(offer, agent)
        if winner != agent:
            self._fail("I2", f"{winner} and {agent} have both accepted {offer}")
        if asked_at >= expires_at:
            self._fail("I2", f"{agent} accepted {offer} at {asked_at:.3f}, it ended at {expires_at:.3f}")
        if agent not in watch.owners.get(conversation, ()):
            self._fail("I7", f"{agent} was told that {conversation} is theirs, which it never was")

    def agent_spoke(self, agent: str, conversation: str, id_: str, watch: ConversationWatch) -> None:
        """An agent's message was acknowledged."""
        self._agent_said[conversation, id_] = agent
        found = [m for m in watch.messages.get(conversation, []) if m["id"] == id_ and m["sender"]["kind"] == "agent"]
        if len(found) != 1 or found[0]["sender"]["id"] != agent:
            self._fail("I7", f"{agent}'s message {id_} to {conversation} is {len(found)} times in the transcript")

    def reached(self, agent: str, conversation: str, statuses: tuple[str, ...], watch: ConversationWatch) -> None:
        """A step was acknowledged: the conversation is or was where it leads to."""
        status = watch.heads[conversation]["status"]
        if status not in statuses:
            self._fail("I7", f"{agent} was told that {conversation} is one of {statuses}, it is {status}")

    def sent(self, key: str) -> None:
        """I6: a carrier was given a message."""
        self._sent[key] += 1
        if self._sent[key] > 1:
            self._fail("I6", f"the carrier was given {key} {self._sent[key]} times")

    def check(self, watch: ConversationWatch) -> None:
        """I1 and I7 once all is over."""
        found: Counter[str] = Counter()
        for id_, messages in watch.messages.items():
            said = [m for m in messages if m["sender"]["kind"] == "customer"]
            found.update(m["text"] for m in said)
            self._in_order(id_, [m["text"] for m in said if not m["late"]])
        for customer, promised in self.said.items():
            for text in promised.texts:
                count = found.pop(text, 0)
                if count > 1 or (count == 0 and text in promised.acknowledged):
                    self._fail("I1", f"{customer} said {text!r}, the transcript has it {count} times")
        if found:
            self._fail("I1", f"nobody said {sorted(found)}")
        for id_ in self.started:
            if id_ not in watch.heads:
                self._fail("I7", f"conversation {id_} was acknowledged and does not exist")

    def _in_order(self, conversation: str, texts: list[str]) -> None:
        places = {text: place for said in self.said.values() for place, text in enumerate(said.texts)}
        order = [places.get(text, -1) for text in texts]
        if order != sorted(order):
            self._fail("I1", f"{conversation} has its customer's words in the order {texts}")
