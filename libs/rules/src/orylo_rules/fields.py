"""The fields that a rule may use: one table, from which the checker, the evaluation and docs/rules.md are made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

# As the detector counts attempts. A test compares them with its settings section.
ENTITIES = {"customer": "customer", "card": "card", "ip": "IP address", "device": "browser"}
WINDOWS = {"1m": "minute", "1h": "hour", "24h": "24 hours"}

FieldValue = bool | int | float | str | datetime | Sequence[str]


class FieldType(StrEnum):
    TEXT = "text"
    WHOLE = "whole number"
    DECIMAL = "decimal number"
    BOOLEAN = "true or false"
    TIME = "time"
    TEXTS = "list of texts"


@dataclass(frozen=True, slots=True)
class RuleField:
    """A named value of a payment. An `optional` field may be missing: many gateways do not send it."""

    name: str
    type: FieldType
    description: str
    example: FieldValue
    optional: bool = False


def _required(name: str, type_: FieldType, description: str, example: FieldValue) -> RuleField:
    return RuleField(name, type_, description, example)


def _optional(name: str, type_: FieldType, description: str, example: FieldValue) -> RuleField:
    return RuleField(name, type_, description, example, optional=True)


def _velocity() -> Iterator[RuleField]:
    for entity, who in ENTITIES.items():
        for window, length in WINDOWS.items():
            prefix, scope = f"velocity.{entity}", f"of this {who} in the last {length}"
            yield _optional(f"{prefix}.attempts_{window}", FieldType.WHOLE, f"attempts to pay {scope}", 2)
            about = f"the amount of the attempts {scope}, in the payment's currency and its main unit"
            yield _optional(f"{prefix}.amount_{window}", FieldType.DECIMAL, about, 2999.80)


TEXT, WHOLE, DECIMAL, BOOLEAN, TIME = (
    FieldType.TEXT,
    FieldType.WHOLE,
    FieldType.DECIMAL,
    FieldType.BOOLEAN,
    FieldType.TIME,
)

_ALL = (
    _required("payment.amount", DECIMAL, "the amount in the currency's main unit", 1499.90),
    _required("payment.amount_minor", WHOLE, "the amount in the currency's minor unit, such as cents", 149990),
    _required("payment.currency", TEXT, "ISO 4217 code", "BRL"),
    _required("payment.gateway", TEXT, "`stripe`, `hotmart`, `kiwify` or `perfectpay`", "stripe"),
    _required("payment.status", TEXT, "`created`, `succeeded` or `failed`, at the time of the decision", "succeeded"),
    _required("payment.occurred_at", TIME, "time of the gateway's event", datetime(2026, 5, 10, 5, 30, tzinfo=UTC)),
    _required("payment.live", BOOLEAN, "false in the gateway's test mode or sandbox", True),
    _required("payment.test", BOOLEAN, "true for a test event of the gateway's panel", False),
    _required("payment.order_bump", BOOLEAN, "added to another sale at the checkout", False),
    _required(
        "payment.products", FieldType.TEXTS, "the products' ids; the main product comes first", ("prod_1", "prod_2")
    ),
    _optional("payment.method", TEXT, "`card`, `pix`, `boleto`, `paypal`, `wallet`, …", "card"),
    _optional("payment.installments", WHOLE, "number of instalments", 12),
    _optional("payment.recurrence", WHOLE, "1 for a subscription's first charge, 2 for its first renewal", 1),
    _optional("payment.renewal", BOOLEAN, "a subscription's renewal, according to the gateway", False),
    _optional("payment.failure_code", TEXT, "the gateway's reason for a decline", "card_declined"),
    _optional("payment.user_agent", TEXT, "the buyer's browser, as it names itself", "Mozilla/5.0 (X11; Linux x86_64)"),
    _optional("customer.id", TEXT, "Orylo's id of the customer", "cus_0196b7a0"),
    _optional("customer.payments", WHOLE, "payments that the customer has paid before; 0 for a first purchase", 3),
    _optional("customer.first_paid_at", TIME, "when the customer first paid", datetime(2026, 1, 5, 14, 0, tzinfo=UTC)),
    _optional("customer.age_days", DECIMAL, "days since the customer first paid", 124.6),
    _optional("customer.refunds", WHOLE, "the customer's refunded payments, without those that Orylo refunded", 0),
    _optional("customer.disputes", WHOLE, "disputes that the customer has opened", 0),
    _optional("customer.disputes_won", WHOLE, "those of the disputes that the shop won", 0),
    _optional("customer.fraud_warnings", WHOLE, "early fraud warnings about the customer's payments", 0),
    _optional("customer.trust_score", WHOLE, "0 to 100; high is good", 62),
    _optional("customer.status", TEXT, "`neutral`, `allowlisted` or `blocked`", "neutral"),
    _optional("customer.disposable_email", BOOLEAN, "the email address is of a disposable-mail provider", False),
    _optional("customer.email_domain_hash", TEXT, "hash of the email address's domain", "9f86d081884c7d65"),
    _optional("customer.phone_country", TEXT, "country of the phone number, ISO 3166-1 alpha-2", "BR"),
    _optional("customer.billing_country", TEXT, "country of the billing address, ISO 3166-1 alpha-2", "BR"),
    _optional("card.brand", TEXT, "`visa`, `mastercard`, …", "visa"),
    _optional("card.country", TEXT, "the issuer's country, ISO 3166-1 alpha-2", "BR"),
    _optional("card.funding", TEXT, "`credit`, `debit` or `prepaid`", "credit"),
    _optional("card.last4", TEXT, "the last four digits, as text", "4242"),
    _optional("card.fingerprint", TEXT, "the gateway's id of the card number", "fp_Xt5EWLLDS7FJjR1c"),
    _optional("ip.address", TEXT, "the buyer's IP address", "203.0.113.7"),
    _optional("ip.country", TEXT, "country of the IP address, ISO 3166-1 alpha-2", "PT"),
    _optional("tracking.utm_source", TEXT, "where the visit came from", "facebook"),
    _optional("tracking.utm_medium", TEXT, "the kind of advertisement", "cpc"),
    _optional("tracking.utm_campaign", TEXT, "the campaign", "launch-05"),
    *_velocity(),
)

FIELDS: dict[str, RuleField] = {field.name: field for field in _ALL}
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(name.rpartition(".")[0] for name in FIELDS))
