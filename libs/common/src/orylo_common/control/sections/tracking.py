"""Section `tracking`: the pages that may report visits."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from orylo_common.control.models import TenantSettings

# Normalised to the form that browsers send: lower case, without a path.
AllowedOrigin = Annotated[
    str,
    StringConstraints(pattern=r"^(?i:https?)://[A-Za-z0-9.\-\[\]:]+/?$"),
    AfterValidator(lambda text: text.lower().rstrip("/")),
]


class TrackingSettings(TenantSettings):
    """Origins such as https://shop.example.com. If the list is empty, any page may report visits."""

    section: ClassVar[str] = "tracking"

    allowed_origins: tuple[AllowedOrigin, ...] = Field(
        default=(), description="pages that may report visits, such as https://shop.example.com; empty: any page"
    )
