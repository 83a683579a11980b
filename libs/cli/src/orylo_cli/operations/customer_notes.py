"""Notes on customers, as the API writes them."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError

from orylo_api.customers.merge_queries import read_people
from orylo_api.http.fields import PageQuery
from orylo_api.notes.models import NewNote, Note, NoteSubject
from orylo_cli.operations.binding import bind_to_tenant, unbind
from orylo_cli.operations.refusals import refusals
from orylo_cli.operations.review import worker_of
from orylo_cli.target import Target
from orylo_common.control.audit import write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection


async def write_note(
    connection: Connection, target: Target, tenant: str, customer_id: str, text: str, now: datetime
) -> Note:
    """Raises `InvalidChange` for an unknown customer and for a text that is refused."""
    from orylo_api.notes.queries import add_note

    try:
        checked = NewNote(text=text).text
    except ValidationError as invalid:
        message = invalid.errors(include_url=False, include_input=False)[0]["msg"]
        raise InvalidChange(f"the note {message.removeprefix('Value error, ')}") from None
    tenant_id = (await find_tenant(connection, tenant)).id
    await bind_to_tenant(connection, tenant_id)
    await _people(connection, tenant, customer_id)
    author = worker_of(target)
    with refusals():
        note = await add_note(
            connection,
            tenant_id,
            NoteSubject.CUSTOMER,
            customer_id,
            checked,
            author_id=author.id,
            author=author.name,
            now=now,
        )
    subject = f"customer {customer_id}"
    await write_audit_line(
        connection, tenant_id, target.actor, action="note.add", subject=subject, after={"note_id": str(note.id)}
    )
    await unbind(connection)
    return note


async def read_notes(
    connection: Connection, target: Target, tenant: str, customer_id: str, limit: int
) -> Sequence[Note]:
    """Raises `InvalidChange` for an unknown customer."""
    from orylo_api.notes.queries import list_notes

    await bind_to_tenant(connection, (await find_tenant(connection, tenant)).id)
    people = await _people(connection, tenant, customer_id)
    reader = worker_of(target).id
    notes, _ = await list_notes(connection, NoteSubject.CUSTOMER, people, PageQuery(limit=limit), reader)
    await unbind(connection)
    return notes


async def _people(connection: Connection, tenant: str, customer_id: str) -> list[str]:
    people = await read_people(connection, customer_id)
    if people is None:
        raise InvalidChange(f"{tenant} has no customer {customer_id}")
    return sorted({customer_id, *people})
