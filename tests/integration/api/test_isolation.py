"""No tenant can reach another's rows: on any route, or in the database without a WHERE clause."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import orjson
import pytest

from orylo_api.dead_letters.projection import DeadLetterRow
from orylo_api.dead_letters.recording import UNKNOWN_TENANT
from orylo_api.http.route import Media, Route
from orylo_api.http.tenancy import tenant_transaction
from orylo_api.routes import ROUTES
from orylo_common.control import Keyring
from orylo_common.control.destinations import add_destination
from orylo_common.control.flags import set_flag
from orylo_common.control.fuses import trip_fuse
from orylo_common.control.gateways import GatewayConfig, set_gateway_with_secret
from orylo_common.control.lists.entries import NewEntry, add_entry
from orylo_common.control.lists.values import EntryType
from orylo_common.control.models import BlockRate, Role
from orylo_common.control.rule_snoozes import snooze_rule
from orylo_common.control.rules import create_rule
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.control.sections.store import write_section
from orylo_common.control.switches import Switch, SwitchName, switch_on
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionFailed, PaymentSucceeded, PaymentVerdict, ProviderActionStatus
from orylo_common.postgres.pool import open_pool
from orylo_rules import RuleDraft
from tests.integration.api.conftest import Api, make_shop
from tests.support.actors import ACTOR
from tests.unit.api.builders import (
    NOON,
    action_changed,
    conversion,
    customer_merge_limited,
    customer_merged,
    destination_changed,
    detection,
    payment,
    quarantined,
    reconciliation_changed,
    rejected,
    token_read,
    trust_updated,
    verdict,
)

pytestmark = pytest.mark.integration

# Tables that row-level security guards, and tables that only the projector may use.
BOUND = (
    "detections_view", "payments_view", "customers_view", "trust_changes", "conversions_view", "rollups",
    "rollup_amounts", "payment_rollups", "method_rollups", "decline_rollups", "conversion_rollups",
    "delivery_rollups",
    "dead_letters", "idempotency_keys", "rejections_view", "quarantine_view",
    "destination_states_view", "destination_tokens_view", "customer_merges", "merge_reviews_view", "rule_hits",
    "fraud_evidence",
    "actions_view", "user_preferences", "jobs", "job_files", "export_parts", "onboarding_choices", "tracking_days",
    "reconciliations_view",
    "review_cases", "review_decisions", "notes", "saved_views",
)  # fmt: skip
# Shared with the command, in schema control.
SHARED = (
    "audit_log", "rules", "rule_versions", "rule_snoozes", "fuses", "list_entries", "destinations", "gateways",
    "gateway_secrets", "settings", "settings_versions", "switches", "flags",
)  # fmt: skip
GUARDED = (*(f"api.{table}" for table in BOUND), *(f"control.{table}" for table in SHARED))
HIDDEN = (
    "claims", "inbox", "stream_events", "sessions", "session_tokens", "totp_uses", "login_failures", "outbox",
    "impersonations",
)  # fmt: skip
RULE: dict[str, Any] = {"name": "a rule", "expression": "payment.amount > 10", "action": {"kind": "block"}}
BODIES: dict[str, dict[str, Any]] = {
    "evaluate_payment": {"amount_minor": 1, "currency": "BRL", "dry_run": True},
    "give_verdict": {"verdict": "fraud"},
    "report_web_vitals": {"page": "payments", "vitals": [{"name": "LCP", "value": 800}]},
    "save_rule": RULE,
    "update_rule": RULE | {"version": 1},
    "roll_back_rule": {"restored": 1, "version": 1},
    "check_rule": {"expression": "payment.amount > 10"},
    "try_rule": {"expression": "payment.amount > 10"},
    "snooze_for_customer": {"customer_id": "cus_1", "until": "2999-01-01T00:00:00Z", "reason": "because"},
    "unsnooze_for_customer": {"customer_id": "cus_1"},
    "reset_tripped_fuse": {"reason": "because"},
    "correct_trust": {"points": 5, "reason": "because"},
    "set_status": {"status": "blocked", "reason": "because"},
    "merge_customer": {"other": "cus_other", "reason": "because"},
    "unmerge_customer": {"reason": "because"},
    "dismiss_review": {"reason": "because"},
    "discard_dead_letter": {"reason": "because"},
    "discard_quarantined": {"reason": "because"},
    "add_list_entry": {"list": "block", "type": "bin", "value": "999999", "reason": "because"},
    "change_list_entry": {"reason": "because", "expires_at": None},
    "add_destination": {"kind": "meta", "name": "second", "token": "EAA", "config": {"pixel_id": "1"}},
    "change_destination": {"config": {"pixel_id": "1"}},
    "send_test_event": {},
    "settle_dead_letters": {"filter": {}, "action": "replay"},
    "settle_quarantine": {"filter": {}, "action": "replay"},
    "retry_conversions": {"filter": {}},
    "send_blocked_conversion": {"reason": "the buyer is known to us"},
    "look_up_lists": {"type": "bin", "value": "424242"},
    "start_reconciliation": {},
    "postpone_review_case": {"until": f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"},
    "assign_review_case": {"member": None},
    "decide_review_case": {"verdict": "fraud"},
    "look_up_customers": {"customer_id": "cus_unknown"},
    "start_rebuild": {},
    "erase_customer": {"dry_run": True},
    "start_payment_export": {},
    "start_customer_export": {},
    "start_conversion_export": {},
    "start_audit_export": {},
    "add_customer_note": {"text": "because"},
    "add_payment_note": {"text": "because"},
    "add_saved_view": {"page": "review", "name": "mine", "query": {}},
    "change_saved_view": {"page": "review", "name": "mine", "query": {}},
    "search_payments": {"currency": ["BRL"]},
    "judge_payments": {"ids": ["stripe:pi_1"], "verdict": "fraud"},
    "search": {"text": "stripe:"},
    "change_section": {"values": {}},
    "roll_back_section": {"version": 0},
    "preview_detection": {"review_at": 60},
    "change_preferences": {},
    "change_flag": {"enabled": True},
    "change_switch": {"name": "stop_sending", "on": False},
}
VARIANT: dict[str, Any] = {
    "name": "current", "review_at": 50, "block_at": 80, "settings": {}, "frauds": 0, "honest": 1, "roc_auc": None,
    "average_precision": None, "card_precision": {"inspected_a_day": 100, "mean": None, "by_day": {}},
    "decisions": [], "thresholds": [], "detectors": [], "reasons": [], "rules": [], "degraded": {},
}  # fmt: skip
FILES = {
    "preview_export": b"transaction\nHP1\n",
    "compare_exported_sales": b"transaction\nHP1\n",
    "import_lists": b"type,value,list,reason\nbin,999998,block,because\n",
    "start_backtest": b"occurred_at,payment_id,customer_id,amount,currency,is_fraud\n2026-03-14,p1,ana,1,BRL,0\n",
    "import_verdict_file": b"payment_id,verdict\nstripe:pi_1,fraud\n",
}
# Of routes that need a query.
QUERIES = {name: {"gateway": "hotmart"} for name in ("preview_export", "compare_exported_sales")}


# What an empty shop gets, if it is not the route's own status.
STATUSES = {"reset_tripped_fuse": 409, "change_switch": 409}
# Need ingest, or show every gateway, or every tenant to operators: test_webhooks.py, test_gateways.py,
# test_onboarding.py and test_platform.py have their tests.
ELSEWHERE = frozenset({"webhooks", "gateways", "onboarding", "tracking", "platform"})
# Dispatch, which they ask, has no rows here.
UNANSWERED = {"show_delivery": 404}
# Items at an empty shop: those that belong to no tenant, the shop's own members, the exports that the test starts, and
# the lines of its own changes.
NEVER_EMPTY = frozenset(
    {
        *("list_rule_fields", "list_settings", "list_flags", "list_saved_views"),
        *("list_reviewers", "list_jobs", "list_audit_lines"),
    }
)
# A section and a flag have the same name for every tenant.
SECTION_ROUTES = frozenset(
    {"show_section", "change_section", "list_section_history", "roll_back_section", "show_flag", "change_flag"}
)
# An API key has no preferences.
USERS_ONLY = frozenset({"show_preferences", "change_preferences"})


@dataclass(frozen=True)
class Things:
    """A tenant's ids, by the first part of the path."""

    ids: dict[str, str]


