"""What a payment gateway is to ingest. One file beside this one for each of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Literal, NamedTuple, Protocol
from urllib.parse import parse_qsl
from uuid import UUID

import orjson

from orylo_common.control.models import GatewaySecret
from orylo_common.messages import GatewayFact
from orylo_ingest.documents.json_repair import mended
from orylo_ingest.privacy.person import Person

# A JSON object, or a form's fields. Unknown until an adapter has looked at each value.
Document = dict[str, Any]

MAX_FORM_FIELDS = 1000
# Mending is slow: up to 8 ms for as much as this, which is ten times a postback.
MAX_MENDED_UNPROVEN = 32 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# PostgreSQL's texts cannot hold the NUL character. Here it is JSON's escape of one, and not an escaped backslash.
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


class AuthenticationFailed(Exception):
    """The webhook is not proven to come from the gateway. `code` is for machines, the text for a person."""

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(advice)
        self.code = code
        self.advice = advice


class UnreadableBody(Exception):
    """Neither JSON nor a form. The text is a sentence for whoever sent it."""


class NotUnderstood(Exception):
    """It comes from the gateway, and no adapter of ours can say what it tells. The text holds no value of it."""


@dataclass(slots=True)
class RawWebhook:
    """A request as it came. `body` is what signatures are made over, to the byte."""

    headers: Mapping[str, str]
    query_string: str
    body: bytes
    _parsed: Any = field(default=None, repr=False)

    def document(self) -> Any:
        """The body as JSON or as a form, whatever its content type says; read once, then shared."""
        return self._read(mend=True)

    def unproven_document(self) -> Any:
        """The same, for a proof that stands in the body: of a long one nothing is mended for strangers."""
        return self._read(mend=len(self.body) <= MAX_MENDED_UNPROVEN)

    def narrow(self, proven: bytes) -> None:
        """Only this part of the body is proven: from here on it is the body."""
        self.body, self._parsed = proven, None

    def _read(self, *, mend: bool) -> Any:
        if self._parsed is None:
            self._parsed = _parse(self.body, mend=mend)
        return self._parsed


class Envelope(NamedTuple):
    """What can be said of a webhook before its content is understood.

    `event_key` tells the gateway's event from all its others; without one, the body itself does. `test`: somebody
    pressed a button of the gateway's panel, and nobody bought anything.
    """

    event_type: str
    event_key: str | None = None
    gateway_event_id: str | None = None
    livemode: bool = True
    test: bool = False


class Told(NamedTuple):
    """One message in the making. `fields` are the message class's own, each read with `fields.py`.

    `facts` name what is told, so that the second gateway event that tells the same is recognised.
    """

    message: type[GatewayFact]
    occurred_at: datetime
    fields: dict[str, Any]
    facts: tuple[str, ...]
    gateway_customer: str | None = None


class Ignored(NamedTuple):
    """Understood, and deliberately not told on; the reason is for a person."""

    reason: str


class EventRow(NamedTuple):
    """A line of the generated table: what becomes of one native event, and when; `otherwise` where it is no message."""

    native: str
    messages: tuple[type[GatewayFact], ...]
    note: str
    otherwise: Literal["ignored", "quarantined"] = "ignored"


class Gateway(Protocol):
    name: str

    def authenticate(self, webhook: RawWebhook, secrets: Sequence[GatewaySecret], now: datetime) -> UUID:
        """The id of the secret that proves it, in the gateway's own scheme. Raises `AuthenticationFailed`."""

    def envelope(self, document: Document) -> Envelope:
        """Never raises."""

    def person(self, document: Document) -> Person:
        """The buyer in clear text, or the tokens of a scrubbed copy."""

    def normalise(self, document: Document, received_at: datetime, zone: tzinfo | None = None) -> Told | Ignored:
        """What a scrubbed copy tells. Raises `NotUnderstood`.

        `zone` is what stamps without one are in, where the gateway's own is known to be wrong.
        """

    def events(self) -> Sequence[EventRow]:
        """Every native event that is known, and what becomes of others, for the table in `docs/gateways.md`."""


def _parse(body: bytes, *, mend: bool) -> Any:
    text = body.removeprefix(_BYTE_ORDER_MARK).strip()
    if text[:1] in (b"{", b"["):
        try:
            try:
                parsed = orjson.loads(text)
            except orjson.JSONDecodeError:
                if not mend:
                    raise
                text = mended(text)
                parsed = orjson.loads(text)
        except ValueError:
            raise UnreadableBody("The body looks like JSON and is not valid JSON.") from None
        # Taken out of the text, which is known to be JSON by now: going through what was read would recurse as
        # deep as a stranger likes.
        return orjson.loads(_NUL.sub(rb"\1", text)) if b"\\u0000" in text else parsed
    if b"=" in text:
        return _parse_form(text)
    raise UnreadableBody("The body is neither a JSON object nor a form.")


def _parse_form(text: bytes) -> Document:
    try:
        pairs = parse_qsl(
            text.decode(), keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS, encoding="utf-8", errors="replace"
        )
    except ValueError:
        raise UnreadableBody("The body is not a form in UTF-8.") from None
    form: Document = {}
    for name, value in pairs:
        name, value = name.replace("\0", ""), value.replace("\0", "")
        # A repeated field is a list, which no adapter takes for a text: nobody picks one of two values.
        if name not in form:
            form[name] = value
        elif isinstance(form[name], list):
            form[name].append(value)
        else:
            form[name] = [form[name], value]
    return form
