"""`orylo up` as its user meets it."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import orjson
import pytest

from orylo_cli.demo.shop import STAND_IN_ONLY
from orylo_cli.embedded.data_dir import DataDir
from orylo_common.control.keyring import Keyring
from tests.support.collector import running_collector
from tests.support.embedded import ORYLO, Embedded, running_embedded
from tests.support.servers import free_ports, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.e2e]

SERVED = {"ORYLO_REDIS_URL": "redis://127.0.0.1:1", "ORYLO_MASTER_KEY": Keyring.generate()}
ADD_META = ("meta", "--pixel-id", "123", "--token", "EAAtest")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with running_embedded(tmp_path_factory.mktemp("a folder, with spaces")) as running:
        yield running


def postgres_pid(platform: Embedded) -> int | None:
    """Nothing while PostgreSQL is down: it takes its file away before the next one writes its own."""
    try:
        first, _, _ = (platform.data_dir / "postgres/data/postmaster.pid").read_text().partition("\n")
    except FileNotFoundError:
        return None
    return int(first) if first else None


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def up(*options: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    return subprocess.run(
        [ORYLO, "up", *options], env=environment, capture_output=True, text=True, check=False, timeout=110
    )


def test_a_second_up_says_in_one_line_that_one_is_running(platform: Embedded) -> None:
    refused = up("--data-dir", str(platform.data_dir))
    assert refused.returncode == 1
    assert refused.stderr == f"orylo: orylo is already running on {platform.data_dir} (process {platform.pid})\n"


def test_a_port_in_use_is_named_with_its_option(platform: Embedded, tmp_path: Path) -> None:
    refused = up("--data-dir", str(tmp_path / "data"), "--ingest-port", str(platform.ingest_port))
    assert refused.returncode == 1
    assert refused.stderr == f"orylo: port {platform.ingest_port} is in use: choose another with --ingest-port\n"


def test_one_port_for_both_is_refused(tmp_path: Path) -> None:
    (port,) = map(str, free_ports(1))
    refused = up("--data-dir", str(tmp_path / "data"), "--ingest-port", port, "--api-port", port)
    assert refused.returncode == 1
    assert refused.stderr == f"orylo: both want port {port}: choose another with --ingest-port or --api-port\n"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ORYLO_LOG_LEVEL", "settings: ORYLO_LOG_LEVEL: Input should be 'debug', 'info', 'warning' or 'error'"),
        (
            "ORYLO_MASTER_KEY",
            "settings: ORYLO_MASTER_KEY: must be Fernet keys, 32 bytes in URL-safe base64, separated by commas",
        ),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(tmp_path: Path, name: str, says: str) -> None:
    platform = Embedded(tmp_path, {name: "rubbish"})
    refused = platform.attempt("up", "--data-dir", str(platform.data_dir))
    assert refused.returncode != 0
    assert refused.stderr == f"{says}\n"


@pytest.mark.parametrize("service", ["ingest", "detector", "trust", "dispatch", "api"])
def test_a_service_whose_postgres_is_away_says_so_in_one_line(tmp_path: Path, service: str) -> None:
    away = {"ORYLO_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x", "ORYLO_BROKER_URL": "amqp://127.0.0.1:1"}
    ended = Embedded(tmp_path, {**away, **SERVED}).attempt("serve", service)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "PostgreSQL does not answer (ConnectionRefusedError)" in (ended.stdout + ended.stderr).splitlines()[-1]


@pytest.mark.parametrize(
    ("service", "variable"), [("ingest", "INGEST_PORT"), ("api", "API_PORT"), ("trust", "HEALTH_PORT")]
)
def test_a_service_whose_port_is_taken_says_so_in_one_line(
    tmp_path: Path, platform: Embedded, service: str, variable: str
) -> None:
    # With another master key the service would also log that it cannot read the secrets.
    master_key = DataDir(platform.data_dir).master_key()
    here = {"ORYLO_DATABASE_URL": platform.dsn, "ORYLO_BROKER_URL": "postgres"}
    taken = {f"ORYLO_{variable}": str(platform.api_port)}
    ended = Embedded(tmp_path, {**here, **SERVED, **taken, "ORYLO_MASTER_KEY": master_key}).attempt("serve", service)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "address already in use" in (ended.stdout + ended.stderr).splitlines()[-1]


def test_the_other_commands_work_beside_it(platform: Embedded) -> None:
    platform.orylo("tenant", "create", "beside")
    told = platform.orylo("gateway", "set", "beside", "stripe", "--secret", "whsec_1")
    assert f"{platform.ingest_url}/api/v1/webhooks/stripe/beside" in told
    report = orjson.loads(platform.orylo("doctor", "--json"))
    assert {check["name"] for check in report["checks"] if check["ok"]} >= {
        *("ingest", "detector", "trust", "dispatch", "api"),
        *("postgres", "migrations", "master key", "broker", "redis"),
    }


def test_a_killed_postgres_is_started_again(platform: Embedded) -> None:
    killed = postgres_pid(platform)
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: postgres_pid(platform) not in (None, killed), "another PostgreSQL")
    wait_until(lambda: answers(f"{platform.ingest_url}/readyz"), "ingest, ready again")
    wait_until(lambda: answers(f"{platform.api_url}/readyz"), "the API, ready again")


def test_ctrl_c_ends_everything_in_time(tmp_path: Path) -> None:
    platform = Embedded(tmp_path, {})
    platform.start()
    postgres = postgres_pid(platform)
    began = time.monotonic()
    assert platform.stop() == 0
    # Some two seconds.
    assert time.monotonic() - began < 30
    assert not Path(f"/proc/{postgres}").exists()
    assert not (platform.data_dir / "connection.json").exists()


def test_after_a_kill_it_starts_again_with_what_it_had(tmp_path: Path) -> None:
    platform = Embedded(tmp_path, {})
    platform.start()
    try:
        platform.orylo("tenant", "create", "kept")
        platform.kill()
        platform.start()
        assert [each["slug"] for each in orjson.loads(platform.orylo("tenant", "list", "--json"))] == ["kept"]
    finally:
        platform.stop()


def test_the_demo_shows_sales_on_their_way_to_meta(tmp_path: Path) -> None:
    platform = Embedded(tmp_path, {})
    platform.start("--demo")
    try:
        get = signed_in(platform)
        wait_until(lambda: bool(get("/api/v1/detections")["items"]), "a detection")
        wait_until(lambda: bool(get("/api/v1/conversions?status=dispatched")["items"]), "a conversion at Meta")
        banner = platform.log.read_text()
        assert STAND_IN_ONLY in banner
        assert "/__control/mode (normal, down, hang, throttled, expired_token)" in banner
        platform.orylo("tenant", "create", "beside")
        told = platform.attempt("destination", "add", "beside", *ADD_META, "--data-dir", str(platform.data_dir))
        assert STAND_IN_ONLY in told.stderr
        # A second time nothing is made twice.
        assert platform.stop() == 0
        platform.start("--demo")
        assert len(orjson.loads(platform.orylo("tenant", "list", "--json"))) == 2
    finally:
        platform.stop()


def test_a_demo_is_not_started_among_shops_that_send_to_meta(tmp_path: Path) -> None:
    platform = Embedded(tmp_path, {})
    platform.orylo("tenant", "create", "real")
    platform.orylo("destination", "add", "real", *ADD_META)
    refused = platform.attempt("up", "--demo", "--data-dir", str(platform.data_dir))
    assert refused.returncode == 1
    assert refused.stderr == (
        "orylo: this folder's shops send to Meta, and in a demo their conversions would go to the stand-in "
        "and be lost: give the demo a folder of its own with --data-dir\n"
    )
    assert [each["slug"] for each in orjson.loads(platform.orylo("tenant", "list", "--json"))] == ["real"]


def test_a_sale_is_one_trace_from_its_webhook_to_its_conversion(tmp_path: Path) -> None:
    stages = {
        "webhook",
        "detector payment.succeeded.v1",
        "dispatch detection.created.v1",
        "api conversion.dispatched.v1",
    }
    with running_collector() as collector:
        platform = Embedded(tmp_path, {"ORYLO_OTLP_ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "200"})
        platform.start("--demo")

        def whole() -> bool:
            names: defaultdict[bytes, set[str]] = defaultdict(set)
            for span in collector.all_spans():
                names[span.trace_id].add(span.name)
            return any(stages <= found for found in names.values())

        try:
            wait_until(whole, "a trace of a whole sale")
        finally:
            platform.stop()


@pytest.mark.parametrize("name", ["ORYLO_API_HOST", "ORYLO_INGEST_HOST"])
def test_the_demo_is_not_shown_to_the_network(tmp_path: Path, name: str) -> None:
    platform = Embedded(tmp_path, {name: "0.0.0.0"})
    refused = platform.attempt("up", "--demo", "--data-dir", str(platform.data_dir))
    assert refused.returncode == 1
    assert refused.stderr == (
        f"orylo: --demo has a password that everybody knows, and runs on the loopback only: unset {name}\n"
    )


def test_without_the_demo_nobody_signs_in_as_its_owner_and_none_of_its_sales_leave(tmp_path: Path) -> None:
    platform = Embedded(tmp_path, {})
    platform.start("--demo")
    platform.stop()
    platform.start()
    try:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            signed_in(platform)
        [destination] = orjson.loads(platform.orylo("destination", "list", "demo", "--json"))
        assert destination["enabled"] is False
        assert orjson.loads(platform.orylo("gateway", "secret", "list", "demo", "stripe", "--json")) == []
        platform.stop()
        platform.start("--demo")
        signed_in(platform)
    finally:
        platform.stop()


def signed_in(platform: Embedded) -> Callable[[str], Any]:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def ask(path: str, body: object = None) -> Any:
        data = orjson.dumps(body) if body else None
        request = urllib.request.Request(platform.api_url + path, data, {"Content-Type": "application/json"})
        with opener.open(request, timeout=45) as response:
            return orjson.loads(response.read())

    ask("/api/v1/auth/login", {"email": "demo@orylo.test", "password": "orylo-demo"})
    return ask
