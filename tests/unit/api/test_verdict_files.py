"""Verdicts in CSV files."""

import pytest

from orylo_api.verdicts.csv_file import VerdictDefaults, VerdictLine, read_verdicts
from orylo_common.csv_rows import MAX_LINES, InvalidFile, LineProblem
from orylo_common.messages import PaymentVerdict

FRAUD, LEGITIMATE, WITHDRAWN = PaymentVerdict
DEFAULTS = VerdictDefaults(FRAUD, "chargeback", "stripe")


def read(text: str, defaults: VerdictDefaults = DEFAULTS) -> list[VerdictLine | LineProblem]:
    return list(read_verdicts(text.encode().splitlines(keepends=True), defaults))


def test_a_gateways_own_export_needs_only_its_ids() -> None:
    text = "\ufeffcreated;payment_id;amount\n2026-01-02;pi_1;10,00\n\n;stripe:pi_2;\n"
    assert read(text) == [
        VerdictLine(2, "stripe:pi_1", FRAUD, "chargeback"),
        VerdictLine(4, "stripe:pi_2", FRAUD, "chargeback"),
    ]


def test_a_line_has_its_own_verdict_and_reason() -> None:
    text = 'Payment_ID,Verdict,Reason\nstripe:pi_1,Legitimate,"a friend, called"\nstripe:pi_2,withdrawn,\n'
    assert read(text, VerdictDefaults()) == [
        VerdictLine(2, "stripe:pi_1", LEGITIMATE, "a friend, called"),
        VerdictLine(3, "stripe:pi_2", WITHDRAWN, None),
    ]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("pi_1,fraud,", "payment_id"),
        (",fraud,", "payment_id"),
        ("stripe:pi_1,guilty,", "verdict"),
        ("stripe:pi_1,,", "verdict"),
        (f"stripe:pi_1,fraud,{'x' * 501}", "reason"),
        ("stripe:pi_1,fraud,ok,more", ""),
    ],
)
def test_a_faulty_line_is_reported_and_the_others_are_read(line: str, column: str) -> None:
    first, problem, last = read(
        f"payment_id,verdict,reason\nstripe:pi_0,fraud,\n{line}\nstripe:pi_9,fraud,\n", VerdictDefaults()
    )
    assert isinstance(first, VerdictLine)
    assert isinstance(problem, LineProblem)
    assert (problem.line, problem.column) == (3, column)
    assert isinstance(last, VerdictLine)


@pytest.mark.parametrize("text", ["", "id,verdict\n1,fraud\n", "payment_id,payment_id\n1,2\n"])
def test_a_file_without_payment_ids_is_refused(text: str) -> None:
    with pytest.raises(InvalidFile):
        read(text)


def test_a_file_in_another_encoding_or_too_long_is_refused() -> None:
    with pytest.raises(InvalidFile, match="line 2"):
        list(read_verdicts([b"payment_id\n", "pi_é\n".encode("latin-1")], DEFAULTS))
    with pytest.raises(InvalidFile, match="100,000 lines"):
        list(read_verdicts([b"payment_id\n", *[b"pi_1\n"] * (MAX_LINES + 1)], DEFAULTS))
