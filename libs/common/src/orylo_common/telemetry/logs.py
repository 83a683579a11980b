"""Structured logs: one wide line per outcome, as JSON on standard output.

log = structlog.get_logger()
log.info("delivery.attempted", conversion_id=…, attempt_number=3, duration_ms=41, result="throttled")
"""

import json
import logging
import sys
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from orylo_common.telemetry.error_reports import report_error
from orylo_common.telemetry.redaction import redact_item
from orylo_common.telemetry.traces import current_ids
from orylo_common.terminal import visible_text


def configure_logs(
    service: str, level: str = "info", *, log_format: str = "auto", stream: TextIO | None = None
) -> None:
    """Set up this process's logs. Records of the standard library's loggers pass through the same pipeline.

    `auto` writes readable lines to a terminal, and JSON everywhere else.
    """
    out = stream or sys.stdout
    for_people = log_format != "json" and out.isatty()
    structlog.configure(
        processors=[*_gather(service), *([_make_visible, _console(out)] if for_people else [_to_json])],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(out) if for_people else structlog.BytesLoggerFactory(out.buffer),
        cache_logger_on_first_use=True,
    )
    logging.captureWarnings(capture=True)
    # Libraries log every request at `info`. Our own lines already report the outcomes.
    floor = max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()])
    logging.basicConfig(handlers=[_Bridge()], level=floor, force=True)


def _gather(service: str) -> list[Processor]:
    def add_origin(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
        """Add fields that need no redaction, after it."""
        line["service"] = service
        if ids := current_ids():
            line["trace_id"], line["span_id"] = ids
        return line

    return [
        structlog.contextvars.merge_contextvars,
        _report,
        structlog.processors.format_exc_info,
        _redact,
        add_origin,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _report(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    if method in ("error", "exception", "critical"):
        report_error(line)
    return line


def _redact(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    return {key: redact_item(key, value) for key, value in line.items()}


def _make_visible(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    return {key: visible_text(value) if isinstance(value, str) else value for key, value in line.items()}


def _console(out: TextIO) -> Processor:
    return structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)


def _to_json(logger: WrappedLogger, method: str, line: EventDict) -> bytes:
    try:
        return orjson.dumps(line, default=str)
    except TypeError:
        # Half of a surrogate pair, or a number over 64 bits. The slower encoder can write both.
        return json.dumps(line, default=str, ensure_ascii=False).encode(errors="replace")


class _Bridge(logging.Handler):
    """Hands the standard library's records to structlog."""

    def __init__(self) -> None:
        super().__init__()
        self._log: Any = structlog.get_logger()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001  the default handler would print the arguments as they are
            text = "a record whose arguments do not fit its text"
        self._log.log(record.levelno, text, logger=record.name, exc_info=record.exc_info)
