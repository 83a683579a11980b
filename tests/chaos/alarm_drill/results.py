"""What the last drill measured: docs/alarm-drill.json, from which `make docs` fills docs/alarms.md."""

from pathlib import Path

RESULTS = Path(__file__).parents[3] / "docs/alarm-drill.json"
PAGE_WITHIN_S, TICKET_WITHIN_S = 120.0, 300.0
# `PaymentMethodDropped` compares with a day, which is 80 s.
QUICK_WITHIN_S = 120.0


def goal_s(severity: str, *, is_quick: bool) -> float:
    """Return within how many seconds of the fault's begin the receiver must have the alarm."""
    if is_quick:
        return QUICK_WITHIN_S
    return PAGE_WITHIN_S if severity == "page" else TICKET_WITHIN_S
