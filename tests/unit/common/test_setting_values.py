"""Sections of settings: described for clients, and validated as the services read them."""

from typing import Any

import pytest

from orylo_common.control.sections import SECTIONS
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.control.sections.shop import ShopSettings
from orylo_common.control.sections.store import parse_section
from orylo_common.control.sections.values import (
    InvalidSettings,
    describe_fields,
    difference,
    validate_values,
)


def numbers_in(schema: Any) -> bool:
    """Return whether the schema has numbers outside of nested objects, which describe their own."""
    of_keys = [schema.get("additionalProperties", {}), *schema.get("patternProperties", {}).values()]
    choices = [schema, *schema.get("anyOf", []), *of_keys]
    return any(isinstance(each, dict) and each.get("type") in ("integer", "number") for each in choices)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_field_has_a_description_a_default_and_a_unit_for_its_numbers(section: str) -> None:
    fields = describe_fields(SECTIONS[section])
    assert [field.name for field in fields] == list(SECTIONS[section].model_fields)
    for field in fields:
        assert field.description, field.name
        assert "$ref" not in str(field.schema), field.name
        assert bool(field.unit) == numbers_in(field.schema), field.name
    assert validate_values(SECTIONS[section], {field.name: field.default for field in fields}) == SECTIONS[section]()


def test_limits_are_those_that_the_services_read_with() -> None:
    fields = {field.name: field for field in describe_fields(DetectionPolicy)}
    assert fields["block_at"].schema == {"type": "integer", "minimum": 1, "maximum": 101}
    assert fields["on_degraded"].schema["enum"] == ["fail_open", "fail_review"]
    attempts = fields["velocity"].schema["additionalProperties"]["additionalProperties"]["properties"]["attempts"]
    assert (attempts["minimum"], attempts["maximum"]) == (1, 250)


@pytest.mark.parametrize(
    ("section", "values", "fields"),
    [
        ("detector", {"review_at": "soon"}, ["review_at"]),
        ("detector", {"review_at": 0, "travel_hours": 99}, ["review_at", "travel_hours"]),
        ("detector", {"review_at": 90}, [""]),
        ("detector", {"reveiw_at": 60}, ["reveiw_at"]),
        ("detector", {"velocity": {"card": {"1m": {"attempts": 2, "amount": {}}}}}, ["velocity.card.1m.amount"]),
        ("detector", {"velocity": {"card": {"1m": {"attempts": 999}}}}, ["velocity.card.1m.attempts"]),
        ("detector", {"weights": {"velo\x00city": 0.5}}, ["weights"]),
        ("detector", {"customer_min_payments": 10**30}, ["customer_min_payments"]),
        ("trust", {"start": float("nan")}, ["start"]),
        ("shop", {"timezone": "Brazil/Nowhere"}, ["timezone"]),
        ("shop", {"timezone": "somewhere else"}, ["timezone"]),
        ("shop", {"failed_money_limit": {"brl": 100}}, ["failed_money_limit.brl"]),
        ("shop", {"failed_money_limit": {"BRL": 100, "USD": 0}}, ["failed_money_limit.USD"]),
        ("shop", {"currency": "R$", "country": "Brazil"}, ["country", "currency"]),
        ("tracking", {"allowed_origins": ["https://a.example", "nowhere"]}, ["allowed_origins.1"]),
        ("tracking", {"allowed_origins": ["https://a.example/" + "x" * 600]}, ["allowed_origins.0"]),
        ("dispatch", {"fbc": {"confidence": 1}}, ["fbc.look_back_days"]),
    ],
)
def test_a_refused_value_is_named(section: str, values: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(InvalidSettings) as refused:
        validate_values(SECTIONS[section], values)
    assert [problem.field for problem in refused.value.problems] == fields
    assert all("^" not in problem.message for problem in refused.value.problems), "no regular expressions"


def test_a_field_that_is_absent_has_its_default() -> None:
    assert validate_values(DetectionPolicy, {"review_at": 60}) == DetectionPolicy(review_at=60)
    assert validate_values(ShopSettings, {"currency": "brl", "country": "pt"}) == ShopSettings(
        currency="BRL", country="PT"
    )


def test_a_difference_names_the_leaves_that_differ() -> None:
    before, after = DetectionPolicy(), DetectionPolicy(review_at=60, weights={"velocity": 0.5})
    assert list(difference(before, after)) == [
        ("review_at", 50, 60),
        ("weights.velocity", None, 0.5),
    ]
    assert list(difference(after, before)) == [("review_at", 60, 50), ("weights.velocity", 0.5, None)]
    assert not list(difference(before, DetectionPolicy()))


def test_a_stored_zone_that_this_machine_lacks_costs_the_section_nothing() -> None:
    stored = {"country": "PT", "timezone": "Europe/Atlantis"}
    assert parse_section(ShopSettings, stored).country == "PT"
    with pytest.raises(InvalidSettings):
        validate_values(ShopSettings, stored)


def test_the_fields_of_a_section_are_described_once() -> None:
    assert describe_fields(DetectionPolicy) is describe_fields(DetectionPolicy)
