"""Injected failures."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FaultMode = Literal["normal", "down", "failing", "hang", "throttled", "lost_answer", "forbidden"]


class StripeFault(BaseModel):
    """The body of `POST /__control/mode`.

    `down`: a proxy answers 503, nothing is carried out. `failing`: the endpoint fails with a 500, which is stored.
    `hang`: nothing is carried out until the mode changes. `lost_answer`: the request is carried out, and then the
    connection is closed without an answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: FaultMode = "normal"
    paths: tuple[str, ...] = Field(default=(), description="only requests whose path begins with one; empty: all")
    retry_after_seconds: int = Field(default=1, ge=1, description="of `throttled`")
