"""Injected failures, of all datasets or of one."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from orylo_cli.demo.fake_meta.errors import MetaError

FaultMode = Literal["normal", "down", "hang", "throttled", "expired_token", "no_quality"]


class InjectedFault(BaseModel):
    """The body of `POST /__control/mode`.

    `latency_ms` passes between accepting the events and responding. A client that times out meanwhile cannot know
    the outcome.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: FaultMode = "normal"
    dataset_id: str | None = Field(default=None, description="this dataset only; default: all")
    latency_ms: int = Field(default=0, ge=0, le=120_000)
    status: int = Field(default=503, ge=500, le=599, description="of `down`")
    code: int = Field(default=80004, description="of `throttled`")
    retry_after_seconds: int = Field(default=60, ge=1, description="of `throttled`")
    token_expires_at: int = Field(default=0, ge=0, description="Unix seconds; 0: never")
    refuse_event_ids: frozenset[str] = frozenset()
    refuse_code: int = 100
    refuse_subcode: int | None = 2804007

    def error(self) -> MetaError | None:
        """Return the error for every request in this mode, whatever its events."""
        if self.mode == "throttled":
            return MetaError(400, self.code, "There have been too many calls to this ad-account", 2446079)
        if self.mode == "expired_token":
            return MetaError(401, 190, "Error validating access token: Session has expired", 463)
        return None

    def rejection(self, event_id: object) -> MetaError | None:
        if event_id in self.refuse_event_ids:
            return MetaError(400, self.refuse_code, "Invalid parameter", self.refuse_subcode)
        return None

    def rate_headers(self) -> dict[str, str]:
        """Return Meta's usage headers, one in minutes and the other in seconds."""
        minutes = -(-self.retry_after_seconds // 60)
        return {
            "X-Business-Use-Case-Usage": f'{{"1":[{{"type":"ads_management","call_count":100,"total_cputime":25,'
            f'"total_time":25,"estimated_time_to_regain_access":{minutes}}}]}}',
            "X-Ad-Account-Usage": f'{{"acc_id_util_pct":100,"reset_time_duration":{self.retry_after_seconds}}}',
        }
