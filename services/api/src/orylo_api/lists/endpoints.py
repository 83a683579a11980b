"""Lists: what a tenant always blocks or allows, and what its rules look up. A change holds from the next payment on."""

from datetime import datetime
from typing import Any

from orylo_api.access.audit import actor_of
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.http.route import Route
from orylo_api.lists import queries
from orylo_api.lists.models import (
    EntriesFound,
    Entry,
    EntryChange,
    EntryLookup,
    EntryPage,
    EntryPath,
    EntryQuery,
    ListSummaries,
    ListSummary,
    NewListEntry,
    entry_of,
)
from orylo_api.lists.problems import list_problems
from orylo_common.control.document_key_store import read_document_key
from orylo_common.control.lists.entries import (
    NewEntry,
    add_entry,
    change_entry,
    count_by_list,
    find_by_value,
    find_entry,
    remove_entry,
)
from orylo_common.control.lists.values import EntryType, InvalidEntry, entry_value


async def list_lists(call: Call[None, None, None]) -> ListSummaries:
    counts = await count_by_list(call.connection, call.principal.tenant.id)
    lists = [ListSummary(name=name, entries=sum(types.values()), types=types) for name, types in counts.items()]
    return ListSummaries(lists=lists)


async def list_entries(call: Call[None, EntryQuery, None]) -> EntryPage:
    items, next_cursor = await queries.list_entries(call.connection, call.query)
    return EntryPage(items=items, next_cursor=next_cursor)


async def show_list_entry(call: Call[EntryPath, None, None]) -> Entry:
    with list_problems():
        return entry_of(await find_entry(call.connection, call.principal.tenant.id, call.path.id))


async def add_list_entry(call: Call[None, None, NewListEntry]) -> Entry:
    given = call.body
    value = await _stored_value(call, given.type, given.value)
    new = NewEntry(given.list, given.type, value, given.reason, _unexpired(call, given.expires_at))
    with list_problems():
        return entry_of(await add_entry(call.connection, call.principal.tenant.id, new, actor=actor_of(call)))


async def change_list_entry(call: Call[EntryPath, None, EntryChange]) -> Entry:
    expires_at = _unexpired(call, call.body.expires_at)
    with list_problems():
        changed = await change_entry(
            call.connection,
            call.principal.tenant.id,
            call.path.id,
            reason=call.body.reason,
            expires_at=expires_at,
            actor=actor_of(call),
        )
    return entry_of(changed)


async def remove_list_entry(call: Call[EntryPath, None, None]) -> Entry:
    with list_problems():
        return entry_of(
            await remove_entry(call.connection, call.principal.tenant.id, call.path.id, actor=actor_of(call))
        )


async def look_up_lists(call: Call[None, None, EntryLookup]) -> EntriesFound:
    given = call.body
    value = await _stored_value(call, given.type, given.value)
    found = await find_by_value(call.connection, call.principal.tenant.id, given.type, value)
    return EntriesFound(items=[entry_of(each) for each in found])


async def _stored_value(call: Call[Any, Any, Any], entry_type: EntryType, text: str) -> str:
    key = None
    if entry_type is EntryType.DOCUMENT:
        key = await read_document_key(call.connection, call.services.keyring)
    with list_problems():
        return entry_value(entry_type, text, key)


def _unexpired(call: Call[Any, Any, Any], expires_at: datetime | None) -> datetime | None:
    with list_problems("body.expires_at"):
        if expires_at is not None and expires_at <= call.services.clock.now():
            raise InvalidEntry("an expiry must be in the future")
    return expires_at


ROUTES = (
    Route(
        "GET",
        "/api/v1/lists",
        list_lists,
        Permission.READ,
        "The block list, the allow list and the tenant's own lists",
        description="Counts the entries in effect, by list and type.",
        response=ListSummaries,
    ),
    Route(
        "GET",
        "/api/v1/lists/entries",
        list_entries,
        Permission.READ,
        "Entries of all lists or of one, newest first",
        description=(
            "Expired entries are listed for 30 days with `state=expired`. `list` and the range are served by "
            "an index; the other filters look at up to 5,000 entries per page."
        ),
        query=EntryQuery,
        response=EntryPage,
    ),
    Route(
        "POST",
        "/api/v1/lists/entries",
        add_list_entry,
        Permission.CHANGE_LISTS,
        "Add an entry",
        description=(
            "Adds it to `block`, to `allow` or to a list of the tenant's own, which rules can look up. It is "
            "in effect from the next payment on. Emails, domains and documents are stored as hashes only."
        ),
        body=NewListEntry,
        response=Entry,
        status=201,
    ),
    Route(
        "GET",
        "/api/v1/lists/entries/{id}",
        show_list_entry,
        Permission.READ,
        "One entry",
        description="The `ETag` of the response goes into `If-Match` of a change.",
        path_values=EntryPath,
        response=Entry,
    ),
    Route(
        "PUT",
        "/api/v1/lists/entries/{id}",
        change_list_entry,
        Permission.CHANGE_LISTS,
        "Replace an entry's reason and expiry",
        description="The list, the type and the value stay: to change those, remove the entry and add another.",
        path_values=EntryPath,
        body=EntryChange,
        response=Entry,
        needs_if_match=True,
    ),
    Route(
        "DELETE",
        "/api/v1/lists/entries/{id}",
        remove_list_entry,
        Permission.CHANGE_LISTS,
        "Remove an entry, and return it",
        description="It has no effect from the next payment on. The audit log keeps it.",
        path_values=EntryPath,
        response=Entry,
    ),
    Route(
        "POST",
        "/api/v1/lists/lookup",
        look_up_lists,
        Permission.READ,
        "The entries that apply to a value, such as an email address or an IP address",
        description=(
            "A POST, because an email address or a document must not be in a URL. An IP address also finds "
            "the networks that contain it, and an email address its domain."
        ),
        body=EntryLookup,
        response=EntriesFound,
        serves_in_maintenance=True,
    ),
)
