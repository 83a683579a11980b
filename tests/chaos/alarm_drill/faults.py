"""The faults of the drill. Each begins at its `yield`'s left and is ended at its right, as an operator would end it."""

import asyncio
import json
import secrets
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import aio_pika
import asyncpg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from redis.asyncio import Redis

from orylo_cli.demo.fake_stripe.faults import StripeFault
from orylo_cli.simulate import hotmart, stripe
from orylo_common.control import Keyring
from orylo_common.messages import encode
from orylo_common.postgres.outbox_bodies import compress
from tests.chaos.alarm_drill.site import OTHER_SHOP, PIXEL, SECRET, SHOP, STRIPE_KEY, Site
from tests.support.servers import free_ports
from tests.support.shops import new_payment, new_purchase
from tests.unit.dispatch.cases import payment as payment_message

REFUSED_SALES = 150


@dataclass(frozen=True, slots=True)
class Fault:
    """A context manager that breaks the site and mends it, and the alarms that it must fire.

    Faults of one `round` happen at once. With `real`, the deployed rules are tried; otherwise their quick variants.
    """

    name: str
    alarms: tuple[str, ...]
    round: int
    real: bool
    happen: Callable[[Site], AbstractContextManager[None]]

    @property
    def words(self) -> str:
        return (self.happen.__doc__ or "").strip().rstrip(".")


FAULTS: list[Fault] = []

# Alarms without a fault, and why.
UNTRIED = {"Watchdog": "always fires; an outside service notices its absence"}

Happening = Callable[[Site], Iterator[None]]


def fault(*alarms: str, round: int, real: bool = False) -> Callable[[Happening], Happening]:  # noqa: A002
    def add(happening: Happening) -> Happening:
        FAULTS.append(Fault(happening.__name__, alarms, round, real, contextmanager(happening)))
        return happening

    return add


# --- 1: what gateways send, and single values ---


@fault("IngestQuarantined", round=1)
def unreadable_webhooks(site: Site) -> Iterator[None]:
    """A gateway sends signed webhooks that no adapter can read."""
    body = json.loads(stripe.intent_succeeded(new_payment(), int(time.time())))
    body["id"] = f"evt_{secrets.token_hex(8)}"
    del body["data"]["object"]["amount"], body["data"]["object"]["currency"]
    site.run(site.send(json.dumps(body).encode()))
    yield


@fault("IngestConflicts", round=1)
def contradicting_webhooks(site: Site) -> Iterator[None]:
    """A gateway sends ten bodies under one event id."""
    body = json.loads(stripe.intent_succeeded(new_payment(), int(time.time())))
    for number in range(11):
        body["data"]["object"]["amount_received"] = body["data"]["object"]["amount"] = 1000 + number
        site.run(site.send(json.dumps(body).encode()))
    yield


@fault("IngestUnauthenticated", "IngestWebhooksFailing", round=1)
def wrong_secret(site: Site) -> Iterator[None]:
    """A shop's gateway signs with a secret that Orylo does not know."""

    async def send() -> None:
        body = hotmart.webhook(new_purchase(), "PURCHASE_APPROVED", int(time.time() * 1000))
        await site.send(body, gateway="hotmart", secret="another")

    with site.steadily(8, send):
        yield


@fault("PaymentsFailing", round=1)
def payments_fail(site: Site) -> Iterator[None]:
    """Half of all payments are declined."""
    with site.steadily(8, site.fail_to_pay):
        yield


@fault("MessagesDeadLettered", round=1)
def poisoned_message(site: Site) -> Iterator[None]:
    """A message that no consumer can decode is in trust's queue."""
    site.run(publish(site, "trust", b"poison"))
    yield
    settle_dead_letters(site)


@fault("OutboxSwept", round=1, real=True)
def relay_does_not_publish(site: Site) -> Iterator[None]:
    """Messages are written into trust's outbox, and only its sweeper publishes them."""

    with site.steadily(2, lambda: write_into_outbox(site, "trust")):
        yield


