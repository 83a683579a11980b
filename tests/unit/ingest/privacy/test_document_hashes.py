"""Documents are hashed under a key; without one they are masked."""

from hashlib import sha256
from typing import Any

import orjson
import pytest

from orylo_common.control.document_key import DocumentKey
from orylo_common.hashing import is_token
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.privacy.document_hashes import DocumentHashes
from orylo_ingest.privacy.person import HashedIdentity, Person, identify
from orylo_ingest.privacy.scrub import scrub
from orylo_ingest.webhooks.record import rebuild_record
from tests.unit.ingest.given import DOCUMENT_KEY, RECEIVED_AT, TENANT, document_of, document_token, recorded_from

CPF, CNPJ = "52998224725", "11444777000161"


def scrubbed(document: Any) -> Any:
    return orjson.loads(scrub(document, HashedIdentity(documents=DocumentHashes(DOCUMENT_KEY))))


@pytest.mark.parametrize(
    "sent",
    [
        "52998224725",
        "529.982.247-25",
        sha256(b"52998224725").hexdigest(),
        sha256(b"52998224725").hexdigest().upper(),
        "sha256:" + sha256(b"52998224725").hexdigest(),
        document_token(CPF),
    ],
)
def test_a_document_in_clear_hashed_or_replaced_gives_one_hash(sent: str) -> None:
    assert identify(Person(document=sent), document_key=DOCUMENT_KEY).document == document_token(CPF)[5:]
    assert scrubbed({"cpf": sent}) == {"cpf": document_token(CPF)}


@pytest.mark.parametrize("key", ["name", "login", "cliente", "email", "street", "note", "rg", "tax_id"])
@pytest.mark.parametrize("digits", [CPF, CNPJ])
def test_a_document_is_keyed_whatever_its_field(key: str, digits: str) -> None:
    assert scrubbed({"buyer": {key: digits}})["buyer"][key] == document_token(digits)


def test_another_key_gives_another_hash_and_no_key_a_mask() -> None:
    other = identify(Person(document=CPF), document_key=DocumentKey(bytes(32)))
    assert other.document not in (None, document_token(CPF)[5:])
    assert identify(Person(document=CPF)).document is None
    assert orjson.loads(scrub({"cpf": CPF, "note": f"of {CPF}"}, HashedIdentity())) == {
        "cpf": "[document]",
        "note": "of [document]",
    }
    with pytest.raises(ValueError, match="32 bytes"):
        DocumentKey(b"short")


@pytest.mark.parametrize("stored_as", ["hmac", "sha256"])
def test_a_replayed_copy_gives_the_same_customer(stored_as: str) -> None:
    order = document_of("kiwify/order_approved_card.json")
    for key in [key for key in order["Customer"] if "mail" in key or "mobile" in key]:
        del order["Customer"][key]
    record = recorded_from("kiwify", order)
    assert record.outgoing is not None
    payload = record.payload if stored_as == "hmac" else record.documents.as_stored_before(record.payload)
    assert (b"hmac:" in payload) is (stored_as == "hmac")

    again = rebuild_record(GATEWAYS["kiwify"], TENANT, orjson.loads(payload), RECEIVED_AT, document_key=DOCUMENT_KEY)

    assert again.outgoing is not None
    first, second = (orjson.loads(each.outgoing.body)["data"] for each in (record, again) if each.outgoing)
    assert first["customer_id"] == second["customer_id"]
    assert "document" not in first["match_keys"]
    assert b"sha256:" + sha256(b"11144477735").hexdigest().encode() not in again.payload


def test_both_notations_are_tokens() -> None:
    digits = "0" * 64
    assert is_token(f"sha256:{digits}")
    assert is_token(f"hmac:{digits}")
    assert not is_token(f"hmac:{digits}0")
    assert not is_token(f"hmac:{digits[:-1]}g")
