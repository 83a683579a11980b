"""Kinds of values that several requests and responses share."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Self, TypeVar

import asyncpg
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from orylo_api.http.examples import CUSTOMER_ID, PAYMENT_ID

# Items of a page, and so of what one request may read.
MAX_PAGE = 200

# PostgreSQL's text cannot hold a NUL; every string of a request is of one of these types.
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
# Ids contain what gateways put into them, up to 500 characters (`orylo_ingest.gateways.fields.text`), with a prefix.
CustomerId = Annotated[
    str, StringConstraints(min_length=1, max_length=550, pattern=r"^[^\x00]*$"), Field(examples=[CUSTOMER_ID])
]
PaymentId = Annotated[
    str, StringConstraints(max_length=550, pattern=r"^[a-z0-9_-]+:[^\x00]+$"), Field(examples=[PAYMENT_ID])
]
Gateway = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_-]+$")]


def _in_range(moment: datetime) -> datetime:
    # A moment further out overflows when it is converted to UTC.
    if not 1970 <= moment.year <= 2999:
        raise ValueError("must lie between the years 1970 and 2999")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_range)]


def _split(value: Any) -> Any:
    """Return the values of a parameter, which are separated by commas; a body has an array."""
    return value.split(",") if isinstance(value, str) else value


One = TypeVar("One")
# Values of a filter, of which any may match.
MAX_VALUES = 20
Several = Annotated[list[One], Field(min_length=1, max_length=MAX_VALUES), BeforeValidator(_split)]


class RequestPart(BaseModel):
    """The path's values, the query or the body of a request. An unknown name is refused: most likely it is misspelt."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ResponseBody(BaseModel):
    """The body of a response, or a part of one. Every field is present, also those with a default."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)

    @classmethod
    def from_row(cls, row: asyncpg.Record | Mapping[str, Any], **values: Any) -> Self:
        """Take each field from the column of its name, and from `values` where there is no such column."""
        return cls(**{**values, **{name: value for name, value in row.items() if name in cls.model_fields}})


class PageQuery(RequestPart):
    limit: int = Field(default=50, ge=1, le=MAX_PAGE)
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[A-Za-z0-9_-]+$")] | None = Field(
        default=None, description="`next_cursor` of the previous page"
    )


class Range(RequestPart):
    from_: Moment | None = Field(default=None, alias="from", description="created at or after")
    to: Moment | None = Field(default=None, description="created before")


class RangeQuery(Range, PageQuery):
    pass


class CaseHolder(ResponseBody):
    """Who has a case of the review queue open. Others cannot decide it until then."""

    name: str = Field(description="a user's email address or an API key's name", examples=["bia@loja.example"])
    until: datetime


Item = TypeVar("Item", bound=BaseModel)


class Page(ResponseBody, Generic[Item]):
    """Newest first, unless the list says otherwise.

    A page may be short, even empty, while `next_cursor` is set: more items follow.
    """

    items: list[Item]
    next_cursor: str | None = None
