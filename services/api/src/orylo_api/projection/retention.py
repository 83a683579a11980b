"""How long the API keeps its rows."""

from datetime import timedelta

from orylo_api.access.lockout import FORGOTTEN_AFTER
from orylo_api.exports.storage import DELETE_EXPIRED as DELETE_EXPIRED_EXPORTS
from orylo_api.jobs.queries import KEEP_JOBS, RECEIPT_KIND
from orylo_api.read_models.rollups import ROLLUPS
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.retention import Retention, delete_expired

# A message is redelivered, or redriven from the dead letters, within this time.
KEEP_CLAIMS = timedelta(days=7)
KEEP_BY_MINUTE = timedelta(days=2)
KEEP_SETTLED_DEAD_LETTERS = timedelta(days=90)
# Payments, detections, conversions, trust changes and merges.
KEEP_HISTORY = timedelta(days=730)
# As long as ingest keeps the copy that is replayed.
KEEP_QUARANTINE = timedelta(days=90)
KEEP_RECONCILIATIONS = timedelta(days=90)
KEEP_REJECTIONS = timedelta(days=30)
# An entry that has expired is shown for so long, and can be renewed.
KEEP_EXPIRED_ENTRIES = timedelta(days=30)
# Idempotency keys, used codes, expired sessions.
KEEP_USED = timedelta(days=1)
# Longer than they count. Anyone can cause one, but each costs a password's hash, so that few come together.
KEEP_LOGIN_FAILURES = 2 * FORGOTTEN_AFTER
# A client that was away for longer loads everything anew.
KEEP_STREAM = timedelta(minutes=15)

# The newest row stays: it shows whether a client that comes back was away too long.
STREAM = Retention("api.stream_events", "created_at", KEEP_STREAM, only="id < (SELECT max(id) FROM api.stream_events)")
RETENTIONS = (
    Retention("api.claims", "claimed_at", KEEP_CLAIMS),
    # Written by earlier versions.
    Retention("api.inbox", "claimed_at", KEEP_CLAIMS),
    Retention("api.rollup_amounts", "bucket", KEEP_HISTORY),
    *(
        Retention(table, "bucket", keep, only=only)
        for table in ("api.rollups", *(rollup.table for rollup in ROLLUPS))
        for keep, only in ((KEEP_BY_MINUTE, "grain = 'minute'"), (KEEP_HISTORY, "true"))
    ),
    Retention("api.idempotency_keys", "created_at", KEEP_USED),
    Retention("api.totp_uses", "used_at", KEEP_USED),
    Retention("api.login_failures", "last_at", KEEP_LOGIN_FAILURES),
    # The audit logs keep their entries and exits.
    Retention("api.impersonations", "ended_at", KEEP_USED),
    # Deleting a session deletes its tokens too.
    Retention("api.sessions", "expires_at", KEEP_USED),
    Retention("api.session_tokens", "expires_at", KEEP_USED),
    Retention("api.dead_letters", "settled_at", KEEP_SETTLED_DEAD_LETTERS, only="state <> 'open'"),
    Retention("api.detections_view", "created_at", KEEP_HISTORY),
    Retention("api.payments_view", "created_at", KEEP_HISTORY),
    Retention("api.conversions_view", "created_at", KEEP_HISTORY),
    Retention("api.fraud_evidence", "reported_at", KEEP_HISTORY),
    Retention("api.notes", "created_at", KEEP_HISTORY),
    Retention("api.review_cases", "created_at", KEEP_HISTORY),
    Retention("api.review_decisions", "decided_at", KEEP_HISTORY),
    Retention("api.actions_view", "created_at", KEEP_HISTORY),
    Retention("api.trust_changes", "occurred_at", KEEP_HISTORY),
    Retention("api.customer_merges", "occurred_at", KEEP_HISTORY),
    Retention("api.rule_hits", "day", KEEP_HISTORY),
    Retention("api.tracking_days", "day", KEEP_HISTORY),
    # Deleting a job deletes its files too.
    Retention("api.jobs", "finished_at", KEEP_JOBS, only=f"NOT (kind = '{RECEIPT_KIND}' AND state = 'done')"),
    Retention("api.quarantine_view", "created_at", KEEP_QUARANTINE),
    Retention("api.reconciliations_view", "created_at", KEEP_RECONCILIATIONS),
    Retention("api.rejections_view", "created_at", KEEP_REJECTIONS),
    Retention("control.list_entries", "expires_at", KEEP_EXPIRED_ENTRIES),
)
# A flood of rejections for one tenant displaces that tenant's older ones, and no other tenant's.
MAX_REJECTIONS = 10_000
BOUND_REJECTIONS = f"""
    DELETE FROM api.rejections_view AS r
    USING control.tenants AS t CROSS JOIN LATERAL (
        SELECT created_at, id FROM api.rejections_view WHERE tenant_id = t.id
        ORDER BY created_at DESC, id DESC OFFSET {MAX_REJECTIONS - 1} LIMIT 1
    ) AS last_kept
    WHERE r.tenant_id = t.id AND (r.created_at, r.id) < (last_kept.created_at, last_kept.id)
"""  # noqa: S608
STREAM_EVERY = timedelta(seconds=20)
OTHERS_EVERY = timedelta(minutes=2)


async def delete_stream_events(connection: Connection) -> bool:
    return await delete_expired(connection, [STREAM])


async def delete_old(connection: Connection) -> bool:
    more = await delete_expired(connection, RETENTIONS)
    await connection.execute(BOUND_REJECTIONS)
    await connection.execute(DELETE_EXPIRED_EXPORTS)
    return more
