"""Notes on customers and on payments."""

from typing import Any

from aiohttp import web

from orylo_api.access import audit
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.customers.merge_queries import read_people
from orylo_api.customers.models import CustomerPath
from orylo_api.errors import NotFound
from orylo_api.http.fields import PageQuery
from orylo_api.http.route import Route
from orylo_api.notes import queries
from orylo_api.notes.models import (
    CustomerNotePath,
    NewNote,
    Note,
    NoteChange,
    NoteChangeKind,
    NotePage,
    NoteSubject,
    PaymentNotePath,
)
from orylo_api.payments.models import PaymentPath


async def list_customer_notes(call: Call[CustomerPath, PageQuery, None]) -> NotePage:
    return await _page(call, NoteSubject.CUSTOMER, await _people(call))


async def add_customer_note(call: Call[CustomerPath, None, NewNote]) -> Note:
    await _people(call)
    return await _add(call, NoteSubject.CUSTOMER)


async def show_customer_note(call: Call[CustomerNotePath, None, None]) -> Note:
    return await _find(call, NoteSubject.CUSTOMER, await _people(call))


async def delete_customer_note(call: Call[CustomerNotePath, None, None]) -> web.Response:
    return await _delete(call, NoteSubject.CUSTOMER, await _people(call))


async def list_payment_notes(call: Call[PaymentPath, PageQuery, None]) -> NotePage:
    return await _page(call, NoteSubject.PAYMENT, await _payment(call))


async def add_payment_note(call: Call[PaymentPath, None, NewNote]) -> Note:
    await _payment(call)
    return await _add(call, NoteSubject.PAYMENT)


async def show_payment_note(call: Call[PaymentNotePath, None, None]) -> Note:
    return await _find(call, NoteSubject.PAYMENT, await _payment(call))


async def delete_payment_note(call: Call[PaymentNotePath, None, None]) -> web.Response:
    return await _delete(call, NoteSubject.PAYMENT, await _payment(call))


async def _people(call: Call[Any, Any, Any]) -> list[str]:
    people = await read_people(call.connection, call.path.id)
    if people is None:
        raise NotFound("there is no such customer")
    return sorted({call.path.id, *people})


async def _payment(call: Call[Any, Any, Any]) -> list[str]:
    if not await queries.payment_exists(call.connection, call.path.id):
        raise NotFound("there is no such payment")
    return [call.path.id]


async def _page(call: Call[Any, PageQuery, None], kind: NoteSubject, subjects: list[str]) -> NotePage:
    items, next_cursor = await queries.list_notes(call.connection, kind, subjects, call.query, call.principal.id)
    return NotePage(items=items, next_cursor=next_cursor)


async def _add(call: Call[Any, None, NewNote], kind: NoteSubject) -> Note:
    user = call.principal
    note = await queries.add_note(
        call.connection,
        user.tenant.id,
        kind,
        call.path.id,
        call.body.text,
        author_id=user.id,
        author=user.name,
        now=call.services.clock.now(),
    )
    # Without the text: a note that is deleted leaves nothing behind.
    await audit.write_change(call, action="note.add", subject=f"{kind} {call.path.id}", after={"note_id": str(note.id)})
    _stream(call, kind, note, NoteChangeKind.ADDED)
    return note


async def _find(call: Call[Any, None, None], kind: NoteSubject, subjects: list[str]) -> Note:
    return await queries.find_note(call.connection, kind, subjects, call.path.note_id, call.principal.id)


async def _delete(call: Call[Any, None, None], kind: NoteSubject, subjects: list[str]) -> web.Response:
    note = await _find(call, kind, subjects)
    await queries.delete_note(call.connection, note)
    await audit.write_change(
        call, action="note.delete", subject=f"{kind} {call.path.id}", before={"note_id": str(note.id)}
    )
    _stream(call, kind, note, NoteChangeKind.DELETED)
    return web.Response(status=204)


def _stream(call: Call[Any, Any, Any], kind: NoteSubject, note: Note, change: NoteChangeKind) -> None:
    changed = NoteChange(
        note_id=note.id,
        payment_id=call.path.id if kind is NoteSubject.PAYMENT else None,
        customer_id=call.path.id if kind is NoteSubject.CUSTOMER else None,
        change=change,
        author=note.author,
    )
    call.stream("note.changed", changed)


ROUTES = (
    Route(
        "GET",
        "/api/v1/customers/{id}/notes",
        list_customer_notes,
        Permission.READ,
        "Notes on a customer, newest first",
        path_values=CustomerPath,
        query=PageQuery,
        response=NotePage,
        description="Also those on other customers that are the same person. ",
    ),
    Route(
        "POST",
        "/api/v1/customers/{id}/notes",
        add_customer_note,
        Permission.WRITE_NOTES,
        "Write a note on a customer",
        path_values=CustomerPath,
        body=NewNote,
        response=Note,
        status=201,
        description="Notes are for colleagues. They change no decision. ",
    ),
    Route(
        "GET",
        "/api/v1/customers/{id}/notes/{note_id}",
        show_customer_note,
        Permission.READ,
        "One note on a customer",
        path_values=CustomerNotePath,
        response=Note,
        description="Its ETag lets a client delete the note only if it is as it was read. ",
    ),
    Route(
        "DELETE",
        "/api/v1/customers/{id}/notes/{note_id}",
        delete_customer_note,
        Permission.WRITE_NOTES,
        "Delete one's own note on a customer",
        path_values=CustomerNotePath,
        status=204,
        description="Only its author can delete a note. ",
    ),
    Route(
        "GET",
        "/api/v1/payments/{id}/notes",
        list_payment_notes,
        Permission.READ,
        "Notes on a payment, newest first",
        path_values=PaymentPath,
        query=PageQuery,
        response=NotePage,
        description="Notes are for colleagues. They change no decision. ",
    ),
    Route(
        "POST",
        "/api/v1/payments/{id}/notes",
        add_payment_note,
        Permission.WRITE_NOTES,
        "Write a note on a payment",
        path_values=PaymentPath,
        body=NewNote,
        response=Note,
        status=201,
        description="Notes are for colleagues. They change no decision. ",
    ),
    Route(
        "GET",
        "/api/v1/payments/{id}/notes/{note_id}",
        show_payment_note,
        Permission.READ,
        "One note on a payment",
        path_values=PaymentNotePath,
        response=Note,
        description="Its ETag lets a client delete the note only if it is as it was read. ",
    ),
    Route(
        "DELETE",
        "/api/v1/payments/{id}/notes/{note_id}",
        delete_payment_note,
        Permission.WRITE_NOTES,
        "Delete one's own note on a payment",
        path_values=PaymentNotePath,
        status=204,
        description="Only its author can delete a note. ",
    ),
)
