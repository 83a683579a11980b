"""A webhook as it was received."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orylo_ingest.documents.parsing import parse

_CHARSET = re.compile(r"(?i);\s*charset\s*=\s*[\"']?([A-Za-z0-9._:-]+)")
# Supersets of ASCII that senders of forms use. WHATWG: a declared Latin-1 is Windows-1252.
_FORM_CHARSETS = {
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "us-ascii", "cp1252", "windows-1252"), "cp1252"),
    "iso-8859-15": "iso-8859-15",
}

# Repairing is slow: up to 8 ms for this much, which is ten times the size of a usual postback.
MAX_REPAIRED_UNAUTHENTICATED = 32 * 1024


@dataclass(slots=True)
class RawWebhook:
    """An HTTP request as received. Signatures cover `body` to the byte."""

    headers: Mapping[str, str]
    query_string: str
    body: bytes
    _parsed: Any = field(default=None, repr=False)

    def document(self) -> Any:
        """Return the body parsed as JSON or a form. Parsed once, then cached. Raises `UnreadableBody`."""
        return self._parse(repair=True)

    def unauthenticated_document(self) -> Any:
        """Return the same for a credential inside the body. Long bodies are not repaired before authentication."""
        return self._parse(repair=len(self.body) <= MAX_REPAIRED_UNAUTHENTICATED)

    def narrow_to(self, authenticated: bytes) -> None:
        """Replace the body with the part of it that is authenticated."""
        self.body, self._parsed = authenticated, None

    def _parse(self, *, repair: bool) -> Any:
        if self._parsed is None:
            self._parsed = parse(self.body, repair=repair, charset=_declared_charset(self.headers))
        return self._parsed


def _declared_charset(headers: Mapping[str, str]) -> str:
    """Return the charset that the content type declares, if it can be a form's, else UTF-8."""
    found = _CHARSET.search(headers.get("Content-Type", ""))
    declared = found[1].lower() if found else "utf-8"
    return _FORM_CHARSETS.get(declared, "utf-8")
