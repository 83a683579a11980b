"""What each cause is worth; all of it is the tenant's to change."""

from typing import ClassVar

from pydantic import Field

from orylo_common.control.models import TenantSettings


class Points(TenantSettings):
    """A row keeps the points of the day it was written: a change here moves no score that stands."""

    section: ClassVar[str] = "trust"

    start: int = Field(default=50, ge=0, le=100)
    dispute_opened: int = Field(default=-50, ge=-100, le=0)
    dispute_won: int = Field(default=50, ge=0, le=100)
    fraud_warning: int = Field(default=-30, ge=-100, le=0)
    refund: int = Field(default=-5, ge=-100, le=0)
    clean_payment: int = Field(default=2, ge=0, le=100)
    clean_payments_per_month: int = Field(default=10, ge=0, le=100, description="most points of one calendar month")
