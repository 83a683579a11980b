"""The switch that applies to a tenant at a moment, and the value of a flag."""

from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

import pytest

from orylo_common.control.flags import FLAGS, is_enabled
from orylo_common.control.plane import ControlPlane
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.control.switches import PLATFORM, RETRIES, Switch, SwitchName, shown, switch_for
from orylo_detector.detectors import DETECTORS
from orylo_detector.policies import FLAG_OF, FlaggedPolicies
from orylo_ingest.gateways import GATEWAYS

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
A, B = uuid4(), uuid4()
STOP = SwitchName.STOP_WEBHOOKS


def switch(tenant_id: UUID = A, name: SwitchName = STOP, target: str = "", ends: timedelta | None = None) -> Switch:
    return Switch(tenant_id, name, target, "moving", "ana", NOW, None if ends is None else NOW + ends)


@pytest.mark.parametrize(
    ("on", "tenant_id", "target", "stops"),
    [
        (switch(), A, "stripe", True),
        (switch(), B, "stripe", False),
        (switch(PLATFORM), B, "stripe", True),
        (switch(target="hotmart"), A, "stripe", False),
        (switch(target="hotmart"), A, "hotmart", True),
        (switch(PLATFORM, target="hotmart"), B, "hotmart", True),
        (switch(name=SwitchName.STOP_SENDING), A, "stripe", False),
        (switch(ends=timedelta(seconds=1)), A, "stripe", True),
        (switch(ends=timedelta(0)), A, "stripe", False),
    ],
)
def test_a_switch_stops_its_tenant_its_target_and_until_its_end(
    on: Switch, tenant_id: UUID, target: str, stops: bool
) -> None:
    assert (switch_for([on], STOP, tenant_id, target, NOW) is not None) == stops


def test_a_client_is_asked_back_when_the_switch_ends_but_not_later_than_usual() -> None:
    usual = timedelta(minutes=5)
    assert switch().retry_after(NOW, usual) == usual
    assert switch(ends=timedelta(seconds=30)).retry_after(NOW, usual) == timedelta(seconds=30)
    assert switch(ends=timedelta(days=1)).retry_after(NOW, usual) == usual


def test_readyz_shows_only_what_is_on_and_concerns_the_service() -> None:
    switches = [switch(), switch(name=SwitchName.STOP_SENDING), switch(ends=timedelta(0)), switch(PLATFORM)]
    assert [each["tenant_id"] for each in shown(switches, frozenset({STOP}), NOW)] == [str(A), None]


def test_a_gateways_value_of_a_flag_comes_before_the_tenants_and_that_before_the_default() -> None:
    values = {(A, "conversions", ""): False, (A, "conversions", "hotmart"): True}
    assert is_enabled(values, "conversions", A, "hotmart")
    assert not is_enabled(values, "conversions", A, "stripe")
    assert is_enabled(values, "conversions", B, "stripe") is FLAGS["conversions"].default
    assert is_enabled({}, "conversions", A)


def test_each_detector_has_a_flag_and_each_gateway_a_text_about_its_retries() -> None:
    assert set(FLAG_OF.values()) == {name for name, flag in FLAGS.items() if flag.service == "detector"}
    assert set(RETRIES) == set(GATEWAYS)


class Plane:
    has_flags = True

    def settings(self, tenant_id: UUID, model: type[DetectionPolicy]) -> DetectionPolicy:
        return DetectionPolicy(weights={"velocity": 0.5, "geo_mismatch": 0.2})

    def is_enabled(self, flag: str, tenant_id: UUID, gateway: str) -> bool:
        return (flag, gateway) != ("detector.velocity", "hotmart")


def test_a_detector_that_is_switched_off_for_a_gateway_weighs_nothing_there() -> None:
    policies = FlaggedPolicies(cast(ControlPlane, Plane()))
    assert policies.policy(A, "hotmart").weights == {"velocity": 0.0, "geo_mismatch": 0.2}
    assert policies.policy(A, "stripe").weights == {"velocity": 0.5, "geo_mismatch": 0.2}
    assert {detector.name for detector in DETECTORS} == set(FLAG_OF)
