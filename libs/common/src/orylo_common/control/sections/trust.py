"""Section `trust`: the points of a tenant's trust ledger, and the limits of merging customers."""

from typing import ClassVar

from pydantic import Field
from pydantic.config import JsonDict

from orylo_common.control.models import TenantSettings

POINTS: JsonDict = {"unit": "points"}
CUSTOMERS: JsonDict = {"unit": "customers"}


class TrustPolicy(TenantSettings):
    """The start score and the points per cause.

    A ledger row keeps the points it was written with, so a change here does not move existing scores.
    """

    section: ClassVar[str] = "trust"

    start: int = Field(
        default=50, ge=0, le=100, description="the score of a customer without history", json_schema_extra=POINTS
    )
    dispute_opened: int = Field(default=-50, ge=-100, le=0, description="for a dispute", json_schema_extra=POINTS)
    dispute_won: int = Field(
        default=50, ge=0, le=100, description="for a dispute that the shop won", json_schema_extra=POINTS
    )
    fraud_warning: int = Field(
        default=-30,
        ge=-100,
        le=0,
        description="for an early fraud warning of the card's network",
        json_schema_extra=POINTS,
    )
    refund: int = Field(
        default=-5,
        ge=-100,
        le=0,
        description="of a full refund; a part of it counts in proportion",
        json_schema_extra=POINTS,
    )
    clean_payment: int = Field(
        default=2, ge=0, le=100, description="for a payment that was not blocked", json_schema_extra=POINTS
    )
    clean_payments_per_month: int = Field(
        default=10,
        ge=0,
        le=100,
        description="most points of one calendar month for such payments",
        json_schema_extra=POINTS,
    )
    verdict_fraud: int = Field(
        default=-50, ge=-100, le=0, description="for a verdict of fraud on a payment", json_schema_extra=POINTS
    )
    verdict_legitimate: int = Field(
        default=5, ge=0, le=100, description="for a verdict that a payment was legitimate", json_schema_extra=POINTS
    )
    merge_customers_per_identifier: int = Field(
        default=3,
        ge=1,
        le=20,
        description="customers who share a phone or document are one person, if not more do",
        json_schema_extra=CUSTOMERS,
    )
    merge_identifiers_per_customer: int = Field(
        default=5,
        ge=1,
        le=20,
        description="a customer with more phones and documents is not merged",
        json_schema_extra={"unit": "phones and documents"},
    )
    merge_customers: int = Field(
        default=8, ge=1, le=20, description="most customer ids of one person", json_schema_extra=CUSTOMERS
    )
