"""What the linter's checks work on and write to."""

from dataclasses import dataclass, field

from shared.config.errors import Finding, Trail
from shared.config.references import Documents
from shared.config.source import Document
from shared.domain.centre import AgentProfile, ContactCentre, Role
from shared.domain.policy import Need


@dataclass(frozen=True, slots=True)
class Hint:
    """An error cannot be meant; a warning may be."""

    finding: Finding
    is_error: bool

    def __str__(self) -> str:
        return f"{self.finding} ({'error' if self.is_error else 'warning'})"


@dataclass(slots=True)
class Linted:
    """A configuration, as written and as built, and what has been found of it."""

    documents: Documents
    centre: ContactCentre
    hints: list[Hint] = field(default_factory=list)

    def error(self, document: Document, trail: Trail, message: str) -> None:
        """Note what cannot be meant."""
        self._note(document, trail, message, is_error=True)

    def warn(self, document: Document, trail: Trail, message: str) -> None:
        """Note what may be meant."""
        self._note(document, trail, message, is_error=False)

    def _note(self, document: Document, trail: Trail, message: str, *, is_error: bool) -> None:
        self.hints.append(Hint(document.finding(trail, message), is_error))

    def agents_of(self, queue: str) -> list[AgentProfile]:
        """Who serves a queue."""
        return [agent for agent in self.working() if queue in agent.queues]

    def working(self) -> list[AgentProfile]:
        """Who may get work at all."""
        return [agent for agent in self.centre.agents.values() if agent.enabled and Role.AGENT in agent.roles]


def has(agent: AgentProfile, need: Need) -> bool:
    """Whether an agent meets a need."""
    return agent.skills.get(need.skill, 0) >= need.level
