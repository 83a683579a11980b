"""A subscription's SQL. `$1` is the queue and `$2` the subscription's number, which is `$1` in settling statements."""

# The lock is taken before the row is committed, so other sessions never see the row without its lock.
REGISTER = """
    WITH added AS (INSERT INTO bus.subscriptions (queue, process) VALUES ($1, $2) RETURNING owner)
    SELECT owner, pg_advisory_lock($3, owner) FROM added
"""

READY = "queue = $1 AND available_at IS NULL AND lease_owner IS NULL AND message_no >= $4"

# Each tenant with ready deliveries gets an equal share of `$3`, of its oldest first. `waiting` steps from one tenant to
# the next in the index, without reading the rows between them. If there are more tenants than `$3`, chance decides.
# Addressing rows by ctid, their physical place, costs half of a second index scan. A leased row does not move.
LEASE = f"""
    WITH RECURSIVE waiting AS (
        (SELECT tenant_id FROM bus.deliveries WHERE {READY} ORDER BY tenant_id LIMIT 1)
        UNION ALL
        SELECT following.tenant_id FROM waiting CROSS JOIN LATERAL (
            SELECT d.tenant_id FROM bus.deliveries AS d WHERE {READY} AND d.tenant_id > waiting.tenant_id
            ORDER BY d.tenant_id LIMIT 1
        ) AS following
    ), shares AS MATERIALIZED (
        SELECT tenant_id, ceil($3::numeric / count(*) OVER ())::bigint AS share
        FROM waiting ORDER BY random() LIMIT $3
    ), leased AS (
        UPDATE bus.deliveries SET lease_owner = $2, delivery_count = delivery_count + 1
        WHERE ctid = ANY(ARRAY(
            SELECT oldest.place FROM shares CROSS JOIN LATERAL (
                SELECT d.ctid AS place FROM bus.deliveries AS d WHERE {READY} AND d.tenant_id = shares.tenant_id
                ORDER BY d.message_no LIMIT shares.share FOR UPDATE SKIP LOCKED
            ) AS oldest LIMIT $3
        ))
        RETURNING deliveries.ctid AS place, message_no, tenant_id, delivery_count, body, reason, attempts,
            first_failed_at
    )
    SELECT place, message_no, delivery_count, coalesce(leased.body, messages.body), reason, attempts, first_failed_at,
        count(*) OVER (PARTITION BY tenant_id) >= (SELECT max(share) FROM shares) AS has_full_share
    FROM leased LEFT JOIN bus.messages USING (message_no)
"""  # noqa: S608

# Only the lease's owner settles: after a reclaim, another subscription may own the row. The message number guards
# against a table rewrite (VACUUM FULL): no row matches, and the message is redelivered. There is no condition on the
# queue, which keeps the planner from scanning the queue's index.
THESE = "ctid = ANY($2::tid[]) AND message_no = ANY($3::bigint[]) AND lease_owner = $1"
OWN_BODY = "coalesce(body, (SELECT m.body FROM bus.messages m WHERE m.message_no = deliveries.message_no))"

ACK = f"DELETE FROM bus.deliveries WHERE {THESE}"  # noqa: S608

RETRY = f"""
    UPDATE bus.deliveries
    SET lease_owner = NULL, available_at = now() + $4::interval, body = {OWN_BODY},
        first_failed_at = coalesce(first_failed_at, now())
    WHERE {THESE}
"""  # noqa: S608

RELEASE = f"""
    UPDATE bus.deliveries SET lease_owner = NULL, delivery_count = delivery_count - 1 WHERE {THESE}
"""  # noqa: S608

RELEASE_ALL = """
    UPDATE bus.deliveries SET lease_owner = NULL, delivery_count = delivery_count - 1
    WHERE queue = $1 AND available_at IS NULL AND lease_owner = $2
"""

DEAD_LETTER = f"""
    UPDATE bus.deliveries
    SET queue = $4, reason = $5, attempts = $6, body = {OWN_BODY}, lease_owner = NULL, delivery_count = 0,
        first_failed_at = coalesce(first_failed_at, now())
    WHERE {THESE}
"""  # noqa: S608

# Makes due retries ready. For each queue, returns the dead subscriptions (this session now holds their locks), the time
# until the next retry is due, and the oldest message. `$1` is the queues, `$2` the class of the locks.
WATCH = """
    WITH watched AS MATERIALIZED (
        SELECT * FROM unnest($1::text[]) AS watched (queue)
    ), promoted AS (
        UPDATE bus.deliveries SET available_at = NULL
        WHERE ctid = ANY(ARRAY(
            SELECT due.place FROM watched CROSS JOIN LATERAL (
                SELECT d.ctid AS place FROM bus.deliveries d WHERE d.queue = watched.queue AND available_at <= now()
                ORDER BY available_at LIMIT 1000 FOR UPDATE SKIP LOCKED
            ) AS due
        ))
        RETURNING queue, message_no
    ), dead AS MATERIALIZED (
        SELECT queue, owner FROM bus.subscriptions WHERE queue = ANY($1::text[]) AND pg_try_advisory_lock($2, owner)
    )
    SELECT
        watched.queue,
        ARRAY(SELECT owner FROM dead WHERE dead.queue = watched.queue) AS dead,
        (SELECT extract(epoch FROM min(available_at) - now())::float8
         FROM bus.deliveries d WHERE d.queue = watched.queue AND available_at > now()) AS next_due_s,
        least(
            (SELECT min(message_no) FROM bus.deliveries d WHERE d.queue = watched.queue AND available_at IS NULL),
            (SELECT min(message_no) FROM promoted WHERE promoted.queue = watched.queue)
        ) AS oldest
    FROM watched
"""

RECLAIM = """
    WITH forgotten AS (DELETE FROM bus.subscriptions WHERE owner = ANY($2::int[])),
    reclaimed AS (
        UPDATE bus.deliveries SET lease_owner = NULL, first_failed_at = coalesce(first_failed_at, now())
        WHERE queue = $1 AND available_at IS NULL AND lease_owner = ANY($2::int[])
    )
    SELECT pg_advisory_unlock($3, owner) FROM unnest($2::int[]) AS owner
"""

# Adds deliveries with bodies of their own, for messages that have no row yet. `$3` null: ready at once.
ADD = """
    INSERT INTO bus.deliveries
        (message_no, queue, body, available_at, first_failed_at, delivery_count, attempts, reason, tenant_id)
    SELECT nextval('bus.messages_message_no_seq'), $1, body, now() + $3::interval, CASE WHEN $4 THEN now() END,
           $5, $6, $7, tenant_id
    FROM unnest($2::bytea[], $8::uuid[]) AS added (body, tenant_id)
"""

FORGET = "DELETE FROM bus.subscriptions WHERE owner = $1"

NOTIFY = "SELECT pg_notify($3, '') FROM bus.subscriptions WHERE queue = $1 AND process <> $2 LIMIT 1"
