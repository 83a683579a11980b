"""Notes of people on customers and payments. A person's notes are those of all customers that the person is."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from orylo_api.errors import Conflict, Forbidden, NotFound
from orylo_api.http.fields import PageQuery
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_api.notes.contents import hints_of
from orylo_api.notes.models import Note, NoteSubject
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

NOTES = Listing("api.notes", "id", UUID)
# Of one customer or payment.
MAX_NOTES = 500

INSERT_NOTE = """
    INSERT INTO api.notes (tenant_id, id, subject_kind, subject_id, text, author_id, author, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    RETURNING *
"""
COUNT_NOTES = "SELECT count(*) FROM api.notes WHERE subject_kind = $1 AND subject_id = $2"
FIND_NOTE = "SELECT * FROM api.notes WHERE subject_kind = $1 AND subject_id = ANY($2::text[]) AND id = $3"
DELETE_NOTE = "DELETE FROM api.notes WHERE id = $1"
FIND_PAYMENT = "SELECT EXISTS (SELECT FROM api.payments_view WHERE payment_id = $1)"


async def list_notes(
    connection: Connection, kind: NoteSubject, subjects: Sequence[str], page: PageQuery, reader: UUID
) -> tuple[list[Note], str | None]:
    where = Where()
    where.seek("subject_kind = {}", kind.value)
    where.seek("subject_id = ANY({})", list(subjects))
    rows, next_cursor = await fetch_page(connection, NOTES, where, page)
    return [note_of(row, reader) for row in rows], next_cursor


async def add_note(
    connection: Connection,
    tenant_id: UUID,
    kind: NoteSubject,
    subject_id: str,
    text: str,
    *,
    author_id: UUID,
    author: str,
    now: datetime,
) -> Note:
    """Raises `Conflict` if there are too many notes."""
    if await connection.fetchval(COUNT_NOTES, kind.value, subject_id) >= MAX_NOTES:
        raise Conflict(f"there are {MAX_NOTES} notes, which is the limit; delete one of yours", code="too_many_notes")
    values = (tenant_id, uuid7(), kind.value, subject_id, text, author_id, author, now)
    [row] = await connection.fetch(INSERT_NOTE, *values)
    return note_of(row, author_id)


async def find_note(
    connection: Connection, kind: NoteSubject, subjects: Sequence[str], note_id: UUID, reader: UUID
) -> Note:
    """Raises `NotFound`."""
    row = await connection.fetchrow(FIND_NOTE, kind.value, list(subjects), note_id)
    if row is None:
        raise NotFound("there is no such note")
    return note_of(row, reader)


async def delete_note(connection: Connection, note: Note) -> None:
    """Raises `Forbidden` for another person's note."""
    if not note.own:
        raise Forbidden(f"this note was written by {note.author}, and only they can delete it", code="not_yours")
    await connection.execute(DELETE_NOTE, note.id)


async def payment_exists(connection: Connection, payment_id: str) -> bool:
    exists: bool = await connection.fetchval(FIND_PAYMENT, payment_id)
    return exists


def note_of(row: asyncpg.Record, reader: UUID) -> Note:
    return Note.from_row(row, own=row["author_id"] == reader, hints=hints_of(row["text"]))
