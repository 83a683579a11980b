"""The one table of permissions by role."""

from collections.abc import Mapping
from enum import StrEnum

from orylo_common.control.models import Role


class Permission(StrEnum):
    READ = "read"
    SET_CUSTOMER_STATUS = "customers.set_status"
    CORRECT_TRUST = "customers.correct_trust"
    GIVE_VERDICTS = "payments.give_verdicts"
    MERGE_CUSTOMERS = "customers.merge"
    ERASE_CUSTOMERS = "customers.erase"
    EVALUATE = "detections.evaluate"
    EDIT_RULES = "rules.edit"
    APPLY_RULES = "rules.apply"
    SNOOZE_RULES = "rules.snooze"
    RESET_FUSE = "fuse.reset"
    SETTLE_DEAD_LETTERS = "dead_letters.settle"
    SEND_BLOCKED = "conversions.send_blocked"
    REPLAY_QUARANTINE = "quarantine.replay"
    DISCARD_QUARANTINE = "quarantine.discard"
    CHANGE_LISTS = "lists.change"
    RECONCILE = "reconciliations.start"
    RUN_BACKTESTS = "backtests.run"
    WRITE_NOTES = "notes.write"
    SAVE_VIEWS = "views.save"
    SHARE_VIEWS = "views.share"
    CHANGE_SETTINGS = "settings.change"
    CHANGE_FLAGS = "flags.change"
    SWITCH = "switches.change"
    SWITCH_PLATFORM = "switches.change_platform"
    RESEND_WEBHOOKS = "webhooks.resend"
    CHANGE_GATEWAYS = "gateways.change"
    CHECK_TRACKING = "tracking.check"
    CHANGE_DESTINATIONS = "destinations.change"
    CHECK_DESTINATIONS = "destinations.check"
    SEE_PLATFORM = "platform.see"
    MANAGE_TENANTS = "platform.manage_tenants"
    MANAGE_USERS = "platform.manage_users"
    ENTER_TENANTS = "platform.enter_tenants"
    EXPORT_AUDIT_LOG = "audit_log.export"
    REBUILD = "read_models.rebuild"


