from datetime import timedelta

import pytest

from orylo_common.control import Keyring
from orylo_common.settings import KeyringSettings, load

COMPLETE = {
    "ORYLO_DATABASE_URL": "postgresql://orylo:hunter2@db/orylo",
    "ORYLO_REDIS_URL": "redis://:hunter2@cache/0",
    "ORYLO_BROKER_URL": "amqp://orylo:hunter2@mq/",
    "ORYLO_MASTER_KEY": Keyring.generate(),
}


class ServiceSettings(KeyringSettings):
    port: int = 8080
    window: timedelta = timedelta(minutes=10)
    origins: tuple[str, ...] = ()


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)


def test_a_complete_environment_is_read() -> None:
    settings = load(ServiceSettings)

    assert settings.database_url == COMPLETE["ORYLO_DATABASE_URL"]
    assert settings.port == 8080
    assert settings.log_level == "info"


def test_the_repr_holds_no_password() -> None:
    text = repr(load(ServiceSettings))
    assert "hunter2" not in text
    assert COMPLETE["ORYLO_MASTER_KEY"] not in text


def test_an_empty_variable_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORYLO_OTLP_ENDPOINT", "")

    assert load(ServiceSettings).otlp_endpoint is None


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ORYLO_DATABASE_URL", None, "ORYLO_DATABASE_URL: is missing"),
        ("ORYLO_DATABASE_URL", "mysql://hunter2@db", "ORYLO_DATABASE_URL: must start with postgresql://"),
        ("ORYLO_MASTER_KEY", "hunter2", "ORYLO_MASTER_KEY: must be Fernet keys, 32 bytes in URL-safe base64"),
        ("ORYLO_PORT", "hunter2", "ORYLO_PORT: Input should be a valid integer"),
        ("ORYLO_LOG_LEVEL", "hunter2", "ORYLO_LOG_LEVEL: Input should be 'debug', 'info'"),
        ("ORYLO_ORIGINS", "hunter2,", 'error parsing value for field "origins"'),
    ],
)
def test_an_invalid_variable_stops_the_start_with_one_line_that_names_it(
    name: str, value: str | None, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit) as stopped:
        load(ServiceSettings)

    (line,) = capsys.readouterr().err.splitlines()
    assert stopped.value.code == 2
    assert message in line
    assert "hunter2" not in line
