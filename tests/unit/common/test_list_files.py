import csv
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common import csv_rows
from orylo_common.control.lists.csv_files import (
    LineDefaults,
    entry_line,
    header_line,
    read_entries,
)
from orylo_common.control.lists.entries import ListEntry, NewEntry
from orylo_common.control.lists.values import EntryType
from orylo_common.csv_rows import InvalidFile, LineProblem
from orylo_common.hashing import hash_of

ANA = hash_of("ana@example.com")
DEFAULTS = LineDefaults(list="block", reason="stolen cards")


def read(text: str | bytes, defaults: LineDefaults = DEFAULTS) -> list[NewEntry | LineProblem]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(read_entries(data.splitlines(keepends=True), defaults))


def entry(**changes: str) -> ListEntry:
    now = datetime(2026, 11, 27, tzinfo=UTC)
    values = {"list": "block", "type": EntryType.CUSTOMER, "value": "cus_1", "reason": "fraud", "added_by": "ana@shop"}
    return ListEntry(id=uuid4(), created_at=now, updated_at=now, expires_at=None, **(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_files_of_several_spreadsheets_are_read(separator: str, end: str, mark: str) -> None:
    lines = (
        ("List", "type", "value", "reason", "expires_at"),
        ("allow", "ip", "203.0.113.0/24", "office", "2026-12-31"),
        ("", "Email", "Ana@Example.com", "", ""),
        ("", "", "", "", ""),
    )
    text = mark + end.join(map(separator.join, lines)) + end

    assert read(text) == [
        NewEntry("allow", EntryType.IP, "203.0.113.0/24", "office", datetime(2027, 1, 1, tzinfo=UTC)),
        NewEntry("block", EntryType.EMAIL, ANA, "stolen cards", None),
    ]


def test_a_file_needs_only_type_and_value() -> None:
    ends = datetime(2027, 1, 1, tzinfo=UTC)

    assert read("type,value\nbin,424242\n", LineDefaults("vip", "test", ends)) == [
        NewEntry("vip", EntryType.BIN, "424242", "test", ends)
    ]


def test_each_faulty_line_is_named_with_its_column_and_without_its_value() -> None:
    text = "\n".join(
        [
            "list,type,value,reason,expires_at",
            "block,email,ana,why,",
            'block,ip,203.0.113.7,"two',
            'lines",',
            "block,phone,11999999999,why,",
            "",
            "Block,ip,203.0.113.7,why,",
            "block,ip,203.0.113.7,why,tomorrow",
            "block,ip,203.0.113.7,a,b,c",
            "block,ip",
            f"block,ip,203.0.113.7,{'x' * 501},",
        ]
    )
    found = read(text)

    problems = [(each.line, each.column) for each in found if isinstance(each, LineProblem)]
    assert problems == [
        (2, "value"),
        (5, "type"),
        (7, "list"),
        (8, "expires_at"),
        (9, ""),
        (10, "value"),
        (11, "reason"),
    ]
    assert [each.reason for each in found if isinstance(each, NewEntry)] == ["two\nlines"]
    assert "ana" not in str(found[0])


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("", "type is missing"),
        ("type,reason", "value is missing"),
        ("type,value,valeu", "unknown"),
        ("type,value,type", "twice"),
        ("block,email,ana@example.com", "unknown"),
    ],
)
def test_a_header_that_is_missing_or_misspelt_is_refused_without_repeating_it(header: str, problem: str) -> None:
    with pytest.raises(InvalidFile, match=problem) as refused:
        read(f"{header}\nip,203.0.113.7\n")
    assert "ana" not in str(refused.value)


def test_another_encoding_is_refused_with_the_line() -> None:
    with pytest.raises(InvalidFile, match="line 2 "):
        read("type,value,reason\nip,203.0.113.7,cartão\n".encode("latin-1"))


def test_a_file_is_bounded_in_size_and_in_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "type,value\n" + "bin,424242\n" * 3
    assert len(read(text)) == 3
    for limit, value in (("MAX_LINES", 2), ("MAX_BYTES", len(text) - 1)):
        with monkeypatch.context() as tight:
            tight.setattr(csv_rows, limit, value)
            with pytest.raises(InvalidFile, match="split"):
                read(text)


def test_a_quote_that_is_never_closed_is_a_problem_of_its_line() -> None:
    found = read('type,value\nbin,424242\ncustomer,"cus_1\n' + "bin,424242\n" * 20_000)

    assert isinstance(found[0], NewEntry)
    assert [(each.line, each.column) for each in found[1:] if isinstance(each, LineProblem)] == [(3, "")]


@pytest.mark.parametrize(
    "reason", ["=1+1", "+5511999", "-2+3", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")', "＝1+1", "'=1+1"]
)
def test_an_exported_cell_never_begins_a_formula_and_is_read_as_it_was(reason: str) -> None:
    exported = header_line() + entry_line(entry(reason=reason.strip(), added_by=reason, value=reason.strip()))

    [_, cells] = csv.reader(exported.splitlines())
    assert not [cell for cell in cells if cell[:1] in "=+-@\t\r\n＝＋－＠" and cell]
    [back] = read(exported)
    assert isinstance(back, NewEntry)
    assert (back.reason, back.value) == (reason.strip(), reason.strip())


@given(
    st.text(min_size=1, max_size=40).filter(
        lambda text: text.strip() == text and "\x00" not in text and "\r" not in text
    )
)
def test_any_reason_survives_a_round_trip(reason: str) -> None:
    try:
        exported = (header_line() + entry_line(entry(reason=reason))).encode()
    except UnicodeEncodeError:
        return
    [back] = read_entries(exported.split(b"\n")[:1] and exported.splitlines(keepends=True), DEFAULTS)

    assert isinstance(back, NewEntry)
    assert back.reason == reason
