"""The queries. Each has the order of an index of `containers`, so that what it costs goes by what it finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.adapters.azure.containers import ORDERED_BY_ID, ORDERED_BY_VALUE, SEQUENCE, id_index, member_path
from shared.adapters.azure.cosmos_items import item_id
from shared.ports import Container


@dataclass(frozen=True, slots=True)
class Query:
    """A text and its parameters."""

    text: str
    values: Mapping[str, Any]

    @property
    def parameters(self) -> list[dict[str, object]]:
        """As the SDK wants them."""
        return [{"name": f"@{name}", "value": value} for name, value in self.values.items()]


def page(partition: str, type_: str, after: int, limit: int) -> Query:
    """Documents of a type with a higher sequence."""
    text = (
        f"SELECT TOP {int(limit)} * FROM c WHERE c.partition = @partition AND c.type = @type AND c.sequence > @after"  # noqa: S608
        f" ORDER BY {_order(SEQUENCE)}"
    )
    return Query(text, {"partition": partition, "type": type_, "after": after})


def last(partition: str, type_: str, upto: int) -> Query:
    """The document of a type with the highest sequence up to a place."""
    where = "c.partition = @partition AND c.type = @type AND c.sequence <= @upto"
    text = f"SELECT TOP 1 * FROM c WHERE {where} ORDER BY {_order(SEQUENCE, ' DESC')}"  # noqa: S608
    return Query(text, {"partition": partition, "type": type_, "upto": upto})


def unsequenced(partition: str) -> Query:
    """All documents of a partition without a sequence, in no order."""
    text = "SELECT * FROM c WHERE c.partition = @partition AND c.sequence = null"
    return Query(text, {"partition": partition})


def search(
    container: Container, type_: str, where: Mapping[str, str | bool], below: tuple[str, str] | None,
    before: str | None, limit: int,
) -> Query:  # fmt: skip
    """See the port. Raises ValueError."""
    for path in (*where, *([below[0]] if below else [])):
        if not all(part.isidentifier() for part in path.split(".")):
            raise ValueError(f"{path!r} is not a member's path")
    conditions, values = (
        ["c.type = @type"],
        {"type": type_, **{f"v{n}": value for n, value in enumerate(where.values())}},
    )
    conditions += [f"{_expression(member_path(path))} = @v{n}" for n, path in enumerate(where)]
    if below:
        if below[0] not in ORDERED_BY_VALUE.get(container, ()):
            raise ValueError(f"no index of {container} orders by {below[0]!r}: it has to be declared in containers.py")
        conditions.append(f"{_expression(member_path(below[0]))} < @below")
        values["below"] = below[1]
    if before is not None:
        conditions.append("c.id < @before")
        values["before"] = item_id(before)
    order = _order(("/type", member_path(below[0]))) if below else _order(_by_id(container, where), " DESC")
    text = f"SELECT TOP {int(limit)} * FROM c WHERE {' AND '.join(conditions)} ORDER BY {order}"  # noqa: S608
    return Query(text, values)


def _by_id(container: Container, where: Mapping[str, str | bool]) -> tuple[str, ...]:
    """The index that serves most of the conditions; of those that are left items are looked at one by one."""
    if container not in ORDERED_BY_ID:
        return ("/id",)
    served = (members for members in ((), *ORDERED_BY_ID[container]) if set(members) <= set(where))
    return id_index(max(served, key=len))


def _order(paths: Sequence[str], direction: str = "") -> str:
    return ", ".join(_expression(path) + direction for path in paths)


def _expression(path: str) -> str:
    return "c" + "".join(f'["{name}"]' for name in path.strip("/").split("/"))
