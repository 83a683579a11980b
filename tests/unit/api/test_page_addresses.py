"""A page is fetched from the internet only: never from the platform's own network, in any form of its addresses."""

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from yarl import URL

from orylo_api.tracking import page_addresses
from orylo_api.tracking.page_addresses import ForbiddenPage, checked_addresses, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "::127.0.0.1", "::10.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b:1::a00:1", "fec0::1", "5f00::1", "4000::1",
    ],
)  # fmt: skip
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def resolving(monkeypatch: pytest.MonkeyPatch, addresses: Sequence[str]) -> None:
    async def resolve(host: str, port: int) -> list[Any]:
        return [ipaddress.ip_address(address) for address in addresses]

    monkeypatch.setattr(page_addresses, "_resolve", resolve)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://[::1]/", "http://2130706433/", "http://0x7f.1/", "http://localhost/",
        "http://169.254.169.254/latest/meta-data/", "ftp://example.com/", "file:///etc/passwd",
        "http://user:password@8.8.8.8/", "http://8.8.8.8:6379/", "https://8.8.8.8:9100/",
    ],
)  # fmt: skip
async def test_urls_that_lead_elsewhere_are_refused(url: str) -> None:
    with pytest.raises((ForbiddenPage, OSError)):
        await checked_addresses(URL(url), allow_loopback=False)


async def test_one_private_address_among_several_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(ForbiddenPage):
        await checked_addresses(URL("https://shop.example/"), allow_loopback=False)


@pytest.mark.parametrize(("addresses", "allowed"), [(["127.0.0.1"], True), (["10.0.0.1"], False)])
async def test_the_demo_may_check_pages_of_this_machine_only(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str], allowed: bool
) -> None:
    resolving(monkeypatch, addresses)
    if allowed:
        assert await checked_addresses(URL("http://shop.localhost:8123/"), allow_loopback=True)
    else:
        with pytest.raises(ForbiddenPage):
            await checked_addresses(URL("http://shop.localhost:8123/"), allow_loopback=True)


async def test_the_name_that_is_requested_is_the_one_that_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    await checked_addresses(URL("https://straße.example/"), allow_loopback=False)

    # Python's own encoding of host names gives strasse.example, another domain.
    assert asked == ["xn--strae-oqa.example"]


async def test_a_name_server_that_hangs_leaves_the_threads_of_others_free(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        released.wait(10)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    checks = [
        asyncio.create_task(checked_addresses(URL(f"https://{number}.example/"), allow_loopback=False))
        for number in range(40)
    ]
    try:
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "a password was hashed"), 5)
    finally:
        released.set()
        await asyncio.gather(*checks, return_exceptions=True)
