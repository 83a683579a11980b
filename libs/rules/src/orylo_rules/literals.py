"""Values as an expression writes them."""

from datetime import UTC, datetime

from orylo_rules.fields import FieldValue


def literal(value: FieldValue) -> str:
    """Write a value as CEL does: `"BR"`, `timestamp("2026-05-10T05:30:00Z")`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return f'timestamp("{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")'
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int | float):
        return str(value)
    return "[" + ", ".join(map(_quoted, value)) + "]"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
