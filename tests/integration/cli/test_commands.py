"""The commands on a platform that the environment names."""

import asyncio
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest
from typer.testing import CliRunner, Result

from orylo_cli.main import cli
from orylo_common.broker.connect import open_broker
from orylo_common.control.keyring import Keyring
from orylo_common.ids import uuid7
from orylo_common.postgres.outbox_bodies import decompress

pytestmark = pytest.mark.integration

Run = Callable[..., Result]

SELECT_SECRETS_OF = """
    SELECT secret_encrypted FROM control.tenants t
    JOIN (SELECT tenant_id, secret_encrypted FROM control.gateway_secrets
          UNION ALL SELECT tenant_id, secret_encrypted FROM control.destinations) AS stored ON tenant_id = t.id
    WHERE slug = $1
"""
ADD_DEAD_LETTER = """
    INSERT INTO api.dead_letters
        (tenant_id, id, source, kind, subject_id, type, reason, code, attempts, body, state, first_failed_at)
    VALUES ($1, $2, $3, 'message', $4, 'payment.created.v1', 'it is broken', '2804007', 1, $5, 'open', now())
"""


@pytest.fixture(scope="module")
def master_key() -> str:
    return Keyring.generate()


@pytest.fixture
def environment(postgres_dsn: str, redis_url: str, master_key: str) -> dict[str, str]:
    return {
        "ORYLO_DATABASE_URL": postgres_dsn,
        "ORYLO_BROKER_URL": "postgres",
        "ORYLO_REDIS_URL": redis_url,
        "ORYLO_MASTER_KEY": master_key,
        "COLUMNS": "200",
    }


@pytest.fixture
def orylo(environment: dict[str, str]) -> Run:
    def run(*arguments: str, fails: bool = False, **more: Any) -> Result:
        result = CliRunner().invoke(cli, arguments, env=environment, **more)
        assert (result.exit_code != 0) == fails, f"{arguments}: {result.output}{result.exception!r}"
        return result

    return run


@pytest.fixture
def tenant(orylo: Run) -> str:
    slug = f"shop-{uuid4().hex[:8]}"
    orylo("tenant", "create", slug)
    return slug


def parsed(result: Result) -> Any:
    return orjson.loads(result.stdout)


def test_a_tenant_is_listed_with_its_gateways(orylo: Run, tenant: str) -> None:
    orylo("gateway", "set", tenant, "stripe", "--secret-stdin", input="whsec_1")
    (found,) = [each for each in parsed(orylo("tenant", "list", "--json")) if each["slug"] == tenant]
    assert found["gateways"] == ["stripe"]


def test_a_slug_can_be_used_once(orylo: Run, tenant: str) -> None:
    refused = orylo("tenant", "create", tenant, fails=True)
    assert "already exists" in str(refused.exception)


def test_an_option_that_is_not_given_keeps_its_value(orylo: Run, tenant: str) -> None:
    orylo(
        "gateway",
        "set",
        tenant,
        "stripe",
        "--secret-stdin",
        "--mode",
        "hmac",
        "--allow",
        "10.0.0.0/8,192.0.2.0/24",
        input="whsec_1",
    )
    orylo("gateway", "set", tenant, "stripe", "--secret-stdin", "--label", "next", input="whsec_2")
    orylo("gateway", "set", tenant, "stripe", "--accept", "live")
    orylo("gateway", "secret", "remove", tenant, "stripe", "--label", "default")
    (gateway,) = parsed(orylo("gateway", "list", tenant, "--json"))
    assert gateway["enabled"]
    assert (gateway["mode"], gateway["accept"], gateway["allowed_networks"]) == (
        "hmac",
        ["live"],
        ["10.0.0.0/8", "192.0.2.0/24"],
    )
    assert [secret["label"] for secret in gateway["secrets"]] == ["next"]
    assert "stripe of" in (off := orylo("gateway", "set", tenant, "stripe", "--disable").output)
    assert "is disabled" in off
    orylo("gateway", "set", tenant, "stripe", "--accept", "live,test", "--allow", "any")
    (gateway,) = parsed(orylo("gateway", "list", tenant, "--json"))
    assert (gateway["enabled"], gateway["accept"], gateway["allowed_networks"]) == (False, ["live", "test"], [])
    assert "next" in orylo("gateway", "list", tenant).output


