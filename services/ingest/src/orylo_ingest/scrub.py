"""A copy of what came in, for people to look at and to replay: the structure stays, the people are gone.

A personal value is replaced by `sha256:<hash of it normalised>`, so that a copy read again gives the same
match keys. Tokens and secrets are removed, card numbers masked, sizes bounded.

Whether a key is personal is settled by its name and the name above it. What hides in other texts is looked
for in the finished copy as a whole: that is cheap, and only a copy with something in it is gone through again.
"""

import re
from collections.abc import Callable
from typing import Any

import orjson

from orylo_common.identity import Identity, is_token, mask_card_numbers, may_hold_card_number, normalisation, token
from orylo_common.identity.phones import phone_digits
from orylo_ingest.personal_keys import Kind, kind_of

MAX_TEXT = 4096
MAX_ITEMS = 500
MAX_DEPTH = 64
MAX_BYTES = 256 * 1024

# Where a scrubbed copy keeps what was computed from clear text.
OWN_KEY = "orylo"


_NORMALISE: dict[int, Callable[[str], str | None]] = {
    Kind.EMAIL: normalisation.email,
    Kind.PHONE: phone_digits,
    Kind.DOCUMENT: normalisation.document,
    Kind.CITY: normalisation.city,
    Kind.STATE: normalisation.state,
    Kind.ZIP: normalisation.zip_code,
    Kind.BIRTH: normalisation.birth_date,
}


# By the key above, then by key: what `kind_of` says, which is asked for every value of every webhook.
_rules: dict[str, dict[str, int]] = {}
_MAX_RULES = 1000
# Plain numbers: comparing members of an enumeration takes five times as long.
_DROP = int(Kind.DROP)
_CONTAINERS = frozenset({dict, list})

# As long as mail allows and no longer, so that a long text without an address is searched in one go.
_EMAIL_IN_TEXT = re.compile(
    r"[^\s@<>()\[\]\"',;:|=&?/\\]{1,64}@[^\s@<>()\[\]\"',;:|=&?/\\]{1,250}\.[^\s@<>()\[\]\"',;:|=&?/\\.]+"
)
_PHONE_IN_TEXT = re.compile(r"\+[0-9(][0-9 ().\-]{6,18}[0-9]")
_DOCUMENT_IN_TEXT = re.compile(
    r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b|\b[0-9]{2}\.[0-9]{3}\.[0-9]{3}/[0-9]{4}-[0-9]{2}\b"
)
_PHONE_IN_BYTES = re.compile(rb"\+[0-9(][0-9 ().\-]{6}")
_DOCUMENT_IN_BYTES = re.compile(rb"\.[0-9]{3}[-/][0-9]{2}")


def scrub(document: Any, identity: Identity) -> bytes:
    """Scrub `document` in place, and return it as JSON. Sorting keys or spacing them otherwise changes nothing."""
    root = {"": document}
    _object(root, "", identity.tokens, 0)
    if isinstance(document, dict) and identity.flags:
        document[OWN_KEY] = {"flags": identity.flags}
    payload = orjson.dumps(root[""])
    if _suspicious(payload, identity):
        root[""] = _cleaned(root[""], identity)
        if isinstance(document, dict):
            document.clear()
            document.update(root[""])
        payload = orjson.dumps(root[""])
    if len(payload) > MAX_BYTES:
        return orjson.dumps({OWN_KEY: {"omitted": f"{len(payload)} bytes, more than are kept"}})
    return payload


def flags_of(document: Any) -> dict[str, str | bool]:
    """What a scrubbed copy remembers of the clear text."""
    own = document.get(OWN_KEY) if isinstance(document, dict) else None
    flags = own.get("flags") if isinstance(own, dict) else None
    return flags if isinstance(flags, dict) else {}


