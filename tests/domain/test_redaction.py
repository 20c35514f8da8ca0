"""Payment card numbers do not get past the door."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.redaction import mask_cards

# The card schemes' own test numbers.
CARDS = {
    "visa": "4111111111111111",
    "visa of 13": "4222222222222",
    "visa of 19": "4000002760000000003",
    "mastercard": "5555555555554444",
    "mastercard 2": "2223003122003222",
    "amex": "378282246310005",
    "diners": "30569309025904",
    "discover": "6011111111111117",
    "jcb": "3530111333300000",
    "maestro": "6759649826438453",
    "elo": "6362970000457013",
}


def stars(card: str) -> str:
    return "*" * (len(card) - 4) + card[-4:]


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS.keys())
def test_all_but_the_last_four_digits_of_a_card_are_masked(card: str) -> None:
    assert mask_cards(card) == stars(card)
    assert mask_cards(f"my card is {card}, thanks") == f"my card is {stars(card)}, thanks"
    assert mask_cards(f"card{card}x") == f"card{stars(card)}x"


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("4111 1111 1111 1111", "**** **** **** 1111"),
        ("4111-1111-1111-1111", "****-****-****-1111"),
        ("4111.1111.1111.1111", "****.****.****.1111"),
        ("4111\u00a01111\u00a01111\u00a01111", "****\u00a0****\u00a0****\u00a01111"),
        ("3782 822463 10005", "**** ****** *0005"),
        ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "* * * * * * * * * * * * 1 1 1 1"),
        ("4111  1111  1111  1111", "****  ****  ****  1111"),
        ("4111 - 1111 - 1111 - 1111", "**** - **** - **** - 1111"),
        ("4111–1111–1111–1111", "****–****–****–1111"),
        ("4111\n1111\t1111\r\n1111", "****\n****\t****\r\n1111"),
        ("４１１１ １１１１ １１１１ １１１１", "**** **** **** １１１１"),
    ],
)
def test_however_it_is_spaced(written: str, masked: str) -> None:
    assert mask_cards(written) == masked


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("4111 1111 1111 1111 12/27 123", "**** **** **** 1111 12/27 123"),
        ("4111111111111111 1227", "************1111 1227"),
        ("order 77 4111 1111 1111 1111", "order 77 **** **** **** 1111"),
        ("2 4111111111111111", "2 ************1111"),
        ("4111111111111111 5555555555554444", "************1111 ************4444"),
        # In doubt more is masked: the last four digits of the first card belong to a chance number, too.
        ("4111 1111 1111 1111 5555 5555 5555 4444", "**** **** **** **** **** **** **** 4444"),
        ("4111111111111111,5555555555554444", "************1111,************4444"),
        ("+55 11 98765-4324 4111 1111 1111 1111", "+55 11 98765-4324 **** **** **** 1111"),
    ],
)
def test_other_numbers_beside_it_do_not_hide_it(written: str, masked: str) -> None:
    assert mask_cards(written) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no digits at all",
        "4111111111111112",  # not Luhn
        "4111 1111 1111 1112",
        "411111111111",  # 12 digits, as are the next two: Luhn holds
        "000000000000",
        "424242424242",
        "41111111111111111111",  # 20 digits
        "42424242424242424242",
        "0000000000000000",
        "+55 11 98765-4321",
        "2026-03-02 09:00:00",
        "4111x1111x1111x1111",
        "4111, 1111, 1111, 1111",
        "²²²²²²²²²²²²²²²²",
        "४",
    ],
)
def test_what_is_no_card_is_left_alone(text: str) -> None:
    assert mask_cards(text) == text


def with_check_digit(digits: str) -> str:
    """ISO/IEC 7812-1, annex B, the other way round than the implementation."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    return digits + str(-sum(sum(divmod(number, 10)) for number in doubled) % 10)


NUMBERS = st.text("0123456789", min_size=1, max_size=6)
SEPARATORS = st.sampled_from([" ", "-", ".", "  ", " - ", "\u00a0", "\n"])


@given(
    digits=st.text("0123456789", min_size=12, max_size=18).filter(lambda digits: any(d != "0" for d in digits)),
    cuts=st.sets(st.integers(1, 17), max_size=17),
    separator=SEPARATORS,
    before=st.lists(NUMBERS, max_size=3),
    after=st.lists(NUMBERS, max_size=3),
)
def test_a_card_is_masked_in_any_grouping_among_any_numbers(
    digits: str, cuts: set[int], separator: str, before: list[str], after: list[str]
) -> None:
    card = with_check_digit(digits)
    grouped = "".join((separator if place in cuts else "") + digit for place, digit in enumerate(card))
    head = "".join(number + " " for number in before)
    text = head + grouped + "".join(" " + number for number in after)
    masked = mask_cards(text)
    assert len(masked) == len(text)
    shown = masked[len(head) : len(head) + len(grouped)]
    kept = [character for character in shown if character not in separator]
    assert set(kept[:-4]) == {"*"}


@given(st.text() | st.text(string.digits + " -.*\n\u00b2\u0664x", max_size=200))
def test_it_never_raises_and_only_ever_puts_stars_for_digits(text: str) -> None:
    masked = mask_cards(text)
    assert len(masked) == len(text)
    assert all(new == old or (new == "*" and old.isdecimal()) for new, old in zip(masked, text, strict=True))


@given(st.text(string.digits, min_size=1, max_size=12) | st.text(string.digits, min_size=20, max_size=60))
def test_a_number_that_is_too_short_or_too_long_is_left_alone(number: str) -> None:
    assert mask_cards(number) == number
    assert mask_cards(f"n={number}!") == f"n={number}!"
