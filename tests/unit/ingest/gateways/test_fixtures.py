"""Every fixture of every gateway, from the document to the record."""

import orjson
import pytest

from orylo_common.messages import BY_TYPE, decode
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.webhooks.record import rebuild_record
from tests.unit.ingest.given import FIXTURES, FOLDER, INDEX, RECEIVED_AT, TENANT, body_of, message_in, recorded
from tests.unit.ingest.golden import outcome_of, path_of


@pytest.mark.parametrize("fixture", FIXTURES)
def test_each_record_matches_its_golden_file(fixture: str) -> None:
    expected = orjson.loads(path_of(fixture).read_bytes())
    assert orjson.loads(orjson.dumps(outcome_of(recorded(fixture)))) == expected


@pytest.mark.parametrize("fixture", FIXTURES)
def test_each_message_is_what_its_class_would_encode(fixture: str) -> None:
    """Messages are encoded without their class, so the test decodes each of them with it."""
    record = recorded(fixture)
    if record.outgoing is None:
        assert record.status in ("ignored", "quarantined")
        assert record.reason
        return
    message = decode(record.outgoing.body)
    assert message.type == record.outgoing.type
    assert type(message) is BY_TYPE[record.outgoing.type]
    assert message.message_id == message.correlation_id == record.outgoing.message_id
    assert orjson.loads(record.outgoing.body)["subject"] == message.subject
    data = orjson.loads(record.outgoing.body)["data"]
    assert data.keys() <= type(message).model_fields.keys()
    assert None not in data.values()


@pytest.mark.parametrize("fixture", FIXTURES)
def test_the_scrubbed_copy_gives_the_same_record(fixture: str) -> None:
    record = recorded(fixture)
    again = rebuild_record(GATEWAYS[record.gateway], TENANT, orjson.loads(record.payload), RECEIVED_AT)
    assert outcome_of(again) == outcome_of(record)


PERSONAL = (
    b"mariana.s", b"Mariana Souza", b'"Souza"', b'"Mariana"', b"98765", b"7650001", b"11144477735", b"111.444.777",
    b"Bela Vista", b"Paulo", b"01310", b"Apto 12", "Rua das Acácias".encode(), b"anna.keller", b"Keller",
    b"1512345678", b"11222333000181", b"Produtora Exemplo", b"Afiliado Exemplo", b"testeComprador", b"Uberl",
    b"suporte@", b"produtor@", b"1991-04-05", b"88330", b"Cambori", b"johndoe",
)  # fmt: skip
SECRETS = (b"hottok-fixture", b"_secret_", b"pp-fixture-token")


@pytest.mark.parametrize("fixture", FIXTURES)
def test_no_personal_data_and_no_secret_is_stored(fixture: str) -> None:
    record = recorded(fixture)
    kept = record.payload + (record.outgoing.body if record.outgoing else b"")
    assert [text for text in (*PERSONAL, *SECRETS) if text in kept] == []


def test_the_fixtures_contain_the_words_searched_for() -> None:
    everything = b"".join(body_of(fixture) for fixture in FIXTURES)
    assert [text for text in (*PERSONAL, *SECRETS) if text not in everything] == []


@pytest.mark.parametrize("row", [row for row in INDEX if row["file"] in FIXTURES], ids=lambda row: row["file"])
def test_each_record_agrees_with_the_index(row: dict[str, object]) -> None:
    record = recorded(str(row["file"]))
    if "event_id" in row:
        assert record.gateway_event_id == row["event_id"]
    if record.outgoing is None:
        return
    message = message_in(record)
    if "amount_minor" in row and record.message_type != "checkout.abandoned.v1":
        assert (message.amount_minor, message.currency) == (row["amount_minor"], row["currency"])
    if "amount_refunded_minor" in row:
        assert message.refunded_minor == row["amount_refunded_minor"]
    if "amount" in row and record.message_type != "checkout.abandoned.v1":
        assert message.amount_minor == round(float(str(row["amount"])) * 100)
    if "full_price" in row:
        assert message.amount_minor == round(float(str(row["full_price"])) * 100)
        assert message.payment_id == f"hotmart:{row['order_id']}"


def test_every_fixture_is_in_the_index() -> None:
    files = {f"{path.parent.name}/{path.name}" for path in FOLDER.glob("*/*") if path.parent.name in GATEWAYS}
    assert files == set(FIXTURES)


def test_the_same_purchase_in_two_formats_is_the_same_customer_and_payment() -> None:
    form, json = (message_in(recorded(f"hotmart/v1_purchase_approved.{kind}")) for kind in ("form.txt", "json"))
    newer = message_in(recorded("hotmart/v2_purchase_approved.json"))
    assert form.match_keys == json.match_keys == newer.match_keys
    assert form.customer_id == json.customer_id == newer.customer_id
    assert form.payment_id == newer.payment_id
    assert form.amount_minor == newer.amount_minor == 59430
