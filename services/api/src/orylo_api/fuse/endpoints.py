"""The fuse: when blocks jump, rules and the risk review payments instead of blocking them."""

from orylo_api.access.audit import actor_of
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Conflict
from orylo_api.fuse.models import Fuse, FuseResetBody, FuseTrip
from orylo_api.http.route import Route
from orylo_common.control.errors import InvalidChange
from orylo_common.control.fuses import FuseState, read_fuse, reset_fuse


async def show_fuse(call: Call[None, None, None]) -> Fuse:
    return _shown(await read_fuse(call.connection, call.principal.tenant.id))


async def reset_tripped_fuse(call: Call[None, None, FuseResetBody]) -> Fuse:
    tenant_id = call.principal.tenant.id
    try:
        return _shown(await reset_fuse(call.connection, tenant_id, reason=call.body.reason, actor=actor_of(call)))
    except InvalidChange as error:
        raise Conflict(str(error), code="not_tripped") from None


def _shown(fuse: FuseState) -> Fuse:
    rate, last_trip = fuse.rate, None
    if rate is not None and fuse.tripped_at is not None:
        last_trip = FuseTrip(
            at=fuse.tripped_at,
            payments=rate.payments,
            blocked=rate.blocked,
            usual_rate=rate.usual,
            limit_rate=rate.limit,
        )
    return Fuse(tripped=fuse.tripped, last_trip=last_trip, reset_at=fuse.reset_at, reset_by=fuse.reset_by)


ROUTES = (
    Route(
        "GET",
        "/api/v1/fuse",
        show_fuse,
        Permission.READ,
        "Whether the fuse is tripped, and its last trip",
        description=(
            "The fuse trips when the share of blocked payments jumps far above the tenant's usual one: "
            "blocks are then reviews."
        ),
        response=Fuse,
    ),
    Route(
        "POST",
        "/api/v1/fuse/reset",
        reset_tripped_fuse,
        Permission.RESET_FUSE,
        "Let rules and the risk block again",
        description="Reset it once you know what made the blocks jump. The reason is kept in the audit log.",
        body=FuseResetBody,
        response=Fuse,
    ),
)