async def add_things(api: Api, tenant_id: UUID) -> Things:
    about: dict[str, Any] = {"tenant_id": tenant_id, "payment_id": f"stripe:{tenant_id}"}
    customer_id = f"cus_{tenant_id.hex}"
    found = detection(**about, customer_id=customer_id)
    failed = conversion(ConversionFailed, **about)
    paid = payment(PaymentSucceeded, **about, customer_id=customer_id)
    trusted = trust_updated(tenant_id=tenant_id, customer_id=customer_id)
    judged = verdict(PaymentVerdict.FRAUD, **about)
    await api.project(found, failed, paid, trusted, rejected(tenant_id=tenant_id, occurred_at=api.clock.now()), judged)
    limited = customer_merge_limited(tenant_id=tenant_id, customers=(customer_id,))
    await api.project(customer_merged(tenant_id=tenant_id, customer_id=customer_id), limited)
    webhook = quarantined(tenant_id=tenant_id)
    await api.project(webhook, action_changed(**about, status=ProviderActionStatus.DONE))
    async with api.pool.acquire() as connection:
        destination_id = await add_destination(
            connection,
            Keyring.parse(api.master_key),
            tenant_id,
            "meta",
            name="main",
            config={"pixel_id": "1"},
            secret="token",
            actor=ACTOR,
        )
    about = {"tenant_id": tenant_id, "destination_id": destination_id}
    await api.project(destination_changed(**about), token_read(**about))
    async with api.pool.acquire() as connection:
        await set_gateway_with_secret(
            connection,
            Keyring.parse(api.master_key),
            tenant_id,
            "stripe",
            GatewayConfig(),
            label="default",
            secret="whsec_theirs",
            actor=ACTOR,
        )
    rule_id = await add_rule(api, tenant_id, customer_id)
    async with api.pool.acquire() as connection, connection.transaction():
        await write_section(connection, tenant_id, DetectionPolicy(review_at=40 + tenant_id.int % 9), actor=ACTOR)
        await set_flag(connection, tenant_id, "conversions", "hotmart", False, actor=ACTOR)
        now = api.clock.now()
        off = Switch(tenant_id, SwitchName.STOP_SENDING, "", f"of {tenant_id}", "ana", now, now + timedelta(days=1))
        await switch_on(connection, off, actor=ACTOR)
    async with api.pool.acquire() as connection:
        entry = NewEntry("block", EntryType.BIN, "424242", f"of {tenant_id}")
        listed = await add_entry(connection, tenant_id, entry, actor=ACTOR)
    notes = {"notes of customers": uuid7(), "notes of payments": uuid7()}
    view_id = await add_notes_and_view(api, tenant_id, [customer_id, paid.payment_id], list(notes.values()))
    dead = await api.pool.fetchval("SELECT id FROM api.dead_letters WHERE tenant_id = $1", tenant_id)
    job_id = await add_job(api, tenant_id)
    report = reconciliation_changed(tenant_id=tenant_id)
    await api.project(report)
    return Things(
        {
            "jobs": str(job_id),
            "reconciliations": str(report.reconciliation_id),
            "backtests": str(await add_backtest(api, tenant_id)),
            "detections": str(found.detection_id),
            "conversions": str(failed.conversion_id),
            "destinations": str(destination_id),
            "customers": customer_id,
            "payments": paid.payment_id,
            "review": paid.payment_id,
            "dead-letters": str(dead),
            "quarantine": webhook.event_id,
            "merge-reviews": str(limited.limit_id),
            "rules": str(rule_id),
            "lists": str(listed.id),
            **{name: str(each) for name, each in notes.items()},
            "views": str(view_id),
        }
    )


