"""Lists in memory, for payments that are replayed in the order of their times."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from itertools import chain

from orylo_common.control.lists.effective import EffectiveEntry
from orylo_common.control.lists.values import EntryType
from orylo_common.ip_addresses import parse_address
from orylo_common.messages import PaymentFact
from orylo_detector.domain.countries import buyer_address
from orylo_detector.domain.lists import ListHit, identifiers_of

# The lists that have a value, each with the end of its entry.
_Listed = tuple[tuple[str, datetime | None], ...]
# IP version and length of the prefix.
_Size = tuple[int, int]
_BITS = {4: 32, 6: 128}
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class MemoryLists:
    """The lists of one tenant. An entry ends at its expiry in the time of the payments."""

    def __init__(self, entries: Iterable[EffectiveEntry] = ()) -> None:
        self._values: dict[EntryType, dict[str, _Listed]] = {}
        self._networks: dict[_Size, dict[int, _Listed]] = {}
        for entry in entries:
            self.add(entry, _BEFORE_ALL)

    def copy(self) -> "MemoryLists":
        """Return lists with the same entries, which can be added to independently."""
        copied = MemoryLists()
        copied._values = {kind: values.copy() for kind, values in self._values.items()}
        copied._networks = {size: networks.copy() for size, networks in self._networks.items()}
        return copied

    def __len__(self) -> int:
        values = chain.from_iterable(table.values() for table in self._values.values())
        networks = chain.from_iterable(table.values() for table in self._networks.values())
        return sum(map(len, chain(values, networks)))

    def add(self, entry: EffectiveEntry, at: datetime) -> None:
        """Add an entry at a time. One that is in effect then stays as it is."""
        if entry.type is EntryType.IP:
            network = ip_network(entry.value)
            key = int(network.network_address) >> (_BITS[network.version] - network.prefixlen)
            networks = self._networks.setdefault((network.version, network.prefixlen), {})
            networks[key] = _with_entry(networks.get(key, ()), entry, at)
        else:
            values = self._values.setdefault(entry.type, {})
            values[entry.value] = _with_entry(values.get(entry.value, ()), entry, at)

    def hits(self, payment: PaymentFact) -> tuple[ListHit, ...]:
        """Return the entries that apply to a payment at its time."""
        hits: list[ListHit] = []
        at = payment.occurred_at
        if self._values:
            for kind, value in identifiers_of(payment):
                listed = self._values.get(kind, {}).get(value, ())
                hits += [ListHit(name, kind, len(value)) for name, end in listed if _is_in_effect(end, at)]
        if self._networks and (address := _bits_of(buyer_address(payment))):
            version, bits = address
            for (of_version, length), networks in self._networks.items():
                if of_version == version:
                    listed = networks.get(bits >> (_BITS[version] - length), ())
                    hits += [ListHit(name, EntryType.IP, length) for name, end in listed if _is_in_effect(end, at)]
        return tuple(hits)


def _with_entry(listed: _Listed, entry: EffectiveEntry, at: datetime) -> _Listed:
    if any(name == entry.list and _is_in_effect(end, at) for name, end in listed):
        return listed
    return (*(each for each in listed if each[0] != entry.list), (entry.list, entry.expires_at))


def _is_in_effect(end: datetime | None, at: datetime) -> bool:
    return end is None or end > at


@lru_cache(10_000)
def _bits_of(text: str | None) -> tuple[int, int] | None:
    """Return the version and the bits of an address, or None for a text that is not an address."""
    parsed = parse_address(text)
    if parsed is None:
        return None
    address = ip_address(parsed)
    return address.version, int(address)
