import pytest

from orylo_api.notes.contents import NoteHint, hints_of, holds_card_number


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424242",
        "card 4242 4242 4242 4242, exp 12/29",
        "4242-4242-4242-4242",
        "4242.4242.4242.4242",
        "4242\u00a04242\u00a04242\u00a04242",
        "4242 \u2013 4242 \u2013 4242 \u2013 4242",
        "4242\u200b4242\u200b4242\u200b4242",
        "4242_4242_4242_4242",
        "4242\n4242\n4242\n4242",
        "３７８２ 822463 10005",
        "amex 3782 822463 10005",
        "order 12 with 5555555555554444 paid",
        "mastercard 2223003122003222",
        "0 4242424242424242",
    ],
)
def test_card_numbers_are_found(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "card ending in 4242",
        "4242424242424241",
        "2026-11-28 10:02 and again 2026-11-29 11:02",
        "called at 10:02:33 on 28/11/2026, and at 11:14:05",
        "order HP7741038325, R$ 1.497,00",
        "1764324000000",
        "stripe:pi_3SVk2c",
        "",
    ],
)
def test_other_numbers_are_not_card_numbers(text: str) -> None:
    assert not holds_card_number(text)


@pytest.mark.parametrize(
    ("text", "hints"),
    [
        ("write to ana@example.com", [NoteHint.EMAIL]),
        ("ring +55 11 98765-4321", [NoteHint.PHONE]),
        ("CPF 529.982.247-25", [NoteHint.DOCUMENT]),
        ("CNPJ 11.222.333/0001-81, ana.b+x@mail.example.co", [NoteHint.EMAIL, NoteHint.DOCUMENT]),
        ("the order is real, R$ 1.497,00", []),
        ("@ana said so", []),
    ],
)
def test_personal_data_are_pointed_out(text: str, hints: list[NoteHint]) -> None:
    assert hints_of(text) == hints
