"""Switches on the stream: the list of those that are on, whenever it changes."""

from uuid import UUID

from orylo_api.stream.event_types import SWITCHES_CHANGED
from orylo_api.stream.events import frame
from orylo_api.switches.models import ActiveSwitch, SwitchesChanged
from orylo_common.clock import Clock
from orylo_common.control.plane import ControlPlane
from orylo_common.control.switches import PLATFORM, Switch


class SwitchWatch:
    """What one client knows of the switches: none at first."""

    def __init__(self, plane: ControlPlane, tenant_id: UUID, clock: Clock) -> None:
        self._plane = plane
        self._tenants = (tenant_id, PLATFORM)
        self._clock = clock
        self._known: tuple[Switch, ...] = ()

    def changed(self) -> bytes | None:
        """Return the event to send, or None if the client knows the switches. They are read from memory."""
        stored = self._plane.all_switches()
        if not stored and not self._known:
            return None
        now = self._clock.now()
        on = tuple(each for each in stored if each.tenant_id in self._tenants and each.applies(now))
        if on == self._known:
            return None
        self._known = on
        event = SwitchesChanged(items=[ActiveSwitch.of(each) for each in on])
        return frame(SWITCHES_CHANGED.encode(), event.model_dump_json().encode())
