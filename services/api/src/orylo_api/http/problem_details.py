"""The body of error responses (RFC 9457)."""

from pydantic import ConfigDict, Field

from orylo_api.http.examples import EXAMPLE_ID
from orylo_api.http.fields import CaseHolder, ResponseBody


class FieldProblem(ResponseBody):
    field: str = Field(description="the field's place: `body.reason`, `query.limit`, `header.Idempotency-Key`")
    message: str


class ImportProblem(ResponseBody):
    """Why a line of a file was not imported. It does not contain the value."""

    line: int = Field(ge=1, description="counted from 1, with the header")
    column: str = Field(description="empty for the whole line")
    message: str


class TenantName(ResponseBody):
    slug: str
    name: str


class ProblemDetails(ResponseBody):
    """`type` is stable and for programs; `title` and `detail` are for people."""

    # The HTTP server refuses a malformed request line or header itself, without the members that have a default.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: str = Field(examples=["urn:orylo:problem:validation"])
    title: str
    status: int = Field(ge=400, le=599)
    code: str = Field(description="the last part of `type`", examples=["validation"])
    detail: str | None = None
    request_id: str | None = Field(
        default=None,
        description="names this request to support and in the logs; the header `X-Request-Id` has it, too",
        examples=[EXAMPLE_ID],
    )
    errors: list[FieldProblem] | None = Field(default=None, description="each invalid field")
    tenants: list[TenantName] | None = Field(default=None, description="tenants to choose one of when signing in")
    holder: CaseHolder | None = Field(default=None, description="who holds the case that was asked for")
