"""`orylo up` as its users run it."""

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

from orylo_cli.demo.shop import DESTINATION, FAKE_META_ONLY, TENANT
from orylo_cli.embedded.data_dir import DataDir
from orylo_common.control.keyring import Keyring
from tests.support.collector import attributes_of, running_collector
from tests.support.embedded import ORYLO, Embedded, running_embedded
from tests.support.servers import free_ports, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.e2e]

SERVED = {"ORYLO_REDIS_URL": "redis://127.0.0.1:1", "ORYLO_MASTER_KEY": Keyring.generate()}
ADD_META = ("meta", "--pixel-id", "123", "--token-stdin")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with running_embedded(tmp_path_factory.mktemp("a folder, with spaces")) as running:
        yield running


def postgres_pid(platform: Embedded) -> int | None:
    """Return None while PostgreSQL is down: it removes its file, and the next one writes its own."""
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


def test_a_second_up_fails_with_one_line(platform: Embedded) -> None:
    refused = up("--data-dir", str(platform.data_dir))
    assert refused.returncode == 1
    assert refused.stderr == f"orylo: orylo is already running in {platform.data_dir} (process {platform.pid})\n"


def test_a_port_in_use_is_named_with_its_option(platform: Embedded, tmp_path: Path) -> None:
    refused = up("--data-dir", str(tmp_path / "data"), "--ingest-port", str(platform.ingest_port))
    assert refused.returncode == 1
    assert refused.stderr == f"orylo: port {platform.ingest_port} is in use: choose another with --ingest-port\n"


def test_ingest_and_the_api_cannot_share_a_port(tmp_path: Path) -> None:
    (port,) = map(str, free_ports(1))
    refused = up("--data-dir", str(tmp_path / "data"), "--ingest-port", port, "--api-port", port)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"orylo: ingest and the API both use port {port}: choose another with --ingest-port or --api-port\n"
    )


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
def test_a_service_without_postgres_fails_with_one_line(tmp_path: Path, service: str) -> None:
    away = {"ORYLO_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x", "ORYLO_BROKER_URL": "amqp://127.0.0.1:1"}
    ended = Embedded(tmp_path, {**away, **SERVED}).attempt("serve", service)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "PostgreSQL does not answer (ConnectionRefusedError)" in (ended.stdout + ended.stderr).splitlines()[-1]


@pytest.mark.parametrize(
    ("service", "variable"), [("ingest", "INGEST_PORT"), ("api", "API_PORT"), ("trust", "HEALTH_PORT")]
)
def test_a_service_whose_port_is_in_use_fails_with_one_line(
    tmp_path: Path, platform: Embedded, service: str, variable: str
) -> None:
    # With another master key the service would also log that it cannot read the secrets.
    master_key = DataDir(platform.data_dir).master_key() or ""
    here = {"ORYLO_DATABASE_URL": platform.dsn, "ORYLO_BROKER_URL": "postgres"}
    taken = {f"ORYLO_{variable}": str(platform.api_port)}
    ended = Embedded(tmp_path, {**here, **SERVED, **taken, "ORYLO_MASTER_KEY": master_key}).attempt("serve", service)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "address already in use" in (ended.stdout + ended.stderr).splitlines()[-1]


def test_the_other_commands_work_while_it_runs(platform: Embedded) -> None:
    platform.orylo("tenant", "create", "beside")
    told = platform.orylo("gateway", "set", "beside", "stripe", "--secret-stdin", text="whsec_1")
    assert f"{platform.ingest_url}/api/v1/webhooks/stripe/beside" in told
    report = orjson.loads(platform.orylo("doctor", "--json"))
    assert {check["name"] for check in report["checks"] if check["ok"]} >= {
        *("ingest", "detector", "trust", "dispatch", "api"),
        *("postgres", "migrations", "master key", "broker", "redis"),
    }


def test_a_killed_postgres_is_restarted(platform: Embedded) -> None:
    killed = postgres_pid(platform)
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: postgres_pid(platform) not in (None, killed), "another PostgreSQL")
    wait_until(lambda: answers(f"{platform.ingest_url}/readyz"), "ingest, ready again")
    wait_until(lambda: answers(f"{platform.api_url}/readyz"), "the API, ready again")


def test_ctrl_c_stops_everything_in_time(tmp_path: Path) -> None:
    platform = Embedded(tmp_path, {})
    platform.start()
    postgres = postgres_pid(platform)
    began = time.monotonic()
    assert platform.stop() == 0
    # Some two seconds.
    assert time.monotonic() - began < 30
    assert not Path(f"/proc/{postgres}").exists()
    assert not (platform.data_dir / "connection.json").exists()


