"""Rules of streams that never hold, and draws that are not as stable as they look."""

from shared.config.errors import Trail, quoted
from shared.config.lint.findings import Linted
from shared.config.source import Tree
from shared.domain.streams import Condition, Operator, Rule

_ONE_OF = (Operator.EQUALS, Operator.ONE_OF)


def check_streams(linted: Linted) -> None:
    """Report rules that an earlier, more general one keeps from ever holding."""
    document = linted.documents.streams
    for channel, stream in linted.centre.streams.items():
        for number, rule in enumerate(stream.rules):
            trail: Trail = ("streams", channel, "rules", number)
            earlier = next((one for one in stream.rules[:number] if covers(one, rule)), None)
            if earlier:
                why = f"never holds, because rule {quoted(earlier.id)} before it holds whenever it would"
                linted.error(document, trail, f"{why}; put it before that rule, or remove it")
            draws = rule.percent < 100 or len(rule.queues) > 1
            if draws and not _has_id(document.tree, trail):
                why = f"draws by its place among the rules ({quoted(rule.id)}), which changes when others come or go"
                linted.warn(document, trail, f"{why}; give it an id")


def covers(general: Rule, special: Rule) -> bool:
    """Whether one rule always holds where another does."""
    return general.percent == 100 and all(
        any(implies(given, wanted) for given in special.conditions) for wanted in general.conditions
    )


def implies(given: Condition, wanted: Condition) -> bool:
    """Whether one condition being true makes another true."""
    if given.attribute != wanted.attribute:
        return False
    if given == wanted:
        return True
    values = [value.casefold() for value in given.values]
    match wanted.operator:
        case Operator.EXISTS:
            return wanted.values == ("true",) and given.operator is not Operator.EXISTS
        case Operator.EQUALS | Operator.ONE_OF:
            known = {value.casefold() for value in wanted.values}
            return given.operator in _ONE_OF and known.issuperset(values)
        case Operator.STARTS_WITH:
            prefix = wanted.values[0].casefold()
            written = given.operator in (*_ONE_OF, Operator.STARTS_WITH)
            return written and all(value.startswith(prefix) for value in values)
        case Operator.AT_LEAST:
            numbers = [_number(value) for value in values]
            least = float(wanted.values[0])
            compared = given.operator in (*_ONE_OF, Operator.AT_LEAST)
            return compared and all(number is not None and number >= least for number in numbers)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _has_id(tree: Tree, trail: Trail) -> bool:
    at: Tree = tree
    for part in trail:
        at = at[part] if isinstance(at, dict | list) else None  # type: ignore[index]  # the configuration was built
    return isinstance(at, dict) and "id" in at
