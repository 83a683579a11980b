"""Find emails inside Base64, in both alphabets, with or without padding: alone or as part of a longer text."""

import re
from base64 import b64decode

from orylo_common.hashing import token

# Each byte of ASCII text is 0x20 to 0x7e, so a group of three has few possible first, second and third characters. Two
# such groups begin a word; one other word in a hundred begins so too.
_GROUP = "[I-Za-f][C-HS-Xi-nyz0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]"
_RUN = f"{_GROUP}{_GROUP}[A-Za-z0-9+/_-]*"
# The sign before a run is matched, because a search for signs is twice as fast as a lookbehind. JSON begins with one.
_RUN_IN_BYTES = re.compile(f"[^A-Za-z0-9]{_RUN}".encode())
_RUN_IN_TEXT = re.compile(f"(?<![A-Za-z0-9]){_RUN}={{0,2}}")
_EMAIL = re.compile(rb"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def may_hold_base64_email(raw: bytes) -> bool:
    """Return False only if `replace_base64_emails` would find nothing. Cheap."""
    return any(_email_in(run[1:]) for run in _RUN_IN_BYTES.findall(raw))


def replace_base64_emails(text: str) -> str:
    """Return the text with the email's token in place of each encoded text that contains an email."""
    return _RUN_IN_TEXT.sub(_replacement, text)


def _replacement(run: re.Match[str]) -> str:
    email = _email_in(run[0].encode())
    return token(email) if email else run[0]


def _email_in(run: bytes) -> str | None:
    encoded = run.rstrip(b"=").translate(_TO_STANDARD)
    # A single character over is part of something else.
    encoded = encoded[:-1] if len(encoded) % 4 == 1 else encoded
    decoded = b64decode(encoded + b"=" * (-len(encoded) % 4))
    email = _EMAIL.search(decoded) if b"@" in decoded else None
    return email[0].decode("ascii", "replace").lower() if email else None
