"""What supervisors see and do: live figures, forced assignment, closing, presences of others, closures of queues."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.agents import ChosenPresence
from shared.contracts.records import Agent, Capacity, Conversation, Presence, Status
from shared.contracts.wire import Id, Moment, Request, Text, Wire

REASON_CHARS_MAX = 500


class Figures(Wire):
    """A day of a queue, or of all: of the stays that began in it. What still waits is offered, and nothing else yet."""

    offered: int
    answered: int
    abandoned: int = Field(description="left, or given up by us, later than the queue's shortAbandon")
    short_abandoned: int
    answered_in_time: int = Field(description="within the queue's serviceLevel")
    service_level: float | None = Field(description="answeredInTime / (answered + abandoned); null before there is any")
    average_answer_seconds: float | None


class OpenConversations(Wire):
    """How many there are of a status in a queue."""

    status: Status
    queue: str | None
    count: int


class PresenceCount(Wire):
    """How many agents have an effective presence."""

    presence: Presence
    count: int


class Overview(Wire):
    """The contact centre at a glance. `day` is the UTC day that `today` is about."""

    at: Moment
    day: str
    open: list[OpenConversations]
    agents: list[PresenceCount]
    capacity: Capacity
    today: Figures


class Closure(Wire):
    """An emergency closure: nobody new enters the queue until then."""

    since: Moment
    closed_until: Moment
    message: str


class SupervisedQueue(Wire):
    """A queue now and today."""

    id: str
    name: str
    waiting: int
    offered: int
    longest_wait_seconds: int
    agents_available: int
    agents_busy: int = Field(description="signed in for work, but with some already")
    service_level_seconds: int
    today: Figures
    closure: Closure | None


class HeldItem(Wire):
    """Work that holds an agent's capacity."""

    conversation_id: str
    state: Literal["offered", "active", "wrapUp"]
    channel: str
    units: int


class SupervisedAgent(Agent):
    """An agent with the work held."""

    items: list[HeldItem]


class SupervisedConversation(Conversation):
    """A conversation's head with whom it is about, and how long it has waited for an agent by now."""

    customer_name: str | None
    topic: str | None
    waiting_seconds: int | None


class Assign(Request):
    """To whom, whether or not there is free capacity."""

    agent_id: Id


class Close(Request):
    """Why, for the timeline."""

    reason: Annotated[Text, Field(max_length=REASON_CHARS_MAX)] | None = None


class AgentPresenceChange(Request):
    """What an agent's presence is to be."""

    presence: ChosenPresence


class Override(Request):
    """Until when a queue is closed, and what is said to customers; `closedUntil` null opens it again."""

    closed_until: Moment | None
    message: Text | None = None


class QueueOverride(Wire):
    """What holds for the queue now."""

    queue: str
    closure: Closure | None
