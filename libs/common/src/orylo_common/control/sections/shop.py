"""Section `shop`: facts about the tenant's business."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from orylo_common.control.models import TenantSettings

Country = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}$"), AfterValidator(str.upper)]


class ShopSettings(TenantSettings):
    """Without a country, each gateway's own applies: Brazil for Hotmart, Kiwify and PerfectPay."""

    section: ClassVar[str] = "shop"

    country: Country | None = Field(
        default=None, description="ISO 3166-1 alpha-2, such as BR: the country of phone numbers without a country code"
    )
