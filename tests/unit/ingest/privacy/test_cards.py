import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orylo_common.luhn import passes_luhn
from orylo_ingest.privacy.cards import mask_card_numbers, may_hold_card_number


@pytest.mark.parametrize(
    "number",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242.4242.4242.4242",
        "4242\u00a04242\u00a04242\u00a04242",
        "4242\u20114242\u20114242\u20114242",
        "4242\u200b4242\u200b4242\u200b4242",
        "\uff14\uff12\uff14\uff12" * 4,
        "\uff14\uff12\uff14\uff12 \uff14\uff12\uff14\uff12 4242 4242",
        "\u0664\u0662\u0664\u0662" * 4,
        "4242\n4242\n4242\n4242",
        "4242\r\n4242\r\n4242\r\n4242",
        "4242\t4242\t4242\t4242",
        "4242,4242,4242,4242",
        "4242, 4242, 4242, 4242",
        "4242  4242  4242  4242",
        "4242 - 4242 - 4242 - 4242",
        "4242+4242+4242+4242",
        "4242|4242|4242|4242",
        "4242:4242:4242:4242",
        "4242; 4242; 4242; 4242",
        "4242*4242*4242*4242",
        "4242'4242'4242'4242",
        "4242)(4242)(4242)(4242",
        "4242&nbsp;4242&nbsp;4242&nbsp;4242",
        "4242&#160;4242&#160;4242&#160;4242",
        '4242","4242","4242","4242',
        "004242424242424242",
        "3782|822463|10005",
        "2223|0031|2200|3222",
        "378282246310005",
        "3782 822463 10005",
        "30569309025904",
        "6304000000000000000",
        "4222222222222",
    ],
)
def test_card_numbers_are_masked_and_the_text_around_them_stays(number: str) -> None:
    assert mask_card_numbers(f"paid with {number}, thanks") == "paid with [card], thanks"
    assert may_hold_card_number(f'{{"note":"paid with {number}, thanks"}}'.encode())
    assert may_hold_card_number(f'{{"note":"já pago – {number}"}}'.encode())


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # fails Luhn
        "1773163446418",  # a time in milliseconds
        "fb.1.1773160000000.1098115397",
        "05e0d3f4-a000-44a0-8800-000000005ccd",
        "12345674-1234-1234-1234-123456789012",
        "7891234567895",  # an article number
        "11222333000181",  # a CNPJ that begins with 1
        "2026-03-10 14:22:35",
        "HP2603101001",
        "2026-03-10 14:22:35:123",
        "10:20 2026-03-10 14:22:35; 10:21 2026-03-11 09:00:00",
        "1242|4242|4242|4240",  # no issuer has this prefix
        "42|4242|4242|4242|42",
        "42424:2424:2424:242",
        "000000012345678903",  # passes Luhn, but without the zeros it is too short
        "cs_a4444-44444-444444b",  # groups that pass Luhn, but not those of a card
        "2026-03-10T14:22:35, 2026-03-11T09:00:00",
        "203.0.113.24",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert mask_card_numbers(text) == text
    assert not may_hold_card_number(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "card4242424242424242",
        "SHP4242424242424242",
        "HP 4242424242424242",
        "HP4242424242424242",
        "card4242 4242 4242 4242ok",
        "amex3782-822463-10005x",
    ],
)
def test_letters_beside_a_card_do_not_hide_it(text: str) -> None:
    assert "[card]" in mask_card_numbers(text)
    assert may_hold_card_number(text.encode())


def test_two_cards_in_one_text_are_masked() -> None:
    assert mask_card_numbers("4242424242424242 or 5555 5555 5555 4444") == "[card] or [card]"


def test_a_card_behind_another_number_is_masked() -> None:
    assert mask_card_numbers("order 223 4242 4242 4242 4242") == "order 223 [card]"
    assert mask_card_numbers("3000|4242|4242|4242|4242") == "3000|[card]"
    assert may_hold_card_number(b"3000|4242|4242|4242|4242")


@pytest.mark.parametrize(
    "more",
    [
        "|12|28|123",
        "|12/2028|1234",
        " 12/28 123",
        ";1228;123",
        ", 12/28, cvv 123",
        " exp 01-29 CVC: 321",
        "|123",
        " val. 9/31",
    ],
)
def test_the_expiry_and_the_code_behind_a_card_are_masked_with_it(more: str) -> None:
    assert mask_card_numbers(f"4242424242424242{more}, ok") == "[card], ok"
    assert mask_card_numbers(f"4242|4242|4242|4242{more} ok") == "[card] ok"


def test_a_card_behind_a_card_is_masked_as_a_card() -> None:
    assert mask_card_numbers("4242 4242 4242 4242, 5555 5555 5555 4444|123") == "[card], [card]"


def test_metas_cookies_are_not_masked() -> None:
    """On a domain of two levels the digits before the first word are fourteen, as many as in some cards."""
    passing = [f"fb.2.{at}.1098115397" for at in range(1773160000000, 1773160000040) if passes_luhn(f"2{at}")]
    assert len(passing) == 4
    assert [mask_card_numbers(f"x {cookie} y") for cookie in passing] == [f"x {cookie} y" for cookie in passing]
    assert mask_card_numbers("fb.4.242424242424242") == "fb.[card]"


@pytest.mark.parametrize(
    "text",
    ["4 " * 20_000, "4242 4242 4242 4242 x " * 2000, "44444444-4444-4444-4444-444444444444 " * 1000, "4  " * 20_000],
)
def test_long_rows_of_numbers_are_read_in_linear_time(text: str) -> None:
    started = time.process_time()
    mask_card_numbers(text)
    # It takes a fraction of a second; a quadratic search would take minutes.
    assert time.process_time() - started < 10


def with_check_digit(start: str) -> str:
    return next(start + digit for digit in "0123456789" if passes_luhn(start + digit))


@given(
    st.from_regex(re.compile(r"[2-6][0-9]{11,17}", re.ASCII), fullmatch=True).map(with_check_digit),
    st.lists(st.integers(2, 6), min_size=3, max_size=9),
    st.sampled_from([*" -./_,+\n\t", "  ", ", ", "\u2011", "\u2003"]),
)
def test_a_card_is_masked_in_any_grouping(number: str, groups: list[int], separator: str) -> None:
    parts: list[str] = []
    rest = number
    for size in groups:
        parts, rest = [*parts, rest[:size]], rest[size:]
    assume(len(rest) < 13)
    written = separator.join(part for part in [*parts, rest] if part)
    assert may_hold_card_number(written.encode())
    assert "[card]" in mask_card_numbers(written)
