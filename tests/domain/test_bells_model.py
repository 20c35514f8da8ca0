"""Writers and an orchestration take turns in any order: no signal is lost, and each wait is rung once at most.

The model does what shared/usecases/stages.py and orchestrations/stages.py do, step by step: a turn reads, then commits
the next wait; writers commit, then ring; a ring may come late, before the orchestration waits, or after it was woken. A
turn may run again at any time, and the orchestration may begin anew.
"""

from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.domain.conversation import Change, Conversation, Draft, Kind, Sender, Status
from shared.usecases.stages import Turn, is_elsewhere, prepare_wait, turn_of
from tests.domain.cast import HOUR, NOW, conversation


@dataclass
class Writer:
    """Has decided on a version; commits if it still holds, else decides again."""

    change: Change


class BellMachine(RuleBasedStateMachine):
    """`stored` is the store, `woken_by` the events raised for the orchestration."""

    def __init__(self) -> None:
        super().__init__()
        self.stored: Conversation = conversation(Status.BOT)
        self.writers: list[Writer] = []
        self.unrung: list[int] = []
        self.rung: list[int] = []
        self.read: Conversation | None = None
        self.token = 0  # the orchestration's
        self.asked: list[int] = []  # turns that may run again
        self.awaited: int | None = None
        self.is_started = False
        self.said = self.looked_at = 0

    def decided(self) -> Change:
        draft = Draft(self.stored, NOW)
        draft.say(f"m{self.stored.sequence}", Sender(Kind.CUSTOMER, "Charlie"), "hello")
        draft.signal()
        return draft.done()

    @rule()
    def a_writer_decides(self) -> None:
        self.writers.append(Writer(self.decided()))

    @precondition(lambda self: self.writers)
    @rule(data=st.data())
    def a_writer_commits(self, data: Any) -> None:
        writer = self.writers.pop(data.draw(st.integers(0, len(self.writers) - 1)))
        if writer.change.before != self.stored:
            writer.change = self.decided()
        self.stored = writer.change.after
        self.said += 1
        if writer.change.rings is not None:
            self.unrung.append(writer.change.rings)

    @precondition(lambda self: self.unrung)
    @rule(data=st.data())
    def a_writer_rings(self, data: Any) -> None:
        self.rung.append(self.unrung.pop(data.draw(st.integers(0, len(self.unrung) - 1))))

    def turn(self, read: Conversation, token: int) -> Turn:
        """The end of a turn that has read that, and whose token that is."""
        draft = Draft(self.stored, NOW)
        if not is_elsewhere(self.stored, "bot", token):
            prepare_wait(draft, token, NOW + HOUR, read.wait.signals)
            self.stored = draft.done().after
        return turn_of(self.stored, "bot", token)

    @precondition(lambda self: self.read is None and self.awaited is None)
    @rule()
    def the_orchestration_reads(self) -> None:
        self.is_started = True
        self.token += 1
        self.read = self.stored

    @precondition(lambda self: self.read)
    @rule()
    def the_orchestration_prepares_its_wait(self) -> None:
        assert self.read
        turn = self.turn(self.read, self.token)
        self.asked.append(self.token)
        self.looked_at = self.read.sequence
        self.read, self.awaited = None, self.token if turn.until else None
        self.token = max(self.token, turn.token)
        # Without a moment it takes another turn at once; nobody needs to ring for what came meanwhile.

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def a_turn_runs_again(self, data: Any) -> None:
        before = self.stored.wait
        self.turn(self.stored, data.draw(st.sampled_from(self.asked)))
        assert self.stored.wait == before

    @precondition(lambda self: self.is_started)
    @rule()
    def the_orchestration_begins_anew(self) -> None:
        self.token, self.read, self.awaited = 0, None, None

    @precondition(lambda self: self.awaited in self.rung)
    @rule()
    def the_orchestration_is_woken(self) -> None:
        self.awaited = None

    @precondition(lambda self: self.awaited is not None)
    @rule()
    def the_time_is_up(self) -> None:
        self.awaited = None

    @invariant()
    def no_signal_is_lost(self) -> None:
        assert self.stored.wait.signals == self.said
        if self.awaited is not None and self.stored.wait.signals > self.stored.wait.seen:
            assert [*self.unrung, *self.rung].count(self.awaited) == 1

    @invariant()
    def nobody_is_woken_for_nothing(self) -> None:
        if self.awaited is not None and self.stored.wait.signals == self.stored.wait.seen:
            assert self.awaited not in self.unrung and self.awaited not in self.rung
            assert self.looked_at == self.stored.sequence

    @invariant()
    def a_token_rings_once(self) -> None:
        every = [*self.unrung, *self.rung]
        assert len(every) == len(set(every))
        assert self.is_started or not every


TestBells = BellMachine.TestCase
TestBells.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
