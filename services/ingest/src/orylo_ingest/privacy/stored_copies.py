"""Put the documents in a scrubbed copy of an earlier version, which have plain hashes, under the document key."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson

from orylo_common.hashing import KEYED_PREFIX, TOKEN_PREFIX, is_keyed_token, is_token
from orylo_ingest.privacy.person import HashedIdentity, customer_id
from orylo_ingest.privacy.personal_keys import PersonalDatum, datum_of, passed_down

_PLAIN_TOKEN = re.compile(rf"{TOKEN_PREFIX}[0-9a-f]{{64}}")


def keyed_copy(document: Any, identity: HashedIdentity) -> bytes | None:
    """Return the copy as JSON, or None if it holds no plain hash of a document. `identity` is the buyer's.

    A token in free text may be a document's too, so it is put under the key unless it is the buyer's own. A later
    reader needs only the buyer's tokens.
    """
    found = list(_tokens(document, "", PersonalDatum.KEEP))
    kept = {token for kind, token in found if kind not in (PersonalDatum.DOCUMENT, PersonalDatum.KEEP)}
    kept |= {TOKEN_PREFIX + each for each in identity.match_keys.values()}
    kept -= {token for kind, token in found if kind is PersonalDatum.DOCUMENT}
    kept -= set(identity.documents.plain.values())

    def keyed(token: re.Match[str]) -> str:
        return token[0] if token[0] in kept else identity.documents.token_of(token[0]) or token[0]

    payload = orjson.dumps(document).decode()
    changed = _PLAIN_TOKEN.sub(keyed, payload)
    return changed.encode() if changed != payload else None


def customer_change(tenant_id: UUID, identity: HashedIdentity) -> tuple[str, str] | None:
    """Return the customer's former id and its id now, if a document with a plain hash identified the customer."""
    plain = identity.documents.plain.get(f"{KEYED_PREFIX}{identity.document}")
    if plain is None or "email" in identity.match_keys or "phone" in identity.match_keys:
        return None
    former = customer_id(tenant_id, {}, document=plain.removeprefix(TOKEN_PREFIX))
    now = customer_id(tenant_id, {}, document=identity.document)
    return (former, now) if former and now else None


def _tokens(value: Any, key: str, inherited: PersonalDatum) -> Iterator[tuple[PersonalDatum, str]]:
    """Yield the tokens that stand for whole values, each with the classification of its key."""
    if isinstance(value, dict):
        for name, item in value.items():
            kind = datum_of(name, key, inherited)
            yield from _tokens(item, name, passed_down(kind) if isinstance(item, dict) else kind)
    elif isinstance(value, list):
        for item in value:
            yield from _tokens(item, key, passed_down(inherited) if isinstance(item, dict) else inherited)
    elif isinstance(value, str) and TOKEN_PREFIX in value:
        parts = value.split(" ")
        if all(is_token(part) and not is_keyed_token(part) for part in parts):
            yield from ((inherited, part) for part in parts)