@fault("IngestReconciliationsFailed", round=1)
def stripe_refuses_reads(site: Site) -> Iterator[None]:
    """Stripe forbids the key to list events while a reconciliation runs."""
    site.fleet.orylo("destination", "add", SHOP, "stripe", "--token-stdin", text=STRIPE_KEY)
    site.stripe.inject(StripeFault(mode="forbidden", paths=("/v1/events",)))
    assert site.run(site.post("reconciliations", {"gateway": "stripe"})) == 202
    yield
    site.stripe.inject(StripeFault())


@fault("DispatchActionsFailing", round=1)
def refund_is_refused(site: Site) -> Iterator[None]:
    """Stripe refuses to refund a blocked payment, which it does not know."""
    site.fleet.orylo("destination", "add", OTHER_SHOP, "stripe", "--token-stdin", text=STRIPE_KEY)
    site.fleet.orylo(
        "settings", "set", OTHER_SHOP, "actions", "on_block=both", "wait_seconds=0", "max_amount_minor.BRL=5000000"
    )
    create_rule(site, "Refund", "payment.amount == 777.0")
    site.run(site.sell(shop=OTHER_SHOP, amount_minor=77_700))
    yield
    site.fleet.orylo("settings", "set", OTHER_SHOP, "actions", "on_block=off")
    change_rule(site, "Refund", "off")
    settle_dead_letters(site)


# --- 1, at the real interval ---


@fault("SecretsUnreadable", round=1, real=True)
def secret_of_another_key(site: Site) -> Iterator[None]:
    """A gateway's secret is stored under a master key that ingest does not have."""
    store_unreadable_secret(site, "kiwify")
    yield
    site.fleet.orylo("gateway", "set", OTHER_SHOP, "kiwify", "--secret-stdin", text=SECRET)


@fault("DispatchTokenExpiring", round=1, real=True)
def token_near_its_end(site: Site) -> Iterator[None]:
    """Meta says that the token expires in twelve hours."""
    read_again = "UPDATE dispatch.destination_tokens SET read_at = read_at - interval '2 days'"
    site.meta.misbehave(token_expires_at=int(time.time()) + 43_200)
    site.sql(read_again)
    yield
    site.meta.misbehave(token_expires_at=int(time.time()) + 90 * 86_400)
    site.sql(read_again)


@fault("DiskFilling", round=1, real=True)
def full_disk(site: Site) -> Iterator[None]:
    """A filesystem fills up to 95 %."""
    image, mounted = site.folder / "disk.img", site.folder / "disk"
    with image.open("wb") as file:
        file.truncate(24 << 20)
    mounted.mkdir(exist_ok=True)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, mounted], check=True)
    # The exporter and the mount outlive the fault: the alarm ends when the exporter reports free space.
    site.until_end.callback(lambda: subprocess.run(["umount", mounted], check=True))
    options = ("--collector.disable-defaults", "--collector.filesystem")
    exporter = site.program("prometheus-node-exporter", "prometheus-node-exporter", *options)
    site.monitor.watch("machine", site.until_end.enter_context(exporter))
    site.began()
    (mounted / "full").write_bytes(b"0" * (18 << 20))
    yield
    (mounted / "full").unlink()


# --- 2 and 3: Meta ---


@fault("DispatchConversionRefused", "DispatchConversionsFailing", "DeadLettersPiledUp", "DeadLetterOld", round=2)
def refused_sales(site: Site) -> Iterator[None]:
    """Meta refuses 150 sales, and nobody looks at them for a day."""
    payments = [new_payment() for _ in range(REFUSED_SALES)]
    site.meta.misbehave(refuse_event_ids=[f"stripe:pi_{each.native_id}" for each in payments])
    for payment in payments:
        site.run(site.send(stripe.intent_succeeded(payment, int(time.time()))))
    for _ in range(150):
        open_letters = site.sql("SELECT count(*) FROM api.dead_letters WHERE state = 'open'")[0][0]
        if open_letters >= REFUSED_SALES:
            break
        time.sleep(0.2)
    site.sql("UPDATE api.dead_letters SET created_at = created_at - interval '25 hours' WHERE state = 'open'")
    yield
    site.meta.misbehave()
    settle_dead_letters(site)