async def add_notes_and_view(api: Api, tenant_id: UUID, subjects: list[str], notes: list[UUID]) -> UUID:
    """Add a note on the customer and one on the payment, and a view of the shop. Return the view's id."""
    view_id = uuid7()
    for kind, subject, note_id in zip(("customer", "payment"), subjects, notes, strict=True):
        await api.pool.execute(
            "INSERT INTO api.notes VALUES ($1, $2, $3, $4, 'a text', $2, 'ana', now())",
            tenant_id, note_id, kind, subject,
        )  # fmt: skip
    await api.pool.execute(
        "INSERT INTO api.saved_views VALUES ($1, $2, 'review', 'shared', '{}', NULL, 'ana', now(), now())",
        tenant_id, view_id,
    )  # fmt: skip
    return view_id


async def add_rule(api: Api, tenant_id: UUID, customer_id: str) -> UUID:
    """Add a rule with a snooze and a hit, and a fuse that has tripped."""
    draft, rate = RuleDraft.model_validate(RULE | {"name": f"rule of {tenant_id}"}), BlockRate(60, 30, 0.01, 0.05)
    async with api.pool.acquire() as connection, connection.transaction():
        rule = (await create_rule(connection, tenant_id, draft, actor=ACTOR)).rule
        until = datetime(2999, 1, 1, tzinfo=UTC)
        await snooze_rule(connection, tenant_id, rule.id, customer_id, until=until, reason="because", actor=ACTOR)
        await trip_fuse(connection, tenant_id, rate)
    hit = {"rule_id": rule.id, "version": 1, "name": rule.name, "mode": "shadow", "action": "block"}
    await api.project(detection(tenant_id=tenant_id, rules=[hit | {"otherwise": "block"}]))
    return rule.id


