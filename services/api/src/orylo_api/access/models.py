from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, SecretStr, StringConstraints

from orylo_api.access.roles import Permission
from orylo_api.http.fields import RequestPart, ResponseBody
from orylo_common.control.models import Role


class LoginRequest(RequestPart):
    email: Annotated[
        str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=254, pattern=r"^[^\x00]+@[^\x00]+$")
    ]
    password: SecretStr = Field(min_length=1, max_length=1024)
    tenant: Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z0-9-]+$")] | None = Field(
        default=None, description="slug; needed only if the email address belongs to several tenants"
    )
    totp: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")] | None = Field(
        default=None, description="needed if the user has a second factor"
    )


class TenantIdentity(ResponseBody):
    id: UUID
    slug: str
    name: str


class Identity(ResponseBody):
    """The caller, and what they may do."""

    kind: Literal["user", "api_key"]
    id: UUID
    name: str = Field(description="a user's email address, or an API key's name")
    role: Role
    permissions: list[Permission]
    tenant: TenantIdentity


class SignedIn(ResponseBody):
    """The session itself is in cookies; `csrf_token` is also in the cookie `orylo_csrf`."""

    me: Identity
    csrf_token: str = Field(description="send it as X-CSRF-Token with every POST")
    expires_in_s: int = Field(description="refresh the session before then")
