"""The caller's address behind proxies, and allow-lists."""

from ipaddress import ip_address
from unittest.mock import Mock

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from orylo_common.http.addresses import client_address, is_internal, is_within, network_of
from orylo_common.ip_addresses import is_local, parse_address


@pytest.mark.parametrize(
    ("lines", "proxies", "seen"),
    [
        (["203.0.113.5"], 1, "203.0.113.5"),
        (["198.51.100.1, 203.0.113.5"], 1, "203.0.113.5"),
        (["198.51.100.1", "203.0.113.5"], 1, "203.0.113.5"),
        (["198.51.100.1, 203.0.113.5", "192.0.2.7"], 2, "203.0.113.5"),
        (["198.51.100.1", "203.0.113.5, 192.0.2.7"], 2, "203.0.113.5"),
        (["203.0.113.5"], 2, None),
        (["203.0.113.5, nonsense"], 1, None),
        (["é"], 1, None),
        ([], 1, None),
        (["203.0.113.5"], 0, None),
    ],
)
def test_trusted_proxies_are_counted_from_the_right_over_all_headers(
    lines: list[str], proxies: int, seen: str | None
) -> None:
    headers = CIMultiDict([("X-Forwarded-For", line) for line in lines])
    request = make_mocked_request("POST", "/", headers=headers)
    assert client_address(request, proxies) == (seen or request.remote)


@pytest.mark.parametrize(
    ("address", "within"),
    [
        ("203.0.113.5", True),
        ("::ffff:203.0.113.5", True),
        ("::ffff:203.0.114.5", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("nonsense", False),
        (None, False),
    ],
)
def test_an_address_is_within_its_networks_in_either_family(address: str | None, within: bool) -> None:
    assert is_within(address, ("203.0.113.0/24", "2001:db8::/32")) is within


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("8.8.4.4", "8.8.4.4"),
        ("8.8.4.4:17085", "8.8.4.4"),
        (" 8.8.4.4 , 10.0.0.1", "8.8.4.4"),
        ("10.0.0.1, 8.8.4.4", "8.8.4.4"),
        ("8.8.4.4 1.1.1.1", "8.8.4.4"),
        ("10.0.0.1, 192.168.0.2", "10.0.0.1"),
        ("unknown, 8.8.4.4", "8.8.4.4"),
        ("::ffff:8.8.4.4", "8.8.4.4"),
        ("[::ffff:8.8.4.4]:443", "8.8.4.4"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ('"[2001:db8::1]:443"', "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:0db8:0:0:0:0:0:1", "2001:db8::1"),
        ("8.8.4.4.AQECAQIB", "8.8.4.4"),
        ("2001:db8::1.Ag", "2001:db8::1"),
        ("8.8.4.4.10", None),
        ("8.8.4.4:port", None),
        ("localhost", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_read_in_any_notation(text: str | None, address: str | None) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "address",
    ["10.0.0.7", "172.31.0.1", "192.168.0.3", "100.127.1.1", "127.0.0.1", "0.0.0.0", "::1", "fd00::1", "fe80::1"],
)
def test_a_local_address_is_recognised(address: str) -> None:
    assert is_local(address)


@pytest.mark.parametrize(
    "address", ["8.8.4.4", "172.32.0.1", "100.128.1.1", "101.0.0.1", "203.0.113.5", "2001:db8::1", "fa00::1"]
)
def test_other_addresses_are_not_local(address: str) -> None:
    assert not is_local(address)


def test_an_allow_list_applies_to_a_forwarded_address_with_a_port() -> None:
    assert is_within("8.8.4.4:51008", ("8.8.4.0/24",))
    assert not is_within("9.9.9.9:51008", ("8.8.4.0/24",))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:2", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("2001:db8::/64", "2001:db8::/64"),
        ("", ""),
    ],
)
def test_callers_count_by_the_network_that_one_customer_has(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("address", "headers", "internal"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("::ffff:10.1.2.3", {}, True),
        ("172.18.0.1", {}, True),
        ("100.64.0.9", {}, True),
        ("fd00::1", {}, True),
        ("8.8.4.4", {}, False),
        ("::ffff:8.8.4.4", {}, False),
        ("2600::1", {}, False),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, False),
        ("10.1.2.3", {"Forwarded": "for=10.0.0.1"}, False),
        ("8.8.4.4", {"X-Forwarded-For": "127.0.0.1"}, False),
        (None, {}, False),
    ],
)
def test_a_caller_is_internal_without_a_proxy_and_in_a_private_network(
    address: str | None, headers: dict[str, str], internal: bool
) -> None:
    transport = Mock(get_extra_info=lambda name, default=None: (address, 1) if name == "peername" else default)
    assert is_internal(make_mocked_request("GET", "/", headers=headers, transport=transport)) is internal


@given(st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", fullmatch=True) | st.ip_addresses().map(str))
def test_an_address_alone_is_read_as_the_standard_library_reads_it(text: str) -> None:
    try:
        address = ip_address(text)
    except ValueError:
        assert parse_address(text) is None
    else:
        assert parse_address(text) == str(getattr(address, "ipv4_mapped", None) or address)
