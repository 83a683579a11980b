"""The request and the response of a lookup of customers."""

from pydantic import ConfigDict, Field, model_validator

from orylo_api.customers.figures import ListedCustomer
from orylo_api.customers.identifiers import PersonalValues
from orylo_api.customers.models import LookupKind
from orylo_api.http.fields import ResponseBody, Text

MAX_FOUND = 20


HOW = {
    LookupKind.EMAIL: "The address is trimmed and written in lower case, and its hash is compared.",
    LookupKind.PHONE: "The digits with the country code are hashed and compared. A number without a country code is "
    "read as one of the shop's country.",
    LookupKind.DOCUMENT: "Letters and digits are hashed with the platform's key and compared.",
    LookupKind.ORDER_ID: "The order number is compared as it is written, upper and lower case being different.",
    LookupKind.CUSTOMER_ID: "The id is compared as it is written.",
}


class CustomerLookup(PersonalValues):
    """One of these. Personal values are hashed on arrival, and neither stored nor logged."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ana@example.com"}]})

    order_id: Text | None = Field(default=None, description="the merchant's own order number", examples=["1047"])
    customer_id: Text | None = Field(default=None, description="a customer's id", examples=["cus_0d2f6a4b8c1e"])

    @model_validator(mode="after")
    def _one(self) -> "CustomerLookup":
        if len(self.model_fields_set & {kind.value for kind in LookupKind if getattr(self, kind) is not None}) != 1:
            raise ValueError("give exactly one of email, phone, document, order_id and customer_id")
        return self

    @property
    def kind(self) -> LookupKind:
        return next(kind for kind in LookupKind if getattr(self, kind) is not None)


class ComparedValue(ResponseBody):
    kind: LookupKind
    value: str = Field(
        description="the hash that was compared, as the audit log has it; an id as it was given",
        examples=["sha256:8ab3f2…"],
    )
    how: str = Field(examples=[HOW[LookupKind.EMAIL]])


class CustomersFound(ResponseBody):
    items: list[ListedCustomer] = Field(
        description=f"at most {MAX_FOUND}, each person once; empty if no customer is known by the value"
    )
    compared: ComparedValue


def lookup_of(kind: LookupKind, value: str) -> CustomerLookup:
    return CustomerLookup.model_validate({kind.value: value})