async def add_job(api: Api, tenant_id: UUID) -> UUID:
    """Add an export that is done, with its file and one that it read."""
    job_id = uuid7()
    await api.pool.execute(
        """
        INSERT INTO api.jobs (
            tenant_id, id, kind, state, request, position, result_until, actor_kind, actor, address, user_agent, role,
            created_at
        )
        VALUES ($1, $2, 'payments.export', 'done', '{"format": "csv"}', '[null, 1]', now() + interval '1 day', 'user',
                'ana@example.com', '', '', 'owner', now())
        """,
        tenant_id,
        job_id,
    )
    await api.pool.execute("INSERT INTO api.job_files VALUES ($1, $2, 'input', '')", tenant_id, job_id)
    await api.pool.execute("INSERT INTO api.export_parts VALUES ($1, $2, 0, $3)", tenant_id, job_id, zlib.compress(b""))
    return job_id


async def add_backtest(api: Api, tenant_id: UUID) -> UUID:
    """Add a backtest that is done."""
    job_id = await add_job(api, tenant_id)
    summary = {
        "name": "May", "payments": 1, "frauds": 0, "first_at": NOON.isoformat(), "last_at": NOON.isoformat(),
        "file_sha256": "0" * 64,
    }  # fmt: skip
    await api.pool.execute(
        "UPDATE api.jobs SET kind = 'backtest', state = 'done', summary = $2 WHERE id = $1", job_id, summary
    )
    report = {
        "interrupted": False, "warmup_from": NOON.isoformat(), "test_from": NOON.isoformat(),
        "test_to": NOON.isoformat(), "replayed_until": None, "feedback_delay_days": 7, "replayed": 1, "measured": 1,
        "variants": [VARIANT], "examples": [],
    }  # fmt: skip
    body = zlib.compress(orjson.dumps(report))
    await api.pool.execute("INSERT INTO api.job_files VALUES ($1, $2, 'result', $3)", tenant_id, job_id, body)
    return job_id


@pytest.fixture(scope="module")
async def theirs(shared_api: Api) -> Things:
    return await add_things(shared_api, shared_api.b.tenant.id)


def resource(route: Route) -> str:
    return route.path.removeprefix("/api/v1/").partition("/")[0]


