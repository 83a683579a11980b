"""What is answered when something is wrong (RFC 9457)."""

from pydantic import Field

from orylo_api.models.fields import Answer


class FieldProblem(Answer):
    field: str = Field(description="where it stands: `body.reason`, `query.limit`, `header.Idempotency-Key`")
    message: str


class TenantName(Answer):
    slug: str
    name: str


class Problem(Answer):
    """`type` is stable and for programs; `title` and `detail` are for people."""

    type: str = Field(examples=["urn:orylo:problem:validation"])
    title: str
    status: int = Field(ge=400, le=599)
    code: str = Field(description="the last part of `type`", examples=["validation"])
    detail: str | None = None
    errors: list[FieldProblem] | None = Field(default=None, description="each field that was refused")
    tenants: list[TenantName] | None = Field(default=None, description="those that a sign-in may mean, to name one of")