@fault("DispatchProviderErrors", "CircuitOpen", "DispatchDeliveriesLate", round=3)
def meta_down(site: Site) -> Iterator[None]:
    """Meta answers every request with 500, and conversions wait for 20 minutes."""
    site.meta.misbehave(mode="down", status=500)
    for _ in range(40):
        site.run(site.sell())

    async def age() -> None:
        connection = await asyncpg.connect(site.fleet.dsn)
        try:
            await connection.execute(
                "UPDATE dispatch.deliveries SET due_at = now() - interval '20 minutes'"
                " WHERE state = 'pending' AND due_at > now() - interval '15 minutes'"
            )
        finally:
            await connection.close()

    with site.steadily(1, age):
        yield
    site.meta.misbehave()


@fault("DispatchDestinationOnHold", round=4)
def expired_token(site: Site) -> Iterator[None]:
    """Meta refuses the token."""
    site.meta.misbehave(mode="expired_token")
    yield
    site.meta.misbehave()
    site.fleet.orylo("destination", "add", SHOP, "meta", "--pixel-id", PIXEL, "--token-stdin", text="EAAnew")


@fault("FailedMoneyOverLimit", round=4)
def declines_above_the_limit(site: Site) -> Iterator[None]:
    """A shop's declined payments of an hour exceed the limit that the shop has set."""
    site.fleet.orylo("settings", "set", SHOP, "shop", "failed_money_limit.BRL=1")
    for _ in range(3):
        site.run(site.fail_to_pay())
    yield
    site.fleet.orylo("settings", "set", SHOP, "shop", "failed_money_limit.BRL=")


# --- 5 and 6: Redis ---


@fault("DetectorAttemptsUncounted", "DetectorDegraded", "TrustCacheFailing", round=5)
def full_redis(site: Site) -> Iterator[None]:
    """Redis is full and evicts nothing."""
    site.fleet.redis_cli("config", "set", "maxmemory-policy", "noeviction")
    site.fleet.redis_cli("config", "set", "maxmemory", "1")
    with site.steadily(5, standing_reader(site)):
        yield
    site.fleet.redis_cli("config", "set", "maxmemory", "0")


@fault("TrustCacheMissing", round=6)
def evicting_redis(site: Site) -> Iterator[None]:
    """Redis evicts scores as soon as they are stored."""
    read, redis = standing_reader(site), Redis.from_url(site.fleet.environment["ORYLO_REDIS_URL"])

    async def evict_and_read() -> None:
        await redis.flushall()
        await read()

    # The alarm needs more than 50 reads in its range, which is a few seconds here.
    with site.steadily(50, evict_and_read):
        yield
    site.run(redis.aclose())


# --- 6: decisions ---


@fault("DetectorBlockRateJumped", round=6)
def rule_blocks_too_much(site: Site) -> Iterator[None]:
    """A new rule blocks a shop's payments, and the shop's fuse is disabled."""
    site.fleet.orylo("settings", "set", OTHER_SHOP, "fuse", "enabled=false")
    create_rule(site, "Everything", "payment.amount > 0.0")
    with site.steadily(15, lambda: site.sell(shop=OTHER_SHOP)):
        yield
    change_rule(site, "Everything", "off")
    site.fleet.orylo("settings", "set", OTHER_SHOP, "fuse", "enabled=true")


@fault("DetectorFuseTripped", round=1, real=True)
def fuse_trips(site: Site) -> Iterator[None]:
    """A new rule blocks every payment of a shop."""
    create_rule(site, "Too wide", "payment.amount > 0.0")
    for _ in range(60):
        site.run(site.sell(shop=OTHER_SHOP))
    yield
    change_rule(site, "Too wide", "off")
    site.fleet.orylo("fuse", "reset", OTHER_SHOP, "--reason", "drill")


