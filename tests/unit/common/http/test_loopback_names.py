import pytest

from orylo_common.http.addresses import names_loopback

LOOPBACK = ("127.0.0.1", "127.0.0.1:8000", "localhost", "localhost:1", "LOCALHOST:8000", "[::1]:8000", "127.9.9.9")
OTHERS = ("", "rebound.evil.test", "localhost.evil.test", "127.0.0.1.evil.test:8000", "10.0.0.1", "0.0.0.0", "[", "a b")


@pytest.mark.parametrize("host", LOOPBACK)
def test_a_loopback_name_is_recognised(host: str) -> None:
    assert names_loopback(host)


@pytest.mark.parametrize("host", OTHERS)
def test_any_other_name_is_not_recognised(host: str) -> None:
    assert not names_loopback(host)
