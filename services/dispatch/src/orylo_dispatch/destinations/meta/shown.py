"""An event of Meta's Conversions API, for people."""

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from orylo_dispatch.destinations.meta.event import to_meta_event
from orylo_dispatch.domain.conversion import OutgoingConversion

# Meta takes these unhashed.
HIDDEN = frozenset({"client_ip_address", "client_user_agent"})


def shown_event(payload: Any, *, now: datetime, site_url: str | None = None) -> dict[str, Any] | None:
    """Return the event of a stored conversion, with the buyer's address and browser hidden; None if unreadable."""
    try:
        event = to_meta_event(OutgoingConversion.model_validate(payload), now=now, site_url=site_url)
    except ValidationError:
        return None
    user = {key: "hidden" if key in HIDDEN else value for key, value in event["user_data"].items()}
    return event | {"user_data": user}
