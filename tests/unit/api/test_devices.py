from datetime import UTC, datetime, timedelta

import pytest

from orylo_api.access.devices import LIFETIME, Device, open_device, seal_device
from orylo_common.control import Keyring

KEYS = [Keyring.generate(), Keyring.generate()]
NOW = datetime(2026, 11, 27, tzinfo=UTC)
OWNER = "ana@shop.example"


def test_a_device_is_known_to_its_account_until_its_cookie_expires() -> None:
    keyring, device = Keyring(KEYS[:1]), Device.new()
    cookie = seal_device(keyring, device, OWNER, NOW)
    assert open_device(keyring, cookie, OWNER, NOW + LIFETIME) == device
    assert open_device(keyring, cookie, OWNER, NOW + LIFETIME + timedelta(seconds=1)) is None
    assert open_device(keyring, cookie, "eva@shop.example", NOW) is None


def test_a_rotated_master_key_still_knows_the_device() -> None:
    cookie = seal_device(Keyring(KEYS[:1]), Device("one"), OWNER, NOW)
    assert open_device(Keyring([KEYS[1], KEYS[0]]), cookie, OWNER, NOW) == Device("one")
    assert open_device(Keyring(KEYS[1:]), cookie, OWNER, NOW) is None


@pytest.mark.parametrize("cookie", [None, "", "x", "é\udcff", "gAAAAA==", "a" * 5000])
def test_a_forged_cookie_names_no_device(cookie: str | None) -> None:
    assert open_device(Keyring(KEYS), cookie, OWNER, NOW) is None


@pytest.mark.parametrize(
    "secret", ["whsec_secret", "JBSWY3DPEHPK3PXP", "a:b:c:d", f"device:soon:one:{OWNER}", f"other:1:one:{OWNER}"]
)
def test_another_secret_of_the_keyring_names_no_device(secret: str) -> None:
    assert open_device(Keyring(KEYS), Keyring(KEYS).encrypt(secret).decode(), OWNER, NOW) is None
