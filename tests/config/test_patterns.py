"""Patterns that can take for ever are refused, those that people need are not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.config.patterns import check_pattern

RIGHT = [
    r"[A-Z]{2}\d{6}",
    r"\d{3}\.\d{3}\.\d{3}-\d{2}",
    r"(\d{3}\.){2}\d{3}-?\d{2}",
    r"[\w.+-]+@[\w-]+\.[\w.]+",
    r"(?i)(yes|no)",
    r"\+?[0-9 ()-]{6,20}",
    r"(?P<year>\d{4})-(?:0[1-9]|1[0-2])",
    r"(AB)*",
    r"[]*+?{}()|]+",
    r"\(\d+\)",
    r"x{,3}{",
    r"(?>a+)b",
    r"a++",
]
WRONG = [
    r"(a+)+",
    r"(a*)*",
    r"(a|aa)+",
    r"(?:\w+\s?)*",
    r"(([a-z])+.)+",
    r"((a|b))*c",
    r"(a{1,3}){2,}",
    r"(a{1,30}){30}",
    r".*.*.*.*x",
    "(a|a)" * 30,
    "a?" * 40,
    r"(((a{500}){500}){500}){500}",
    r"(?x)a # (",
    r"a(?#b)",
    r"(?x:(a+ #) \n)+",
    r"(",
    r"[[a]",
    r"a{99999999999}",
    "",
    "a" * 201,
]


@pytest.mark.parametrize("pattern", RIGHT)
def test_right_patterns(pattern: str) -> None:
    check_pattern(pattern)


@pytest.mark.parametrize("pattern", WRONG)
def test_wrong_patterns(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_pattern(pattern)


PIECES = st.sampled_from(["a", "b", ".", r"\d", "[ab]", "(", "(?:", ")", "|", "*", "+", "?", "{2}", "{1,3}", "{,9}"])


@given(st.lists(PIECES, max_size=12).map("".join))
def test_an_accepted_pattern_is_quick_on_what_almost_fits(pattern: str) -> None:
    try:
        check_pattern(pattern)
    except ValueError:
        return
    # The bound is 500 ** 3 ways: on 30 characters any accepted pattern is instant, a wrongly accepted one is not.
    re.fullmatch(pattern, "a" * 30 + "!")
