"""The kinds of value that several requests and answers share."""

from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

# Of a page, and so of what a request may read.
MAX_PAGE = 200

# PostgreSQL's text has no room for a NUL; every string that comes in is one of these.
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
CustomerId = Annotated[str, StringConstraints(max_length=200, pattern=r"^[!-.0-~]+$")]
PaymentId = Annotated[str, StringConstraints(max_length=300, pattern=r"^[a-z0-9_-]+:[!-.0-~]+$")]
Gateway = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_-]+$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


def _in_range(moment: datetime) -> datetime:
    # What lies further out overflows when it is turned into UTC.
    if not 1970 <= moment.year <= 2999:
        raise ValueError("must lie between the years 1970 and 2999")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_range)]


class Request(BaseModel):
    """Something that comes in. A name we do not know is refused: it is most likely misspelt."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(BaseModel):
    """Something that goes out. A field with a default is always there all the same."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class PageQuery(Request):
    limit: int = Field(default=50, ge=1, le=MAX_PAGE)
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[A-Za-z0-9_-]+$")] | None = Field(
        default=None, description="`next_cursor` of the page before"
    )


class RangeQuery(PageQuery):
    from_: Moment | None = Field(default=None, alias="from", description="created at or after")
    to: Moment | None = Field(default=None, description="created before")


Item = TypeVar("Item", bound=BaseModel)


class Page(Answer, Generic[Item]):
    """Newest first. There may be fewer items than the limit, even none, while `next_cursor` says that more follow."""

    items: list[Item]
    next_cursor: str | None = None
