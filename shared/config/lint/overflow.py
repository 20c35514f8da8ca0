"""Rules of overflow that never hold, and those that lead in a circle."""

from shared.config.errors import Trail, quoted
from shared.config.lint.findings import Linted
from shared.domain.centre import ContactCentre, QueueProfile
from shared.domain.policy import OverflowRule


def check_overflow(linted: Linted) -> None:
    """Report both."""
    document = linted.documents.queues
    for queue in linted.centre.queues.values():
        for number, rule in enumerate(queue.overflow):
            trail: Trail = ("queues", queue.id, "overflow", number)
            if rule.out_of_hours and queue.hours is None:
                why = f"never holds, because queue {quoted(queue.id)} has no hours and so is always open"
                linted.error(document, trail, f"{why}; give it hours, or remove the rule")
            elif other := _shadow(queue, number):
                why = f"never holds, because rule {quoted(other.id)} holds whenever it would, and sooner or before it"
                linted.error(document, trail, f"{why}; change its conditions, put it first, or remove it")
    for trail, circle in _circles(linted.centre):
        way = " → ".join(circle)
        message = f"leads in a circle, {way}; have one of the rules go elsewhere, promise a callback, or end"
        linted.error(document, trail, message)


def _shadow(queue: QueueProfile, number: int) -> OverflowRule | None:
    """The rule that leaves another one nothing to do."""
    rule = queue.overflow[number]
    for place, other in enumerate(queue.overflow):
        if rule.waited is not None and other.waited is not None:
            is_sooner = (other.waited, place) < (rule.waited, number)
        else:
            is_sooner = place < number and rule.waited is None and other.waited is None and _is_weaker(other, rule)
        if is_sooner:
            return other
    return None


def _is_weaker(general: OverflowRule, special: OverflowRule) -> bool:
    """Whether a rule always holds where another one does."""
    if general.out_of_hours and not special.out_of_hours:
        return False
    if general.items_waiting is not None and (
        special.items_waiting is None or special.items_waiting < general.items_waiting
    ):
        return False
    return general.predicted_wait is None or (
        special.predicted_wait is not None and special.predicted_wait >= general.predicted_wait
    )


def _circles(centre: ContactCentre) -> list[tuple[Trail, list[str]]]:
    """The rule that closes each circle, with the queues on the way."""
    found: list[tuple[Trail, list[str]]] = []
    done: set[str] = set()

    def follow(queue: str, path: list[str]) -> None:
        for number, rule in enumerate(centre.queues[queue].overflow):
            to = rule.action.queue
            if to in path:
                found.append((("queues", queue, "overflow", number), [*path[path.index(to) :], to]))
            elif to is not None and to not in done:
                follow(to, [*path, to])
        done.add(queue)

    for queue in centre.queues:
        if queue not in done:
            follow(queue, [queue])
    return found
