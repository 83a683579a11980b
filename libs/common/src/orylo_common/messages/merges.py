"""Messages about customers that are the same person."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from orylo_common.messages.message import Message


class CustomerMerged(Message):
    """A customer is one person with others, or with others than before.

    `version` counts the customer's merges and unmerges from 1. A consumer keeps the highest that it received.
    """

    type: Literal["customer.merged.v1"] = "customer.merged.v1"
    source: ClassVar[str] = "orylo/trust"

    customer_id: str
    version: int = Field(ge=1)
    people: tuple[str, ...] = Field(
        min_length=2, description="all customer ids of the person, this one included; the first represents the person"
    )
    actor: str | None = Field(default=None, description="the user who decided it; none, if it follows from links")
    reason: str | None = Field(default=None, description="the user's reason")

    @property
    def subject(self) -> str:
        return self.customer_id


class CustomerUnmerged(Message):
    """A customer is a person alone again."""

    type: Literal["customer.unmerged.v1"] = "customer.unmerged.v1"
    source: ClassVar[str] = "orylo/trust"

    customer_id: str
    version: int = Field(ge=1)
    actor: str | None = Field(default=None, description="the user who decided it; none, if it follows from links")
    reason: str | None = Field(default=None, description="the user's reason")

    @property
    def subject(self) -> str:
        return self.customer_id


class CustomerMergeDecided(Message):
    """A user decided that a customer is the same person as another one, or separate from all others.

    The newest decision counts.
    """

    type: Literal["customer.merge_decided.v1"] = "customer.merge_decided.v1"
    source: ClassVar[str] = "orylo/api"

    customer_id: str
    same_as: str | None = Field(
        default=None, description="the other customer; none, if the customer is separate from all others"
    )
    actor: str
    reason: str

    @property
    def subject(self) -> str:
        return self.customer_id


class CustomerMergeLimited(Message):
    """Customers share an identifier and are not merged, because too many do. A user may decide about them.

    `limit_id` identifies what exceeds the limit: an identifier, a customer, or a set of customers.
    """

    type: Literal["customer.merge_limited.v1"] = "customer.merge_limited.v1"
    source: ClassVar[str] = "orylo/trust"

    limit_id: UUID
    limit: Literal["customers_per_identifier", "identifiers_per_customer", "customers"]
    customers: tuple[str, ...] = Field(description="at most 50 of them")

    @property
    def subject(self) -> str:
        return str(self.limit_id)
