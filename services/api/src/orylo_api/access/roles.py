"""Which role may do what: the one table."""

from collections.abc import Mapping
from enum import StrEnum

from orylo_common.control.models import Role


class Permission(StrEnum):
    READ = "read"
    SET_CUSTOMER_STATUS = "customers.set_status"
    SETTLE_DEAD_LETTERS = "dead_letters.settle"
    REPLAY_QUARANTINE = "quarantine.replay"
    DISCARD_QUARANTINE = "quarantine.discard"


ALLOWED: Mapping[Permission, frozenset[Role]] = {
    Permission.READ: frozenset(Role),
    # A block stops a buyer at once, so whoever works on fraud may set and lift it. It is the merchant's decision, and
    # not the platform's.
    Permission.SET_CUSTOMER_STATUS: frozenset({Role.OWNER, Role.ADMIN, Role.ANALYST}),
    # Replaying sends conversions again, discarding gives them up: a decision about the merchant's money.
    Permission.SETTLE_DEAD_LETTERS: frozenset({Role.OPERATOR, Role.OWNER, Role.ADMIN}),
    # It may make a payment known, and a conversion with it.
    Permission.REPLAY_QUARANTINE: frozenset({Role.OPERATOR, Role.OWNER, Role.ADMIN}),
    # It may be a payment that is never known.
    Permission.DISCARD_QUARANTINE: frozenset({Role.OPERATOR, Role.OWNER, Role.ADMIN}),
}


def permissions_of(role: Role) -> list[Permission]:
    return [permission for permission, roles in ALLOWED.items() if role in roles]
