"""The port that every payment gateway's adapter implements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar
from uuid import UUID

from orylo_common.control.models import GatewaySecret
from orylo_common.messages import GatewayFact
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.raw_webhook import RawWebhook
from orylo_ingest.privacy.person import Person

Reader_co = TypeVar("Reader_co", covariant=True)


class AuthenticationFailed(Exception):
    """The webhook could not be authenticated. `code` is for programs, `advice` for a person."""

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(advice)
        self.code = code
        self.advice = advice


class UnprocessableEvent(Exception):
    """An authentic event that no adapter can interpret. The text contains none of its values."""


class Envelope(NamedTuple):
    """The facts about a webhook that are known before its content is interpreted.

    `event_key` distinguishes the gateway's event from all its others; without one, the body itself does. `test` marks
    events sent by the test button in the gateway's panel.
    """

    event_type: str
    event_key: str | None = None
    gateway_event_id: str | None = None
    livemode: bool = True
    test: bool = False


class PaymentLink(NamedTuple):
    """The ids under which an event knows its payment, where other events may know only another one.

    Both are payment ids. The charge and the invoice of one payment have the same `match_key`, if neither names the
    other, and are charged at about the same times (Unix seconds). An attempt is a declined one: the charge's id for it
    and the invoice's.
    """

    charge_id: str | None = None
    invoice_id: str | None = None
    match_key: str | None = None
    charged_at: tuple[int, ...] = ()
    charge_attempt: str | None = None
    invoice_attempt: str | None = None


class NormalisedEvent(NamedTuple):
    """The content of one message. `fields` are the message class's own, each read with `fields.py`.

    `facts` identify what happened, so that a second gateway event reporting the same is recognised. With a `link`, the
    payment may be reported under another id.
    """

    message: type[GatewayFact]
    occurred_at: datetime
    fields: dict[str, Any]
    facts: tuple[str, ...]
    gateway_customer: str | None = None
    link: PaymentLink | None = None


class IgnoredEvent(NamedTuple):
    """An event that is understood and deliberately not published. The reason is for a person.

    It may still say which ids belong to one payment.
    """

    reason: str
    link: PaymentLink | None = None


@dataclass(frozen=True, slots=True)
class EventMapping(Generic[Reader_co]):
    """One native event: the messages it can become, and what reads it. Without messages it is ignored, for `note`."""

    messages: tuple[type[GatewayFact], ...]
    read: Reader_co | None
    note: str = ""


class EventRow(NamedTuple):
    """A row of the generated table: a native event, the messages it can become and when, or `otherwise`."""

    native: str
    messages: tuple[type[GatewayFact], ...]
    note: str
    otherwise: Literal["ignored", "quarantined"] = "ignored"


class Gateway(Protocol):
    name: str
    # Where its buyers live (alpha-2), unless they or the tenant's settings say otherwise.
    home_country: str | None

    def authenticate(self, webhook: RawWebhook, secrets: Sequence[GatewaySecret], now: datetime) -> UUID:
        """Return the id of the secret that authenticates the webhook. Raises `AuthenticationFailed`."""

    def envelope(self, document: Document) -> Envelope:
        """Never raises."""

    def person(self, document: Document) -> Person:
        """Return the buyer: clear text, or the tokens of a scrubbed copy."""

    def normalise(
        self, document: Document, received_at: datetime, zone: tzinfo | None = None
    ) -> NormalisedEvent | IgnoredEvent:
        """Interpret a scrubbed copy. Raises `UnprocessableEvent`.

        `zone` applies to timestamps without one, if the gateway's default zone is known to be wrong.
        """

    def events(self) -> Sequence[EventRow]:
        """Return every known native event and the fallback for others, for the table in `docs/gateways.md`."""
