"""No table, file, log, span or metric contains a buyer's personal data in clear text."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import asyncpg
import pytest

from orylo_cli.embedded.data_dir import DataDir
from orylo_cli.simulate import hotmart, stripe
from orylo_cli.simulate.buyers import Buyer, buyer
from orylo_common.hashing import hash_of
from orylo_common.webhook_signing import HOTTOK_HEADER
from tests.support.collector import Collector
from tests.support.eventually import eventually
from tests.support.meta_process import MetaProcess
from tests.support.shops import Shop, checkout_completed, count, new_payment, new_purchase, payment_id_of

pytestmark = pytest.mark.e2e

SOMEONE = replace(
    buyer(1, 1),
    first_name="Xerxesina",
    last_name="Quaresmeira",
    email="xerxesina.quaresmeira@endereco-unico.example",
    area_code="11",
    phone="987604312",
    cpf="52998224725",
    street="Travessa Inconfundivelmente Singular",
    house="8147",
    city="Pirapemasburgo",
    postal_code="77384-921",
)
# Including the ways in which other systems write them.
CLEAR = (
    SOMEONE.email,
    SOMEONE.first_name,
    SOMEONE.last_name,
    SOMEONE.phone,
    "98760-4312",
    SOMEONE.cpf,
    "529.982.247-25",
    "529 982 247 25",
    SOMEONE.street,
    SOMEONE.city,
    SOMEONE.postal_code,
    "77384921",
)
# A card number, put where none belongs.
CARD = "4242424242424242"
CARDS = (CARD, "4242 4242", "4242\u20114242", "4242%204242")
# Personal data in free text. KNOWN is recognised only if the payload names the buyer elsewhere.
NOTE = (
    f"<{SOMEONE.email}>, {SOMEONE.email.replace('@', '%40')}, +55 11 98760-4312, CPF 529.982.247-25, pays with {CARD}, "
    "4242 4242 4242 4242, 4242%204242%204242%204242, 4242\u20114242\u20114242\u20114242"
)
KNOWN = f"{SOMEONE.name.upper()}, (11) 98760 4312, 529 982 247 25"
TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema)'
"""
CHUNK = 1 << 24
CLICK_ID = "oc_" + "Pd" * 11


def written_forms() -> Iterator[str]:
    """Yield each value as text, and in the hexadecimal forms of bytea."""
    for clear in (*CLEAR, *CARDS):
        yield clear.lower()
        yield clear.encode().hex()
        yield clear.lower().encode().hex()


@pytest.fixture(scope="module")
async def first_payment_id(shop: Shop) -> str:
    """The id of the buyer's Stripe payment, after a visit, sales through both gateways, and a quarantined webhook."""
    now = int(time.time())
    await send_visit(shop)
    payment = new_payment(buyer=SOMEONE, card=SOMEONE.card, description=NOTE, metadata={"note": NOTE})
    await send_stripe_events(shop, payment, now)
    purchase = replace(new_purchase(), buyer=SOMEONE, price=Decimal("97.00"), product=f"{SOMEONE.name} {NOTE} {KNOWN}")
    body = hotmart.webhook(purchase, "PURCHASE_APPROVED", now * 1000)
    assert (await shop.send_webhook("hotmart", body, {HOTTOK_HEADER: shop.secret})).status == 202
    unknown = body.replace(b"PURCHASE_APPROVED", b"PURCHASE_SOMETHING_NEW").replace(b'"id":"', b'"id":"x')
    assert (await shop.send_webhook("hotmart", unknown, {HOTTOK_HEADER: shop.secret})).status == 202
    # A rejected webhook: neither its body nor its proof may be stored or logged.
    assert (await shop.send_webhook("hotmart", body, {HOTTOK_HEADER: SOMEONE.email})).status == 401
    payment_id = payment_id_of(payment)
    await shop.conversion(payment_id)
    await shop.conversion(f"hotmart:{purchase.transaction}")
    return payment_id


