"""What supervisors and administrators do during a simulation: a plan made before the run, of single acts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Publish:
    """An edition of the policy counts from now on (see centre.EDITIONS)."""

    at: float
    edition: str


@dataclass(frozen=True, slots=True)
class CloseQueue:
    """An emergency closure; `opens` says that it is lifted before its time."""

    at: float
    queue: str
    seconds: float
    opens: bool


@dataclass(frozen=True, slots=True)
class Assign:
    """Some open conversation is given to an agent, whatever they have to do."""

    at: float
    agent: str


@dataclass(frozen=True, slots=True)
class ForceClose:
    """Some open conversation is ended."""

    at: float


@dataclass(frozen=True, slots=True)
class SetPresence:
    """An agent's presence is changed for them."""

    at: float
    agent: str
    presence: str


Act = Publish | CloseQueue | Assign | ForceClose | SetPresence
