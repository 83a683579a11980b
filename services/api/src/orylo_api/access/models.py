from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, SecretStr, StringConstraints

from orylo_api.access.roles import Permission
from orylo_api.http.examples import FUTURE
from orylo_api.http.fields import RequestPart, ResponseBody
from orylo_common.control.models import Role

TotpCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$"), Field(examples=["492039"])]
# Recovery codes have 16 letters and digits, and are shown in groups of four.
SecondFactorCode = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^([0-9]{6}|([A-Za-z2-7]{4}[- ]?){3}[A-Za-z2-7]{4})$"),
    Field(examples=["492039"]),
]
Password = Annotated[SecretStr, Field(min_length=1, max_length=1024)]


class LoginRequest(RequestPart):
    email: Annotated[
        str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=254, pattern=r"^[^\x00]+@[^\x00]+$")
    ]
    password: Password
    tenant: Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z0-9-]+$")] | None = Field(
        default=None, description="slug; needed only if the email address belongs to several tenants"
    )
    totp: SecondFactorCode | None = Field(
        default=None, description="needed if the user has a second factor: its current code, or a recovery code"
    )


class TenantIdentity(ResponseBody):
    id: UUID
    slug: str
    name: str


class ImpersonationNotice(ResponseBody):
    """An operator has entered the tenant. The caller's own tenant comes back when it ends."""

    operator: str = Field(description="the operator's email address", examples=["otto@orylo.example"])
    reason: str = Field(examples=["Ticket 4711: sales are missing since Monday."])
    until: datetime = Field(description="when it ends, unless the operator leaves before", examples=[FUTURE])


class Identity(ResponseBody):
    """The caller, and what they may do."""

    kind: Literal["user", "api_key"]
    id: UUID
    name: str = Field(description="a user's email address, or an API key's name", examples=["ana@shop.example"])
    role: Role
    permissions: list[Permission]
    tenant: TenantIdentity
    impersonation: ImpersonationNotice | None = Field(
        description="null, unless an operator has entered the tenant: nothing can be changed then"
    )
    demo: bool = Field(description="the platform is the demo: its sales go to a stand-in of Meta", examples=[False])


class SignedIn(ResponseBody):
    """The session itself is in cookies; `csrf_token` is also in the cookie `orylo_csrf`."""

    me: Identity
    csrf_token: str = Field(description="send it as X-CSRF-Token with every POST")
    expires_in_s: int = Field(description="refresh the session before then")


class SecondFactorState(ResponseBody):
    enabled: bool
    recovery_codes_left: int


class EnrolmentRequest(RequestPart):
    password: Password


class Enrolment(ResponseBody):
    """A second factor that its user has not confirmed yet. The secret cannot be shown again."""

    secret: str = Field(description="base32, to be typed into an authenticator app", examples=["JBSWY3DPEHPK3PXP"])
    otpauth_uri: str = Field(
        description="the same as a URI, to be shown as a QR code",
        examples=["otpauth://totp/Orylo:ana%40shop.example?secret=JBSWY3DPEHPK3PXP&issuer=Orylo"],
    )


class EnrolmentConfirmation(RequestPart):
    code: TotpCode


class RecoveryCodes(ResponseBody):
    """Each signs in once in place of a code. They cannot be shown again."""

    recovery_codes: list[str] = Field(examples=[["ab2c-de3f-gh4i-jk5l"]])


class DisableSecondFactorRequest(RequestPart):
    password: Password
    code: SecondFactorCode


class SessionPath(RequestPart):
    id: UUID


class OpenSession(ResponseBody):
    """A browser in which the caller is signed in."""

    id: UUID
    created_at: datetime = Field(description="when the user signed in")
    last_used_at: datetime = Field(description="when the session was last refreshed, else when the user signed in")
    expires_at: datetime = Field(description="when it ends, unless it is refreshed before")
    address: str = Field(description="the IP address that signed in", examples=["203.0.113.7"])
    user_agent: str = Field(description="as the browser sent it when the user signed in")
    current: bool = Field(description="whether it is the session of this request")


class OpenSessions(ResponseBody):
    items: list[OpenSession]


class EndedSessions(ResponseBody):
    ended: int = Field(ge=0, description="how many sessions were open", examples=[2])
