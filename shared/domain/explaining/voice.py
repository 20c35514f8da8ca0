"""A language and the names by which a contact centre calls its agents, queues and skills."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.domain.centre import ContactCentre, best_locale
from shared.domain.explaining.english import ENGLISH
from shared.domain.explaining.portuguese import PORTUGUESE
from shared.domain.explaining.words import Words
from shared.domain.policy import Need

LANGUAGES: Mapping[str, Words] = {"en": ENGLISH, "pt-BR": PORTUGUESE}
DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Voice:
    """Tells of things by their names as a policy has them, or by their ids if it does not know them."""

    centre: ContactCentre
    words: Words = ENGLISH

    def agent(self, agent_id: str | None) -> str:
        """Whoever works here: agents, supervisors."""
        profile = self.centre.agents.get(agent_id or "")
        return profile.name if profile else agent_id or "?"

    def agents(self, ids: Iterable[str]) -> str:
        """One of several."""
        return self.words.either([self.agent(id_) for id_ in ids])

    def queue(self, queue_id: str) -> str:
        """A queue."""
        profile = self.centre.queues.get(queue_id)
        return profile.name if profile else queue_id

    def queues(self, ids: Iterable[str]) -> str:
        """One of several, by name."""
        return self.words.either(sorted(map(self.queue, ids)))

    def skill(self, skill_id: str) -> str:
        """A skill."""
        return self.centre.skills.get(skill_id, skill_id)

    def need(self, need: Need) -> str:
        """A skill, at a level if any above the first is asked for."""
        name = self.skill(need.skill)
        return name if need.level == 1 else self.words.level.format(skill=name, level=need.level)

    def needs(self, needs: Iterable[Need]) -> str:
        """All of them."""
        return self.words.both(list(map(self.need, needs)))


def words_for(locale: str) -> Words:
    """The language that suits somebody best."""
    return LANGUAGES[best_locale(locale, tuple(LANGUAGES), DEFAULT)]
