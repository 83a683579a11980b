from datetime import datetime
from uuid import UUID

from pydantic import Field

from orylo_api.http.fields import ResponseBody
from orylo_common.messages import ProviderAction, ProviderActionStatus


class PaymentAction(ResponseBody):
    """What Orylo did, or will do, at the payment provider because the payment was blocked."""

    id: UUID
    action: ProviderAction
    status: ProviderActionStatus = Field(
        description="`withdrawn`: before it was carried out it was no longer needed; `code` says why"
    )
    detection_id: UUID = Field(description="the decision that asked for it")
    decided_by: str = Field(description="the decision's override, or `risk`")
    attempts: int = Field(ge=0)
    reference: str | None = Field(description="the provider's id of what was done, such as a refund's")
    code: str | None = Field(description="the provider's own code, or why the action was withdrawn")
    reason: str | None = Field(description="a sentence for people")
    contradiction: str | None = Field(
        description="`block_lifted`: a newer decision no longer blocks the payment. What was done cannot be undone"
    )
    created_at: datetime
    updated_at: datetime