async def send_visit(shop: Shop) -> None:
    """Send every kind of tracking event, with personal data in every field."""
    utm = dict.fromkeys(("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"), NOTE)
    url = f"{shop.platform.ingest_url}/api/v1/track/{shop.slug}?email={SOMEONE.email}"
    for kind in ("pageview", "click", "checkout", "lead"):
        visit = utm | {
            "kind": kind,
            "click_id": CLICK_ID,
            "url": f"https://shop.example/{NOTE}?{NOTE}",
            "referrer": NOTE,
        }
        visit |= {"fbclid": CARD, "fbc": NOTE, "fbp": NOTE, "email": SOMEONE.email, "phone": f"+55 11 {SOMEONE.phone}"}
        headers = {"User-Agent": f"Firefox {NOTE}".encode("ascii", "ignore").decode()}
        async with shop.http.post(url, json=visit, headers=headers) as response:
            assert response.status == 202

    async def is_stored() -> bool:
        return await count(shop.platform, "SELECT count(*) FROM dispatch.clicks WHERE click_id = $1", CLICK_ID) == 1

    await eventually(is_stored)


async def send_stripe_events(shop: Shop, payment: stripe.StripePayment, now: int) -> None:
    for body in (
        stripe.intent_created(payment, now),
        stripe.charge_failed(payment, now, attempt=1, decline_code="insufficient_funds"),
        stripe.charge_succeeded(payment, now),
        checkout_completed(payment, now),
        stripe.dispute_opened(payment, now),
    ):
        assert (await shop.send_stripe(body)).status == 202


async def test_no_table_holds_clear_text(shop: Shop, first_payment_id: str) -> None:
    connection = await asyncpg.connect(shop.platform.dsn)
    try:
        tables = [row[0] for row in await connection.fetch(TABLES)]
        rows = {table: await connection.fetch(f"SELECT lower(t::text) FROM {table} t") for table in tables}
    finally:
        await connection.close()
    everything = {table: "\n".join(row[0] for row in found) for table, found in rows.items()}

    found = [(table, form) for table, text in everything.items() for form in written_forms() if form in text]

    assert found == []
    # The sale is stored, with the buyer as a hash.
    assert len(tables) > 30
    events = "".join(text for table, text in everything.items() if table.startswith("ingest."))
    assert first_payment_id.lower() in events
    assert hash_of(SOMEONE.email) in events


async def test_no_file_of_the_database_holds_clear_text(shop: Shop, first_payment_id: str) -> None:
    """The files also contain deleted rows and the write-ahead log."""
    folder = DataDir(shop.platform.data_dir).postgres
    needles = [form.encode() for clear in (*CLEAR, *CARDS) for form in (clear, clear.lower(), clear.upper())]

    def search() -> tuple[list[tuple[str, bytes]], bool]:
        found, seen = [], False
        for path in folder.resolve().rglob("*"):
            for chunk in chunks(path):
                found += [(path.name, needle) for needle in needles if needle in chunk]
                seen |= first_payment_id.encode() in chunk
        return found, seen

    found, seen = await asyncio.to_thread(search)

    assert found == []
    assert seen


def chunks(path: Path) -> Iterator[bytes]:
    """Yield a file in overlapping chunks: no value can be split between two."""
    if not path.is_file():
        return
    before = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield before + chunk
            before = chunk[-100:]


async def test_neither_log_nor_metrics_nor_traces_hold_clear_text(
    shop: Shop, first_payment_id: str, meta: MetaProcess, collector: Collector
) -> None:
    await eventually(lambda: {"visit", "webhook"} <= collector.spans().keys())
    texts = {"log": shop.platform.log.read_text().lower()}
    for name, url in (("ingest", shop.platform.ingest_url), ("api", shop.platform.api_url)):
        async with shop.http.get(f"{url}/metrics") as response:
            texts[name] = (await response.text()).lower()
    texts["meta"] = str(meta.datasets()[shop.pixel_id]).lower()
    texts["traces"] = b"".join(collector.raw).decode(errors="replace").lower()

    found = [(name, form) for name, text in texts.items() for form in written_forms() if form in text]

    assert found == []
    assert "webhook.rejected" in texts["log"]
    assert "orylo_webhooks_total" in texts["ingest"]
    assert hash_of(SOMEONE.email) in texts["meta"]


def test_no_other_buyer_shares_the_buyers_values() -> None:
    """Otherwise a match could come from another buyer."""
    other: Buyer = buyer(1, 2)
    assert not [clear for clear in CLEAR if clear in str(other)]
