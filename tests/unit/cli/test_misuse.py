"""Error messages for misused commands."""

import pytest
from typer.testing import CliRunner

from orylo_cli.main import cli


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("user create shop a@b.example --role king", "'--role': 'king' is not one of 'operator', 'owner',"),
        ("dlq list --state gone", "'--state': 'gone' is not one of 'open',"),
        ("dlq list --source dispach", "'--source': 'dispach' is not one of 'ingest',"),
        ("simulate --duration soon", "'soon' is not a duration: write 90, 90s or 2m"),
        ("simulate --ingest-url nonsense", "'nonsense' is not a URL: write one like http://127.0.0.1:8080"),
        ("simulate --ingest-url http://[", "'http://[' is not a URL"),
        ("migrate --to 3", "--to needs --down"),
    ],
)
def test_a_misuse_is_reported_without_a_traceback(command: str, says: str) -> None:
    result = CliRunner().invoke(cli, command.split(), env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert says in result.output
    assert "Value error" not in result.output


@pytest.mark.parametrize("command", ["tenant list", "migrate", "dlq list", "simulate"])
def test_an_invalid_database_url_is_reported(command: str) -> None:
    result = CliRunner().invoke(cli, command.split(), env={"ORYLO_DATABASE_URL": "rubbish"})
    assert str(result.exception) == "ORYLO_DATABASE_URL: must start with postgresql:// or postgres://"


def test_doctor_reports_an_invalid_database_url() -> None:
    result = CliRunner().invoke(cli, ["doctor"], env={"ORYLO_DATABASE_URL": "rubbish"})
    assert "ORYLO_DATABASE_URL → must start with postgresql:// or postgres://" in result.output
