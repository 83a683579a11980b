"""The alarms that `orylo up` evaluates: those of deploy/monitoring/ that concern a platform in one process."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from orylo_cli.alerting.readings import Readings

Severity = Literal["page", "ticket"]

MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)
FIVE_MINUTES = timedelta(minutes=5)
HOUR = timedelta(hours=1)
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Alarm:
    """`finding` returns what is wrong as a sentence, or None. It must hold for `lasting` before people are notified.

    `name` is also its page's, under `/runbooks/`.
    """

    name: str
    severity: Severity
    lasting: timedelta
    finding: Callable[[Readings], str | None]


def service_down(readings: Readings) -> str | None:
    missing = [service for service, checks in readings.checks.items() if not checks]
    return f"{', '.join(sorted(missing))} does not answer" if missing else None


def database_unreachable(readings: Readings) -> str | None:
    failing = sorted(service for service, checks in readings.checks.items() if checks.get("postgres", "ok") != "ok")
    return f"{', '.join(failing)} cannot write to PostgreSQL" if failing else None


def disk_filling(readings: Readings) -> str | None:
    return f"{readings.disk_free:.0%} of the data folder's disk is free" if readings.disk_free < 0.15 else None


def outbox_stalled(readings: Readings) -> str | None:
    oldest = readings.highest("orylo_outbox_oldest_seconds")
    return f"a message has waited in an outbox for {oldest:.0f} s" if oldest > 45 else None


def circuit_open(readings: Readings) -> str | None:
    is_open = readings.highest("orylo_circuit_state") > 0
    return "a dependency keeps failing, and is not called any more" if is_open else None


def loop_failing(readings: Readings) -> str | None:
    failing = {
        labels["loop"] for labels, seconds in readings.samples.get("orylo_loop_failing_seconds", ()) if seconds > 60
    }
    return f"{', '.join(sorted(failing))}: failing for more than a minute" if failing else None


def messages_waiting(readings: Readings) -> str | None:
    waiting = readings.highest("orylo_messages_waiting")
    handled = readings.increase("orylo_messages_handled_total", MINUTE, outcome="done")
    return (
        f"{waiting:.0f} messages wait, more than are handled in 5 minutes" if waiting > max(100, 5 * handled) else None
    )


def messages_dead_lettered(readings: Readings) -> str | None:
    dead = readings.increase("orylo_messages_handled_total", QUARTER, outcome="dead_lettered")
    return f"{dead:.0f} messages were dead-lettered in 15 minutes" if dead else None


def dead_letters_piled_up(readings: Readings) -> str | None:
    count = sum(readings.values("orylo_api_dead_letters_open"))
    return f"{count:.0f} dead letters are open" if count > 100 else None


def dead_letter_old(readings: Readings) -> str | None:
    oldest = readings.highest("orylo_api_dead_letters_oldest_seconds")
    return f"a dead letter has been open for {oldest / DAY_S:.1f} days" if oldest > DAY_S else None


def secrets_unreadable(readings: Readings) -> str | None:
    count = readings.highest("orylo_control_unreadable_secrets")
    return f"no master key decrypts {count:.0f} secrets" if count else None


def ingest_unavailable(readings: Readings) -> str | None:
    failed = readings.increase("orylo_webhooks_total", FIVE_MINUTES, outcome="unavailable")
    answered = readings.increase("orylo_webhooks_total", FIVE_MINUTES)
    return f"{failed:.0f} webhooks were answered with 503 in 5 minutes" if failed > min(50, 0.01 * answered) else None


def ingest_webhooks_failing(readings: Readings) -> str | None:
    outcomes = ("unavailable", "rate_limited", "unauthenticated")
    failed = sum(readings.increase("orylo_webhooks_total", HOUR, outcome=outcome) for outcome in outcomes)
    answered = readings.increase("orylo_webhooks_total", HOUR, outcome="!not_found")
    fails = answered > 20 and failed > 0.05 * answered
    return f"{failed:.0f} of the last hour's {answered:.0f} webhooks were refused" if fails else None


def destination_on_hold(readings: Readings) -> str | None:
    count = sum(readings.values("orylo_dispatch_destination_on_hold"))
    return f"{count:.0f} destination(s) refuse their token or configuration" if count else None


def token_expiring(readings: Readings) -> str | None:
    ends = readings.values("orylo_dispatch_token_expires_timestamp_seconds")
    left = min(ends, default=readings.now + 2 * DAY_S) - readings.now
    if left >= DAY_S:
        return None
    return f"a destination's token expires in {left / 3600:.0f} hours" if left > 0 else "a destination's token expired"


def conversion_refused(readings: Readings) -> str | None:
    failed = readings.increase("orylo_dispatch_deliveries_total", QUARTER, outcome="failed", kind="!stripe")
    return f"{failed:.0f} conversions were refused in 15 minutes" if failed else None


def actions_failing(readings: Readings) -> str | None:
    failed = readings.increase("orylo_dispatch_deliveries_total", QUARTER, outcome="failed", kind="stripe")
    return f"{failed:.0f} cancellations or refunds of blocked payments failed at Stripe" if failed else None


def deliveries_late(readings: Readings) -> str | None:
    late = readings.highest("orylo_dispatch_oldest_due_seconds")
    return f"a conversion has been due for {late / 60:.0f} minutes" if late > 900 else None


def fuse_tripped(readings: Readings) -> str | None:
    count = readings.highest("orylo_detector_fuses_tripped")
    return f"the fuse of {count:.0f} tenants tripped: blocks are reviews" if count else None


def payments_failing(readings: Readings) -> str | None:
    for period, least, share, words in ((HOUR, 50, 0.1, "hour's"), (FIVE_MINUTES, 15, 0.5, "5 minutes'")):
        failed = readings.increase("orylo_payments_total", period, outcome="failed")
        tried = readings.increase("orylo_payments_total", period)
        if tried > least and failed > tried * share:
            return f"{failed:.0f} of the last {words} {tried:.0f} payments failed"
    return None


def failed_money_over_limit(readings: Readings) -> str | None:
    count = readings.highest("orylo_api_failed_money_tenants")
    return f"the failed payments of an hour exceed the limit of {count:.0f} tenant(s)" if count else None


def certificate_expiring(readings: Readings) -> str | None:
    ends = readings.values("orylo_certificate_expires_timestamp_seconds")
    left = min(ends, default=readings.now + 30 * DAY_S) - readings.now
    return f"the certificate expires in {left / DAY_S:.0f} days" if left < 14 * DAY_S else None


NOW, QUARTER_MINUTE, HALF_MINUTE = timedelta(), timedelta(seconds=15), timedelta(seconds=30)

ALARMS: tuple[Alarm, ...] = (
    Alarm("ServiceDown", "page", MINUTE, service_down),
    Alarm("DatabaseUnreachable", "page", MINUTE, database_unreachable),
    Alarm("DiskFilling", "page", MINUTE, disk_filling),
    Alarm("OutboxStalled", "page", QUARTER_MINUTE, outbox_stalled),
    Alarm("CircuitOpen", "ticket", timedelta(minutes=3), circuit_open),
    Alarm("BackgroundLoopFailing", "ticket", MINUTE, loop_failing),
    Alarm("MessagesWaiting", "page", HALF_MINUTE, messages_waiting),
    Alarm("MessagesDeadLettered", "ticket", NOW, messages_dead_lettered),
    Alarm("DeadLettersPiledUp", "page", timedelta(minutes=30), dead_letters_piled_up),
    Alarm("DeadLetterOld", "ticket", MINUTE, dead_letter_old),
    Alarm("SecretsUnreadable", "page", MINUTE, secrets_unreadable),
    Alarm("IngestUnavailable", "page", HALF_MINUTE, ingest_unavailable),
    Alarm("IngestWebhooksFailing", "ticket", MINUTE, ingest_webhooks_failing),
    Alarm("DispatchDestinationOnHold", "ticket", MINUTE, destination_on_hold),
    Alarm("DispatchTokenExpiring", "page", NOW, token_expiring),
    Alarm("DispatchConversionRefused", "ticket", NOW, conversion_refused),
    Alarm("DispatchActionsFailing", "ticket", NOW, actions_failing),
    Alarm("DispatchDeliveriesLate", "page", MINUTE, deliveries_late),
    Alarm("DetectorFuseTripped", "page", NOW, fuse_tripped),
    Alarm("PaymentsFailing", "ticket", timedelta(minutes=2), payments_failing),
    Alarm("FailedMoneyOverLimit", "ticket", MINUTE, failed_money_over_limit),
    Alarm("CertificateExpiring", "ticket", MINUTE, certificate_expiring),
)
