"""Decide on a payment that the merchant's own system describes, before or without a webhook."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from orylo_api.call import Call
from orylo_api.detections.models import DetectorScore, Override, Points, Reasons, RuleHits
from orylo_api.http.fields import CustomerId, Moment, PaymentId, RequestPart, ResponseBody, Text
from orylo_api.http.idempotency import read_key
from orylo_api.read_models.keys import derived_uuid
from orylo_common.customer_ids import customer_id_from
from orylo_common.hashing import as_hash, hash_of
from orylo_common.identifiers import normalise_email
from orylo_common.ids import uuid7
from orylo_common.ip_addresses import parse_address
from orylo_common.messages import Card, CustomerFlags, Decision, MatchKeys, PaymentCreated, Product, encode

GATEWAY = "api"


def _email_hash(value: str) -> str:
    normalised = normalise_email(value)
    known = as_hash(value) or (hash_of(normalised) if normalised else None)
    if known is None:
        raise ValueError("must be an email address, or its SHA-256 in hexadecimal")
    return known


def _phone_hash(value: str) -> str:
    digits = value.removeprefix("+")
    known = as_hash(value) or (hash_of(digits) if value.startswith("+") and 7 <= len(digits) <= 15 else None)
    if known is None or (not as_hash(value) and not digits.isdecimal()):
        raise ValueError("must be a phone number with its country code, such as +5511987654321, or its SHA-256")
    return known


def _address(value: str) -> str:
    parsed = parse_address(value)
    if parsed is None:
        raise ValueError("must be an IP address")
    return parsed


Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class EvaluatedCustomer(RequestPart):
    """Who pays. Without an `id`, the email or else the phone identifies the customer, as in a webhook."""

    id: CustomerId | None = None
    email: Annotated[str, StringConstraints(max_length=254), AfterValidator(_email_hash)] | None = Field(
        default=None,
        description="the address, which is hashed on arrival, or its SHA-256",
        examples=["ana@example.com"],
    )
    phone: Annotated[str, StringConstraints(max_length=64), AfterValidator(_phone_hash)] | None = Field(
        default=None, description="with country code, which is hashed on arrival, or its SHA-256 without the plus"
    )
    phone_country: Country | None = None
    billing_country: Country | None = None
    document_country: Country | None = None


class EvaluatedCard(RequestPart):
    fingerprint: Text | None = Field(default=None, description="the gateway's id of the card number")
    last4: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")] | None = None
    bin: Annotated[str, StringConstraints(pattern=r"^[0-9]{6,8}$")] | None = None
    brand: Text | None = None
    country: Country | None = None


class EvaluationBody(RequestPart):
    payment_id: PaymentId | None = Field(
        default=None,
        description="the id that its webhooks will have, such as stripe:pi_…: they then continue this payment",
    )
    amount_minor: int = Field(ge=0, le=2**53, examples=[19790])
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(examples=["BRL"])
    occurred_at: Moment | None = Field(default=None, description="now, if left out")
    payment_method: Text | None = Field(default=None, examples=["card"])
    customer: EvaluatedCustomer = EvaluatedCustomer()
    card: EvaluatedCard | None = None
    ip: Annotated[str, StringConstraints(max_length=64), AfterValidator(_address)] | None = Field(
        default=None, description="the buyer's", examples=["203.0.113.7"]
    )
    user_agent: Text | None = None
    product_ids: list[Text] = Field(default=[], max_length=50)
    dry_run: bool = Field(default=False, description="decide, but record and announce nothing")


class Evaluation(ResponseBody):
    id: UUID | None = Field(description="of the detection; null after a dry run")
    payment_id: str
    decision: Decision
    risk_score: int = Field(ge=0, le=100)
    reasons: Reasons
    points: Points
    override: Override
    rules: RuleHits = Field(default=[])
    detectors: list[DetectorScore]
    degraded: list[str]
    version: int = Field(ge=0)
    dry_run: bool


async def evaluate_payment(call: Call[None, None, EvaluationBody]) -> Evaluation:
    """Decide with the engine that decides on webhooks, and record the decision unless it is a dry run."""
    key = read_key(call.request)
    tenant_id = call.principal.tenant.id
    # A request that is repeated with its key is about the same payment, also if the first response was lost.
    own_id = uuid7() if key is None else derived_uuid(f"evaluation:{tenant_id}:{call.principal.id}:{key}")
    payment = payment_of(call.body, tenant_id, own_id, call.services.clock.now())
    answer = await call.services.detector.evaluate(encode(payment), dry_run=call.body.dry_run)
    return Evaluation.model_validate({**answer, "dry_run": call.body.dry_run})


def payment_of(body: EvaluationBody, tenant_id: UUID, own_id: UUID, now: datetime) -> PaymentCreated:
    """Return the payment as the message that a webhook would have become."""
    customer = body.customer
    customer_id = customer.id
    if customer_id is None and customer.email:
        customer_id = customer_id_from(tenant_id, "email", customer.email)
    elif customer_id is None and customer.phone:
        customer_id = customer_id_from(tenant_id, "phone", customer.phone)
    return PaymentCreated(
        message_id=uuid7(),
        tenant_id=tenant_id,
        correlation_id=own_id,
        occurred_at=body.occurred_at or now,
        event_id=str(own_id),
        gateway=GATEWAY,
        gateway_event_type="evaluation",
        customer_id=customer_id,
        match_keys=MatchKeys(email=customer.email, phone=customer.phone),
        customer_flags=CustomerFlags(
            phone_country=customer.phone_country,
            billing_country=customer.billing_country,
            document_country=customer.document_country,
        ),
        ip=body.ip,
        user_agent=body.user_agent,
        products=tuple(Product(product_id=each) for each in body.product_ids),
        payment_id=body.payment_id or f"{GATEWAY}:{own_id}",
        amount_minor=body.amount_minor,
        currency=body.currency,
        payment_method=body.payment_method,
        card=Card.model_validate(body.card.model_dump()) if body.card else None,
    )
