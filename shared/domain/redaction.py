"""Payment card numbers are masked before anything is stored, logged or shown to a bot."""

import re

CARD_DIGITS_MIN, CARD_DIGITS_MAX = 13, 19
KEPT_DIGITS = 4
_RUN = re.compile(r"\d(?:[\s.\-\u2010-\u2015]{0,3}\d){12,}")
_GROUP = re.compile(r"\d+")
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # the sum of the digits of twice the digit


def mask_cards(text: str) -> str:
    """The text with all but the last four digits of each card number (Luhn, 13 to 19 digits) replaced by ``*``."""
    return _RUN.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    """Each way to read whole groups of the run's digits as a card counts: numbers beside a card must not hide it."""
    run = found[0]
    groups = [group.span() for group in _GROUP.finditer(run)]
    hidden: set[int] = set()
    for first in range(len(groups)):
        places: list[int] = []
        digits: list[int] = []
        for begin, end in groups[first : first + CARD_DIGITS_MAX]:
            if len(places) + end - begin > CARD_DIGITS_MAX:
                break
            places += range(begin, end)
            digits += map(int, run[begin:end])
            if len(places) >= CARD_DIGITS_MIN and _is_luhn(digits):
                hidden.update(places[:-KEPT_DIGITS])
    return "".join("*" if place in hidden else character for place, character in enumerate(run))


def _is_luhn(digits: list[int]) -> bool:
    """ISO/IEC 7812-1, annex B."""
    return (sum(digits[-1::-2]) + sum(_DOUBLED[digit] for digit in digits[-2::-2])) % 10 == 0 and any(digits)
