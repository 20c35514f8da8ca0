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
    """Something that was decided about a conversation, or became of it."""

    at: Moment
    work_id: str | None = Field(description="null for what the conversation's timeline tells")
    queue: str | None
    kind: Literal[
        "queued", "overflowed", "callback", "offered", "offerEnded", "assigned", "transferred", "failed", "setAside",
        "done", "ended",
    ]  # fmt: skip
    agent_id: str | None
    offer_id: str | None
    policy_version: str | None = Field(description="the configuration that it was decided under")
    state_version: int | None = Field(description="how much of the pool's history it was decided on")
    rule: str | None = Field(description="the queue's rule by which it was; `closure` of an emergency closure")
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
    """A conversation's way through queues, offers and assignments to its end, in order, and why it still waits."""

    conversation_id: str
    decisions: list[Decision]
    waiting: Waiting | None
