"""Reports of errors to Sentry, or to a service that takes its envelopes. Without a DSN nothing is reported.

Each line that is logged as an error is reported, with its exception. Everything in a report passes the redaction of log
lines; local variables, request bodies, headers and the machine's name are not collected at all.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from orylo_common.telemetry.redaction import redact, redact_item

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

FLUSH_TIMEOUT_S = 2.0
# Sentry's own lines would report themselves.
NOT_REPORTED = ("sentry_sdk", "urllib3")
EVERY_EVENT_HAS = ("event_id", "timestamp", "level", "platform", "environment", "release", "sdk", "tags")


class _Reporting:
    enabled = False


@contextmanager
def configure_error_reports(service: str, dsn: str | None) -> Iterator[None]:
    """Report errors until the block ends. Sentry's client reads `SENTRY_ENVIRONMENT` and `SENTRY_RELEASE` itself.

    Raises `SystemExit` if there is a DSN and the package is not installed.
    """
    if dsn is None:
        yield
        return
    try:
        import sentry_sdk
    except ImportError:
        raise SystemExit("ORYLO_SENTRY_DSN needs the package sentry-sdk: pip install 'orylo-common[sentry]'") from None
    sentry_sdk.init(
        dsn,
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        before_send=_masked,
    )
    sentry_sdk.set_tag("service", service)
    _Reporting.enabled = True
    try:
        yield
    finally:
        _Reporting.enabled = False
        sentry_sdk.get_client().close(timeout=FLUSH_TIMEOUT_S)


def report_error(line: Mapping[str, Any]) -> None:
    """Report a line that was logged as an error. It may have an `exc_info`."""
    if not _Reporting.enabled or str(line.get("logger", "")).startswith(NOT_REPORTED):
        return
    import sentry_sdk
    from sentry_sdk.utils import event_from_exception

    event: dict[str, Any] = {"level": "error"}
    hint: dict[str, Any] = {}
    if exception := _exception(line.get("exc_info")):
        options = sentry_sdk.get_client().options
        event, hint = event_from_exception(exception, options)  # type: ignore[assignment]
    event["logentry"] = {"formatted": str(line.get("event", ""))}
    event["extra"] = {key: value for key, value in line.items() if key not in ("event", "exc_info")}
    sentry_sdk.capture_event(event, hint)  # type: ignore[arg-type]


def _exception(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1]  # type: ignore[no-any-return]
    return sys.exception() if exc_info else None


def _masked(event: "Event", hint: "Hint") -> "Event | None":
    """Return a copy with what a report may have, each text redacted; None if that fails."""
    try:
        masked: dict[str, Any] = {key: event[key] for key in EVERY_EVENT_HAS if key in event}  # type: ignore[literal-required]
        masked["logentry"] = {"formatted": redact(event.get("logentry", {}).get("formatted"))}
        masked["extra"] = {key: redact_item(key, value) for key, value in event.get("extra", {}).items()}
        if "exception" in event:
            masked["exception"] = {"values": [_of_exception(each) for each in event["exception"]["values"]]}
    except Exception:  # noqa: BLE001  a report that cannot be masked is not sent
        return None
    return masked  # type: ignore[return-value]


def _of_exception(value: Mapping[str, Any]) -> dict[str, Any]:
    frames = [
        {key: frame[key] for key in ("filename", "module", "function", "lineno", "in_app") if key in frame}
        for frame in (value.get("stacktrace") or {}).get("frames", ())
    ]
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": redact(value.get("value")),
        "mechanism": {"type": "logging", "handled": True},
        "stacktrace": {"frames": frames},
    }
