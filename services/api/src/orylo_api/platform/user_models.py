from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, SecretStr, StringConstraints, model_validator

from orylo_api.access.models import TenantIdentity
from orylo_api.http.fields import Page, PageQuery, RequestPart, ResponseBody
from orylo_common.control.models import Role
from orylo_common.control.passwords import MIN_PASSWORD_CHARACTERS

Email = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=254, pattern=r"^[^\x00\s@]+@[^\x00\s@]+$")
]


class UserPath(RequestPart):
    id: UUID = Field(description="the user's id, as the list of users returns it")


class UserFilter(PageQuery):
    tenant: UUID | None = Field(default=None, description="only of the tenant with this id")
    role: Role | None = Field(default=None, description="only with this role", examples=["owner"])
    state: Literal["active", "disabled"] | None = Field(
        default=None, description="only those who may sign in, or only those who are disabled", examples=["active"]
    )


class UserSearch(UserFilter):
    email: Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=r"^[^\x00]*$")] = Field(
        description="a part of the email address", examples=["ana@"]
    )


class PlatformUser(ResponseBody):
    """A user of a tenant. A person who is a user of several tenants is several users."""

    id: UUID
    tenant: TenantIdentity
    email: str
    role: Role
    second_factor: bool
    disabled_at: datetime | None = Field(description="null: may sign in")
    created_at: datetime
    sessions: int = Field(ge=0, description="open ones", examples=[2])
    last_seen_at: datetime | None = Field(
        description="when the newest session that is still stored was opened; sessions are deleted a day after they end"
    )


class UserPage(Page[PlatformUser]):
    pass


class NewUser(RequestPart):
    email: Email
    role: Role
    password: Annotated[SecretStr, Field(min_length=MIN_PASSWORD_CHARACTERS, max_length=1024)]


class UserChange(RequestPart):
    role: Role | None = Field(default=None, description="null: as before")
    disabled: bool | None = Field(default=None, description="true: ends all sessions; null: as before")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.role is None and self.disabled is None:
            raise ValueError("give a role, or whether the user is disabled")
        return self


class SessionsEnded(ResponseBody):
    ended: int = Field(ge=0, description="sessions that were open", examples=[2])