# --- 7 and 8: rights and locks that a migration forgot ---


@fault("MessagesRetried", round=7)
def missing_grant_of_trust(site: Site) -> Iterator[None]:
    """trust may not write its ledger."""
    site.sql("REVOKE INSERT ON trust.ledger FROM orylo_trust")
    yield
    site.sql("GRANT INSERT ON trust.ledger TO orylo_trust")


@fault("BackgroundLoopFailing", round=1, real=True)
def missing_grant_of_a_loop(site: Site) -> Iterator[None]:
    """ingest may not read the reconciliations that are due."""
    site.sql("REVOKE SELECT ON ingest.reconciliations FROM orylo_ingest")
    yield
    site.sql("GRANT SELECT ON ingest.reconciliations TO orylo_ingest")


@fault("ApiErrors", round=1, real=True)
def missing_grant_of_the_api(site: Site) -> Iterator[None]:
    """The API may not read its payments, and answers with 500."""
    site.sql("REVOKE SELECT ON api.payments_view FROM orylo_api")
    with site.steadily(4, lambda: site.get(f"{site.fleet.url('api')}/api/v1/payments")):
        yield
        site.sql("GRANT SELECT ON api.payments_view TO orylo_api")


@fault("ApiProjectionLagging", round=8)
def locked_read_model(site: Site) -> Iterator[None]:
    """A careless migration locks the dashboard's payments."""
    with site.locked("api.payments_view"):
        yield


@fault("MessagesWaiting", round=2, real=True)
def locked_detections(site: Site) -> Iterator[None]:
    """A careless migration locks the detector's table, and its queue grows."""
    with ExitStack() as stack:
        stack.enter_context(site.locked("detector.detections"))
        stack.enter_context(site.steadily(40, site.sell))
        yield


@fault("IngestUnavailable", round=1, real=True)
def locked_events(site: Site) -> Iterator[None]:
    """A careless migration locks ingest's table, and webhooks are answered with 503."""
    with site.locked("ingest.events"):
        yield


# With the deployed rules it ends half an hour later, because of its window of 30 minutes.
@fault("ObjectiveBurningFast", round=15)
def locked_events_of_all_shops(site: Site) -> Iterator[None]:
    """A careless migration locks ingest's table, and all webhooks of an hour are answered with 503."""
    with site.locked("ingest.events"):
        yield


@fault("ObjectiveBurningSlow", round=9)
def one_webhook_in_four_hundred(site: Site) -> Iterator[None]:
    """One webhook in 400 is answered with 503, because the secret of a small shop's gateway cannot be decrypted."""
    store_unreadable_secret(site, "hotmart")

    async def send() -> None:
        body = hotmart.webhook(new_purchase(), "PURCHASE_APPROVED", int(time.time() * 1000))
        await site.send(body, shop=OTHER_SHOP, gateway="hotmart")

    with site.steadily(32, site.sell), site.steadily(0.1, send):
        yield
    site.fleet.orylo("gateway", "set", OTHER_SHOP, "hotmart", "--secret-stdin", text=SECRET)


# --- 9 and 10: a slow and a full database ---


@fault("IngestSlow", "CommitsSlow", round=10)
def slow_trigger(site: Site) -> Iterator[None]:
    """A new trigger makes each of ingest's inserts 0.7 s slower."""
    site.sql(
        "CREATE FUNCTION ingest.slow() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN PERFORM pg_sleep(0.7); RETURN NULL; END $$"
    )
    site.sql("CREATE TRIGGER slow AFTER INSERT ON ingest.events FOR EACH STATEMENT EXECUTE FUNCTION ingest.slow()")
    yield
    site.sql("DROP FUNCTION ingest.slow() CASCADE")


