"""Clear text of a buyer is found nowhere once webhooks and visits are answered: no table, file, log, span, metric."""

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
from orylo_ingest.privacy.hashing import hash_of
from tests.support.collector import Collector
from tests.support.eventually import eventually
from tests.support.shops import Shop, checkout_completed, count, new_payment, new_purchase, payment_id_of
from tests.support.stand_ins import MetaProcess

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
# Also as other systems would write them.
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
# A card number where none belongs.
CARD = "4242424242424242"
CARDS = (CARD, "4242 4242", "4242\u20114242", "4242%204242")
# As people write it into texts that may hold anything; and what is found only where a payload names the buyer.
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
    """As text, and as bytea and JSON escapes show it."""
    for clear in (*CLEAR, *CARDS):
        yield clear.lower()
        yield clear.encode().hex()
        yield clear.lower().encode().hex()


@pytest.fixture(scope="module")
async def told(shop: Shop) -> str:
    """A visit and a sale of each gateway by this buyer, and a webhook that is not understood; the first payment."""
    now = int(time.time())
    await tell_of_a_visit(shop)
    payment = new_payment(buyer=SOMEONE, card=SOMEONE.card, description=NOTE, metadata={"note": NOTE})
    await tell_all_of_stripe(shop, payment, now)
    purchase = replace(new_purchase(), buyer=SOMEONE, price=Decimal("97.00"), product=f"{SOMEONE.name} {NOTE} {KNOWN}")
    body = hotmart.webhook(purchase, "PURCHASE_APPROVED", now * 1000)
    assert (await shop.tell("hotmart", body, {hotmart.HOTTOK_HEADER: shop.secret})).status == 202
    unknown = body.replace(b"PURCHASE_APPROVED", b"PURCHASE_SOMETHING_NEW").replace(b'"id":"', b'"id":"x')
    assert (await shop.tell("hotmart", unknown, {hotmart.HOTTOK_HEADER: shop.secret})).status == 202
    # And what is refused: neither body nor proof may be told on.
    assert (await shop.tell("hotmart", body, {hotmart.HOTTOK_HEADER: SOMEONE.email})).status == 401
    payment_id = payment_id_of(payment)
    await shop.conversion(payment_id)
    await shop.conversion(f"hotmart:{purchase.transaction}")
    return payment_id


async def tell_of_a_visit(shop: Shop) -> None:
    """Everything that a page can tell, and in each of it the buyer."""
    utm = dict.fromkeys(("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"), NOTE)
    url = f"{shop.platform.ingest_url}/api/v1/track/{shop.slug}?email={SOMEONE.email}"
    for kind in ("pageview", "click", "checkout", "lead"):
        told = utm | {
            "kind": kind,
            "click_id": CLICK_ID,
            "url": f"https://shop.example/{NOTE}?{NOTE}",
            "referrer": NOTE,
        }
        told |= {"fbclid": CARD, "fbc": NOTE, "fbp": NOTE, "email": SOMEONE.email, "phone": f"+55 11 {SOMEONE.phone}"}
        headers = {"User-Agent": f"Firefox {NOTE}".encode("ascii", "ignore").decode()}
        async with shop.http.post(url, json=told, headers=headers) as response:
            assert response.status == 202

    async def remembered() -> bool:
        return await count(shop.platform, "SELECT count(*) FROM dispatch.clicks WHERE click_id = $1", CLICK_ID) == 1

    await eventually(remembered)


async def tell_all_of_stripe(shop: Shop, payment: stripe.StripePayment, now: int) -> None:
    for body in (
        stripe.intent_created(payment, now),
        stripe.charge_failed(payment, now, attempt=1, decline_code="insufficient_funds"),
        stripe.charge_succeeded(payment, now),
        checkout_completed(payment, now),
        stripe.dispute_opened(payment, now),
    ):
        assert (await shop.tell_stripe(body)).status == 202


async def test_no_table_holds_clear_text(shop: Shop, told: str) -> None:
    connection = await asyncpg.connect(shop.platform.dsn)
    try:
        tables = [row[0] for row in await connection.fetch(TABLES)]
        rows = {table: await connection.fetch(f"SELECT lower(t::text) FROM {table} t") for table in tables}
    finally:
        await connection.close()
    everything = {table: "\n".join(row[0] for row in found) for table, found in rows.items()}

    found = [(table, form) for table, text in everything.items() for form in written_forms() if form in text]

    assert found == []
    # The sale is there, and the buyer in it as a hash.
    assert len(tables) > 30
    events = "".join(text for table, text in everything.items() if table.startswith("ingest."))
    assert told.lower() in events
    assert hash_of(SOMEONE.email) in events


async def test_no_file_of_the_database_holds_clear_text(shop: Shop, told: str) -> None:
    """Rows that were deleted, and the log of all writes, are files too."""
    folder = DataDir(shop.platform.data_dir).postgres
    needles = [form.encode() for clear in (*CLEAR, *CARDS) for form in (clear, clear.lower(), clear.upper())]

    def search() -> tuple[list[tuple[str, bytes]], bool]:
        found, seen = [], False
        for path in folder.resolve().rglob("*"):
            for chunk in chunks(path):
                found += [(path.name, needle) for needle in needles if needle in chunk]
                seen |= told.encode() in chunk
        return found, seen

    found, seen = await asyncio.to_thread(search)

    assert found == []
    assert seen


def chunks(path: Path) -> Iterator[bytes]:
    """Overlapping, so that nothing hides between two."""
    if not path.is_file():
        return
    before = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield before + chunk
            before = chunk[-100:]


async def test_neither_log_nor_metrics_nor_traces_hold_clear_text(
    shop: Shop, told: str, meta: MetaProcess, collector: Collector
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


def test_the_buyer_is_one_whom_nobody_else_resembles() -> None:
    """Otherwise a find would not say that it is this one."""
    other: Buyer = buyer(1, 2)
    assert not [clear for clear in CLEAR if clear in str(other)]
