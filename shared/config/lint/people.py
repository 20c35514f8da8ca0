"""Work that nobody can take: skills that nobody has, queues and hours that nobody covers; and agents without work."""

from collections.abc import Iterator

from shared.config.errors import Trail, quoted
from shared.config.lint.findings import Linted, has
from shared.config.references import STEPS
from shared.config.source import Document
from shared.config.trees import ANY, words
from shared.domain.centre import AgentProfile, QueueProfile
from shared.domain.policy import Match, Need, need
from shared.domain.streams import CALENDAR


def check_people(linted: Linted) -> None:
    """Report all of it."""
    for queue in linted.centre.queues.values():
        _check_queue(linted, queue)
    for document, trail, asked in _asked_of_anybody(linted):
        if not any(has(agent, asked) for agent in linted.working()):
            linted.error(document, trail, _nobody(asked, "nobody", linted.working()))
    for agent in linted.working():
        if not agent.queues:
            message = "serves no queue and gets no work but transfers; add queues, or give another role"
            linted.warn(linted.documents.agents, ("agents", agent.id), message)
    _check_calendars(linted)


def _check_queue(linted: Linted, queue: QueueProfile) -> None:
    document, trail = linted.documents.queues, ("queues", queue.id)
    agents = linted.agents_of(queue.id)
    if not agents:
        linted.error(document, trail, "no agent serves this queue; add it to the queues of somebody in agents.yaml")
        return
    for place, text in words(document.tree, "queues", queue.id, "skills", ANY):
        asked = need(text)
        if any(has(agent, asked) for agent in agents):
            continue
        message = _nobody(asked, "nobody who serves this queue", agents)
        if queue.match is Match.CLOSEST or _is_relaxed(queue, asked, agents):
            linted.warn(document, place, message)
        else:
            linted.error(document, place, message)


def _is_relaxed(queue: QueueProfile, asked: Need, agents: list[AgentProfile]) -> bool:
    """Whether somebody will do in the end."""
    lowest = min((step.lower.get(asked.skill, asked.level) for step in queue.relaxation), default=asked.level)
    eased = Need(asked.skill, min(lowest, asked.level))
    return any(asked.skill in step.drop for step in queue.relaxation) or any(has(agent, eased) for agent in agents)


def _nobody(asked: Need, who: str, agents: list[AgentProfile]) -> str:
    best = max(agents, key=lambda agent: agent.skills.get(asked.skill, 0), default=None)
    level = best.skills.get(asked.skill, 0) if best else 0
    known = f"the best is {quoted(best.id)} with level {level}" if best and level else "at any level"
    return f"{who} has {quoted(str(asked))} ({known}); ask for less, or give the skill to somebody in agents.yaml"


def _asked_of_anybody(linted: Linted) -> Iterator[tuple[Document, Trail, Need]]:
    """What streams and bots ask for, in whatever queue the work will be."""
    streams = linted.documents.streams
    for trail, text in words(streams.tree, "streams", ANY, "rules", ANY, "then", "skills", ANY):
        yield streams, trail, need(text)
    for bot in linted.documents.bots.values():
        for steps in STEPS:
            for trail, text in words(bot.tree, *steps, "handOff", "skills", ANY):
                yield bot, trail, need(text)


def _check_calendars(linted: Linted) -> None:
    """Hours in which nobody works, or that nothing goes by."""
    document = linted.documents.hours
    conditions = [
        condition.attribute
        for stream in linted.centre.streams.values()
        for rule in stream.rules
        for condition in rule.conditions
    ]
    for calendar in linted.centre.calendars.values():
        trail: Trail = ("calendars", calendar.id)
        queues = [queue for queue in linted.centre.queues.values() if queue.hours == calendar.id]
        if not any(calendar.week) and not any(calendar.dates.values()):
            linted.error(document, trail, "is never open; write the hours of a day under week or special")
        elif not queues and f"{CALENDAR}{calendar.id}" not in conditions:
            linted.warn(document, trail, "is used by no queue and no rule; name it as hours of a queue, or remove it")
        elif queues and not any(linted.agents_of(queue.id) for queue in queues):
            named = ", ".join(quoted(queue.id) for queue in queues)
            message = f"no agent serves the queues with these hours ({named}); add one of them to somebody's queues"
            linted.error(document, trail, message)
