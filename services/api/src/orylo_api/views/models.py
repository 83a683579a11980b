from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from orylo_api.http.fields import RequestPart, ResponseBody

MAX_FILTERS = 30

ViewName = Annotated[
    str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True, pattern=r"^[^\x00-\x1f]*$")
]
FilterName = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z][a-z0-9_]*$")]
# An email address has an @, and is never part of a query.
FilterValue = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00@]*$")]


class DashboardPage(StrEnum):
    PAYMENTS = "payments"
    REVIEW = "review"
    CUSTOMERS = "customers"
    CONVERSIONS = "conversions"
    DEAD_LETTERS = "dead-letters"
    QUARANTINE = "quarantine"
    REJECTIONS = "rejections"


class SavedViewPath(RequestPart):
    id: UUID


class SavedViewQuery(RequestPart):
    page: DashboardPage | None = Field(default=None, description="only views of this page")


class SavedViewRequest(RequestPart):
    page: DashboardPage
    name: ViewName = Field(examples=["Hotmart, high risk"])
    query: dict[FilterName, FilterValue] = Field(
        max_length=MAX_FILTERS,
        description="the page's filters, as its list takes them as parameters, and `range`, a period that moves: `1h`, "
        "`today`, `yesterday`, `24h`, `7d`, `30d` or `month`. Other names are refused, and so is personal data",
        examples=[{"gateway": "hotmart", "range": "7d"}],
    )
    shared: bool = Field(default=False, description="for all members of the shop, who may change it if they may share")


class SavedView(ResponseBody):
    id: UUID
    page: DashboardPage
    name: str = Field(examples=["Hotmart, high risk"])
    query: dict[str, str] = Field(examples=[{"gateway": "hotmart", "range": "7d"}])
    shared: bool = Field(description="the shop's; otherwise the caller's own")
    delivered: bool = Field(description="comes with Orylo and cannot be changed; `name` is then a code to translate")
    saved_by: str | None = Field(description="who saved it last", examples=["bia@loja.example"])
    updated_at: datetime | None


class SavedViewList(ResponseBody):
    items: list[SavedView] = Field(description="those that come with Orylo, then the shop's, then the caller's own")
