from typing import Any

import pytest

from orylo_common.control.document_key import DocumentKey
from orylo_common.control.lists.values import (
    EntryType,
    InvalidEntry,
    bin_prefixes,
    checked_list,
    displayed_value,
    entry_value,
    parse_expiry,
)
from orylo_common.hashing import hash_of

KEY = DocumentKey(b"k" * 32)
OF_CPF = KEY.hash_of(hash_of("11144477735"))


@pytest.mark.parametrize(
    ("entry_type", "text", "expected"),
    [
        (EntryType.CUSTOMER, " cus_9f86d081884c7d659a2feaa0c55ad015 ", "cus_9f86d081884c7d659a2feaa0c55ad015"),
        (EntryType.EMAIL, " Ana@Example.com ", hash_of("ana@example.com")),
        (EntryType.EMAIL, hash_of("ana@example.com").upper(), hash_of("ana@example.com")),
        (EntryType.EMAIL, f"sha256:{hash_of('ana@example.com')}", hash_of("ana@example.com")),
        (EntryType.EMAIL_DOMAIN, "Example.COM", hash_of("example.com")),
        (EntryType.EMAIL_DOMAIN, "@example.com.", hash_of("example.com")),
        (EntryType.EMAIL_DOMAIN, "Cafe\u0301.example", hash_of("caf\xe9.example")),
        (EntryType.IP, "203.0.113.7", "203.0.113.7"),
        (EntryType.IP, "203.0.113.7/32", "203.0.113.7"),
        (EntryType.IP, "203.0.113.0/24", "203.0.113.0/24"),
        (EntryType.IP, "::ffff:203.0.113.7", "203.0.113.7"),
        (EntryType.IP, "::ffff:203.0.113.0/120", "203.0.113.0/24"),
        (EntryType.IP, "2001:DB8:0:0::/48", "2001:db8::/48"),
        (EntryType.IP, "2001:db8::1", "2001:db8::1"),
        (EntryType.IP, "203.0.113.0/255.255.255.0", "203.0.113.0/24"),
        (EntryType.CARD, "Xt5EWLLDS7FJjR1c", "Xt5EWLLDS7FJjR1c"),
        (EntryType.BIN, "424242", "424242"),
        (EntryType.BIN, "42424242", "42424242"),
        (EntryType.CARD_COUNTRY, "br", "BR"),
        (EntryType.CARD_COUNTRY, "UK", "GB"),
        (EntryType.DEVICE, "fb.1.1732127300000.1098115397", "fb.1.1732127300000.1098115397"),
        (EntryType.DOCUMENT, "111.444.777-35", OF_CPF),
        (EntryType.DOCUMENT, "11144477735", OF_CPF),
        # Senders that hash their data, and scrubbed copies.
        (EntryType.DOCUMENT, hash_of("11144477735"), OF_CPF),
        (EntryType.DOCUMENT, f"hmac:{OF_CPF}", OF_CPF),
        # A CNPJ that passes the check of card numbers.
        (EntryType.DOCUMENT, "42424242424242", KEY.hash_of(hash_of("42424242424242"))),
    ],
)
def test_a_value_is_stored_as_payments_carry_it(entry_type: EntryType, text: str, expected: str) -> None:
    assert entry_value(entry_type, text, KEY) == expected


@pytest.mark.parametrize(
    ("entry_type", "text"),
    [
        *((entry_type, text) for entry_type in EntryType for text in ("", "  ", "a\x00b", "x" * 551)),
        *(
            (entry_type, text)
            for entry_type in (EntryType.CARD, EntryType.DEVICE, EntryType.CUSTOMER)
            for text in ("4242424242424242", "4242 4242 4242 4242", "3782-822463-10005")
        ),
        (EntryType.EMAIL, "ana"),
        (EntryType.EMAIL, "ana@localhost"),
        (EntryType.EMAIL, "ana@example.com, bob@example.com"),
        (EntryType.EMAIL_DOMAIN, "ana@example.com"),
        (EntryType.EMAIL_DOMAIN, "com"),
        (EntryType.IP, "203.0.113.7/24"),
        (EntryType.IP, "203.0.113.256"),
        (EntryType.IP, "203.0.113.7, 203.0.113.8"),
        (EntryType.IP, "example.com"),
        (EntryType.IP, "0.0.0.0/0"),
        (EntryType.IP, "2000::/3"),
        (EntryType.IP, "::ffff:0.0.0.0/96"),
        (EntryType.IP, "203.0.113.0/33"),
        (EntryType.BIN, "42424"),
        (EntryType.BIN, "424242424"),
        (EntryType.BIN, "4242x2"),
        (EntryType.CARD_COUNTRY, "BRA"),
        (EntryType.CARD_COUNTRY, "Brazil"),
        (EntryType.DOCUMENT, "000.000.000-00"),
        (EntryType.DOCUMENT, "..-"),
    ],
)
def test_an_invalid_value_is_refused_by_a_text_that_does_not_repeat_it(entry_type: EntryType, text: str) -> None:
    with pytest.raises(InvalidEntry) as refused:
        entry_value(entry_type, text, KEY)
    assert not text.strip() or text not in str(refused.value)


def test_without_the_platforms_key_a_document_is_refused_and_its_keyed_hash_is_not() -> None:
    with pytest.raises(InvalidEntry, match="document key"):
        entry_value(EntryType.DOCUMENT, "111.444.777-35")
    assert entry_value(EntryType.DOCUMENT, f"hmac:{OF_CPF}") == OF_CPF


@pytest.mark.parametrize(
    ("entry_type", "text"),
    [
        (EntryType.EMAIL, "ana@example.com"),
        (EntryType.EMAIL_DOMAIN, "example.com"),
        (EntryType.DOCUMENT, "111.444.777-35"),
        (EntryType.IP, "203.0.113.0/24"),
        (EntryType.CARD, "Xt5EWLLDS7FJjR1c"),
    ],
)
def test_a_displayed_value_can_be_entered_again(entry_type: EntryType, text: str) -> None:
    stored = entry_value(entry_type, text, KEY)

    assert entry_value(entry_type, displayed_value(entry_type, stored)) == stored


def test_a_bin_has_the_entries_of_its_beginnings() -> None:
    assert bin_prefixes("424242") == ["424242"]
    assert bin_prefixes("42424299") == ["424242", "4242429", "42424299"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("2026-12-31", "2027-01-01T00:00:00+00:00"),
        ("2026-12-31T18:00:00Z", "2026-12-31T18:00:00+00:00"),
        ("2026-12-31 18:00-03:00", "2026-12-31T21:00:00+00:00"),
    ],
)
def test_an_expiry_is_a_moment_or_the_end_of_a_day(text: str, expected: Any) -> None:
    moment = parse_expiry(text)

    assert (moment.isoformat() if moment else None) == expected


@pytest.mark.parametrize("text", ["2026-12-31T18:00:00", "31/12/2026", "9999-12-31", "2026-13-01", "soon", "90d"])
def test_an_expiry_without_a_zone_or_in_another_notation_is_refused(text: str) -> None:
    with pytest.raises(InvalidEntry):
        parse_expiry(text)


@pytest.mark.parametrize("name", ["", "Block", "-x", "a b", "x" * 65, "block\n", "vip!"])
def test_the_name_of_a_list_is_checked(name: str) -> None:
    with pytest.raises(InvalidEntry):
        checked_list(name)
