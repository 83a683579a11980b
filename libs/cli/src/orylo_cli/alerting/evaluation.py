"""From readings to notifications: one when an alarm begins to fire, one when it ends, and none in between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from orylo_cli.alerting.alarms import ALARMS, Alarm, Severity
from orylo_cli.alerting.readings import Readings

# An alarm whose condition comes and goes does not end in between.
ENDS_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Notification:
    """`since` and `at` are Unix seconds."""

    alarm: str
    severity: Severity
    resolved: bool
    summary: str
    since: float
    at: float


class AlarmEvaluation:
    """The state of every alarm. `firing` maps the names of those that fire to the time since when."""

    def __init__(self, firing: Mapping[str, float], alarms: Sequence[Alarm] = ALARMS) -> None:
        self._alarms = alarms
        self.firing = {each.name: firing[each.name] for each in alarms if each.name in firing}
        self._pending: dict[str, float] = {}
        self._last_seen: dict[str, float] = {}

    def take(self, readings: Readings) -> list[Notification]:
        """Return what changed."""
        changes = [self._change(alarm, alarm.finding(readings), readings.now) for alarm in self._alarms]
        return [change for change in changes if change is not None]

    def _change(self, alarm: Alarm, finding: str | None, now: float) -> Notification | None:
        name = alarm.name
        if finding is None:
            self._pending.pop(name, None)
            if name not in self.firing or now - self._last_seen.setdefault(name, now) < ENDS_AFTER.total_seconds():
                return None
            since = self.firing.pop(name)
            return Notification(name, alarm.severity, True, f"{name} has ended", since, now)
        self._last_seen[name] = now
        since = self._pending.setdefault(name, now)
        if name in self.firing or now - since < alarm.lasting.total_seconds():
            return None
        self.firing[name] = since
        return Notification(name, alarm.severity, False, finding, since, now)