def test_after_a_kill_it_starts_with_its_data(tmp_path: Path) -> None:
    platform = Embedded(tmp_path, {})
    platform.start()
    try:
        platform.orylo("tenant", "create", "kept")
        platform.kill()
        platform.start()
        assert [each["slug"] for each in orjson.loads(platform.orylo("tenant", "list", "--json"))] == ["kept"]
    finally:
        platform.stop()


def test_the_demo_sends_sales_to_the_fake_meta(tmp_path: Path) -> None:
    platform = Embedded(tmp_path, {})
    platform.start("--demo")
    try:
        get = signed_in(platform)
        wait_until(lambda: bool(get("/api/v1/detections")["items"]), "a detection")
        wait_until(lambda: bool(get("/api/v1/conversions?status=dispatched")["items"]), "a conversion at Meta")
        banner = platform.log.read_text()
        assert FAKE_META_ONLY in banner
        assert "/__control/mode (normal, down, hang, throttled, expired_token, no_quality)" in banner
        platform.orylo("tenant", "create", "beside")
        told = platform.attempt(
            "destination", "add", "beside", *ADD_META, "--data-dir", str(platform.data_dir), text="EAAtest"
        )
        assert FAKE_META_ONLY in told.stderr
        assert "accepted" in platform.orylo("destination", "probe", TENANT, "meta", "--name", DESTINATION)
        tested = platform.orylo(
            "destination", "test", TENANT, "meta", "--name", DESTINATION, "--test-event-code", "TEST1", "--json"
        )
        assert orjson.loads(tested)["accepted"]
        smoke = orjson.loads(platform.orylo("smoke", "--json"))
        steps = {step["name"]: step["finding"] for step in smoke["steps"]}
        assert (smoke["ok"], steps["conversion"], steps["dashboard"]) == (True, "dispatched", "succeeded")
        assert smoke["steps"][-1]["seconds"] < 25
        # A second time nothing is made twice.
        assert platform.stop() == 0
        platform.start("--demo")
        assert len(orjson.loads(platform.orylo("tenant", "list", "--json"))) == 2
    finally:
        platform.stop()


def test_the_demo_does_not_start_beside_shops_that_send_to_meta(tmp_path: Path) -> None:
    platform = Embedded(tmp_path, {})
    platform.orylo("tenant", "create", "real")
    platform.orylo("destination", "add", "real", *ADD_META, text="EAAtest")
    platform.orylo("gateway", "set", "real", "stripe", "--secret-stdin", text="whsec_1")
    smoke = platform.attempt("smoke", "--tenant", "real", "--data-dir", str(platform.data_dir))
    assert smoke.returncode == 1
    assert "destination default would count the sale of 1.00 BRL" in smoke.stderr
    refused = platform.attempt("up", "--demo", "--data-dir", str(platform.data_dir))
    assert refused.returncode == 1
    assert refused.stderr == (
        "orylo: the shops in this folder send conversions to Meta, and the demo's fake Meta would receive them "
        "instead: use another folder for the demo with --data-dir\n"
    )
    assert [each["slug"] for each in orjson.loads(platform.orylo("tenant", "list", "--json"))] == ["real"]


def test_a_sale_is_one_trace_from_its_webhook_to_its_conversion(tmp_path: Path) -> None:
    stages = {
        ("webhook", None),
        ("process detector", "payment.succeeded.v1"),
        ("process dispatch", "detection.created.v1"),
        ("process api", "conversion.dispatched.v1"),
    }
    # With the payment's id: a batch of one payment has it, and so have the calls within.
    calls = {"commit ingest", "deliver meta", "POST /v26.0/{id}/events"}
    sent: set[str] = set()
    with running_collector() as collector:
        platform = Embedded(tmp_path, {"ORYLO_OTLP_ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "200"})
        platform.start("--demo")

        def whole() -> bool:
            nonlocal sent
            traces: defaultdict[bytes, set[tuple[str, str | None]]] = defaultdict(set)
            for span in collector.all_spans():
                attributes = attributes_of(span)
                traces[span.trace_id].add((span.name, attributes.get("orylo.message_type")))
                sent |= {span.name} if attributes.get("orylo.payment_id") else set()
            return any(stages <= found for found in traces.values()) and calls <= sent

        try:
            wait_until(whole, "a trace of a whole sale")
        finally:
            platform.stop()


@pytest.mark.parametrize("name", ["ORYLO_API_HOST", "ORYLO_INGEST_HOST"])
def test_the_demo_listens_on_the_loopback_interface_only(tmp_path: Path, name: str) -> None:
    platform = Embedded(tmp_path, {name: "0.0.0.0"})
    refused = platform.attempt("up", "--demo", "--data-dir", str(platform.data_dir))
    assert refused.returncode == 1
    assert refused.stderr == (
        f"orylo: --demo has a public password and may only listen on the loopback interface: unset {name}\n"
    )


def test_without_the_demo_its_user_secrets_and_destination_are_disabled(tmp_path: Path) -> None:
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
