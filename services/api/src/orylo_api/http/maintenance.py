"""Maintenance: the API refuses changes and says why. Reading goes on."""

from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from orylo_common.control.plane import ControlPlane
from orylo_common.control.switches import SwitchName
from orylo_common.http.problems import HTTPProblem, Problem

# Unless the maintenance ends sooner.
RETRY_AFTER = timedelta(minutes=5)


def check_maintenance(plane: ControlPlane, tenant_id: UUID, now: datetime) -> None:
    """Raise `HTTPProblem` with the message while a switch stops the tenant's changes."""
    switch = plane.switch(SwitchName.MAINTENANCE, tenant_id, "", now)
    if switch is not None:
        raise HTTPProblem(maintenance(switch.message, switch.retry_after(now, RETRY_AFTER)))


def maintenance(message: str, retry_after: timedelta) -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "maintenance",
        message,
        title="Maintenance: nothing can be changed now",
        retry_after=retry_after,
    )
