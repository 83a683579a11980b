"""Validation of events as Meta does it. Where Meta's documentation is silent, this is the stricter reading."""

import math
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from orylo_cli.demo.fake_meta.errors import invalid_parameter

OLDEST = timedelta(days=7)
OLDEST_OFFLINE = timedelta(days=62)
CLOCK_TOLERANCE = timedelta(minutes=1)
OLDEST_CLICK = timedelta(days=90)

ACTION_SOURCES = frozenset(
    [
        "email",
        "website",
        "app",
        "phone_call",
        "chat",
        "physical_store",
        "system_generated",
        "business_messaging",
        "other",
    ]
)
EVENT_KEYS = frozenset(
    [
        "event_name",
        "event_time",
        "user_data",
        "action_source",
        "event_source_url",
        "event_id",
        "opt_out",
        "referrer_url",
        "custom_data",
        "data_processing_options",
        "data_processing_options_country",
        "data_processing_options_state",
        "app_data",
        "original_event_data",
        "attribution_data",
        "messaging_channel",
        "customer_segmentation",
        "advanced_measurement_table",
    ]
)
HASHED_KEYS = frozenset(
    ["em", "ph", "fn", "ln", "db", "ge", "ct", "st", "zp", "country", "f5first", "f5last", "fi", "dobd", "dobm", "doby"]
)
PLAIN_KEYS = frozenset(
    [
        "external_id",
        "client_ip_address",
        "client_user_agent",
        "fbc",
        "fbp",
        "subscription_id",
        "fb_login_id",
        "lead_id",
        "anon_id",
        "madid",
        "page_id",
        "page_scoped_user_id",
        "ctwa_clid",
        "ig_account_id",
        "ig_sid",
        "whatsapp_business_account_id",
    ]
)
# Meta rejects an event whose user data is a subset of one of these.
INSUFFICIENT = (
    frozenset({"ct", "country", "st", "zp", "ge", "client_user_agent"}),
    frozenset({"db", "client_user_agent"}),
    frozenset({"fn", "ge"}),
    frozenset({"ln", "ge"}),
)
# Meta's own parameter builder appends a short token to hashes and cookies.
HASH = re.compile(r"^(?:[0-9a-f]{64}|[0-9a-f]{32})(?:\.[\w-]{2,8})?$")
FBC = re.compile(r"^fb\.\d\.(\d{10,16})\.[\w-]{1,500}(?:\.[\w-]{2,8})?$")
FBP = re.compile(r"^fb\.\d\.\d{10,16}\.\d{1,20}(?:\.[\w-]{2,8})?$")
CURRENCY = re.compile(r"^[A-Za-z]{3}$")


def check_count(events: object) -> list[Any]:
    if not isinstance(events, list) or not 1 <= len(events) <= 1000:
        raise invalid_parameter("param data must be an array of 1 to 1000 events")
    return events


def check_event(event: object, index: int, now: float) -> None:
    """Raise `MetaError` with Meta's reason if Meta would reject the event."""
    if not isinstance(event, Mapping):
        raise invalid_parameter(f"param data[{index}] must be an object")
    unknown = sorted(event.keys() - EVENT_KEYS)
    if unknown:
        raise invalid_parameter(f"Unexpected key \"{unknown[0]}\" on param $['data'][{index}]")
    for name in ("event_name", "event_time", "user_data", "action_source"):
        if name not in event:
            raise invalid_parameter(f"The parameter data[{index}][{name}] is required")
    _check_source(event, index)
    event_time = _checked_time(event, now)
    _check_user_data(event["user_data"], index, event_time)
    _check_custom_data(event, index)


def _check_source(event: Mapping[str, Any], index: int) -> None:
    if not isinstance(event["event_name"], str) or not event["event_name"]:
        raise invalid_parameter(f"param data[{index}][event_name] must be a non-empty string")
    if event["action_source"] not in ACTION_SOURCES:
        raise invalid_parameter(f"param data[{index}][action_source] must be one of Meta's action sources")
    if event["action_source"] == "website" and not event.get("event_source_url"):
        raise invalid_parameter(f"param data[{index}][event_source_url] is required for website events")
    if not isinstance(event.get("event_id", ""), str):
        raise invalid_parameter(f"param data[{index}][event_id] must be a string")


def _checked_time(event: Mapping[str, Any], now: float) -> int:
    event_time = event["event_time"]
    if not isinstance(event_time, int) or isinstance(event_time, bool):
        raise invalid_parameter("param event_time must be an integer")
    oldest = OLDEST_OFFLINE if event["action_source"] == "physical_store" else OLDEST
    if event_time < now - oldest.total_seconds():
        raise invalid_parameter("The timestamp for this event is too far in the past", 2804003)
    if event_time > now + CLOCK_TOLERANCE.total_seconds():
        raise invalid_parameter("The timestamp for this event is in the future", 2804004)
    return event_time


def _check_user_data(user_data: object, index: int, event_time: int) -> None:
    if not isinstance(user_data, Mapping):
        raise invalid_parameter(f"param data[{index}][user_data] must be an object")
    unknown = sorted(user_data.keys() - HASHED_KEYS - PLAIN_KEYS)
    if unknown:
        raise invalid_parameter(f"Unexpected key \"{unknown[0]}\" on param $['data'][{index}]['user_data']")
    for key in user_data.keys() & HASHED_KEYS:
        values = user_data[key] if isinstance(user_data[key], list) else [user_data[key]]
        if not all(isinstance(value, str) and HASH.match(value) for value in values):
            raise invalid_parameter(f"The {key} parameter is not hashed", 2804016)
    given = {key for key, value in user_data.items() if value not in (None, "", [])}
    if any(given <= insufficient for insufficient in INSUFFICIENT):
        raise invalid_parameter("This event has not enough customer information parameters", 2804050)
    _check_cookies(user_data, event_time)


def _check_cookies(user_data: Mapping[str, Any], event_time: int) -> None:
    fbc, fbp = user_data.get("fbc"), user_data.get("fbp")
    if fbc is not None:
        parts = FBC.match(fbc) if isinstance(fbc, str) else None
        if parts is None:
            raise invalid_parameter("The click ID is incorrectly formatted", 2804001)
        clicked = int(parts[1]) / 1000
        if not event_time - OLDEST_CLICK.total_seconds() <= clicked <= event_time + 1:
            raise invalid_parameter("The click ID does not fit the time of the event", 2804001)
    if fbp is not None and not (isinstance(fbp, str) and FBP.match(fbp)):
        raise invalid_parameter("The browser ID is incorrectly formatted")


def _check_custom_data(event: Mapping[str, Any], index: int) -> None:
    custom = event.get("custom_data", {})
    if not isinstance(custom, Mapping):
        raise invalid_parameter(f"param data[{index}][custom_data] must be an object")
    value, currency = custom.get("value"), custom.get("currency")
    if event["event_name"] == "Purchase" and value is None:
        raise invalid_parameter("A Purchase event needs a value", 2804009)
    if value is not None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise invalid_parameter(f"param data[{index}][custom_data][value] must be a number")
        if not (isinstance(currency, str) and CURRENCY.match(currency)):
            raise invalid_parameter("A value needs a valid currency", 2804023)
    contents = custom.get("contents", [])
    if not isinstance(contents, list) or not all(isinstance(item, Mapping) and item.get("id") for item in contents):
        raise invalid_parameter("Every item of contents needs an id", 2804008)
