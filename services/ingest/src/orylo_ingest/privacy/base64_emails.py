"""Find emails inside Base64, in both alphabets, with or without padding: alone or as part of a longer text."""

import re
from base64 import b64decode

from orylo_ingest.privacy.hashing import token

# A byte of ASCII text is 0x20 to 0x7e, so each group of three has few possible first, second and third characters. The
# pattern matches two groups after a sign; one other word in a hundred matches too.
_RUN = re.compile(
    rb"[^A-Za-z0-9](?=(?:[I-Za-f][C-HS-Xi-nyz0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]){2})"
    rb"([A-Za-z0-9+/_-]{8,})"
)
_RUN_IN_TEXT = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_EMAIL = re.compile(rb"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_SHORTEST = 8
# A run may begin with characters that belong to something else, such as `u_` or a path.
_OFFSETS = range(4)


def may_hold_base64_email(raw: bytes) -> bool:
    """Return False only if `replace_base64_emails` would find nothing that begins a word. Cheap."""
    return any(_email_in(found[1]) for found in _RUN.finditer(raw))


def replace_base64_emails(text: str) -> str:
    """Return the text with the email's token in place of each encoded text that contains an email."""
    return _RUN_IN_TEXT.sub(_replacement, text) if len(text) >= _SHORTEST else text


def _replacement(run: re.Match[str]) -> str:
    email = _email_in(run[0].encode())
    return token(email) if email else run[0]


def _email_in(run: bytes) -> str | None:
    run = run.rstrip(b"=").translate(_TO_STANDARD)
    for offset in _OFFSETS:
        encoded = run[offset : offset + (len(run) - offset) // 4 * 4]
        rest = run[offset + len(encoded) :]
        decoded = b64decode(encoded) + (b64decode(rest + b"=" * (4 - len(rest))) if len(rest) > 1 else b"")
        if b"@" in decoded and (email := _EMAIL.search(decoded)):
            return email[0].decode("ascii", "replace").lower()
    return None