async def call(client: aiohttp.ClientSession, route: Route, things: Things) -> tuple[int, Any]:
    path = route.path.replace("{id}", things.ids.get(resource(route), ""))
    path = path.replace("{section}", "detector").replace("{name}", "conversions")
    path = path.replace("{note_id}", things.ids[f"notes of {resource(route)}"] if "{note_id}" in path else "")
    given: dict[str, Any] = {"json": BODIES.get(route.endpoint.__name__)}
    if route.upload_bytes:
        given = {"data": FILES[route.endpoint.__name__], "headers": {"Content-Type": "text/csv"}}
    if route.endpoint.__name__ == "start_backtest":
        # Otherwise the caller would have a backtest.
        given["params"] = {"dry_run": "true"}
    if route.endpoint.__name__ == "compare_backtests":
        given["params"] = {"with": things.ids["backtests"]}
    if route.edits:
        given["headers"] = {"If-Match": "*"}
    given.setdefault("params", QUERIES.get(route.endpoint.__name__))
    async with client.request(route.method, path, **given) as response:
        if response.content_type in {"text/csv", "application/octet-stream"}:
            return response.status, {"text": await response.text()}
        return response.status, await response.json()


@pytest.fixture(params=["session", "key"])
async def client_of_a(api: Api, request: pytest.FixtureRequest) -> aiohttp.ClientSession:
    shop = await make_shop(api.pool, f"loja-vazia-{uuid7().hex}")
    return await api.sign_in(shop) if request.param == "session" else api.client(shop.bearer)


async def test_no_route_reveals_another_tenants_rows(
    api: Api, client_of_a: aiohttp.ClientSession, theirs: Things
) -> None:
    walked = 0
    for route in ROUTES:
        # A private route works on the caller's own account: test_second_factor.py and test_sessions.py have its tests.
        if route.permission is None or route.media is Media.EVENTS or route.private or resource(route) in ELSEWHERE:
            continue
        walked += 1
        status, body = await call(client_of_a, route, theirs)
        name = route.endpoint.__name__
        if name in USERS_ONLY and "Authorization" in client_of_a.headers:
            assert status == 403, route.path
        elif route.path_values is not None and name not in SECTION_ROUTES:
            assert status == 404, route.path
        else:
            assert status == STATUSES.get(name, route.status), route.path
            text = str(body)
            assert api.b.tenant.slug not in text
            assert not [found for found in theirs.ids.values() if found in text], route.path
            assert name in NEVER_EMPTY or body.get("items", []) == []
    assert walked == len([route for route in ROUTES if not route.private and resource(route) not in ELSEWHERE]) - 7


async def test_every_route_returns_ones_own_rows(api: Api, theirs: Things) -> None:
    """The test above would pass, too, if there were no rows."""
    client = api.client(api.b.bearer)
    for route in ROUTES:
        if route.permission is None or route.media is Media.EVENTS or route.private or route.method != "GET":
            continue
        if route.endpoint.__name__ in USERS_ONLY or resource(route) in ELSEWHERE:
            continue
        status, body = await call(client, route, theirs)
        assert status == UNANSWERED.get(route.endpoint.__name__, 200), (route.path, body)
        assert body.get("items", [1]), route.path
    assert (await client.get("/api/v1/overview")).status == 200


async def test_the_overview_counts_only_ones_own_rows(api: Api, theirs: Things) -> None:
    now = api.clock.stop()
    await api.project(detection(tenant_id=api.b.tenant.id, occurred_at=now))
    counts = []
    empty_shop = await make_shop(api.pool, f"loja-vazia-{uuid7().hex}")
    for shop in (empty_shop, api.b):
        async with api.client(shop.bearer).get("/api/v1/overview") as response:
            overview = await response.json()
            counts.append((overview["today"]["counts"]["detections_review"] > 0, overview["open_dead_letters"] > 0))
    assert counts == [(False, False), (True, True)]


async def test_the_stream_sends_only_ones_own_events(api: Api) -> None:
    async with api.client(api.a.bearer).get("/api/v1/stream") as stream:
        lines = stream.content
        assert (await lines.readline()).startswith(b"id: ")
        await api.project(trust_updated(tenant_id=api.b.tenant.id, customer_id="cus_theirs"))
        await api.project(trust_updated(tenant_id=api.a.tenant.id, customer_id="cus_ours"))
        seen = b""
        async with asyncio.timeout(45):
            while b"cus_ours" not in seen:
                seen += await lines.readline()
    assert b"cus_theirs" not in seen


