"""What a checkout carried through from the merchant's page."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from orylo_ingest.gateways.fields import text

# As the tracking script makes it, alone or among other things that a merchant packs into one parameter.
_CLICK_ID = re.compile(r"(?<![A-Za-z0-9])oc_[A-Za-z0-9]{22}(?![A-Za-z0-9])")
_SAME_NAME = ("src", "sck", "xcod", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "fbclid")


def tracking(parameters: Mapping[str, Any], *others: Any) -> dict[str, str]:
    """The fields of the messages' `Tracking`; a click id is looked for in `others` too."""
    found: dict[str, str] = {}
    for name in _SAME_NAME:
        value = parameters.get(name)
        if value and (value := text(value)):
            found[name] = value
    for name in ("fbp", "fbc"):
        value = text(parameters.get(name)) or text(parameters.get(f"_{name}"))
        if value:
            found[name] = value
    click_id = _click_id(parameters.values()) or _click_id(others)
    if click_id:
        found["click_id"] = click_id
    return found


def _click_id(values: Iterable[Any]) -> str | None:
    for value in values:
        if isinstance(value, str) and "oc_" in value and (match := _CLICK_ID.search(value)):
            return match.group()
    return None
