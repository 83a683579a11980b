"""A webhook as it was received."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orylo_ingest.documents.parsing import parse

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
            self._parsed = parse(self.body, repair=repair)
        return self._parsed
