"""Lists in memory match as the statement does that live decisions use."""

from datetime import timedelta

import pytest

from orylo_common.control.lists.effective import EffectiveEntry
from orylo_common.control.lists.values import EntryType
from orylo_detector.adapters.memory_lists import MemoryLists
from orylo_detector.domain.lists import ListHit
from tests.unit.detector.cases import NOW, payment


def found(*entries: EffectiveEntry, **changes: object) -> set[ListHit]:
    return set(MemoryLists(entries).hits(payment(**changes)))


@pytest.mark.parametrize(
    ("network", "address", "length"),
    [
        ("203.0.113.7", "203.0.113.7", 32),
        ("203.0.113.0/24", "203.0.113.7", 24),
        ("203.0.113.0/24", "::ffff:203.0.113.7", 24),
        ("203.0.113.0/24", "203.0.114.7", None),
        ("2001:db8::/48", "2001:db8:0:1::7", 48),
        ("2001:db8::/48", "2001:db8:1::7", None),
        # The same bits in the other family.
        ("203.0.113.7", "cb00:7107::", None),
        ("203.0.113.0/24", None, None),
    ],
)
def test_networks_match_the_addresses_in_them(network: str, address: str | None, length: int | None) -> None:
    hits = found(EffectiveEntry("block", EntryType.IP, network), ip=address)
    assert hits == ({ListHit("block", EntryType.IP, length)} if length else set())


def test_an_address_is_in_several_networks_and_a_value_on_several_lists() -> None:
    entries = [EffectiveEntry("block", EntryType.IP, network) for network in ("203.0.0.0/16", "203.0.113.0/24")]
    entries += [EffectiveEntry(name, EntryType.CARD, "fp_1") for name in ("allow", "vip")]
    assert found(*entries, ip="203.0.113.7") == {
        ListHit("block", EntryType.IP, 16),
        ListHit("block", EntryType.IP, 24),
        ListHit("allow", EntryType.CARD, 4),
        ListHit("vip", EntryType.CARD, 4),
    }
    assert len(MemoryLists(entries)) == 4


def test_a_value_of_another_type_does_not_match() -> None:
    assert not found(
        EffectiveEntry("block", EntryType.CARD, "cus_1"), EffectiveEntry("block", EntryType.CUSTOMER, "fp_1")
    )


def test_an_entry_has_no_effect_from_its_end_on() -> None:
    for end, is_hit in ((NOW, False), (NOW + timedelta(seconds=1), True), (None, True)):
        assert bool(found(EffectiveEntry("block", EntryType.CUSTOMER, "cus_1", end))) is is_hit


def test_an_added_entry_replaces_one_that_has_ended_only() -> None:
    first = EffectiveEntry("block", EntryType.CUSTOMER, "cus_1", NOW)
    later = first._replace(expires_at=NOW + timedelta(days=1))
    for at, is_hit in ((NOW - timedelta(seconds=1), False), (NOW, True)):
        lists = MemoryLists([first])
        lists.add(later, at)
        assert bool(lists.hits(payment())) is is_hit
        assert len(lists) == 1


def test_a_copy_is_added_to_independently() -> None:
    lists = MemoryLists([EffectiveEntry("vip", EntryType.IP, "203.0.113.7")])
    copied = lists.copy()
    copied.add(EffectiveEntry("block", EntryType.CUSTOMER, "cus_1"), NOW)
    copied.add(EffectiveEntry("block", EntryType.IP, "203.0.113.7"), NOW)
    assert {hit.list for hit in lists.hits(payment(ip="203.0.113.7"))} == {"vip"}
    assert {hit.list for hit in copied.hits(payment(ip="203.0.113.7"))} == {"vip", "block"}
