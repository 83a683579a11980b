"""Import and export of lists as CSV files."""

from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO

from aiohttp import web

from orylo_api.access.audit import actor_of
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Invalid
from orylo_api.http.file_stream import stream_file
from orylo_api.http.problem_details import FieldProblem, ImportProblem
from orylo_api.http.route import Media, Route
from orylo_api.lists.models import ExportQuery, ImportQuery, ImportSummary
from orylo_api.lists.problems import list_problems
from orylo_common.control.document_key_store import read_document_key
from orylo_common.control.lists.csv_files import LineDefaults, entry_line, header_line, read_entries
from orylo_common.control.lists.entries import ListEntry
from orylo_common.control.lists.imports import ImportResult, import_entries, read_page
from orylo_common.csv_rows import MAX_BYTES

# 100,000 lines take some 4 s, after two minutes at most for their arrival.
IMPORT_LIMIT = timedelta(minutes=4)
FORMAT = """\
A CSV file in UTF-8, with commas, semicolons or tabs, of at most 16 MiB and 100,000 lines. The first line names the
columns: `type` and `value`, and of `list`, `reason` and `expires_at` those that the query does not set. An expiry is a
time with a zone, or a day, whose end in UTC counts. All of the file is stored or, if a line is invalid (422, `errors`
name the lines), nothing. A repeated import changes nothing. """


async def import_lists(call: Call[None, ImportQuery, None]) -> ImportSummary:
    given, now = call.query, call.services.clock.now()
    key = await read_document_key(call.connection, call.services.keyring)
    defaults = LineDefaults(given.list, given.reason, given.expires_at)
    with list_problems():
        result = await import_entries(
            call.connection,
            call.principal.tenant.id,
            read_entries(BytesIO(call.upload), defaults, key),
            actor=actor_of(call),
            now=now,
            dry_run=given.dry_run,
        )
    if result.invalid and not given.dry_run:
        raise _refused(result)
    return ImportSummary(
        dry_run=given.dry_run,
        added=result.added,
        changed=result.changed,
        unchanged=result.unchanged,
        expired=result.expired,
        invalid=result.invalid,
        problems=[ImportProblem.model_validate(each, from_attributes=True) for each in result.problems],
    )


async def export_lists(call: Call[None, ExportQuery, None]) -> web.StreamResponse:
    return await stream_file(call.request, "lists.csv", _pages(call))


async def _pages(call: Call[None, ExportQuery, None]) -> AsyncIterator[bytes]:
    page = await _page(call, after=None)
    yield (header_line() + "".join(map(entry_line, page))).encode()
    while page:
        page = await _page(call, after=page[-1])
        yield "".join(map(entry_line, page)).encode()


async def _page(call: Call[None, ExportQuery, None], *, after: ListEntry | None) -> list[ListEntry]:
    """Read a page in its own transaction: a slow client must not hold a connection to the database."""
    principal = call.principal
    async with call.services.tenant_transaction(principal, readonly=True) as connection:
        return await read_page(
            connection, principal.tenant.id, after=after, list_name=call.query.list, entry_type=call.query.type
        )


def _refused(result: ImportResult) -> Invalid:
    errors = [
        FieldProblem(field=".".join(filter(None, (f"line {each.line}", each.column))), message=each.message)
        for each in result.problems
    ]
    return Invalid(f"{result.invalid} lines are invalid, and nothing was stored", errors)


ROUTES = (
    Route(
        "POST",
        "/api/v1/lists/import",
        import_lists,
        Permission.CHANGE_LISTS,
        "Import entries from a CSV file, or count what it would change",
        query=ImportQuery,
        response=ImportSummary,
        upload_bytes=MAX_BYTES,
        upload_example="list,type,value,reason\nblock,ip,203.0.113.0/24,card testing\n",
        time_limit=IMPORT_LIMIT,
        description=FORMAT,
    ),
    Route(
        "GET",
        "/api/v1/lists/export",
        export_lists,
        Permission.READ,
        "Export the entries in effect as a CSV file",
        description="The file is streamed, in the format that the import reads. Hashed values stay hashed.",
        query=ExportQuery,
        media=Media.CSV,
        time_limit=None,
    ),
)
