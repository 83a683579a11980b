"""Section `trust`: the points of a tenant's trust ledger, and the limits of merging customers."""

from typing import ClassVar

from pydantic import Field

from orylo_common.control.models import TenantSettings


class TrustPolicy(TenantSettings):
    """The start score and the points per cause.

    A ledger row keeps the points it was written with, so a change here does not move existing scores.
    """

    section: ClassVar[str] = "trust"

    start: int = Field(default=50, ge=0, le=100)
    dispute_opened: int = Field(default=-50, ge=-100, le=0)
    dispute_won: int = Field(default=50, ge=0, le=100)
    fraud_warning: int = Field(default=-30, ge=-100, le=0)
    refund: int = Field(default=-5, ge=-100, le=0, description="of a full refund; a part of it counts in proportion")
    clean_payment: int = Field(default=2, ge=0, le=100)
    clean_payments_per_month: int = Field(default=10, ge=0, le=100, description="most points of one calendar month")
    verdict_fraud: int = Field(default=-50, ge=-100, le=0)
    verdict_legitimate: int = Field(default=5, ge=0, le=100)
    merge_customers_per_identifier: int = Field(
        default=3, ge=1, le=20, description="customers who share a phone or document are one person, if not more do"
    )
    merge_identifiers_per_customer: int = Field(
        default=5, ge=1, le=20, description="a customer with more phones and documents is not merged"
    )
    merge_customers: int = Field(default=8, ge=1, le=20, description="most customer ids of one person")
