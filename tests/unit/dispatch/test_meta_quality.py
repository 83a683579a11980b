"""Reading the answers of Meta's Dataset Quality API."""

from typing import Any

import pytest
from pydantic import ValidationError

from orylo_dispatch.destinations.meta.quality import read_quality
from orylo_dispatch.domain.quality import EventQuality, KeyCoverage

DEDUPLICATION = [
    {
        "dedupe_key": "event_id",
        "browser_events_with_dedupe_key": {"percentage": 100, "description": "…"},
        "overall_browser_coverage_from_dedupe_key": {"percentage": 82.5, "description": "…"},
    }
]
PURCHASE: dict[str, Any] = {
    "event_name": "Purchase",
    "event_match_quality": {
        "composite_score": 7.8,
        "match_key_feedback": [
            {"identifier": "email", "coverage": {"percentage": 93.2}, "potential_aly_acr_increase": {}},
            {"identifier": "phone"},
        ],
    },
    "dedupe_key_feedback": DEDUPLICATION,
    "data_freshness": {"upload_frequency": "real_time"},
    "something": "new",
}
KEYS = (KeyCoverage("email", 93.2), KeyCoverage("phone", None))
READ = EventQuality("Purchase", 7.8, KEYS, (KeyCoverage("event_id", 82.5),), "real_time")


def test_an_event_is_read_with_its_keys() -> None:
    assert read_quality({"web": [PURCHASE]}) == (READ,)


def test_both_of_metas_spellings_are_read() -> None:
    spelt = {name: value for name, value in PURCHASE.items() if name != "dedupe_key_feedback"}

    assert read_quality({"web": [spelt | {"dedup_key_feedback": DEDUPLICATION}]}) == (READ,)


@pytest.mark.parametrize("answer", [{}, {"web": None}, {"web": []}])
def test_a_dataset_without_figures_has_none(answer: dict[str, Any]) -> None:
    assert read_quality(answer) == ()


@pytest.mark.parametrize(
    "event",
    [
        {"event_name": "Purchase"},
        {"event_name": "Purchase", "event_match_quality": {}, "dedupe_key_feedback": None, "data_freshness": {}},
        {"event_name": "Purchase", "event_match_quality": {"composite_score": None, "match_key_feedback": None}},
    ],
)
def test_what_meta_leaves_out_is_unknown(event: dict[str, Any]) -> None:
    assert read_quality({"web": [event]}) == (EventQuality("Purchase", None, (), (), None),)


@pytest.mark.parametrize("answer", [{"web": "none"}, {"web": [{}]}, {"web": [PURCHASE | {"event_name": 5}]}])
def test_another_answer_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read_quality(answer)
