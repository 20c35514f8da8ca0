"""Why work went where it went, and why it still waits."""

from typing import Literal

from pydantic import Field

from shared.contracts.wire import Moment, Wire

Reason = Literal[
    "not-here", "presence", "for-another", "refused", "for-preferred", "queue", "skill", "capacity"
]  # fmt: skip


class Candidate(Wire):
    """An agent of the pool, as a decision saw them."""

    agent_id: str
    name: str
    fails: Reason | None = Field(description="the first predicate that failed; null for who could take the work")
    place: int | None = Field(description="among those who could take it, the first is 1")
    text: str


class Tally(Wire):
    """How many agents failed at the same predicate."""

    fails: Reason
    count: int
    text: str


class Decision(Wire):
    """Something that was decided about a conversation's work."""

    at: Moment
    work_id: str
    queue: str
    kind: Literal["offered", "assigned", "offerEnded", "overflowed", "failed", "done"]
    agent_id: str | None
    offer_id: str | None
    policy_version: str | None = Field(description="the configuration that it was decided under")
    state_version: int | None = Field(description="how much of the pool's history it was decided on")
    text: str
    is_reproduced: bool | None = Field(
        description="whether the kept history leads to the same agent again; null where nobody was chosen"
    )
    candidates: list[Candidate] = Field(description="at most 200: those who could take it first")
    tallies: list[Tally]


class NextChange(Wire):
    """What will change for waiting work without anybody doing anything."""

    at: Moment
    text: str


class Waiting(Wire):
    """Why work waits right now."""

    since: Moment
    queue: str
    position: int
    estimated_wait_seconds: int | None
    needs: list[str]
    text: str
    candidates: list[Candidate]
    tallies: list[Tally]
    next: list[NextChange]


class Explanation(Wire):
    """Everything that routing has decided about a conversation, in order, and why it still waits."""

    conversation_id: str
    decisions: list[Decision]
    waiting: Waiting | None
