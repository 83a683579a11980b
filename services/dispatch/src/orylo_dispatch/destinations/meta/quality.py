"""Meta's own figures of how well it matches a dataset's events, as its Dataset Quality API reports them."""

from typing import Annotated, Any

from pydantic import AliasChoices, AliasPath, BaseModel, BeforeValidator, ConfigDict, Field

from orylo_dispatch.domain.quality import EventQuality, KeyCoverage

FIELDS = (
    "web{event_name,event_match_quality{composite_score,match_key_feedback{identifier,coverage{percentage}}},"
    "dedupe_key_feedback{dedupe_key,overall_browser_coverage_from_dedupe_key{percentage}},"
    "data_freshness{upload_frequency}}"
)

# Meta leaves out what it does not know.
Listed = BeforeValidator(lambda value: value or [])


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _MatchKey(_Part):
    identifier: str
    percentage: float | None = Field(None, validation_alias=AliasPath("coverage", "percentage"))


class _DedupeKey(_Part):
    dedupe_key: str
    percentage: float | None = Field(
        None, validation_alias=AliasPath("overall_browser_coverage_from_dedupe_key", "percentage")
    )


class _Event(_Part):
    event_name: str
    score: float | None = Field(None, validation_alias=AliasPath("event_match_quality", "composite_score"))
    match_keys: Annotated[list[_MatchKey], Listed] = Field(
        [], validation_alias=AliasPath("event_match_quality", "match_key_feedback")
    )
    # The table of Meta's documents and their examples spell it differently.
    dedupe_keys: Annotated[list[_DedupeKey], Listed] = Field(
        [], validation_alias=AliasChoices("dedupe_key_feedback", "dedup_key_feedback")
    )
    freshness: str | None = Field(None, validation_alias=AliasPath("data_freshness", "upload_frequency"))


class _Answer(_Part):
    web: Annotated[list[_Event], Listed] = []


def read_quality(answer: Any) -> tuple[EventQuality, ...]:
    """Return the quality of each event by its name. Raises `ValidationError`."""
    return tuple(
        EventQuality(
            event.event_name,
            event.score,
            keys=tuple(KeyCoverage(key.identifier, key.percentage) for key in event.match_keys),
            dedupe_keys=tuple(KeyCoverage(key.dedupe_key, key.percentage) for key in event.dedupe_keys),
            freshness=event.freshness,
        )
        for event in _Answer.model_validate(answer).web
    )
