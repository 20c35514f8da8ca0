"""Finds values in what a document holds, whatever its shape."""

from collections.abc import Iterable, Iterator

from shared.config.errors import Trail
from shared.config.source import Tree

ANY = "*"
LIST = "[]"
Pattern = tuple[str, ...]
"""The keys that lead to a value, where ANY is every key or list position, LIST every list position."""


def select(tree: Tree, pattern: Pattern) -> Iterator[tuple[Trail, Tree]]:
    """Whatever stands at a pattern, with its trail."""
    if not pattern:
        yield (), tree
        return
    inner: Iterable[tuple[str | int, Tree]] = ()
    if isinstance(tree, dict):
        key = pattern[0]
        inner = tree.items() if key == ANY else [(key, tree[key])] if key in tree else ()
    elif isinstance(tree, list) and pattern[0] in (ANY, LIST):
        inner = enumerate(tree)
    for part, value in inner:
        yield from (((part, *trail), found) for trail, found in select(value, pattern[1:]))


def words(tree: Tree, *pattern: str) -> Iterator[tuple[Trail, str]]:
    """The single values at a pattern; others there are the schema's business."""
    return ((trail, value) for trail, value in select(tree, pattern) if isinstance(value, str))


def mappings(tree: Tree, *pattern: str) -> Iterator[tuple[Trail, dict[str, Tree]]]:
    """The mappings at a pattern."""
    return ((trail, value) for trail, value in select(tree, pattern) if isinstance(value, dict))


def keys(tree: Tree, *pattern: str) -> Iterator[tuple[Trail, str]]:
    """The keys of the mappings at a pattern, each with its own trail."""
    return (((*trail, key), key) for trail, value in mappings(tree, *pattern) for key in value)
