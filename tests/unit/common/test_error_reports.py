"""Reports of errors, as a server of Sentry's protocol receives them."""

import gzip
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import structlog

from orylo_common.telemetry.error_reports import configure_error_reports
from orylo_common.telemetry.logs import configure_logs

SECRETS = (
    "maria@exemplo.com",
    "4242424242424242",
    "EAAabcdefghijklmnop1234",
    "whsec_abcdefgh1234",
    "hunter2",
    "local-variable",
    "203.0.113.9",
)


class Sentry:
    """Keeps the envelopes. `events` are their JSON documents of an error."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        sentry = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sentry.bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://publickey@127.0.0.1:{self.server.server_port}/1"

    @property
    def events(self) -> list[dict[str, Any]]:
        lines = [line for body in self.bodies for line in body.splitlines()]
        return [event for event in map(json.loads, lines) if "logentry" in event]


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    running = Sentry()
    thread = threading.Thread(target=running.server.serve_forever)
    thread.start()
    try:
        yield running
    finally:
        running.server.shutdown()
        thread.join()
        running.server.server_close()


@pytest.fixture(autouse=True)
def log() -> Iterator[Any]:
    """Log as a service does, and restore the loggers of the tests."""
    stream = io.TextIOWrapper(io.BytesIO())
    configure_logs("ingest", stream=stream)
    yield structlog.get_logger()
    structlog.reset_defaults()
    logging.basicConfig(force=True)


def fail() -> None:
    password = "local-variable"
    raise ValueError(f"{len(password)} maria@exemplo.com paid with 4242424242424242 by token=hunter2")


def test_an_error_is_reported_with_its_frames_and_without_anything_private(sentry: Sentry, log: Any) -> None:
    with configure_error_reports("ingest", sentry.dsn):
        with structlog.contextvars.bound_contextvars(request_id="req-1", caller="user:7"):
            try:
                fail()
            except ValueError:
                log.exception(
                    "delivery.failed",
                    payment_id="stripe:pi_1",
                    access_token="EAAabcdefghijklmnop1234",
                    body={"note": "whsec_abcdefgh1234"},
                    client_ip="203.0.113.9",
                )
        log.error("webhook.refused to maria@exemplo.com", reason="hottok=hunter2")

    reported, plain = sentry.events
    [exception] = reported["exception"]["values"]
    assert exception["type"] == "ValueError"
    assert exception["value"] == "14 [email] paid with [card] by [secret]"
    assert exception["stacktrace"]["frames"][-1]["function"] == "fail"
    assert reported["logentry"]["formatted"] == "delivery.failed"
    assert reported["tags"] == {"service": "ingest"}
    shown = {key: reported["extra"][key] for key in ("request_id", "caller", "payment_id")}
    assert shown == {"request_id": "req-1", "caller": "user:7", "payment_id": "stripe:pi_1"}
    assert plain["logentry"]["formatted"] == "webhook.refused to [email]"
    assert "server_name" not in reported
    sent = b"".join(sentry.bodies).decode()
    assert [secret for secret in SECRETS if secret in sent] == []


def test_the_cause_of_an_error_is_masked_too(sentry: Sentry, log: Any) -> None:
    with configure_error_reports("ingest", sentry.dsn):
        try:
            try:
                fail()
            except ValueError as error:
                raise RuntimeError("outer") from error
        except RuntimeError as error:
            log.critical("loop.failed", exc_info=error)

    assert [each["type"] for each in sentry.events[0]["exception"]["values"]] == ["ValueError", "RuntimeError"]
    assert not any(secret.encode() in b"".join(sentry.bodies) for secret in SECRETS)


def test_lines_that_are_no_errors_and_those_of_the_client_are_not_reported(sentry: Sentry, log: Any) -> None:
    with configure_error_reports("ingest", sentry.dsn):
        log.warning("delivery.late")
        log.info("delivery.sent")
        logging.getLogger("sentry_sdk.errors").error("the server does not answer")
        logging.getLogger("asyncio").error("from the standard library")

    assert [event["logentry"]["formatted"] for event in sentry.events] == ["from the standard library"]


def test_without_a_dsn_and_after_the_end_nothing_is_reported(sentry: Sentry, log: Any) -> None:
    with configure_error_reports("ingest", None):
        log.error("first")
    with configure_error_reports("ingest", sentry.dsn):
        pass
    log.error("second")

    assert sentry.bodies == []


def test_a_server_that_does_not_answer_causes_no_error(log: Any) -> None:
    with configure_error_reports("ingest", "http://publickey@127.0.0.1:1/1"):
        log.error("delivery.failed")


def test_a_dsn_without_the_package_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(SystemExit, match="sentry-sdk"), configure_error_reports("ingest", "http://key@localhost/1"):
        pass
