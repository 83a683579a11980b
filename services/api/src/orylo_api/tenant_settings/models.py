from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from orylo_api.http.fields import Page, PageQuery, RequestPart, ResponseBody
from orylo_common.control import TenantSettings
from orylo_common.control.sections import SECTIONS
from orylo_common.control.sections.store import SettingsVersion
from orylo_common.control.sections.values import describe_fields, difference
from orylo_common.messages import Decision

SectionName = Literal["shop", "tracking", "limits", "detector", "trust", "dispatch", "actions", "fuse"]
# Of one section: far more than any has, whose names are checked.
MAX_VALUES = 100


class SectionPath(RequestPart):
    section: SectionName = Field(description="the section", examples=["detector"])

    @property
    def model(self) -> type[TenantSettings]:
        return SECTIONS[self.section]


class SettingValue(ResponseBody):
    """A setting with its current value."""

    name: str = Field(description="the field of the section", examples=["review_at"])
    description: str = Field(examples=["the least risk of a review"])
    value: Any = Field(description="the value that the services use", examples=[60])
    default: Any = Field(examples=[50])
    unit: str | None = Field(description="null for values without one", examples=["points of risk, from 0 to 100"])
    limits: dict[str, Any] = Field(
        description="JSON Schema of the value, with all limits; in nested values with `description` and `unit`",
        examples=[{"type": "integer", "minimum": 1, "maximum": 100}],
    )


class SettingsSection(ResponseBody):
    """A section of the tenant's settings."""

    section: SectionName = Field(examples=["detector"])
    version: int = Field(ge=0, description="raised by every change; 0: the defaults, never changed", examples=[3])
    changed_at: datetime | None = Field(description="null for version 0", examples=["2026-11-20T14:05:00Z"])
    changed_by: str | None = Field(description="a user, an API key or a command", examples=["bia@shop.example"])
    restored: int | None = Field(description="the earlier version with the same values, if it was restored")
    fields: list[SettingValue]

    @classmethod
    def of(cls, current: SettingsVersion[TenantSettings]) -> "SettingsSection":
        values = current.settings.model_dump(mode="json")
        return cls.model_validate(
            {
                "section": current.settings.section,
                "version": current.version,
                "changed_at": current.changed_at,
                "changed_by": current.changed_by,
                "restored": current.restored,
                "fields": [
                    {
                        "name": field.name,
                        "description": field.description,
                        "value": values[field.name],
                        "default": field.default,
                        "unit": field.unit,
                        "limits": field.schema,
                    }
                    for field in describe_fields(type(current.settings))
                ],
            }
        )


class SectionList(ResponseBody):
    items: list[SettingsSection]


class SectionBody(RequestPart):
    values: dict[str, Any] = Field(
        max_length=MAX_VALUES,
        description="the fields by name; a field that is absent gets its default",
        examples=[{"review_at": 60, "block_at": 85}],
    )


class SettingChange(ResponseBody):
    """A value that a version changed."""

    setting: str = Field(description="dotted, for nested values", examples=["velocity.card.1h.attempts"])
    before: Any = Field(description="null where it was absent", examples=[8])
    after: Any = Field(description="null where it is absent", examples=[12])


class SectionVersion(ResponseBody):
    version: int = Field(ge=1, examples=[3])
    changed_at: datetime | None = Field(examples=["2026-11-20T14:05:00Z"])
    changed_by: str | None = Field(examples=["bia@shop.example"])
    restored: int | None = Field(description="the earlier version with the same values, if it was restored")
    values: dict[str, Any] = Field(
        description="all fields, with the defaults of those that were not set",
        examples=[{"enabled": True, "window_minutes": 30}],
    )
    changes: list[SettingChange] = Field(description="what differs from the version before")

    @classmethod
    def of(cls, version: SettingsVersion[TenantSettings], before: SettingsVersion[TenantSettings]) -> "SectionVersion":
        return cls(
            version=version.version,
            changed_at=version.changed_at,
            changed_by=version.changed_by,
            restored=version.restored,
            values=version.settings.model_dump(mode="json"),
            changes=[
                SettingChange(setting=key, before=old, after=new)
                for key, old, new in difference(before.settings, version.settings)
            ],
        )


class SectionVersionPage(Page[SectionVersion]):
    pass


class SectionVersionQuery(PageQuery):
    pass


class RestoreSectionBody(RequestPart):
    version: int = Field(ge=0, le=2**31 - 1, description="the earlier version; 0: the defaults", examples=[2])
    current: int | None = Field(
        default=None,
        ge=0,
        le=2**31 - 1,
        description="the version that it replaces; absent: whichever it is",
        examples=[3],
    )


class ThresholdBody(RequestPart):
    """Proposed thresholds. One that is absent stays as it is."""

    review_at: int | None = Field(default=None, description="the least risk of a review", examples=[60])
    block_at: int | None = Field(default=None, description="the least risk of a block", examples=[75])
    days: int = Field(default=30, ge=1, le=90, description="how far back to count")


class ThresholdEffect(ResponseBody):
    """Payments by what the thresholds make of their risk."""

    review_at: int = Field(examples=[60])
    block_at: int = Field(examples=[80])
    reviewed: int = Field(ge=0, examples=[1230])
    blocked: int = Field(ge=0, examples=[360])


class MovedPayments(ResponseBody):
    """Payments that the proposed thresholds decide differently."""

    before: Decision = Field(examples=["review"])
    after: Decision = Field(examples=["block"])
    payments: int = Field(ge=0, examples=[31])
    fraud: int = Field(ge=0, description="those that turned out to be fraud, by verdict or dispute", examples=[2])
    paid_fine: int = Field(
        ge=0, description="those that were paid and neither refunded nor fraud, as far as is known", examples=[28]
    )


class ThresholdPreview(ResponseBody):
    """The effect of thresholds on past payments, by their stored risk.

    Payments that a list, a rule or another override decided are left out: thresholds do not decide on them.
    """

    since: datetime = Field(description="payments decided since then were counted", examples=["2026-10-29T12:00:00Z"])
    current: ThresholdEffect
    proposed: ThresholdEffect
    moved: list[MovedPayments]
    complete: bool = Field(description="false if there were more payments at risk than are counted (100,000)")
