"""What a browser measured while a person used a page of the dashboard."""

from typing import Literal

from pydantic import Field

from orylo_api.http.fields import RequestPart

MAX_VITALS = 8


class WebVital(RequestPart):
    name: Literal["LCP", "INP", "CLS", "TTFB"] = Field(
        description="Largest Contentful Paint, Interaction to Next Paint, Cumulative Layout Shift or Time to First "
        "Byte, as https://web.dev/articles/vitals defines them"
    )
    value: float = Field(
        ge=0, le=3_600_000, allow_inf_nan=False, description="in milliseconds; CLS has no unit", examples=[812.5]
    )


class WebVitalsBody(RequestPart):
    page: str = Field(
        pattern="^[a-z][a-z-]{0,39}$",
        description="the page's id in the dashboard's table of pages, never an address; unknown ones count as `other`",
        examples=["payments"],
    )
    vitals: list[WebVital] = Field(min_length=1, max_length=MAX_VITALS)
