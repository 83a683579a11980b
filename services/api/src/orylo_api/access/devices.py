"""Devices that have signed in to an account before, known by a cookie that only we can write.

The cookie gives no access. It spares its owner the waits that strangers' guesses cause, as OWASP describes for slowing
down guesses (device cookies).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex

from orylo_common.control import Keyring
from orylo_common.control.keyring import WrongMasterKey

DEVICE_COOKIE = "orylo_device"
LIFETIME = timedelta(days=180)

_PURPOSE = "device"


@dataclass(frozen=True, slots=True)
class Device:
    id: str

    @classmethod
    def new(cls) -> "Device":
        return cls(token_hex(16))


def seal_device(keyring: Keyring, device: Device, email: str, now: datetime) -> str:
    """Return the cookie of a device that is known to the account from now on."""
    return keyring.encrypt(f"{_PURPOSE}:{int(now.timestamp())}:{device.id}:{email}").decode()


def open_device(keyring: Keyring, cookie: str | None, email: str, now: datetime) -> Device | None:
    """Return the device if the cookie is ours, of this account, and not too old."""
    if cookie is None:
        return None
    try:
        purpose, issued, device, owner = keyring.decrypt(cookie.encode("utf-8", "replace")).split(":", 3)
        age_s = now.timestamp() - int(issued)
    except (WrongMasterKey, ValueError):
        return None
    if (purpose, owner) != (_PURPOSE, email) or age_s > LIFETIME.total_seconds():
        return None
    return Device(device)
