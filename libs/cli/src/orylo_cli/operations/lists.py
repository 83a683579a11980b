"""Options and values that several commands about lists share."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from orylo_cli.embedded.errors import EmbeddedError
from orylo_cli.target import Target
from orylo_common.control.document_key import DocumentKey
from orylo_common.control.document_key_store import read_document_key
from orylo_common.control.lists.values import InvalidEntry, checked_list, checked_reason, parse_expiry
from orylo_common.postgres.pool import Connection

_DURATION = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def read_expiry(text: str) -> datetime:
    """Return the moment that `90d`, `2026-12-31` or `2026-12-31T18:00:00Z` names."""
    if found := _DURATION.fullmatch(text):
        return datetime.now(UTC) + timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        moment = parse_expiry(text)
    except InvalidEntry:
        moment = None
    if moment is None:
        raise typer.BadParameter(
            "write a length of time (90d, 12h, 30m), a day (2026-12-31) or a time with a zone (2026-12-31T18:00:00Z)"
        )
    if moment <= datetime.now(UTC):
        raise typer.BadParameter("an expiry must be in the future")
    return moment


def read_list_name(text: str) -> str:
    try:
        return checked_list(text)
    except InvalidEntry as invalid:
        raise typer.BadParameter(str(invalid)) from None


def read_reason(text: str) -> str:
    try:
        return checked_reason(text)
    except InvalidEntry as invalid:
        raise typer.BadParameter(str(invalid)) from None


ExpiresOption = Annotated[
    datetime | None,
    typer.Option(
        parser=read_expiry,
        metavar="WHEN",
        help="When the entry ends: after a length of time (`90d`, `12h`, `30m`), at the end of a day in UTC "
        "(`2026-12-31`), or at a time with a zone. Default: it does not end.",
    ),
]
ListOption = Annotated[
    str | None, typer.Option("--list", parser=read_list_name, metavar="LIST", help="`block`, `allow` or another list.")
]


async def document_key_of(connection: Connection, target: Target) -> DocumentKey | None:
    """Return the platform's document key, or None without the master key: documents are then refused."""
    try:
        return await read_document_key(connection, target.keyring())
    except EmbeddedError:
        return None
