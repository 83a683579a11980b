"""Former names of message types and values. Queues and dead letters may still hold messages that use them."""

from collections.abc import Mapping
from typing import Any

# Renamed after 0.1.0. Dead letters are kept until a user settles them, so these names stay.
TYPES: Mapping[str, str] = {"webhook.refused.v1": "webhook.rejected.v1"}
# By message type and field: each former value and its current one.
VALUES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "webhook.replayed.v1": {"status": {"told_before": "already_reported"}}
}


def current_type(name: str) -> str:
    """Return the current name of a message type."""
    return TYPES.get(name, name)


def with_current_values(message_type: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return `data` with former values replaced by current ones."""
    renamed = {
        field: values[data[field]]
        for field, values in VALUES.get(message_type, {}).items()
        # The data is not validated yet: a field may hold anything.
        if isinstance(data.get(field), str) and data[field] in values
    }
    return {**data, **renamed} if renamed else data
