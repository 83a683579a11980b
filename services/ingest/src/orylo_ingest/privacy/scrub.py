"""Scrub a webhook's document for inspection and replay: the structure stays, personal data and secrets go.

A personal value is replaced by `sha256:<hash of the normalised value>`, a document by `hmac:<hash under the platform's
key>`, so that a replayed copy gives the same match keys and customers. Tokens and secrets are removed, card numbers
masked, sizes bounded.

A key is personal by its name and its parent's name. Personal data in other texts is searched for in the finished copy
as a whole, which is cheap. Only a copy with a finding is walked again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from orylo_common.hashing import is_token, token
from orylo_common.identifiers import normalise_email
from orylo_common.phones import phone_digits
from orylo_ingest.privacy import normalisation
from orylo_ingest.privacy.contact_patterns import is_document
from orylo_ingest.privacy.document_cleaning import DocumentCleaner
from orylo_ingest.privacy.document_hashes import DocumentHashes
from orylo_ingest.privacy.free_text import FreeText
from orylo_ingest.privacy.person import HashedIdentity
from orylo_ingest.privacy.personal_keys import PersonalDatum, datum_of, passed_down

MAX_TEXT = 4096
# Per object or list, and per document. Gateways send a few hundred.
MAX_ITEMS = 500
MAX_FIELDS = 2500
MAX_DEPTH = 64
# A longer text is cut here and cleaned. Half of that is kept, so no value that was cut in two remains.
_CLEANED = 2 * MAX_TEXT
# In a larger copy, at most this many characters of suspicious text are cleaned.
_LARGE = 16 * 1024
MAX_BYTES = 256 * 1024

# The key of a scrubbed copy for the flags computed from clear text.
OWN_KEY = "orylo"


_NORMALISE: dict[int, Callable[[str], str | None]] = {
    PersonalDatum.EMAIL: normalise_email,
    PersonalDatum.PHONE: phone_digits,
    PersonalDatum.CITY: normalisation.city,
    PersonalDatum.STATE: normalisation.state,
    PersonalDatum.ZIP: normalisation.zip_code,
    PersonalDatum.BIRTH: normalisation.birth_date,
}


# The steps for an object, cached by its shape: the parent key, the inherited classification, the object's own keys and
# the types of their values. A gateway repeats a few shapes, in which most values need no step.
Step = tuple[str, int, type]
_plans: dict[tuple[object, ...], tuple[Step, ...]] = {}
_MAX_PLANS = 2000
# Shapes with more letters in their keys than this are not cached. The cache takes some 60 MiB at most.
_MAX_CACHED_LETTERS = 2048
# Plain integers: comparing enumeration members takes five times as long.
_DROP = int(PersonalDatum.DROP)
_CONTAINERS = frozenset({dict, list})
# The classification that unclassified values inherit from their object or list.
_BELOW = tuple(int(passed_down(kind)) for kind in PersonalDatum)


@dataclass(slots=True)
class _ScrubPass:
    """State of one pass through a document: the replacements, and how many more fields are allowed."""

    tokens: dict[str, str]
    documents: DocumentHashes
    left: int = MAX_FIELDS


def scrub(document: Any, identity: HashedIdentity, secrets: Sequence[bytes] = ()) -> bytes:
    """Scrub `document` in place, and return it as JSON.

    `secrets` are the endpoint's own. They are removed wherever they occur.
    """
    root = {"": document}
    _object(root, "", 0, _ScrubPass(identity.tokens, identity.documents), 0)
    if isinstance(document, dict) and identity.flags:
        document[OWN_KEY] = {"flags": identity.flags}
    payload = orjson.dumps(root[""])
    free_text = FreeText(identity.known, secrets, identity.documents, identity.first_names)
    screen = free_text.screen()
    if len(payload) > _LARGE:
        _shorten(root, lambda text: _beginning(text, free_text), _CLEANED)
    if len(payload) > _LARGE or screen.narrowed_to(payload):
        cleaner = DocumentCleaner(free_text, _LARGE if len(payload) > _LARGE else None)
        root[""] = cleaner.clean(root[""], screen)
        if isinstance(document, dict) and root[""] is not document:
            document.clear()
            document.update(root[""])
        payload = orjson.dumps(root[""])
    # Only now: an email or a number cut in two would not be recognised.
    if len(payload) > MAX_TEXT and _shorten(root, lambda text: text[:MAX_TEXT], MAX_TEXT):
        payload = orjson.dumps(root[""])
    if len(payload) > MAX_BYTES:
        return orjson.dumps({OWN_KEY: {"omitted": f"{len(payload)} bytes, more than are kept"}})
    return payload


def flags_of(document: Any) -> dict[str, str | bool]:
    """Return the flags that a scrubbed copy keeps of the clear text."""
    own = document.get(OWN_KEY) if isinstance(document, dict) else None
    flags = own.get("flags") if isinstance(own, dict) else None
    return flags if isinstance(flags, dict) else {}


def _object(node: dict[str, Any], parent: str, inherited: int, scrub_pass: _ScrubPass, depth: int) -> None:
    scrub_pass.left -= len(node)
    if scrub_pass.left < 0 or len(node) > MAX_ITEMS:
        _cut(node, scrub_pass)
    shape = parent, inherited, *node, *map(type, node.values())
    plan = _plans.get(shape)
    if plan is None:
        plan = _plan(shape, node, parent, inherited)
    for key, kind, value_type in plan:
        if kind == _DROP:
            del node[key]
        elif value_type is dict and depth < MAX_DEPTH:
            _object(node[key], key, _BELOW[kind], scrub_pass, depth + 1)
        elif value_type in _CONTAINERS:
            node[key] = _container(node[key], key, kind, scrub_pass, depth)
        else:
            node[key] = _replaced(node[key], kind, scrub_pass)


def _cut(node: dict[str, Any], scrub_pass: _ScrubPass) -> None:
    """Keep only as many of the object's first fields as the limits allow."""
    room = max(0, min(MAX_ITEMS, scrub_pass.left + len(node)))
    scrub_pass.left += len(node) - room
    for key in list(node)[room:]:
        del node[key]


