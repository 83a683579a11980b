from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from orylo_api.http.fields import RequestPart, ResponseBody
from orylo_common.control.sections.shop import Language, TimeZone

ShownName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00]*$")
]


class Theme(StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class PreferencesBody(RequestPart):
    """The user's choices. Null, or absent: the shop's, or the dashboard's own."""

    name: ShownName | None = Field(
        default=None, description="shown to the team in place of the email", examples=["Bia"]
    )
    language: Language | None = Field(default=None, description="null: the shop's", examples=["pt-BR"])
    timezone: TimeZone | None = Field(
        default=None,
        description="IANA name, for the times that are shown; null: the shop's",
        examples=["Europe/Lisbon"],
    )
    theme: Theme = Field(default=Theme.SYSTEM, description="of the dashboard", examples=["dark"])
    key_hints: bool = Field(
        default=True, description="whether the dashboard shows its keyboard shortcuts, and single letters act"
    )


class EffectivePreferences(ResponseBody):
    """The user's choice, or the shop's setting."""

    language: Language = Field(examples=["pt-BR"])
    timezone: str = Field(examples=["America/Sao_Paulo"])


class Preferences(ResponseBody):
    name: ShownName | None = Field(examples=["Bia"])
    language: Language | None = Field(description="null: the shop's", examples=["pt-BR"])
    timezone: str | None = Field(description="null: the shop's", examples=["Europe/Lisbon"])
    theme: Theme
    key_hints: bool
    effective: EffectivePreferences
