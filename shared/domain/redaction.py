"""Payment card numbers are masked before anything is stored, logged or shown to a bot."""

import re

_CANDIDATE = re.compile(r"(?<![\d])\d(?:[ \-\u00a0.]?\d){12,18}(?![\d])")
KEPT_DIGITS = 4


def mask_cards(text: str) -> str:
    """The text with all but the last four digits of each card number (Luhn, 13 to 19 digits) replaced by ``*``."""
    return _CANDIDATE.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    digits = [int(character) for character in found[0] if character.isdigit()]
    if not _is_luhn(digits):
        return found[0]
    kept = len(digits) - KEPT_DIGITS
    masked = []
    for character in found[0]:
        if character.isdigit():
            masked.append("*" if kept > 0 else character)
            kept -= 1
        else:
            masked.append(character)
    return "".join(masked)


def _is_luhn(digits: list[int]) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0 and any(digits)
