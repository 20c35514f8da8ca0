"""The part of Cosmos DB's SQL that the product speaks: one container, conditions joined by AND, TOP and ORDER BY.

An order that no index can give is refused, as the service refuses it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.peers.cosmos.store import Json, Refusal

Path = tuple[str, ...]

FILTER = "{documentdb-formattableorderbyquery-filter}"
"""Where the SDK puts a condition of its own into a rewritten query ("true" if it has none)."""
_SELECT = re.compile(r"SELECT (?:TOP (?P<top>\d+) )?(?P<what>.+?) FROM c"
                     r"(?: WHERE (?P<where>.+?))?(?: ORDER BY (?P<order>.+))?")  # fmt: skip
_MEMBER = r"""c(?:\.\w+|\["\w+"\])+"""
_CONDITION = re.compile(rf"(?P<path>{_MEMBER}) (?P<operator>=|<|>|<=|>=) (?P<value>@\w+|null)")
_ORDER = re.compile(rf"(?P<path>{_MEMBER})(?P<falling> DESC)?")
_UNDEFINED = object()
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b, "<": lambda a, b: a < b, ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
}  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """A member compared with a value."""

    path: Path
    operator: str
    value: Any

    def holds(self, item: Json) -> bool:
        """Only values of one type compare."""
        found = _member(item, self.path)
        if found is _UNDEFINED or _rank(found) != _rank(self.value):
            return False
        return _OPERATORS[self.operator](found, self.value)


@dataclass(frozen=True)
class Query:
    """A query that was understood."""

    text: str
    top: int | None
    is_rewritten: bool
    conditions: tuple[Condition, ...]
    order: tuple[tuple[Path, bool], ...]  # members, and whether they fall

    def run(self, items: Iterable[Json]) -> list[Json]:
        """The items it finds, in its order."""
        found = [item for item in items if all(condition.holds(item) for condition in self.conditions)]
        for path, is_falling in reversed(self.order):
            found.sort(key=lambda item, path=path: _sort_key(_member(item, path)), reverse=is_falling)  # type: ignore[misc]
        found = found[: self.top]
        return [self._merged(item) for item in found] if self.is_rewritten else found

    def _merged(self, item: Json) -> Json:
        """With what the SDK needs to bring the answers of several partitions into one order."""
        places = [{"item": value} if (value := _member(item, path)) is not _UNDEFINED else {} for path, _ in self.order]
        return {"_rid": item["_rid"], "orderByItems": places, "payload": item}

    def plan(self) -> Json:
        """How the SDK is to ask each partition."""
        expressions = ["c" + "".join(f'["{name}"]' for name in path) for path, _ in self.order]
        items = ", ".join(f'{{"item": {expression}}}' for expression in expressions)
        match = _SELECT.fullmatch(self.text)
        assert match
        top = f"TOP {self.top} " if self.top is not None else ""
        rewritten = (
            f"SELECT {top}c._rid, [{items}] AS orderByItems, c AS payload FROM c"
            f" WHERE {match['where']} AND ({FILTER}) ORDER BY {match['order']}"
        )
        return {
            "partitionedQueryExecutionInfoVersion": 2,
            "queryInfo": {
                "distinctType": "None", "top": self.top, "offset": None, "limit": None, "groupByExpressions": [],
                "groupByAliases": [], "aggregates": [], "groupByAliasToAggregateType": {}, "hasSelectValue": False,
                "orderBy": ["Descending" if is_falling else "Ascending" for _, is_falling in self.order],
                "orderByExpressions": expressions, "rewrittenQuery": rewritten, "hasNonStreamingOrderBy": False,
            },
            "queryRanges": [{"min": "", "max": "FF", "isMinInclusive": True, "isMaxInclusive": False}],
        }  # fmt: skip


def parse(body: Json, policy: Json) -> Query:
    """The query of a request to a container with an indexing policy. Raises Refusal."""
    text = str(body["query"])
    match = _SELECT.fullmatch(text)
    if match is None:
        raise Refusal(400, f"the peer does not understand {text}")
    values = {str(given["name"]): given["value"] for given in body.get("parameters") or []}
    conditions = [_condition(part, values) for part in (match["where"] or "").split(" AND ") if part != "(true)"]
    order = tuple(_ordered(part) for part in match["order"].split(", ")) if match["order"] else ()
    _check_order(order, policy)
    top = int(match["top"]) if match["top"] else None
    return Query(text, top, match["what"] != "*", tuple(conditions), order)


def _condition(part: str, values: Mapping[str, Any]) -> Condition:
    match = _CONDITION.fullmatch(part)
    if match is None:
        raise Refusal(400, f"the peer does not understand {part}")
    value = None if match["value"] == "null" else values[match["value"]]
    return Condition(_path(match["path"]), match["operator"], value)


def _ordered(part: str) -> tuple[Path, bool]:
    match = _ORDER.fullmatch(part)
    if match is None:
        raise Refusal(400, f"the peer does not understand {part}")
    return _path(match["path"]), bool(match["falling"])


def _path(text: str) -> Path:
    return tuple(dotted or quoted for dotted, quoted in re.findall(r"""\.(\w+)|\["(\w+)"\]""", text))


def _check_order(order: Sequence[tuple[Path, bool]], policy: Json) -> None:
    paths = ["/" + "/".join(path) for path, _ in order]
    if len(paths) == 1:
        included = {str(entry["path"]).removesuffix("/?") for entry in policy["includedPaths"]}
        if paths[0] not in included | {"/id", "/_ts"}:
            raise Refusal(400, "The index path corresponding to the specified order-by item is excluded.")
    if len(paths) > 1:
        composites = [[str(entry["path"]) for entry in index] for index in policy["compositeIndexes"]]
        if paths not in composites or len({is_falling for _, is_falling in order}) > 1:
            raise Refusal(400, "The order by query does not have a corresponding composite index.")


def _member(item: Any, path: Path) -> Any:
    for name in path:
        item = item.get(name, _UNDEFINED) if isinstance(item, dict) else _UNDEFINED
    return item


def _rank(value: Any) -> int:
    if value is _UNDEFINED:
        return 0
    if value is None:
        return 1
    return 2 if isinstance(value, bool) else 3 if isinstance(value, int | float) else 4 if isinstance(value, str) else 5


def _sort_key(value: Any) -> tuple[int, Any]:
    rank = _rank(value)
    return rank, value if rank in (2, 3, 4) else 0