@pytest.fixture
async def tenant_pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="orylo_api", max_size=1) as pool:
        yield pool


async def test_the_database_itself_shows_each_tenant_its_own_rows(
    api: Api, tenant_pool: asyncpg.Pool, theirs: Things
) -> None:
    ours = await add_things(api, api.a.tenant.id)
    assert ours.ids["detections"] != theirs.ids["detections"]
    for tenant_id in (api.a.tenant.id, api.b.tenant.id):
        async with tenant_transaction(tenant_pool, tenant_id, Role.OWNER) as connection:
            for table in GUARDED:
                owners = {row["tenant_id"] for row in await connection.fetch(f"SELECT tenant_id FROM {table}")}
                assert owners <= {tenant_id}, table
            assert await connection.fetchval("SELECT count(*) FROM api.detections_view") > 0


async def test_without_a_tenant_no_rows_are_visible(tenant_pool: asyncpg.Pool, theirs: Things) -> None:
    for table in GUARDED:
        assert await tenant_pool.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_the_tenant_is_unset_after_the_transaction(api: Api, tenant_pool: asyncpg.Pool, theirs: Things) -> None:
    async with tenant_transaction(tenant_pool, api.b.tenant.id, Role.OWNER) as connection:
        assert await connection.fetchval("SELECT count(*) FROM api.detections_view") > 0
    assert await tenant_pool.fetchval("SELECT count(*) FROM api.detections_view") == 0


async def test_another_tenants_rows_cannot_be_written(api: Api, tenant_pool: asyncpg.Pool, theirs: Things) -> None:
    async with tenant_transaction(tenant_pool, api.a.tenant.id, Role.OWNER) as connection:
        assert await connection.execute("UPDATE api.dead_letters SET state = 'discarded'") in {"UPDATE 0", "UPDATE 1"}
    assert (
        await api.pool.fetchval("SELECT state FROM api.dead_letters WHERE id = $1", UUID(theirs.ids["dead-letters"]))
        == "open"
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with tenant_transaction(tenant_pool, api.a.tenant.id, Role.OWNER) as connection:
            await connection.execute(
                "INSERT INTO api.idempotency_keys VALUES ($1, 'k', '', NULL, NULL, now())", api.b.tenant.id
            )


@pytest.mark.parametrize("table", HIDDEN)
async def test_tables_without_a_tenant_are_not_granted(tenant_pool: asyncpg.Pool, table: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await tenant_pool.fetch(f"SELECT * FROM api.{table}")


async def test_every_table_has_row_level_security(api: Api) -> None:
    """A table added later must be listed above."""
    tables = await api.pool.fetch(
        "SELECT relname, relrowsecurity FROM pg_class WHERE relnamespace = 'api'::regnamespace AND relkind IN ('r','p')"
    )
    assert {row["relname"] for row in tables} == {*BOUND, *HIDDEN, "schema_migrations"}
    unguarded = {row["relname"] for row in tables if not row["relrowsecurity"]}
    assert unguarded == {"login_failures", "outbox", "schema_migrations"}


async def test_other_schemas_are_out_of_reach(tenant_pool: asyncpg.Pool) -> None:
    for table in ("control.users", "control.api_keys", "control.tenants"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tenant_pool.fetch(f"SELECT * FROM {table}")


async def test_only_operators_see_dead_letters_without_a_tenant(api: Api) -> None:
    dead = DeadLetterRow(
        tenant_id=UNKNOWN_TENANT, id=uuid7(), source="detector", kind="message", subject_id=uuid7(), type=None,
        subject=None, reason="not JSON", code=None, attempts=1, body=b"\xff", first_failed_at=NOON, created_at=NOON,
    )  # fmt: skip
    await api.project(dead)
    operator = await api.user(api.a, Role.OPERATOR, "operator@loja-a.example")
    path = f"/api/v1/dead-letters/{dead.id}"

    assert (await api.client(api.a.bearer).get(path)).status == 404
    async with api.client(operator.bearer).get(path) as response:
        assert response.status == 200
        assert (await response.json())["payload"] == {"base64": "/w=="}