@fault("DatabaseConnectionsUsed", round=11)
def many_connections(site: Site) -> Iterator[None]:
    """Another program keeps most of PostgreSQL's connections open."""
    with open_connections(site, leave=12):
        yield


@fault("DatabaseConnectionsFailing", round=12)
def no_connections_left(site: Site) -> Iterator[None]:
    """Another program takes all of PostgreSQL's connections, and the API's are closed."""
    with open_connections(site, leave=0):
        site.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'orylo_api%'")
        with open_connections(site, leave=0):
            yield


# --- a certificate ---


@fault("CertificateExpiring", round=13)
def certificate_near_its_end(site: Site) -> Iterator[None]:
    """The certificate of the webhooks' address ends in ten days."""
    (port,) = free_ports(1)

    @contextmanager
    def serving(days: int) -> Iterator[None]:
        file = site.folder / f"certificate-{days}.pem"
        write_certificate(file, timedelta(days=days))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)
        running = serve_tls(port, context)
        site.run(running.__aenter__())
        try:
            # The API reads the certificate when it starts, and then every hour.
            site.restart("api", ORYLO_WEBHOOK_BASE_URL=f"https://localhost:{port}", SSL_CERT_FILE=str(file))
            yield
        finally:
            site.run(running.__aexit__(None, None, None))

    with serving(10):
        yield
    with serving(90):
        pass


# --- 5 to 8, at the real interval: servers and services ---


@fault("OutboxStalled", round=3, real=True)
def rows_without_a_relay(site: Site) -> Iterator[None]:
    """dispatch is killed before it has published what is in its outbox."""
    site.fleet.kill("dispatch")
    site.run(write_into_outbox(site, "dispatch"))
    yield
    site.fleet.start("dispatch")


@fault("BrokerUnreachable", round=4, real=True)
def rabbitmq_killed(site: Site) -> Iterator[None]:
    """RabbitMQ is killed."""
    site.fleet.kill("rabbitmq")
    yield
    site.fleet.start("rabbitmq")


# Before PostgreSQL's fault, since the last one of a round ends first, and trust does not start without PostgreSQL.
@fault("ServiceDown", round=5, real=True)
def service_killed(site: Site) -> Iterator[None]:
    """trust is killed."""
    site.fleet.kill("trust")
    yield
    site.fleet.start("trust")


@fault("DatabaseUnreachable", round=5, real=True)
def postgres_killed(site: Site) -> Iterator[None]:
    """PostgreSQL is killed."""
    site.fleet.kill("postgres")
    yield
    site.fleet.start("postgres")


@fault("RedisUnreachable", round=1, real=True)
def redis_killed(site: Site) -> Iterator[None]:
    """Redis is killed."""
    site.fleet.kill("redis")
    yield
    site.fleet.start("redis")


@fault("ServiceAbsent", round=4, real=True)
def job_without_targets(site: Site) -> Iterator[None]:
    """Prometheus finds no instance of dispatch."""
    site.monitor.watch("dispatch")
    yield
    site.watch("dispatch")


# Sums that the projection would write for a week of sales.
ADD_WEEK = """
    INSERT INTO api.method_rollups
    SELECT $1::uuid, grain, date_trunc(grain, now() - ago), 'stripe', 'boleto', 'BRL', 9000, 9000, 0, 0, 0, 0, 0, 0
    FROM (VALUES ('hour', interval '3 days'), ('day', interval '20 days')) AS g (grain, ago)
"""


# --- 14: comparisons with the week before ---


@fault("PaymentDeclineCodeNew", "PaymentMethodDropped", round=14)
def boletos_stop(site: Site) -> Iterator[None]:
    """After a week of sales by boleto, a gateway sends a new decline code and no boletos."""
    site.sql(ADD_WEEK, site.tenant_id)
    site.began()
    for _ in range(5):
        site.run(site.fail_to_pay("stolen_card"))
    yield
    site.sql("DELETE FROM api.method_rollups WHERE method = 'boleto'")
    # The code is known once the week has it.
    site.sql("UPDATE api.decline_rollups SET bucket = bucket - interval '3 days' WHERE decline_code = 'stolen_card'")


