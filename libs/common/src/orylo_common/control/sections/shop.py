"""Section `shop`: facts about the tenant's business."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints

from orylo_common.control.models import TenantSettings

Country = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}$"), AfterValidator(str.upper)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{3}$"), AfterValidator(str.upper)]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Language = Literal["en", "pt-BR"]


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValueError("must be a time zone of the IANA database, such as America/Sao_Paulo") from None
    return name


ZoneName = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$")]
TimeZone = Annotated[ZoneName, AfterValidator(_known)]


class ShopSettings(TenantSettings):
    """Without a country, each gateway's own applies: Brazil for Hotmart, Kiwify and PerfectPay."""

    section: ClassVar[str] = "shop"

    country: Country | None = Field(
        default=None, description="ISO 3166-1 alpha-2, such as BR: the country of phone numbers without a country code"
    )
    timezone: ZoneName = Field(
        default="UTC", description="IANA name of the zone in which the shop's days begin, such as America/Sao_Paulo"
    )
    language: Language = Field(default="en", description="of the dashboard, for users who chose none")
    currency: Currency | None = Field(
        default=None, description="ISO 4217, such as BRL: the currency that the dashboard shows first"
    )
    match_rate_goal: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="the match rate that the shop wants to reach; the dashboard shows it beside its own",
        json_schema_extra={"unit": "share from 0 to 1"},
    )
    failed_money_limit: dict[CurrencyCode, Annotated[int, Field(gt=0)]] = Field(
        default={},
        max_length=20,
        description="by currency: an alarm is raised when the failed payments of an hour add up to more; none for a "
        "currency that is not listed",
        json_schema_extra={"unit": "minor units"},
    )

    def unusable(self) -> Mapping[str, str]:
        # Not while reading: a machine with fewer time zones would lose the whole section, and with it the country.
        try:
            _known(self.timezone)
        except ValueError as error:
            return {"timezone": str(error)}
        return {}