def _plan(shape: tuple[object, ...], node: dict[str, Any], parent: str, inherited: int) -> tuple[Step, ...]:
    steps = []
    for key, value in node.items():
        kind, value_type = int(datum_of(key, parent, PersonalDatum(inherited))), type(value)
        if value is not None and (kind or value_type in _CONTAINERS):
            steps.append((key, kind, value_type))
    plan = tuple(steps)
    if len(parent) + sum(map(len, node)) <= _MAX_CACHED_LETTERS:
        if len(_plans) >= _MAX_PLANS:
            _plans.clear()
        _plans[shape] = plan
    return plan


def _shorten(node: Any, cut: Callable[[str], str], longest: int) -> bool:
    """Cut long texts in place, and drop fields with long names. Returns whether there were any."""
    found = False
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        if type(key) is str and len(key) > longest:
            del node[key]
            found = True
        elif type(value) is str and len(value) > longest:
            node[key] = cut(value)
            found = True
        elif type(value) in _CONTAINERS and _shorten(value, cut, longest):
            found = True
    return found


def _beginning(text: str, free_text: FreeText) -> str:
    cleaned = free_text.clean(text[:_CLEANED])
    return cleaned[: max(0, min(MAX_TEXT, len(cleaned) - MAX_TEXT))]


def _container(value: Any, key: str, kind: int, scrub_pass: _ScrubPass, depth: int) -> Any:
    if depth >= MAX_DEPTH:
        return None
    if type(value) is dict:
        _object(value, key, _BELOW[kind], scrub_pass, depth + 1)
        return value
    items = value[: max(0, min(MAX_ITEMS, scrub_pass.left))]
    scrub_pass.left -= len(items)
    return [_item(item, key, kind, scrub_pass, depth + 1) for item in items]


def _item(value: Any, key: str, kind: int, scrub_pass: _ScrubPass, depth: int) -> Any:
    if type(value) in _CONTAINERS:
        return _container(value, key, kind, scrub_pass, depth)
    return _replaced(value, kind, scrub_pass) if kind else value


def _replaced(value: Any, kind: int, scrub_pass: _ScrubPass) -> str | bool | None:
    """Return the token for a personal value. Blank values stay, to show that nothing was sent."""
    if value is None or isinstance(value, bool):
        return value
    if kind == PersonalDatum.FORGET:
        return None
    text = str(value)
    known = scrub_pass.tokens.get(text.strip())
    if known is not None:
        return known
    if not text.strip():
        return text
    if kind == PersonalDatum.DOCUMENT or (kind != PersonalDatum.PHONE and is_document(text.strip())):
        return scrub_pass.documents.token_of(text) or scrub_pass.documents.token(text.strip().lower())
    if is_token(text):
        return text
    if kind in (PersonalDatum.NAME, PersonalDatum.PERSON):
        return " ".join(_name_tokens(text))
    normalise = _NORMALISE.get(kind)
    normalised = normalise(text) if normalise else None
    return token(normalised or text.strip().lower())


def _name_tokens(text: str) -> list[str]:
    first, _, rest = text.strip().partition(" ")
    return [
        part if is_token(part) else token(normalisation.name(part) or part) for part in (first, rest.strip()) if part
    ]