# --- parts ---


def store_unreadable_secret(site: Site, gateway: str) -> None:
    """Give the small shop a gateway whose secret was encrypted with a key that no service has."""
    site.fleet.orylo("gateway", "set", OTHER_SHOP, gateway, "--secret-stdin", text=SECRET)
    change = (
        "UPDATE control.gateway_secrets SET secret_encrypted = $1"
        " WHERE gateway = $2 AND tenant_id = (SELECT id FROM control.tenants WHERE slug = $3) RETURNING id"
    )
    assert site.sql(change, Keyring([Keyring.generate()]).encrypt(SECRET), gateway, OTHER_SHOP)


async def write_into_outbox(site: Site, schema: str) -> None:
    """Leave a message in the outbox of a service, as it does when it crashes after a commit."""
    message = payment_message(tenant_id=site.tenant_id, payment_id=f"stripe:pi_{secrets.token_hex(8)}")
    connection = await asyncpg.connect(site.fleet.dsn)
    try:
        await connection.execute(
            f"INSERT INTO {schema}.outbox (message_id, type, body) VALUES ($1, $2, $3)",
            message.message_id,
            message.type,
            compress(encode(message)),
        )
    finally:
        await connection.close()


def create_rule(site: Site, name: str, condition: str) -> None:
    site.fleet.orylo("rule", "create", OTHER_SHOP, name, "--when", condition, "--then", "block", "--mode", "on")


def change_rule(site: Site, name: str, mode: str) -> None:
    site.fleet.orylo("rule", "change", OTHER_SHOP, name, "--mode", mode)


def settle_dead_letters(site: Site) -> None:
    count = site.sql("SELECT count(*) FROM api.dead_letters WHERE state = 'open'")[0][0]
    site.fleet.orylo("dlq", "discard", "--all", "--expect", str(count), "--reason", "drill")


async def publish(site: Site, queue: str, body: bytes) -> None:
    connection = await aio_pika.connect(site.fleet.environment["ORYLO_BROKER_URL"])
    async with connection:
        channel = await connection.channel()
        await channel.default_exchange.publish(aio_pika.Message(body, message_id=str(uuid4())), routing_key=queue)


def standing_reader(site: Site) -> Callable[[], Awaitable[int]]:
    """Return a coroutine function that reads one customer's score from trust."""
    customer = site.sql("SELECT customer_id FROM trust.accounts WHERE tenant_id = $1 LIMIT 1", site.tenant_id)[0][0]

    async def read() -> int:
        return await site.get(f"{site.fleet.url('trust')}/standings/{site.tenant_id}/{customer}")

    return read


@contextmanager
def open_connections(site: Site, *, leave: int) -> Iterator[None]:
    """Take PostgreSQL's connections, except `leave`."""
    taken: list[asyncpg.Connection] = []

    async def take() -> None:
        free = await connections_left(site.fleet.dsn)
        for _ in range(max(0, free - leave)):
            taken.append(await asyncpg.connect(site.fleet.dsn))

    async def release() -> None:
        for connection in taken:
            await connection.close()

    site.run(take())
    try:
        yield
    finally:
        site.run(release())


async def connections_left(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        left: int = await connection.fetchval(
            "SELECT current_setting('max_connections')::int - (SELECT sum(numbackends) FROM pg_stat_database)::int"
        )
    finally:
        await connection.close()
    return left


def write_certificate(file: Path, lasting: timedelta) -> None:
    """Write a key and a self-signed certificate for `localhost`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + lasting)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )


@asynccontextmanager
async def serve_tls(port: int, context: ssl.SSLContext) -> AsyncIterator[None]:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "localhost", port, ssl=context)
    async with server:
        yield
