"""Whatever somebody writes into the files, they load or are refused with a line for each error."""

import copy
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.config.errors import ConfigError
from shared.config.load import load_centre
from tests.config.folders import SAMPLE

pytestmark = pytest.mark.slow

FILES = sorted(path.relative_to(SAMPLE).as_posix() for path in SAMPLE.rglob("*.yaml"))
CONTENTS = {file: (SAMPLE / file).read_text(encoding="utf-8") for file in FILES}
TREES: dict[str, Any] = {file: yaml.safe_load(content) for file, content in CONTENTS.items()}
WORDS = sorted({word for content in CONTENTS.values() for word in re.findall(r"[\w{}-]+", content)})

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(), st.sampled_from(WORDS)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.sampled_from(WORDS), inner),
    max_leaves=4,
)
THOROUGH = settings(max_examples=300, deadline=None)
LINE = re.compile(r"config(/[\w/.-]+)?:\d+: .*\S")


def loads_or_says_why(changed: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "config"
        (folder / "bots").mkdir(parents=True)
        for file, content in CONTENTS.items():
            (folder / file).write_bytes(changed.get(file, content.encode()))
        try:
            load_centre(folder)
        except ConfigError as error:
            for line in str(error).replace(f"{parent}/", "").splitlines():
                assert LINE.fullmatch(line), line


def places(tree: Any) -> list[tuple[Any, Any]]:
    """All containers of a tree, each with each of its keys or positions."""
    keys = list(tree) if isinstance(tree, dict) else list(range(len(tree))) if isinstance(tree, list) else []
    return [(tree, key) for key in keys] + [place for key in keys for place in places(tree[key])]


@THOROUGH
@given(st.data())
def test_mutated_trees(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(FILES))
    tree = copy.deepcopy(TREES[file])
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(tree) or [({"": 0}, "")]))
        match data.draw(st.sampled_from(["replace", "remove", "rename", "swap"])):
            case "replace":
                container[key] = data.draw(VALUES)
            case "remove":
                del container[key]
            case "rename" if isinstance(container, dict):
                container[data.draw(st.sampled_from(WORDS) | st.text(max_size=5))] = container.pop(key)
            case _:
                other, place = data.draw(st.sampled_from(places(TREES[data.draw(st.sampled_from(FILES))])))
                container[key] = copy.deepcopy(other[place])
    loads_or_says_why({file: yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass")})


@THOROUGH
@given(st.data())
def test_mutated_bytes(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(FILES))
    content = bytearray(CONTENTS[file].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = start + data.draw(st.integers(0, 30))
        junk = st.sampled_from(
            [b"", b"\n", b"  ", b"\t", b"- ", b": ", b"[", b"}", b'"', b"'", b"&a ", b"*a", b"!!x ", b"#"]
        )
        content[start:end] = data.draw(junk | st.binary(max_size=4))
    loads_or_says_why({file: bytes(content)})
