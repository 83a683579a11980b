"""Encodes messages to bytes and decodes them: CloudEvents 1.0 in the JSON format.

`tenantid`, `correlationid`, `causationid` and `traceparent` are extension attributes. Only this module knows the
envelope.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, get_args
from uuid import UUID

import orjson
from pydantic import ValidationError

from orylo_common.messages.actions import ProviderActionChanged, ProviderActionRedriveRequested
from orylo_common.messages.clicks import ClickRecorded
from orylo_common.messages.conversions import (
    ConversionCorrectionChanged,
    ConversionDispatched,
    ConversionFailed,
    ConversionMatched,
    ConversionRedriveRequested,
    ConversionSuppressed,
)
from orylo_common.messages.destinations import DestinationStatusChanged, DestinationTokenRead
from orylo_common.messages.detections import DetectionCreated, PaymentBlocked, PaymentBlockLifted
from orylo_common.messages.disputes import DisputeLost, DisputeOpened, DisputeWon, FraudWarningReceived
from orylo_common.messages.former_names import current_type, with_current_values
from orylo_common.messages.merges import CustomerMerged, CustomerMergeDecided, CustomerMergeLimited, CustomerUnmerged
from orylo_common.messages.message import Message
from orylo_common.messages.payments import (
    CheckoutAbandoned,
    CheckoutStarted,
    PaymentCanceled,
    PaymentCreated,
    PaymentEnriched,
    PaymentFailed,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentSucceeded,
)
from orylo_common.messages.reconciliations import ReconciliationChanged, ReconciliationRequested
from orylo_common.messages.trust import CustomerStatusSet, CustomerTrustCorrected, TrustUpdated
from orylo_common.messages.verdicts import VerdictGiven
from orylo_common.messages.webhooks import (
    WebhookQuarantined,
    WebhookRejected,
    WebhookReplayed,
    WebhookReplayRequested,
)

MESSAGES: tuple[type[Message], ...] = (
    PaymentCreated,
    PaymentSucceeded,
    PaymentEnriched,
    PaymentFailed,
    PaymentCanceled,
    PaymentRefunded,
    PaymentRefundFailed,
    DisputeOpened,
    DisputeWon,
    DisputeLost,
    FraudWarningReceived,
    CheckoutStarted,
    CheckoutAbandoned,
    ClickRecorded,
    DetectionCreated,
    PaymentBlocked,
    PaymentBlockLifted,
    TrustUpdated,
    CustomerStatusSet,
    CustomerTrustCorrected,
    CustomerMerged,
    CustomerUnmerged,
    CustomerMergeDecided,
    CustomerMergeLimited,
    VerdictGiven,
    ConversionMatched,
    ConversionDispatched,
    ConversionFailed,
    ConversionSuppressed,
    ConversionCorrectionChanged,
    ConversionRedriveRequested,
    DestinationStatusChanged,
    DestinationTokenRead,
    ProviderActionChanged,
    ProviderActionRedriveRequested,
    WebhookRejected,
    WebhookQuarantined,
    WebhookReplayed,
    WebhookReplayRequested,
    ReconciliationRequested,
    ReconciliationChanged,
)


def type_of(message_class: type[Message]) -> str:
    """Return the type of a message class, such as `payment.succeeded.v1`."""
    (name,) = get_args(message_class.model_fields["type"].annotation)
    return str(name)


BY_TYPE: dict[str, type[Message]] = {type_of(message_class): message_class for message_class in MESSAGES}
_TYPE_NAMES = {message_class: name for name, message_class in BY_TYPE.items()}

NO_TENANT = UUID(int=0)

# These fields are in the envelope, and not repeated in `data`.
IN_ENVELOPE = {"type", "message_id", "tenant_id", "correlation_id", "causation_id", "occurred_at"}


class UndecodableMessage(Exception):
    """The bytes are not a message that this version knows. No retry can help."""


def encode(message: Message, *, traceparent: str | None = None) -> bytes:
    """Encode the message as a CloudEvents JSON object."""
    attributes = {
        "specversion": "1.0",
        "id": message.message_id,
        "source": message.source,
        "type": message.type,
        "subject": message.subject,
        "time": message.occurred_at,
        "datacontenttype": "application/json",
        "tenantid": message.tenant_id,
        "correlationid": message.correlation_id,
    }
    if message.causation_id is not None:
        attributes["causationid"] = message.causation_id
    if traceparent is not None:
        attributes["traceparent"] = traceparent
    data = message.__pydantic_serializer__.to_json(message, exclude=IN_ENVELOPE, exclude_none=True)
    # `default`: an id read by asyncpg is a subclass of UUID, which orjson does not serialise.
    return orjson.dumps(attributes, default=str)[:-1] + b',"data":' + data + b"}"


def encode_first(
    message_class: type[Message],
    *,
    message_id: UUID,
    tenant_id: UUID,
    occurred_at: datetime,
    subject: str,
    data: Mapping[str, Any],
    traceparent: str | None = None,
) -> bytes:
    """Encode the first message of a chain without building the object, at a quarter of the cost of `encode`.

    The data is not validated: the caller must have checked each field.
    """
    attributes = {
        "specversion": "1.0",
        "id": message_id,
        "source": message_class.source,
        "type": _TYPE_NAMES[message_class],
        "subject": subject,
        "time": occurred_at,
        "datacontenttype": "application/json",
        "tenantid": tenant_id,
        "correlationid": message_id,
    }
    if traceparent is not None:
        attributes["traceparent"] = traceparent
    attributes["data"] = data
    return _json(attributes)


def _json(attributes: Mapping[str, Any]) -> bytes:
    # asyncpg has its own UUID class, which orjson does not serialise.
    return orjson.dumps(attributes, default=str)


# In one process, all consumers of a message decode it within moments of each other.
@lru_cache(maxsize=1024)
def decode(body: bytes) -> Message:
    """Decode a message. Raises `UndecodableMessage`, whose text holds no value from the body."""
    envelope, data = _open(body)
    message_type = current_type(envelope["type"])
    message_class = BY_TYPE.get(message_type)
    if message_class is None:
        raise UndecodableMessage("unknown message type")
    try:
        return message_class.model_validate(
            {
                **with_current_values(message_type, data),
                "type": message_type,
                "message_id": envelope["id"],
                "tenant_id": envelope["tenantid"],
                "correlation_id": envelope["correlationid"],
                "causation_id": envelope.get("causationid"),
                "occurred_at": envelope["time"],
            }
        )
    except KeyError as missing:
        raise UndecodableMessage(f"envelope without {missing.args[0]}") from None
    except ValidationError as invalid:
        fields = sorted({".".join(map(str, error["loc"])) for error in invalid.errors(include_input=False)})
        raise UndecodableMessage(f"{message_type}: invalid {', '.join(fields)}") from None


def traceparent_of(body: bytes) -> str | None:
    """Return the W3C trace context that `encode` was given, if any."""
    value = _open(body)[0].get("traceparent")
    return value if isinstance(value, str) else None


def tenant_of(body: bytes) -> UUID:
    """Return the tenant of an encoded message without decoding it; `NO_TENANT` if none is named."""
    # The envelope precedes the data, and in the texts before it quotes are escaped.
    _, found, rest = body.partition(b'"tenantid":"')
    try:
        return UUID(rest[:36].decode("ascii")) if found else NO_TENANT
    except ValueError:
        return NO_TENANT


def _open(body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise UndecodableMessage("not JSON") from None
    if not isinstance(envelope, dict) or envelope.get("specversion") != "1.0":
        raise UndecodableMessage("not a CloudEvents 1.0 envelope")
    if not isinstance(envelope.get("type"), str) or not isinstance(envelope.get("data"), dict):
        raise UndecodableMessage("envelope without type or data")
    return envelope, envelope["data"]
