from datetime import datetime
from uuid import UUID

from pydantic import Field

from orylo_api.http.fields import ResponseBody
from orylo_common.messages import ProviderAction, ProviderActionStatus


class PaymentAction(ResponseBody):
    """A cancellation or refund at the payment provider because the payment was blocked."""

    id: UUID
    action: ProviderAction
    status: ProviderActionStatus = Field(
        description="`withdrawn`: it became unnecessary before it was carried out; `code` says why"
    )
    detection_id: UUID = Field(description="the decision that asked for it")
    decided_by: str = Field(description="the decision's override, or `risk`", examples=["risk"])
    attempts: int = Field(ge=0)
    reference: str | None = Field(description="the provider's id of its result, such as a refund's")
    code: str | None = Field(description="the provider's own code, or why the action was withdrawn")
    reason: str | None = Field(description="a sentence for people")
    contradiction: str | None = Field(
        description="`block_lifted`: a newer decision no longer blocks the payment. The action cannot be undone",
        examples=["block_lifted"],
    )
    created_at: datetime
    updated_at: datetime
