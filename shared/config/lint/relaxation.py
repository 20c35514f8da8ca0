"""Relaxation steps that change nothing, or come when it is too late."""

from shared.config.errors import Trail, quoted
from shared.config.lint.findings import Linted
from shared.domain.bot import HandOff
from shared.domain.centre import ContactCentre, QueueProfile
from shared.domain.policy import LEVEL_MAX, needs


def check_relaxation(linted: Linted) -> None:
    """Report both."""
    anywhere = _asked_anywhere(linted.centre)
    for queue in linted.centre.queues.values():
        _check_steps(linted, queue, anywhere)


def _check_steps(linted: Linted, queue: QueueProfile, anywhere: dict[str, int]) -> None:
    document = linted.documents.queues
    levels = _highest(anywhere, queue.skills)
    helpers = {agent.id for agent in linted.agents_of(queue.id)}
    waits = [rule.waited for rule in queue.overflow if rule.waited is not None]
    leaves = min([linted.centre.limits.queue_wait, *waits])
    for number, step in enumerate(queue.relaxation):
        trail: Trail = ("queues", queue.id, "relaxation", number)
        added = {agent.id for helper in step.queues for agent in linted.agents_of(helper)}
        lowered = {skill: level for skill, level in step.lower.items() if levels.get(skill, 0) > level}
        if not (step.drop & levels.keys()) and not lowered and added <= helpers:
            why = "changes nothing: no work asks for these skills so highly, or everybody helps already"
            linted.warn(document, trail, f"{why}; remove it, or write what it should drop, lower or add")
        if step.after >= leaves:
            why = f"comes too late: work has left queue {quoted(queue.id)} by then"
            linted.warn(document, trail, f"{why}, by overflow or queueWait; have it come sooner, or remove it")
        levels = {skill: level for skill, level in (levels | lowered).items() if skill not in step.drop}
        helpers |= added


def _asked_anywhere(centre: ContactCentre) -> dict[str, int]:
    """What conversations may ask for in whatever queue: of their language, by the bots and by the streams."""
    asked = [skill for stream in centre.streams.values() for rule in stream.rules for skill in rule.skills]
    for bot in centre.bots.values():
        steps = [*bot.greeting, *(step for topic in bot.topics for step in topic.steps)]
        asked += [skill for step in steps if isinstance(step, HandOff) for skill in step.skills]
    languages = {locale.split("-")[0].lower() for locale in centre.texts}
    return _highest({}, [*asked, *(languages & centre.skills.keys())])


def _highest(known: dict[str, int], texts: "frozenset[str] | list[str]") -> dict[str, int]:
    levels = dict(known)
    for need in needs(texts):
        levels[need.skill] = min(LEVEL_MAX, max(need.level, levels.get(need.skill, 0)))
    return levels