ALLOWED: Mapping[Permission, frozenset[Role]] = {
    Permission.READ: frozenset(Role),
    # Analysts work on fraud, and a block stops a customer at once. The decision is the merchant's, not the platform's.
    Permission.SET_CUSTOMER_STATUS: frozenset({Role.OWNER, Role.ADMIN, Role.ANALYST}),
    # Corrections and merges decide about later payments, as a status does.
    Permission.CORRECT_TRUST: frozenset({Role.OWNER, Role.ADMIN, Role.ANALYST}),
    Permission.MERGE_CUSTOMERS: frozenset({Role.OWNER, Role.ADMIN, Role.ANALYST}),
    # It cannot be undone.
    Permission.ERASE_CUSTOMERS: frozenset({Role.OWNER, Role.ADMIN}),
    # A verdict says what the merchant knows of a buyer, and decides about later payments.
    Permission.GIVE_VERDICTS: frozenset({Role.OWNER, Role.ADMIN, Role.ANALYST}),
    # Rules that are off or in shadow change no decision.
    Permission.EDIT_RULES: frozenset({Role.OWNER, Role.ADMIN, Role.ANALYST}),
    # A rule that is on decides on the merchant's sales.
    Permission.APPLY_RULES: frozenset({Role.OWNER, Role.ADMIN}),
    Permission.SNOOZE_RULES: frozenset({Role.OWNER, Role.ADMIN, Role.ANALYST}),
    Permission.RESET_FUSE: frozenset({Role.OWNER, Role.ADMIN}),
    # As for the status of a customer.
    Permission.CHANGE_LISTS: frozenset({Role.OWNER, Role.ADMIN, Role.ANALYST}),
    # A backtest changes nothing. Its file holds the merchant's payments.
    Permission.RUN_BACKTESTS: frozenset({Role.OWNER, Role.ADMIN, Role.ANALYST}),
    # Notes are the merchant's knowledge of buyers.
    Permission.WRITE_NOTES: frozenset({Role.OWNER, Role.ADMIN, Role.ANALYST}),
    # A view of one's own changes nothing for others.
    Permission.SAVE_VIEWS: frozenset(Role),
    Permission.SHARE_VIEWS: frozenset({Role.OWNER, Role.ADMIN, Role.ANALYST}),
    # Settings and flags decide on the merchant's sales.
    Permission.CHANGE_SETTINGS: frozenset({Role.OWNER, Role.ADMIN}),
    Permission.CHANGE_FLAGS: frozenset({Role.OWNER, Role.ADMIN}),
    # Those of the tenant; an operator also needs the permission below, and turns those of the platform only.
    Permission.SWITCH: frozenset({Role.OPERATOR, Role.OWNER, Role.ADMIN}),
    Permission.SWITCH_PLATFORM: frozenset({Role.OPERATOR}),
    # Its token sends in the merchant's name.
    Permission.CHANGE_DESTINATIONS: frozenset({Role.OWNER, Role.ADMIN}),
    # A check sends nothing, and may end a hold.
    Permission.CHECK_DESTINATIONS: frozenset({Role.OPERATOR, Role.OWNER, Role.ADMIN}),
    # The merchant's own checkout asks for decisions, with an API key. They count as attempts to pay.
    Permission.EVALUATE: frozenset({Role.OWNER, Role.ADMIN, Role.ANALYST}),
    # A replay sends conversions again, and a discarded conversion is never sent: both concern the merchant's money.
    Permission.SETTLE_DEAD_LETTERS: frozenset({Role.OPERATOR, Role.OWNER, Role.ADMIN}),
    # It reports a sale that Orylo takes for fraud as a good one, in the merchant's name.
    Permission.SEND_BLOCKED: frozenset({Role.OWNER, Role.ADMIN}),
    # A replay may publish a payment, and with it a conversion.
    Permission.REPLAY_QUARANTINE: frozenset({Role.OPERATOR, Role.OWNER, Role.ADMIN}),
    # A discarded webhook may be a payment that is never published.
    Permission.DISCARD_QUARANTINE: frozenset({Role.OPERATOR, Role.OWNER, Role.ADMIN}),
    # A reconciliation publishes the payments that were missing.
    Permission.RECONCILE: frozenset({Role.OPERATOR, Role.OWNER, Role.ADMIN}),
    # As for a replay.
    Permission.RESEND_WEBHOOKS: frozenset({Role.OPERATOR, Role.OWNER, Role.ADMIN}),
    # A gateway's settings and secrets decide which sales arrive at all.
    Permission.CHANGE_GATEWAYS: frozenset({Role.OWNER, Role.ADMIN}),
    # The platform fetches the page.
    Permission.CHECK_TRACKING: frozenset({Role.OWNER, Role.ADMIN}),
    # It names the people who work for the merchant, with their addresses.
    Permission.EXPORT_AUDIT_LOG: frozenset({Role.OWNER, Role.ADMIN}),
    # It takes load, and changes no decision.
    Permission.REBUILD: frozenset({Role.OPERATOR, Role.OWNER, Role.ADMIN}),
    # Across tenants, for the platform's own people.
    Permission.SEE_PLATFORM: frozenset({Role.OPERATOR}),
    Permission.MANAGE_TENANTS: frozenset({Role.OPERATOR}),
    Permission.MANAGE_USERS: frozenset({Role.OPERATOR}),
    Permission.ENTER_TENANTS: frozenset({Role.OPERATOR}),
}


def permissions_of(role: Role) -> list[Permission]:
    return [permission for permission, roles in ALLOWED.items() if role in roles]


def roles_by_permission() -> dict[str, list[str]]:
    """Return the table as JSON values. The dashboard says with it who may do what the user may not."""
    return {str(permission): [str(role) for role in Role if role in roles] for permission, roles in ALLOWED.items()}
