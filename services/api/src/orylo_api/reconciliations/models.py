from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from orylo_api.http.fields import Gateway, Moment, Page, PageQuery, RequestPart, ResponseBody
from orylo_api.payments.models import PaymentState
from orylo_common.messages import AmountKind, ReconciliationState

# A column's name in a gateway's export.
Column = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class ReconciliationSource(StrEnum):
    # The gateway's API: missing events are fetched.
    GATEWAY = "gateway"
    # A file that was uploaded: differences are only reported.
    EXPORT = "export"


class ReconciliationQuery(PageQuery):
    gateway: Gateway | None = None
    state: ReconciliationState | None = None


class ReconciliationPath(RequestPart):
    id: UUID


class ReconciliationRequest(RequestPart):
    gateway: Annotated[str, StringConstraints(pattern="^stripe$")] = Field(
        default="stripe", description="the gateway whose API is compared", examples=["stripe"]
    )
    from_: Moment | None = Field(
        default=None,
        alias="from",
        description="events since then; by default, and at most, of the last 30 days",
        examples=["2026-03-01T00:00:00Z"],
    )
    to: Moment | None = Field(
        default=None,
        description="events before then; by default until now. The last 10 minutes are left to the webhooks.",
        examples=["2026-03-14T00:00:00Z"],
    )
    dry_run: bool = Field(default=False, description="only report what is missing")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ is not None and self.to is not None and self.from_ >= self.to:
            raise ValueError("`from` must be before `to`")
        return self


class ReconciliationEvents(ResponseBody):
    """Counts of the gateway's events in the range."""

    listed: int = Field(ge=0, description="what the gateway lists", examples=[52])
    known: int = Field(ge=0, description="received before", examples=[49])
    missing: int = Field(ge=0, description="not received, though they should have been", examples=[2])
    fetched: int = Field(ge=0, description="missing and fetched; 0 with a dry run", examples=[2])
    not_subscribed: int = Field(ge=0, description="of types that the webhook endpoint does not send", examples=[1])


class MissingEvent(ResponseBody):
    gateway_event_id: str = Field(examples=["evt_1SVk2cLqkz8JbX1yQ3TzHcVb"])
    gateway_event_type: str = Field(examples=["charge.succeeded"])


class ReconciliationAmount(ResponseBody):
    """Sums of one kind and currency. A day is one in UTC."""

    kind: AmountKind = Field(description="webhooks report no fees, so there is nothing to compare a fee with")
    currency: str = Field(examples=["BRL"])
    day: date | None = Field(description="null for the whole range", examples=["2026-03-14"])
    gateway_minor: int = Field(description="according to the gateway, in minor units", examples=[39580])
    received_minor: int | None = Field(description="according to what was received; null for fees", examples=[19790])
    gateway_count: int = Field(ge=0, description="how many amounts the gateway has", examples=[2])
    received_count: int = Field(ge=0, description="how many amounts were received", examples=[1])


class ExportDifferenceKind(StrEnum):
    MISSING = "missing"
    AMOUNT = "amount"
    STATE = "state"


class ExportDifference(ResponseBody):
    """A line of an export that differs from the payment."""

    line: int = Field(ge=2, description="counted from 1, with the header", examples=[17])
    kind: ExportDifferenceKind
    payment_id: str = Field(examples=["hotmart:HP1121336654889"])
    exported: str | None = Field(description="the amount or the state in the file", examples=["497.90 BRL"])
    known: str | None = Field(description="the amount or the state of the payment", examples=["397.90 BRL"])


class ExportComparison(ResponseBody):
    """The lines of an export, without the header and empty lines."""

    lines: int = Field(ge=0, examples=[120])
    same: int = Field(ge=0, description="known with the same amount and state", examples=[117])
    missing: int = Field(ge=0, description="the payment is not known", examples=[1])
    amounts: int = Field(ge=0, description="known with another amount or currency", examples=[1])
    states: int = Field(ge=0, description="known in another state", examples=[1])
    invalid: int = Field(ge=0, description="cannot be read", examples=[0])
    differences: list[ExportDifference] = Field(description="the first 200")
    invalid_lines: list[int] = Field(description="the numbers of the first 100", examples=[[]])


class ReconciliationSummary(ResponseBody):
    id: UUID
    gateway: str
    source: ReconciliationSource
    state: ReconciliationState
    livemode: bool | None = Field(description="the mode of the key; null before there is one, and of exports")
    range_start: datetime | None = Field(description="null for exports")
    range_end: datetime | None = Field(description="null for exports")
    dry_run: bool
    requested_by: str = Field(
        description="a user's email address, an API key's name, or `platform` for the daily run",
        examples=["ana@shop.example"],
    )
    problem: str | None = Field(
        description="why it failed, or which part could not be compared",
        examples=["The key lacks a permission (Balance transactions: Read, and Charges: Read)."],
    )
    events: ReconciliationEvents | None = Field(description="null for exports")
    created_at: datetime
    finished_at: datetime | None


class Reconciliation(ReconciliationSummary):
    fetched: list[MissingEvent] = Field(description="the first 100 of the missing events")
    totals: list[ReconciliationAmount] = Field(description="by kind and currency, once it has completed")
    differences: list[ReconciliationAmount] = Field(description="the first 200 days whose sums differ")
    export: ExportComparison | None = Field(description="of a file that was uploaded")


class ReconciliationPage(Page[ReconciliationSummary]):
    pass


class SalesExportQuery(RequestPart):
    """The columns by their names in the file. A column that is not named is recognised by its usual names."""

    gateway: Gateway = Field(description="the gateway that the file comes from", examples=["hotmart"])
    id_column: Column | None = Field(default=None, description="the transaction's id", examples=["Transaction"])
    amount_column: Column | None = Field(default=None, description="what the buyer paid", examples=["Price"])
    currency_column: Column | None = Field(default=None, description="the currency's code", examples=["Currency"])
    state_column: Column | None = Field(default=None, description="the sale's status", examples=["Status"])
    currency: Currency = Field(default="BRL", description="of lines without a currency", examples=["BRL"])


class ExportedSale(ResponseBody):
    """A line as it is read."""

    line: int = Field(ge=2, description="counted from 1, with the header", examples=[2])
    payment_id: str = Field(examples=["hotmart:HP1121336654889"])
    amount_minor: int | None = Field(description="null if the file has no such column", examples=[49790])
    currency: str
    state: PaymentState | None = Field(description="null if it is not compared")


class ExportPreview(ResponseBody):
    """The way a file would be read. Nothing is stored."""

    columns: list[str] = Field(description="the file's columns", examples=[["transaction", "price", "status"]])
    id_column: str | None = Field(description="null if it is not recognised: name it", examples=["transaction"])
    amount_column: str | None = Field(examples=["price"])
    currency_column: str | None = Field(examples=["currency"])
    state_column: str | None = Field(examples=["status"])
    first: list[ExportedSale] = Field(description="the first 5 lines")
    problems: list[str] = Field(description="why lines cannot be read, the first 5", examples=[[]])
