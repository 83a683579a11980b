from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from orylo_api.http.fields import Moment, Page, RangeQuery, RequestPart, ResponseBody, Text
from orylo_api.http.problem_details import ImportProblem
from orylo_common.control.lists.values import LIST_NAME, MAX_VALUE, EntryType, checked_reason

ListName = Annotated[
    str,
    StringConstraints(pattern=LIST_NAME),
    Field(description="`block` and `allow` decide on payments; rules look up the others"),
]
# Not `Text`, whose pattern would be part of the message that refuses a value.
EntryText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_VALUE, pattern=r"^[^\x00]*$"),
    Field(
        description="a customer's id, an email address, its domain, an IP address or network (CIDR), a card's "
        "fingerprint, its first 6 to 8 digits, its country (alpha-2), a device (`_fbp`) or a document such as a CPF. "
        "Emails, domains and documents are hashed and stored only so; their hash is accepted too",
        examples=["203.0.113.0/24"],
    ),
]
EntryReason = Annotated[Text, AfterValidator(checked_reason), Field(description="must not hold personal data")]


class EntryPath(RequestPart):
    id: UUID


class EntryState(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    ALL = "all"


class EntryQuery(RangeQuery):
    list: ListName | None = None
    type: EntryType | None = None
    state: EntryState = EntryState.ACTIVE
    expires_before: Moment | None = Field(default=None, description="only those that expire before this time")
    added_by: Text | None = Field(default=None, description="the name of a user, an API key or a command, or rule:…")


class NewListEntry(RequestPart):
    list: ListName
    type: EntryType = Field(examples=[EntryType.IP])
    value: EntryText
    reason: EntryReason
    expires_at: Moment | None = Field(default=None, description="from then on it has no effect; null: it does not end")


class EntryChange(RequestPart):
    """Replaces both."""

    reason: EntryReason
    expires_at: Moment | None = Field(description="null: it does not end")


class EntryLookup(RequestPart):
    type: EntryType = Field(examples=[EntryType.IP])
    value: EntryText


class Entry(ResponseBody):
    id: UUID
    list: str
    type: EntryType = Field(examples=[EntryType.IP])
    value: str = Field(
        description="as stored: `sha256:…` of an email address or domain, `hmac:…` of a document",
        examples=["203.0.113.0/24"],
    )
    reason: str
    added_by: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None


class EntryPage(Page[Entry]):
    pass


class EntriesFound(ResponseBody):
    items: list[Entry] = Field(description="the entries in effect that apply to a payment with this value")


class ListSummary(ResponseBody):
    name: str
    entries: int = Field(ge=0, description="in effect")
    types: dict[EntryType, int] = Field(description="entries in effect by type")


class ListSummaries(ResponseBody):
    lists: list[ListSummary] = Field(description="`block` and `allow`, and every list with an entry in effect")


class ImportQuery(RequestPart):
    dry_run: bool = Field(default=False, description="count, and store nothing")
    list: ListName | None = Field(default=None, description="of lines that name none")
    reason: EntryReason | None = Field(default=None, description="of lines that give none")
    expires_at: Moment | None = Field(default=None, description="of lines that name none")


class ImportSummary(ResponseBody):
    """Without `dry_run`, a file with an invalid line is refused as a whole (422)."""

    dry_run: bool
    added: int
    changed: int = Field(description="entries whose reason or expiry differed")
    unchanged: int = Field(description="lines whose entry existed already, and repeated lines")
    expired: int = Field(description="lines that had expired already, which are left out")
    invalid: int
    problems: list[ImportProblem] = Field(description="of invalid lines, the first 100")


class ExportQuery(RequestPart):
    list: ListName | None = None
    type: EntryType | None = None


def entry_of(entry: Any) -> Entry:
    """Return the response for a `ListEntry`."""
    return Entry.model_validate(entry, from_attributes=True)
