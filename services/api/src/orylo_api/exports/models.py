"""Requests of exports, and the addresses of their files."""

from pydantic import Field

from orylo_api.exports.source import ExportFormat
from orylo_api.http.fields import RequestPart


class ExportRequest(RequestPart):
    """A subclass adds `filter`, with the filters of the subject's list."""

    format: ExportFormat = Field(
        default=ExportFormat.CSV,
        description="`csv` for spreadsheets; `ndjson`: one JSON object per line, as the list returns it",
        examples=["csv"],
    )


EXPORT = """\
A job (`GET /api/v1/jobs/{id}`) writes the file, newest first. Its `result` is the path of the file, which is kept for
7 days and needs the permission of the export. The exports of a shop take at most 256 MiB, compressed. Items that arrive
later are not part of it. In a CSV file, a cell that a spreadsheet would execute gets an apostrophe in front. """
