"""Parse a request body as JSON or as a form, whatever its content type says."""

import re
from typing import Any
from urllib.parse import parse_qsl

import orjson

from orylo_ingest.documents.json_repair import repaired

# A JSON object, or a form's fields. The type of each value is unknown until an adapter has checked it.
Document = dict[str, Any]

MAX_FORM_FIELDS = 1000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# A body in UTF-16 begins with its mark, or has a zero byte beside its first brace.
_UTF_16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"{\0": "utf-16-le", b"\0{": "utf-16-be"}
# PostgreSQL's text type cannot hold NUL. This matches JSON's escape of it, not an escaped backslash before `u0000`.
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


class UnreadableBody(Exception):
    """The body is neither JSON nor a form. The text is a sentence for the sender."""


def parse(body: bytes, *, repair: bool = True, charset: str = "utf-8") -> Any:
    """Return the document in `body`, without NUL characters. Raises `UnreadableBody`.

    `repair` allows JSON that is only nearly valid. `charset` is the one that a form declares, for text that is not
    valid UTF-8. UTF-16 is recognised, and other text that cannot be UTF-8 is read as Windows-1252.
    """
    if encoding := _UTF_16.get(body[:2]):
        body = body.decode(encoding, "replace").encode("utf-8", "replace")
    text = body.removeprefix(_BYTE_ORDER_MARK).strip()
    if text[:1] in (b"{", b"["):
        return _parse_json(text, repair=repair)
    if b"=" in text:
        return _parse_form(text, charset)
    raise UnreadableBody("The body is neither JSON nor a form.")


def _parse_json(text: bytes, *, repair: bool) -> Any:
    try:
        try:
            parsed = orjson.loads(text)
        except orjson.JSONDecodeError:
            if not repair:
                raise
            text = repaired(text)
            parsed = orjson.loads(text)
    except ValueError:
        raise UnreadableBody("The body looks like JSON but is not valid JSON.") from None
    # Removed from the text: walking the parsed document would recurse as deeply as the sender likes.
    return orjson.loads(_NUL.sub(rb"\1", text)) if b"\\u0000" in text else parsed


def _parse_form(text: bytes, charset: str) -> Document:
    try:
        pairs = _pairs_as_sent(text, charset)
    except ValueError:
        raise UnreadableBody(f"The body is a form of more than {MAX_FORM_FIELDS} fields.") from None
    form: Document = {}
    for name, value in pairs:
        name, value = name.replace("\0", ""), value.replace("\0", "")
        # A repeated field becomes a list. Adapters reject lists where they expect text, so neither value wins.
        if name not in form:
            form[name] = value
        elif isinstance(form[name], list):
            form[name].append(value)
        else:
            form[name] = [form[name], value]
    return form


def _pairs_as_sent(text: bytes, charset: str) -> list[tuple[str, str]]:
    """Return the fields. Text that is valid UTF-8 is nothing else, whatever its sender declares."""
    try:
        return _pairs(text, "utf-8", "strict")
    except UnicodeDecodeError:
        if charset != "utf-8":
            return _pairs(text, charset, "replace")
        # As `decoded` does for JSON. Platforms that copied Hotmart's form still percent-encode older charsets.
        is_damaged = not str(_pairs(text, "utf-8", "ignore")).isascii()
        return _pairs(text, "utf-8" if is_damaged else "cp1252", "replace")


def _pairs(text: bytes, charset: str, errors: str) -> list[tuple[str, str]]:
    return parse_qsl(
        text.decode(charset, errors),
        keep_blank_values=True,
        max_num_fields=MAX_FORM_FIELDS,
        encoding=charset,
        errors=errors,
    )
