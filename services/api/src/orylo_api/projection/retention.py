"""What is not kept for ever."""

from datetime import timedelta

from orylo_common.postgres.pool import Connection

# By table: which rows go. Tables of many rows give up a limited number at a time, in small transactions.
CHUNK = 20_000

SHORT_LIVED = (
    # The newest row stays, so that whoever comes back can be told from whoever was away too long.
    """
    DELETE FROM api.stream_events
    WHERE created_at < now() - interval '15 minutes' AND id < (SELECT max(id) FROM api.stream_events)
    """,
)
LONG_LIVED = tuple(
    f"DELETE FROM api.{table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM api.{table} WHERE {old} LIMIT {CHUNK}))"  # noqa: S608
    for table, old in (
        ("inbox", "claimed_at < now() - interval '7 days'"),
        ("rollups", "grain = 'minute' AND bucket < now() - interval '2 days'"),
        ("rollups", "grain = 'hour' AND bucket < now() - interval '90 days'"),
        ("rollup_amounts", "grain = 'minute' AND bucket < now() - interval '2 days'"),
        ("rollup_amounts", "grain = 'hour' AND bucket < now() - interval '90 days'"),
        ("idempotency_keys", "created_at < now() - interval '1 day'"),
        ("totp_uses", "used_at < now() - interval '1 day'"),
        ("login_failures", "last_at < now() - interval '1 day'"),
        # Their tokens go with them.
        ("sessions", "expires_at < now() - interval '1 day'"),
        ("session_tokens", "expires_at < now() - interval '1 day'"),
        ("dead_letters", "state <> 'open' AND settled_at < now() - interval '90 days'"),
        ("detections_view", "created_at < now() - interval '24 months'"),
        ("payments_view", "created_at < now() - interval '24 months'"),
        ("conversions_view", "created_at < now() - interval '24 months'"),
        ("trust_changes", "occurred_at < now() - interval '24 months'"),
        # As long as ingest keeps the copy that is replayed.
        ("quarantine_view", "created_at < now() - interval '90 days'"),
        ("rejections_view", "created_at < now() - interval '30 days'"),
    )
)
# Whoever floods one tenant's address pushes out what that tenant had, and nobody else's.
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


async def forget_short_lived(connection: Connection) -> None:
    for statement in SHORT_LIVED:
        await connection.execute(statement)


async def forget_long_lived(connection: Connection) -> None:
    for statement in (*LONG_LIVED, BOUND_REJECTIONS):
        await connection.execute(statement)
