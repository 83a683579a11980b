"""Section `actions`: cancellations and refunds of blocked payments at the payment provider."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from orylo_common.control.models import TenantSettings


class ActionMode(StrEnum):
    OFF = "off"
    # Cancel payments that are not captured.
    CANCEL = "cancel"
    # Refund captured payments.
    REFUND = "refund"
    BOTH = "both"


class ActionPolicy(TenantSettings):
    section: ClassVar[str] = "actions"

    on_block: ActionMode = Field(default=ActionMode.OFF, description="cancel or refund blocked Stripe payments")
    max_amount_minor: dict[str, Annotated[int, Field(gt=0)]] = Field(
        default={},
        description="by currency: payments above it are left alone; a currency that is not listed has no maximum",
        json_schema_extra={"unit": "minor units"},
    )
    decided_by: Literal["any", "override"] = Field(
        default="any", description="override: only blocks by a list, a rule or a person, not by the risk alone"
    )
    # A refund cannot be undone, and a payment is often decided again when its second event arrives.
    wait_seconds: int = Field(
        default=5,
        ge=0,
        le=86_400,
        description="time in which a lifted block prevents the action",
        json_schema_extra={"unit": "seconds"},
    )
