"""ASP.NET route templates. The cases are those of its documentation, plus what inputs from outside can do."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.errors import HostError
from devhost.routes import Router, compile_route, decoded


def match(template: str, path: str) -> dict[str, str] | None:
    return compile_route(template, "function f").match(path)


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("hello", "hello", {}),
        ("hello", "HELLO", {}),
        ("hello", "hello/", {}),
        ("hello", "hello/x", None),
        ("hello", "hell", None),
        ("/hello/", "hello", {}),
        ("", "", {}),
        ("a.b", "aXb", None),
        ("parcels/{id}", "parcels/7", {"id": "7"}),
        ("parcels/{id}", "parcels/Ärger 7", {"id": "Ärger 7"}),
        ("parcels/{id}", "parcels", None),
        ("parcels/{id}", "parcels/7/8", None),
        ("parcels/{id}/lines/{line}", "parcels/7/lines/8", {"id": "7", "line": "8"}),
        ("parcels/{id?}", "parcels", {}),
        ("parcels/{id?}", "parcels/", {}),
        ("parcels/{id?}", "parcels/7", {"id": "7"}),
        ("parcels/{a?}/{b?}", "parcels/7", {"a": "7"}),
        ("{name?}", "", {}),
        ("files/{*path}", "files/a/b/c.txt", {"path": "a/b/c.txt"}),
        ("files/{**path}", "files/a/b", {"path": "a/b"}),
        ("files/{*path}", "files", {}),
        ("files/{*path:minlength(3)}", "files/a", None),
        ("files/{name}.{ext}", "files/a.b.c", {"name": "a.b", "ext": "c"}),
        ("files/{name}.{ext}", "files/a", None),
        ("v{major:int}.{minor:int}/x", "v1.20/x", {"major": "1", "minor": "20"}),
        ("{from}-{to}", "x-y-z", {"from": "x-y", "to": "z"}),
        ("line/{text}", "line/a\nb", {"text": "a\nb"}),
        ("line/{*text}", "line/a\n/b", {"text": "a\n/b"}),
    ],
)
def test_templates(template: str, path: str, values: dict[str, str] | None) -> None:
    assert match(template, path) == values


GUID = "CD2C1638-1638-72D5-1638-DEADBEEF1638"


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        ("int", ["123456789", "-123456789", "007", "2147483647"], ["12x", "1.5", "²", "٣", "9" * 5000]),
        ("long", ["-9223372036854775808"], ["1" * 20]),
        ("bool", ["true", "FALSE"], ["1", "yes"]),
        ("datetime", ["2016-12-31", "2016-12-31T19:32"], ["31/12/2016", "soon"]),
        ("decimal", ["49.99", "-1000.01"], ["49.x", "."]),
        ("double", ["1.234", "-1001.01e8"], ["e8"]),
        ("float", ["1.234"], ["1.2.3"]),
        ("guid", [GUID, GUID.replace("-", "")], ["CD2C1638", GUID + "0"]),
        ("minlength(4)", ["Rick"], ["Ric"]),
        ("maxlength(4)", ["Rick"], ["Ricky"]),
        ("length(3)", ["abc"], ["ab", "abcd"]),
        ("length(2,3)", ["ab", "abc"], ["a", "abcd"]),
        ("alpha", ["Rick"], ["Rick1", "Ärger"]),
        (r"regex(^(a=b|c:d|e\?)$)", ["a=b", "C:D", "e?"], ["a"]),
        (r"regex(^[.)]+/?$)", [".", ").)"], ["a"]),
        ("int:maxlength(1)", ["1"], ["10", "x"]),
        ("alpha:length(2):regex(^x)", ["xy"], ["x", "ax", "x1"]),
    ],
)
def test_constraints(constraint: str, good: list[str], bad: list[str]) -> None:
    route = compile_route(f"p/{{value:{constraint}}}/q", "function f")
    for value in good:
        assert route.match(f"p/{value}/q") == {"value": value}
    for value in bad:
        assert route.match(f"p/{value}/q") is None


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{a}{b}", "not a segment"),
        ("{a", "not a segment"),
        ("a}", "not a segment"),
        ("{}", "cannot stand there"),
        (r"{a:regex(\d{3})}", "not a segment"),  # ASP.NET wants these braces doubled, which is not served
        ("{:int}", "cannot stand there"),
        ("{a=1}", "cannot stand there"),  # default values are not served
        ("a.{b?}", "cannot stand there"),
        ("{a}/{A}", "occurs twice"),
        ("{*a}/b", "must be the last segment"),
        ("a{*b}", "cannot stand there"),
        ("{a:integer}", "integer"),
        ("{a:length}", "length"),
        ("{a:length(1,x)}", "length"),
        ("{a:length(x)}", "length"),
        ("{a:int(3)}", "int"),
        ("{a:regex([)}", "not valid"),
    ],
)
def test_what_is_no_template_is_refused(template: str, reason: str) -> None:
    with pytest.raises(HostError, match=f"function f: .*{reason}"):
        compile_route(template, "function f")


def test_the_most_specific_route_goes_first() -> None:
    """The order of the real host: literals, constrained parameters, free ones; longer before shorter."""
    ordered = ["a/b/c", "a/b/{x:int}", "a/b/{x}", "a/b", "a/{x}/c", "a/{*rest}", "a", "{x}/b", "{x}", ""]
    shuffled = ordered[::-1]
    assert sorted(shuffled, key=lambda template: compile_route(template, "f").rank) == ordered


TEMPLATES = [
    "a/b", "a/{x:int}", "a/{x}/c", "a/{x?}", "a/{x}.{y}", "a/{*rest:minlength(3)}", "b/{x:bool}/{y?}", "b/{x}/{y}",
    "{x}", "ä", "{*rest}",
]  # fmt: skip
PIECES = st.sampled_from(["a", "A", "b", "c", "1", "true", "a.b", "ä", "Ä", "", "x\ny", "ſ"])


@given(
    st.lists(st.tuples(st.sampled_from(TEMPLATES), st.frozensets(st.sampled_from(["GET", "POST"])))),
    st.sampled_from(["GET", "POST", "PURGE"]),
    st.lists(PIECES, max_size=4).map("/".join),
)
def test_the_router_finds_what_trying_all_routes_in_order_finds(
    served: list[tuple[str, frozenset[str]]], method: str, path: str
) -> None:
    routes = [(compile_route(template, "f"), methods, number) for number, (template, methods) in enumerate(served)]
    ranked = sorted(routes, key=lambda item: item[0].rank)
    takers = ((number, route.match(path)) for route, methods, number in ranked if not methods or method in methods)
    wanted = next(((number, values) for number, values in takers if values is not None), None)
    assert Router(routes).find(method, path) == wanted


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("a%20b", "a b"),
        ("a%2Fb", "a%2Fb"),
        ("a%2fb", "a%2fb"),
        ("a%252Fb", "a%2Fb"),
        ("%C3%84", "Ä"),
        ("%", "%"),
        ("%zz", "%zz"),
    ],
)
def test_paths_are_decoded_except_for_slashes(raw: str, path: str) -> None:
    assert decoded(raw) == path


SEGMENTS = st.text(st.characters(exclude_characters="/"), min_size=1)


@given(SEGMENTS, SEGMENTS)
def test_parameters_are_what_the_path_says(first: str, second: str) -> None:
    assert match("x/{first}/{second}", f"x/{first}/{second}") == {"first": first, "second": second}


@given(st.text(st.characters(exclude_characters="{}/"), min_size=1))
def test_literals_match_themselves(text: str) -> None:
    assert match(text, text) == {}


@given(st.uuids())
def test_every_guid_is_a_guid(guid: object) -> None:
    assert match("{id:guid}", str(guid)) == {"id": str(guid)}


@given(st.text())
def test_no_path_breaks_a_route(path: str) -> None:
    for template in (
        "{a:int}/{b?}",
        "{a:datetime}",
        "{a:decimal}.{b:guid}",
        "{a:regex(^(x+)$)}/{*rest}",
        "{a:length(1,9)}",
    ):
        values = match(template, decoded(path))
        assert values is None or all(isinstance(value, str) for value in values.values())


@given(st.text(st.sampled_from("{}/:*?=.()ab1,[]")))
def test_any_template_compiles_or_is_refused(template: str) -> None:
    try:
        route = compile_route(template, "function f")
    except HostError as error:
        assert re.match("function f: ", str(error))
        return
    route.match("a/b")