def test_an_invalid_mode_or_network_is_rejected(orylo: Run, tenant: str) -> None:
    secret = ("gateway", "set", tenant, "stripe", "--secret-stdin")
    assert orylo(*secret, "--accept", "live,sandbox", fails=True, input="whsec_1").exit_code == 2
    for network in ("10.0.0.1/8", "10", "1.2", "1.2.3", "10/8", "fe80::1%eth0", "", "shop.example"):
        assert "write a network like" in str(orylo(*secret, "--allow", network, fails=True, input="whsec_1").exception)
    assert parsed(orylo("gateway", "list", tenant, "--json")) == []


@pytest.mark.parametrize(
    "command",
    [
        ("gateway", "set", "{}", "stripe", "--secret-stdin"),
        ("gateway", "secret", "add", "{}", "stripe", "--label", "new", "--secret-stdin"),
        ("destination", "add", "{}", "meta", "--pixel-id", "123", "--token-stdin"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_a_master_key_that_decrypts_no_stored_secret_is_rejected(
    orylo: Run, tenant: str, environment: dict[str, str], command: tuple[str, ...]
) -> None:
    orylo("gateway", "set", tenant, "stripe", "--secret-stdin", input="whsec_1")
    written, kept = [part.format(tenant) for part in command], environment["ORYLO_MASTER_KEY"]

    def run(master_key: str) -> Result:
        return CliRunner().invoke(cli, written, env={**environment, "ORYLO_MASTER_KEY": master_key}, input="a secret")

    refused = run(Keyring.generate())
    assert "decrypts none of the stored secrets: use the key that the services use" in str(refused.exception)
    assert parsed(orylo("doctor", "--json"))["ok"]

    rotating = run(f"{kept},{Keyring.generate()}")
    assert rotating.exit_code == 0


def test_key_lost_replaces_a_lost_master_key(orylo: Run, tenant: str, environment: dict[str, str]) -> None:
    anew = {**environment, "ORYLO_MASTER_KEY": Keyring.generate()}
    add = ["destination", "add", tenant, "meta", "--pixel-id", "123", "--token-stdin"]
    put = ["gateway", "set", tenant, "stripe", "--secret-stdin"]
    orylo(*put, input="whsec_1")

    assert CliRunner().invoke(cli, [*add, "--key-lost"], env=anew, input="EAAsecret").exit_code == 0
    assert CliRunner().invoke(cli, put, env=anew, input="whsec_1").exit_code == 0
    # Back to the first key, under which other tests expect the key for documents, too.
    orylo(*add, "--key-lost", input="EAAsecret")
    orylo(*put, input="whsec_1")


def test_secrets_are_added_listed_and_removed_and_never_shown(orylo: Run, tenant: str) -> None:
    add = ("gateway", "secret", "add", tenant, "stripe", "--label")
    assert "not set up" in str(orylo(*add, "new", "--secret-stdin", fails=True, input="whsec_2").exception)
    orylo("gateway", "set", tenant, "stripe", "--secret-stdin", input="whsec_very_secret_1")
    orylo(*add, "new", input="whsec_very_secret_2\n")
    assert "choose another label" in str(orylo(*add, "new", "--secret-stdin", fails=True, input="whsec_3").exception)

    listed = orylo("gateway", "secret", "list", tenant, "stripe", "--json")
    assert [secret["label"] for secret in parsed(listed)] == ["new", "default"]
    assert {secret["last_used_at"] for secret in parsed(listed)} == {None}
    everything = listed.output + orylo("gateway", "list", tenant, "--json").output
    assert "very_secret" not in everything + orylo("gateway", "secret", "list", tenant, "stripe").output

    orylo("gateway", "secret", "remove", tenant, "stripe", "--label", "default")
    last = orylo("gateway", "secret", "remove", tenant, "stripe", "--label", "new")
    assert "that was the last secret" in last.output
    assert "no secret with the label" in str(
        orylo("gateway", "secret", "remove", tenant, "stripe", "--label", "new", fails=True).exception
    )


def test_a_gateways_time_zone_is_set_kept_and_reset(orylo: Run, tenant: str) -> None:
    def zone() -> Any:
        return parsed(orylo("gateway", "list", tenant, "--json"))[0]["timezone"]

    orylo("gateway", "set", tenant, "perfectpay", "--secret-stdin", input="a token")
    assert zone() is None
    orylo("gateway", "set", tenant, "perfectpay", "--timezone", "UTC")
    orylo("gateway", "set", tenant, "perfectpay", "--accept", "live")
    assert zone() == "UTC"
    refused = orylo("gateway", "set", tenant, "perfectpay", "--timezone", "America/Gotham", fails=True)
    assert "is not a time zone" in str(refused.exception)
    orylo("gateway", "set", tenant, "perfectpay", "--timezone", "usual")
    assert zone() is None


def test_a_time_zone_is_rejected_for_a_gateway_that_needs_none(orylo: Run, tenant: str) -> None:
    refused = orylo(
        "gateway", "set", tenant, "stripe", "--secret-stdin", "--timezone", "UTC", fails=True, input="whsec_1"
    )
    assert refused.exit_code == 2
    orylo("gateway", "set", tenant, "stripe", "--secret-stdin", "--timezone", "usual", input="whsec_1")


@pytest.mark.parametrize("secret", ["", "   ", "12345", "  123  "])
def test_a_short_secret_is_rejected(orylo: Run, tenant: str, secret: str) -> None:
    assert orylo("gateway", "set", tenant, "stripe", "--secret-stdin", fails=True, input=secret).exit_code == 2
    orylo("gateway", "set", tenant, "stripe", "--secret-stdin", input="whsec_1")
    add = ("gateway", "secret", "add", tenant, "stripe", "--label", "new")
    assert orylo(*add, "--secret-stdin", fails=True, input=secret).exit_code == 2


@pytest.mark.parametrize("wrong", [("", "EAAtest"), ("12a", "EAAtest"), ("²", "EAAtest"), ("123", ""), ("123", " ")])
def test_a_destination_needs_a_numeric_pixel_id_and_a_token(orylo: Run, tenant: str, wrong: tuple[str, str]) -> None:
    pixel_id, token = wrong
    add = ("destination", "add", tenant, "meta", "--pixel-id", pixel_id, "--token-stdin")
    assert orylo(*add, fails=True, input=token).exit_code == 2


async def test_white_space_around_a_secret_is_removed_with_a_note(
    orylo: Run, tenant: str, postgres_dsn: str, master_key: str
) -> None:
    add = ("destination", "add", tenant, "meta", "--pixel-id", "123", "--token-stdin")
    put = ("gateway", "set", tenant, "stripe", "--secret-stdin")
    for command, text in ((put, " whsec_1\n"), (add, "\tEAAtest")):
        assert "removed the white space around" in (await asyncio.to_thread(orylo, *command, input=text)).stderr
    connection = await asyncpg.connect(postgres_dsn)
    stored = await connection.fetch(SELECT_SECRETS_OF, tenant)
    await connection.close()
    assert {Keyring.parse(master_key).decrypt(row["secret_encrypted"]) for row in stored} == {"whsec_1", "EAAtest"}


def test_a_gateway_is_not_enabled_without_a_secret(orylo: Run, tenant: str) -> None:
    assert "give its secret" in str(orylo("gateway", "set", tenant, "hotmart", fails=True).exception)
    assert parsed(orylo("gateway", "list", tenant, "--json")) == []


def test_an_unknown_gateway_is_a_misuse(orylo: Run, tenant: str) -> None:
    assert orylo("gateway", "set", tenant, "paypall", "--secret-stdin", fails=True, input="x").exit_code == 2


def test_only_a_generated_password_is_shown(orylo: Run, tenant: str) -> None:
    made = parsed(orylo("user", "create", tenant, "ana@example.com", "--role", "owner", "--json"))
    assert len(made["password"]) >= 20
    given = orylo(
        *("user", "create", tenant, "rui@example.com", "--role", "viewer", "--password-stdin", "--json"),
        input="correct horse\n",
    )
    assert "correct horse" not in given.output
    assert "password" not in parsed(given)
    users = parsed(orylo("user", "list", tenant, "--json"))
    assert [(user["email"], user["role"]) for user in users] == [
        ("ana@example.com", "owner"),
        ("rui@example.com", "viewer"),
    ]


def test_an_api_key_is_alone_on_standard_output(orylo: Run, tenant: str) -> None:
    key = orylo("apikey", "create", tenant, "--role", "viewer").stdout
    assert key.startswith("orylo_")
    assert key.count("\n") == 1
    assert key.strip() not in orylo("apikey", "list", tenant, "--json").stdout


def test_keys_users_and_destinations_can_be_revoked_or_disabled(orylo: Run, tenant: str) -> None:
    orylo("apikey", "create", tenant, "--role", "viewer")
    orylo("user", "create", tenant, "ana@example.com", "--role", "owner")
    orylo("destination", "add", tenant, "meta", "--pixel-id", "123", "--token-stdin", input="EAAsecret")

    def listed(what: str) -> dict[str, Any]:
        [row] = orjson.loads(orylo(what, "list", tenant, "--json").stdout)
        return dict(row)

    for command in (
        ("apikey", "revoke", tenant, listed("apikey")["id"]),
        ("user", "disable", tenant, "Ana@example.com"),
        ("destination", "disable", tenant, "meta"),
    ):
        orylo(*command)
        orylo(*command, fails=True)

    assert listed("apikey")["revoked_at"]
    assert listed("user")["disabled_at"]
    assert listed("destination")["enabled"] is False


def test_a_destination_is_listed_without_its_token(orylo: Run, tenant: str) -> None:
    orylo(
        "destination",
        "add",
        tenant,
        "meta",
        "--pixel-id",
        "123",
        "--token-stdin",
        "--test-event-code",
        "T1",
        input="EAAsecret",
    )
    listed = orylo("destination", "list", tenant, "--json")
    assert parsed(listed)[0]["config"] == {"pixel_id": "123", "test_event_code": "T1"}
    assert "EAAsecret" not in listed.output


ADD_STATE = """
    INSERT INTO dispatch.destination_states
        (tenant_id, destination_id, kind, version, status, since, code, reason, next_attempt_at, configured_at)
    SELECT d.tenant_id, d.id, d.kind, 1, $2, '2026-11-27 16:30:05Z', '190/463', 'The token has expired.',
           '2026-11-27 16:35:05Z', d.updated_at
    FROM control.destinations AS d JOIN control.tenants AS t ON t.id = d.tenant_id WHERE t.slug = $1
"""


@pytest.mark.parametrize(
    ("status", "words", "advice"),
    [
        ("on_hold", "on hold", "Correct it: orylo destination add {} meta --name default --pixel-id … --token-stdin"),
        ("throttled", "throttled", "It is called again at 2026-11-27 16:35:05Z; nothing to do."),
        ("unavailable", "unavailable", "It is tried every few seconds; nothing to do."),
    ],
)
def test_a_destination_that_is_not_sent_to_says_why_until_it_is_changed(
    orylo: Run, environment: dict[str, str], postgres_dsn: str, tenant: str, status: str, words: str, advice: str
) -> None:
    add = ("destination", "add", tenant, "meta", "--pixel-id", "123", "--token-stdin")
    listed = ("destination", "list", tenant)
    orylo(*add, input="EAAsecret")
    assert "active" in orylo(*listed).output
    asyncio.run(add_state(postgres_dsn, tenant, status))

    # A narrower terminal wraps the sentence.
    environment["COLUMNS"] = "600"
    shown = orylo(*listed).output
    assert f"{words} since 2026-11-27 16:30:05Z: The token has expired." in shown
    assert advice.format(tenant) in shown
    (found,) = parsed(orylo(*listed, "--json"))
    assert (found["status"], found["code"], found["since"]) == (status, "190/463", "2026-11-27T16:30:05+00:00")

    orylo(*add, input="EAAsecret")
    (found,) = parsed(orylo(*listed, "--json"))
    assert (found["status"], found["reason"]) == ("active", None)


async def add_state(dsn: str, tenant: str, status: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(ADD_STATE, tenant, status)
    finally:
        await connection.close()


async def add_dead_letter(dsn: str, tenant: str, source: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        tenant_id = await connection.fetchval("SELECT id FROM control.tenants WHERE slug = $1", tenant)
        dead_letter = uuid7()
        await connection.execute(ADD_DEAD_LETTER, tenant_id, dead_letter, source, uuid7(), b'{"hello": "world"}')
    finally:
        await connection.close()
    return str(dead_letter)


@pytest.fixture
async def dead_letter(postgres_dsn: str, tenant: str) -> str:
    return await add_dead_letter(postgres_dsn, tenant, "trust")


def test_a_dead_letter_is_listed_for_its_tenant_and_source(orylo: Run, tenant: str, dead_letter: str) -> None:
    orylo("tenant", "create", f"{tenant}-2")
    arguments = ("dlq", "list", "--json", "--tenant")
    assert [each["id"] for each in parsed(orylo(*arguments, tenant))] == [dead_letter]
    assert parsed(orylo(*arguments, f"{tenant}-2")) == []
    assert parsed(orylo(*arguments, tenant, "--source", "detector")) == []
    (row,) = parsed(orylo(*arguments, tenant))
    assert (row["tenant"], row["code"]) == (tenant, "2804007")
    assert {tenant, "2804007"} <= set(orylo("dlq", "list", "--tenant", tenant).output.split())
    assert orylo("dlq", "list", "--source", "dispach", fails=True).exit_code == 2


def test_a_dead_letter_is_shown_with_its_payload(orylo: Run, tenant: str, dead_letter: str) -> None:
    found = parsed(orylo("dlq", "show", dead_letter, "--json"))
    assert (found["payload"], found["tenant"]) == ({"hello": "world"}, tenant)
    shown = orylo("dlq", "show", dead_letter).output
    assert "trust failed after 1 attempt at" in shown
    assert f"tenant: {tenant}" in shown
    assert "reason: it is broken (destination error code 2804007)" in shown
    assert "status: open" in shown


def test_a_replayed_dead_letter_is_back_in_its_queue_and_settled(
    orylo: Run, tenant: str, dead_letter: str, postgres_dsn: str
) -> None:
    assert parsed(orylo("dlq", "replay", "--all", "--tenant", tenant, "--json")) == [
        {"id": dead_letter, "state": "replayed", "error": None}
    ]
    assert "the dead letter is already replayed" in orylo("dlq", "replay", dead_letter, fails=True).output


async def test_replaying_puts_the_message_into_the_one_queue(orylo: Run, dead_letter: str, postgres_dsn: str) -> None:
    async with open_broker("postgres", postgres_dsn) as broker:
        before = await broker.depths(["trust", "detector"])
        # The command runs a loop of its own.
        await asyncio.to_thread(orylo, "dlq", "replay", dead_letter)
        after = await broker.depths(["trust", "detector"])
    assert {queue: after[queue] - before[queue] for queue in before} == {"trust": 1, "detector": 0}


def test_a_discarded_dead_letter_keeps_the_reason(orylo: Run, tenant: str, dead_letter: str) -> None:
    orylo("dlq", "discard", dead_letter, "--reason", "test data")
    (found,) = parsed(orylo("dlq", "list", "--tenant", tenant, "--state", "discarded", "--json"))
    assert found["settled_reason"] == "test data"


def test_doctor_finds_everything_in_place(orylo: Run) -> None:
    report = parsed(orylo("doctor", "--json"))
    assert report["ok"]
    assert {check["name"] for check in report["checks"]} == {"postgres", "migrations", "master key", "broker", "redis"}


def test_doctor_advises_on_a_wrong_master_key(orylo: Run, tenant: str, environment: dict[str, str]) -> None:
    orylo("gateway", "set", tenant, "stripe", "--secret-stdin", input="whsec_1")
    result = CliRunner().invoke(cli, ["doctor"], env={**environment, "ORYLO_MASTER_KEY": Keyring.generate()})
    assert result.exit_code == 1
    assert "decrypts 0 of" in result.output
    assert "stored secrets → use the key" in result.output


def test_doctor_advises_on_a_missing_postgres(environment: dict[str, str]) -> None:
    away = {**environment, "ORYLO_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}
    result = CliRunner().invoke(cli, ["doctor"], env=away)
    assert result.exit_code == 1
    assert "check that it is running and that ORYLO_DATABASE_URL is right" in result.output


async def test_doctor_advises_on_a_database_without_schemas(
    environment: dict[str, str], empty_postgres_dsn: str
) -> None:
    report = await asyncio.to_thread(diagnosed, environment, ORYLO_DATABASE_URL=empty_postgres_dsn)
    assert report["migrations"] == "run `orylo migrate`"


async def test_doctor_advises_on_a_user_without_privileges(environment: dict[str, str], postgres_dsn: str) -> None:
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute("CREATE ROLE intruder LOGIN PASSWORD 'orylo'")
    await connection.close()
    url = re.sub("//.*@", "//intruder:orylo@", postgres_dsn)
    report = await asyncio.to_thread(diagnosed, environment, ORYLO_DATABASE_URL=url)
    assert report["master key"] == "set ORYLO_DATABASE_URL to the user who runs the migrations"
    assert report["broker"] == "run `orylo migrate`"


@pytest.mark.parametrize("name", ["ORYLO_REDIS_URL", "ORYLO_BROKER_URL", "ORYLO_MASTER_KEY"])
@pytest.mark.parametrize("value", ["rubbish", "redis://h:port", "amqp://[", "sqs://rubbish"])
def test_doctor_names_the_variable_that_is_wrong(environment: dict[str, str], name: str, value: str) -> None:
    report = diagnosed(environment, **{name: value})
    assert [advice for advice in report.values() if name in advice], report


def diagnosed(environment: dict[str, str], **changed: str) -> dict[str, str]:
    """Return the advice of each check, empty for one that passes."""
    result = CliRunner().invoke(cli, ["doctor", "--json"], env={**environment, **changed})
    assert result.exit_code == 1, result.exception
    return {check["name"]: check["advice"] for check in parsed(result)["checks"]}


def test_doctor_checks_the_services_in_its_options(orylo: Run) -> None:
    result = orylo("doctor", "--service", "http://127.0.0.1:1", fails=True)
    assert "no answer" in result.output


ADD_SCORE = """
    INSERT INTO trust.accounts (tenant_id, customer_id, start, total, score)
    SELECT id, 'cus_1', 50, 50, $2 FROM control.tenants WHERE slug = $1
"""


def test_a_score_that_differs_from_the_ledger_is_listed(
    orylo: Run, environment: dict[str, str], tenant: str, other_tenant: str
) -> None:
    async def add_scores() -> None:
        connection = await asyncpg.connect(environment["ORYLO_DATABASE_URL"])
        await connection.execute(ADD_SCORE, tenant, 77)
        await connection.execute(ADD_SCORE, other_tenant, 50)
        await connection.close()

    asyncio.run(add_scores())

    assert "every stored score" in orylo("trust", "verify", other_tenant).output
    for arguments in ((tenant,), ()):
        [found] = orjson.loads(orylo("trust", "verify", *arguments, "--json", fails=True).stdout)
        assert (found["customer_id"], found["stored"], found["recomputed"]) == ("cus_1", 77, 50)


def test_migrate_down_and_up_again(orylo: Run) -> None:
    undone = parsed(orylo("migrate", "--down", "trust", "--json"))["undone"]
    assert undone
    assert parsed(orylo("migrate", "--json"))["applied"] == [*reversed(undone)]


ADD_REJECTIONS = """
    INSERT INTO api.rejections_view
        (tenant_id, id, gateway, code, count, first_at, last_at, status, reason, remote, size, created_at)
    SELECT t.id, gen_random_uuid(), $2, $3, 7, now(), now(), 401, 'it does not fit', '192.0.2.1', 10, now()
    FROM control.tenants t WHERE slug = $1
"""


def test_rejections_are_listed_for_one_tenant_or_all(
    orylo: Run, environment: dict[str, str], tenant: str, other_tenant: str
) -> None:
    async def add_rejections() -> None:
        connection = await asyncpg.connect(environment["ORYLO_DATABASE_URL"])
        await connection.execute(ADD_REJECTIONS, tenant, "stripe", "signature_mismatch")
        await connection.execute(ADD_REJECTIONS, tenant, "kiwify", "body_too_large")
        await connection.execute(ADD_REJECTIONS, other_tenant, "stripe", "signature_mismatch")
        await connection.close()

    asyncio.run(add_rejections())

    assert len(parsed(orylo("rejections", tenant, "--json"))) == 2
    assert orylo("rejections", tenant, "--gateway", "kiwi", fails=True).exit_code == 2
    (row,) = parsed(orylo("rejections", tenant, "--gateway", "kiwify", "--json"))
    assert (row["tenant"], row["code"], row["count"]) == (tenant, "body_too_large", 7)
    of_all_tenants = parsed(orylo("rejections", "--code", "signature_mismatch", "--json"))
    assert {tenant, other_tenant} <= {row["tenant"] for row in of_all_tenants}
    assert "it does not fit" in orylo("rejections", tenant).output
    assert "does not exist" in str(orylo("rejections", "nobody", fails=True).exception)


@pytest.fixture
def other_tenant(orylo: Run) -> str:
    slug = f"shop-{uuid4().hex[:8]}"
    orylo("tenant", "create", slug)
    return slug


ADD_QUARANTINED = """
    INSERT INTO api.quarantine_view
        (tenant_id, id, kind, gateway, gateway_event_type, reason, payload, payload_bytes, created_at)
    SELECT t.id, $2, $3, 'stripe', 'charge.succeeded', 'no adapter reads it', '{"id": "evt_1"}', 15, now()
    FROM control.tenants t WHERE slug = $1
"""


def test_quarantine_is_listed_shown_replayed_and_discarded(
    orylo: Run, environment: dict[str, str], tenant: str, other_tenant: str
) -> None:
    shared, ours, conflict = uuid7(), uuid7(), uuid7()

    async def add_quarantined() -> None:
        connection = await asyncpg.connect(environment["ORYLO_DATABASE_URL"])
        await connection.execute(ADD_QUARANTINED, tenant, shared, "quarantined")
        await connection.execute(ADD_QUARANTINED, other_tenant, shared, "quarantined")
        await connection.execute(ADD_QUARANTINED, tenant, ours, "quarantined")
        await connection.execute(ADD_QUARANTINED, tenant, conflict, "conflict")
        await connection.close()

    async def requests() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(environment["ORYLO_DATABASE_URL"])
        rows = await connection.fetch(
            "DELETE FROM api.outbox WHERE type = 'webhook.replay_requested.v1' RETURNING body, created_at"
        )
        await connection.close()
        return [orjson.loads(decompress(row["body"])) for row in rows]

    asyncio.run(add_quarantined())

    for named in ((tenant,), ("--tenant", tenant)):
        assert len(parsed(orylo("quarantine", "list", *named, "--json"))) == 3
    assert orylo("quarantine", "list", "--gateway", "strip", fails=True).exit_code == 2
    assert "no adapter reads it" in orylo("quarantine", "list").output
    (row,) = parsed(orylo("quarantine", "list", tenant, "--kind", "conflict", "--json"))
    assert (row["id"], row["tenant"]) == (str(conflict), tenant)

    assert parsed(orylo("quarantine", "show", str(ours), "--json"))["payload"] == {"id": "evt_1"}
    assert "evt_1" in orylo("quarantine", "show", str(ours)).output
    assert "give --tenant" in str(orylo("quarantine", "show", str(shared), fails=True).exception)
    orylo("quarantine", "show", str(shared), "--tenant", tenant)

    refused = parsed(orylo("quarantine", "replay", str(conflict), str(uuid7()), "--json", fails=True))
    assert [outcome["requested"] for outcome in refused] == [False, False]
    assert asyncio.run(requests()) == []

    orylo("quarantine", "replay", str(ours), str(shared), "--tenant", tenant)
    assert {request["subject"] for request in asyncio.run(requests())} == {str(ours), str(shared)}
    orylo("quarantine", "replay", "--all")
    everything = asyncio.run(requests())
    assert len(everything) == 3
    assert len({request["tenantid"] for request in everything}) == 2
    (row,) = [
        row for row in parsed(orylo("quarantine", "list", "--tenant", tenant, "--json")) if row["id"] == str(ours)
    ]
    assert row["replay_requested_at"]

    assert "give --tenant" in orylo("quarantine", "discard", str(shared), "--reason", "noise", fails=True).output
    discarded = parsed(orylo("quarantine", "discard", str(conflict), "--reason", "sent by hand", "--json"))
    assert [outcome["discarded"] for outcome in discarded] == [True]
    assert ": sent by hand" in orylo("quarantine", "show", str(conflict)).output
    assert "already discarded" in orylo("quarantine", "discard", str(conflict), "--reason", "again", fails=True).output