def _object(node: dict[str, Any], parent: str, tokens: dict[str, str], depth: int) -> None:
    rules = _rules.get(parent) or _rules_under(parent)
    dropped = []
    for key, value in node.items():
        if value is None:
            continue
        kind = rules.get(key)
        if kind is None:
            kind = _learn(rules, parent, key)
        value_type = type(value)
        if kind == _DROP:
            dropped.append(key)
        elif value_type is dict and depth < MAX_DEPTH:
            _object(value, key, tokens, depth + 1)
        elif value_type in _CONTAINERS:
            node[key] = _container(value, key, kind, tokens, depth)
        elif kind:
            node[key] = _replaced(value, kind, tokens)
        elif value_type is str and len(value) > MAX_TEXT:
            node[key] = value[:MAX_TEXT]
    for key in dropped:
        del node[key]


def _container(value: Any, key: str, kind: int, tokens: dict[str, str], depth: int) -> Any:
    if depth >= MAX_DEPTH:
        return None
    if type(value) is dict:
        if value:
            _object(value, key, tokens, depth + 1)
        return value
    return [_item(item, key, kind, tokens, depth + 1) for item in value[:MAX_ITEMS]]


def _item(value: Any, key: str, kind: int, tokens: dict[str, str], depth: int) -> Any:
    if type(value) in _CONTAINERS:
        return _container(value, key, kind, tokens, depth)
    if kind:
        return _replaced(value, kind, tokens)
    return value[:MAX_TEXT] if isinstance(value, str) else value


def _replaced(value: Any, kind: int, tokens: dict[str, str]) -> str | bool | None:
    """The token for a personal value; blank ones stay, so that one sees that nothing was sent."""
    if value is None or isinstance(value, bool):
        return value
    if kind == Kind.FORGET:
        return None
    text = str(value)
    known = tokens.get(text.strip())
    if known is not None:
        return known
    if not text.strip() or is_token(text):
        return text
    if kind == Kind.NAME:
        return " ".join(_name_tokens(text))
    normalise = _NORMALISE.get(kind)
    normalised = normalise(text) if normalise else None
    return token(normalised or text.strip().lower())


def _name_tokens(text: str) -> list[str]:
    first, _, rest = text.strip().partition(" ")
    return [
        part if is_token(part) else token(normalisation.name(part) or part) for part in (first, rest.strip()) if part
    ]


def _rules_under(parent: str) -> dict[str, int]:
    if len(_rules) >= _MAX_RULES:
        _rules.clear()
    rules = _rules[parent] = {}
    return rules


def _learn(rules: dict[str, int], parent: str, key: str) -> int:
    if len(rules) >= _MAX_RULES:
        rules.clear()
    kind = rules[key] = int(kind_of(key, parent))
    return kind


def _suspicious(payload: bytes, identity: Identity) -> bool:
    if b"@" in payload or may_hold_card_number(payload):
        return True
    if b"+" in payload and _PHONE_IN_BYTES.search(payload) is not None:
        return True
    if _DOCUMENT_IN_BYTES.search(payload) is not None:
        return True
    return any(clear.encode() in payload for clear in identity.anywhere)


def _cleaned(value: Any, identity: Identity) -> Any:
    if isinstance(value, str):
        return _clean_text(value, identity)
    if isinstance(value, dict):
        return {_clean_text(key, identity): _cleaned(item, identity) for key, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item, identity) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        masked = mask_card_numbers(str(value))
        return value if masked == str(value) else masked
    return value


def _clean_text(text: str, identity: Identity) -> str:
    if is_token(text):
        return text
    for clear in identity.anywhere:
        text = text.replace(clear, identity.tokens[clear])
    if "@" in text:
        text = _EMAIL_IN_TEXT.sub(lambda found: token(found.group().lower()), text)
    text = _PHONE_IN_TEXT.sub(lambda found: token(phone_digits(found.group()) or found.group()), text)
    text = _DOCUMENT_IN_TEXT.sub(lambda found: token(normalisation.document(found.group()) or found.group()), text)
    return mask_card_numbers(text)
