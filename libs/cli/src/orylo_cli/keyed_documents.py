"""Put documents that earlier versions stored with a plain hash under the document key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from orylo_cli.customer_renames import QUEUES, UPDATE_MESSAGES, CustomerRename, rename_customers
from orylo_cli.target import OWN_ROLE
from orylo_common.control.document_key import DocumentKey
from orylo_common.control.document_key_store import ensure_document_key
from orylo_common.control.keyring import Keyring
from orylo_common.postgres.outbox_bodies import COMPRESSED_PREFIX, decompress
from orylo_common.postgres.pool import Connection, open_pool
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.privacy.document_hashes import DocumentHashes
from orylo_ingest.privacy.person import HashedIdentity, identify
from orylo_ingest.privacy.stored_copies import customer_change, keyed_copy

# One process at a time: the others wait, then find nothing to do. The number is arbitrary.
ADVISORY_LOCK = 0x6F72796C6F02
BATCH = 500
SEARCHING = "searching stored webhooks for documents (CPF, CNPJ) to put under a key"
# Services of an earlier version may write plain hashes until a rollout is complete. Later events are not searched.
ROLLOUT = timedelta(days=7)
# An event becomes visible up to this long after its `created_at`.
LATE = timedelta(minutes=10)

SELECT_PROGRESS = "SELECT now() AS now, searched_until, created_at FROM control.document_key"
SET_PROGRESS = "UPDATE control.document_key SET searched_until = $1"
SELECT_EVENTS = """
    SELECT tenant_id, event_id, gateway, created_at, payload, body_sha256 FROM ingest.events
    WHERE ($1::timestamptz IS NULL OR created_at >= $1) AND created_at <= $2 AND payload::text LIKE '%sha256:%'
"""
# An estimate, from the last time that each partition was analysed.
COUNT_EVENTS = """
    SELECT coalesce(sum(c.reltuples) FILTER (WHERE c.reltuples > 0), 0)::bigint
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'ingest.events'::regclass
"""
UPDATE_EVENTS = """
    UPDATE ingest.events AS e SET payload = given.payload::jsonb, body_sha256 = given.digest
    FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::bytea[])
        AS given (tenant_id, event_id, created_at, payload, digest)
    WHERE e.tenant_id = given.tenant_id AND e.event_id = given.event_id AND e.created_at = given.created_at
"""
UPDATE_REGISTRY = """
    UPDATE ingest.dedupe_registry AS r SET body_sha256 = given.digest
    FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[]) AS given (tenant_id, event_id, former, digest)
    WHERE r.tenant_id = given.tenant_id AND r.event_id = given.event_id AND r.body_sha256 = given.former
"""
UPDATE_QUARANTINE = """
    UPDATE api.quarantine_view AS q SET payload = given.payload::jsonb
    FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS given (tenant_id, id, payload)
    WHERE q.tenant_id = given.tenant_id AND q.id = given.id AND q.payload IS NOT NULL
"""
SELECT_MESSAGES = """
    SELECT DISTINCT body FROM {table}
    WHERE position($1 IN body) = 1 OR position('"document"'::bytea IN body) > 0
       OR position('webhook.quarantined'::bytea IN body) > 0
