import io
import logging
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import structlog

from orylo_common.telemetry.logs import configure_logs


class Output(io.TextIOWrapper):
    def __init__(self, *, terminal: bool = False) -> None:
        self.written = io.BytesIO()
        super().__init__(self.written, write_through=True)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def text(self) -> str:
        return self.written.getvalue().decode()

    def lines(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.text().splitlines()]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture
def output() -> Output:
    out = Output()
    configure_logs("ingest", "info", stream=out)
    return out


def test_one_outcome_is_one_json_line(output: Output) -> None:
    structlog.get_logger().info("webhook.accepted", gateway="stripe", duration_ms=1.5)

    (line,) = output.lines()
    moment = datetime.fromisoformat(line.pop("timestamp"))
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    assert line == {
        "event": "webhook.accepted",
        "level": "info",
        "service": "ingest",
        "gateway": "stripe",
        "duration_ms": 1.5,
    }


def test_lines_below_the_level_are_not_written(output: Output) -> None:
    structlog.get_logger().debug("webhook.read")

    assert output.text() == ""


def test_personal_data_and_secrets_are_not_logged(output: Output) -> None:
    log = structlog.get_logger()
    try:
        int("buyer: maria@exemplo.com, card 4242424242424242")
    except ValueError:
        log.exception("webhook.failed", email="maria", nested={"headers": {"Cookie": "maria"}})

    assert "maria" not in output.text()
    assert "4242" not in output.text()
    assert "buyer: [email], card [card]" in output.lines()[0]["exception"]


def test_records_of_other_loggers_use_the_same_pipeline(output: Output) -> None:
    logging.getLogger("another_library").warning("lost amqp://orylo:%s@mq/", "hunter2")

    (line,) = output.lines()
    assert line["event"] == "lost amqp://[secret]@mq/"
    assert line["logger"] == "another_library"
    assert line["level"] == "warning"


def test_invalid_log_arguments_of_a_library_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()
    configure_logs("ingest", stream=output)  # here, because pytest's own handler is among the root's until now

    logging.getLogger("careless").error("%d buyers", "maria@exemplo.com")

    assert "maria" not in output.text() + "".join(capsys.readouterr())
    assert output.lines()[0]["logger"] == "careless"


def test_requests_logged_by_libraries_are_dropped(output: Output) -> None:
    logging.getLogger("aiohttp.access").info('203.0.113.7 "POST /api/v1/webhooks/stripe/acme"')

    assert output.text() == ""


def test_warnings_become_lines(output: Output) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old call", DeprecationWarning, stacklevel=1)

    assert "old call" in output.lines()[0]["event"]


def test_values_of_any_kind_can_be_written(output: Output) -> None:
    structlog.get_logger().info("odd", value=object(), numbers={1: 2}, big=2**80, surrogate="\ud800")

    assert output.lines()[0]["numbers"] == {"1": 2}


def test_a_terminal_gets_readable_lines_unless_json_is_configured() -> None:
    terminal = Output(terminal=True)
    configure_logs("ingest", stream=terminal)
    structlog.get_logger().info("webhook.accepted", email="maria@exemplo.com")
    assert "webhook.accepted" in terminal.text()
    assert not terminal.text().startswith("{")
    assert "maria" not in terminal.text()

    terminal = Output(terminal=True)
    configure_logs("ingest", log_format="json", stream=terminal)
    structlog.get_logger().info("webhook.accepted")
    assert terminal.lines()[0]["event"] == "webhook.accepted"


def test_control_characters_do_not_reach_the_terminal() -> None:
    out = Output(terminal=True)
    configure_logs("test", stream=out)
    structlog.get_logger().warning("webhook.rejected", tenant="a\x1b[2J\x9b1m")
    assert r"a\x1b[2J\x9b1m" in out.text()
    assert "\x9b" not in out.text()
    assert "\x1b[2J" not in out.text()
