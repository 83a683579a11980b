from datetime import UTC, datetime, timedelta

import pytest

from orylo_common.messages import Tracking
from orylo_dispatch.destinations.meta.rules import acceptable_fbc, acceptable_fbp
from orylo_dispatch.domain.cookies import fbc_for, fbclid_of

NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
MS = int(NOW.timestamp()) * 1000


@pytest.mark.parametrize(
    "fbc",
    [
        f"fb.1.{MS}.IwAR0_abc-DEF",
        # With the appendix of Meta's parameter builder, new and old format.
        f"fb.1.{MS}.IwAR0.AQECAAEB",
        f"fb.2.{MS}.IwAR0.Bg",
    ],
)
def test_valid_cookies_are_unchanged(fbc: str) -> None:
    assert acceptable_fbc(fbc, NOW) == fbc


@pytest.mark.parametrize(
    "fbc",
    [
        None,
        "",
        "IwAR0",
        f"fb.1.{MS}.",
        f"fb.1.{MS}.fb.1.{MS}.IwAR0",
        f"fb.1.{MS}.Iw AR",
        f"fb.1.{MS}.IwAR%3D",
        f"fb.1.{MS}.IwAR0\n",
    ],
)
def test_a_cookie_that_meta_would_refuse_is_dropped(fbc: str | None) -> None:
    assert acceptable_fbc(fbc, NOW) is None


def test_a_click_that_is_too_old_or_after_the_event_is_dropped() -> None:
    fbc = f"fb.1.{MS}.IwAR0"

    assert acceptable_fbc(fbc, NOW + timedelta(days=89)) == fbc
    assert acceptable_fbc(fbc, NOW + timedelta(days=90)) is None
    assert acceptable_fbc(fbc, NOW - timedelta(minutes=5)) is None


def test_a_click_just_after_the_event_gets_the_time_of_the_event() -> None:
    assert acceptable_fbc(f"fb.1.{MS + 900}.IwAR0", NOW) == f"fb.1.{MS}.IwAR0"


def test_the_urls_click_id_takes_precedence_over_the_cookies() -> None:
    older = f"fb.1.{MS}.IwAR_old"

    assert fbclid_of(Tracking(fbclid="IwAR_new", fbc=older)) == "IwAR_new"
    assert fbclid_of(Tracking(fbc=older)) == "IwAR_old"
    assert fbclid_of(Tracking(fbc="nonsense", fbclid="not one!")) is None


def test_a_cookie_with_another_click_id_is_replaced_by_the_value_that_the_pixel_would_set() -> None:
    older = f"fb.1.{MS - 5000}.IwAR_old"

    assert fbc_for("IwAR_old", older, NOW) == older
    assert fbc_for("IwAR_new", older, NOW) == f"fb.1.{MS}.IwAR_new"
    assert fbc_for("IwAR_new", None, NOW) == f"fb.1.{MS}.IwAR_new"


def test_only_a_valid_browser_id_is_accepted() -> None:
    assert acceptable_fbp("fb.1.1596403881668.1116446470") == "fb.1.1596403881668.1116446470"
    assert acceptable_fbp("fb.1.1596403881668.1116446470.AQICAQMC") is not None
    assert acceptable_fbp("fb.1.1596403881668.abc") is None
    assert acceptable_fbp(None) is None


def test_cookies_in_seconds_are_sent_in_milliseconds() -> None:
    assert acceptable_fbc(f"fb.1.{MS // 1000}.IwAR0", NOW) == f"fb.1.{MS}.IwAR0"
    assert acceptable_fbp(f"fb.1.{MS // 1000}.1234567890") == f"fb.1.{MS}.1234567890"
    assert fbclid_of(Tracking(fbc=f"fb.1.{MS // 1000}.IwAR0")) == "IwAR0"