"""


# Called after each batch with the number of events read, and with an estimate of how many are stored.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class KeyedEvent:
    tenant_id: UUID
    event_id: UUID
    created_at: datetime
    payload: str
    former_digest: bytes
    digest: bytes


async def key_documents(dsn: str, keyring: Keyring, *, progress: Progress) -> int:
    """Key the documents of all stored events, and return how many events changed.

    Safe to repeat, to kill at any time, and to run from several places: each batch is one transaction, and a keyed row
    is not found again. Raises `WrongMasterKey`.
    """
    async with open_pool(dsn, role=OWN_ROLE, max_size=2) as pool, pool.acquire() as reader:
        # A session lock: it ends with the connection, even if the process is killed.
        await reader.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK)
        key = await ensure_document_key(reader, keyring)
        (search,) = await reader.fetch(SELECT_PROGRESS)
        now, searched_until = search["now"], search["searched_until"]
        begin, end = searched_until and searched_until - LATE, min(now, search["created_at"] + ROLLOUT)
        changed = 0
        async with pool.acquire() as writer:
            if begin is None or begin < end:
                changed = await _key_events(reader, writer, begin, end, key, progress)
                await _key_messages(writer, key)
            await writer.execute(SET_PROGRESS, now)
        return changed


async def _key_events(
    reader: Connection, writer: Connection, begin: datetime | None, end: datetime, key: DocumentKey, progress: Progress
) -> int:
    changed = read = 0
    stored = await reader.fetchval(COUNT_EVENTS)
    async with reader.transaction():
        cursor = await reader.cursor(SELECT_EVENTS, begin, end)
        while rows := await cursor.fetch(BATCH):
            async with writer.transaction():
                changed += await _key_batch(writer, rows, key)
            read += len(rows)
            progress(read, max(read, stored))
    return changed


async def _key_batch(writer: Connection, rows: Sequence[asyncpg.Record], key: DocumentKey) -> int:
    events, renames = [], {}
    for row in rows:
        identity = _identity(row["gateway"], row["payload"], key)
        payload = keyed_copy(row["payload"], identity)
        if payload is None:
            continue
        digest = key.digest_of(row["body_sha256"])
        events.append(
            KeyedEvent(
                row["tenant_id"], row["event_id"], row["created_at"], payload.decode(), row["body_sha256"], digest
            )
        )
        if change := customer_change(row["tenant_id"], identity):
            renames[row["tenant_id"], change[0]] = CustomerRename(row["tenant_id"], *change)
    if events:
        tenants, ids = [event.tenant_id for event in events], [event.event_id for event in events]
        payloads, digests = [event.payload for event in events], [event.digest for event in events]
        created = [event.created_at for event in events]
        await writer.execute(UPDATE_EVENTS, tenants, ids, created, payloads, digests)
        await writer.execute(UPDATE_REGISTRY, tenants, ids, [event.former_digest for event in events], digests)
        await writer.execute(UPDATE_QUARANTINE, tenants, ids, payloads)
        await rename_customers(writer, list(renames.values()))
    return len(events)


async def _key_messages(writer: Connection, key: DocumentKey) -> None:
    """Remove documents from messages that wait in PostgreSQL, and key those in announced copies.

    The versions that wrote them wrote one message in a row.
    """
    for table in QUEUES:
        for row in await writer.fetch(SELECT_MESSAGES.format(table=table), COMPRESSED_PREFIX):
            if keyed := _keyed_message(decompress(row["body"]), key):
                await writer.execute(UPDATE_MESSAGES.format(table=table, column="body"), row["body"], keyed)


def _keyed_message(body: bytes, key: DocumentKey) -> bytes | None:
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        # A dead letter that nothing can read.
        return None
    data = message.get("data", message) if isinstance(message, dict) else None
    if not isinstance(data, dict):
        return None
    changed = False
    match_keys = data.get("match_keys")
    if isinstance(match_keys, dict) and match_keys.pop("document", None):
        changed = True
    if data.get("payload") is not None and data.get("gateway") in GATEWAYS:
        identity = _identity(data["gateway"], data["payload"], key)
        if copy := keyed_copy(data["payload"], identity):
            data["payload"], changed = orjson.loads(copy), True
    return orjson.dumps(message) if changed else None


def _identity(gateway: str, document: Any, key: DocumentKey) -> HashedIdentity:
    try:
        return identify(GATEWAYS[gateway].person(document), document_key=key)
    except Exception:  # noqa: BLE001  a copy that no adapter can read is stored all the same, and names no customer
        return HashedIdentity(documents=DocumentHashes(key))
