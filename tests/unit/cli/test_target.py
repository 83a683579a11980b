from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from orylo_cli.main import cli

ID = "0198c0de-0000-7000-8000-000000000000"
ELSEWHERE = dict.fromkeys(("ORYLO_DATABASE_URL", "ORYLO_MASTER_KEY"), "")


def orylo(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--data-dir", str(folder)], env=ELSEWHERE, input="a secret")


@pytest.mark.parametrize(
    "command",
    [
        *("tenant list", "user list shop", "apikey list shop", "gateway list shop", "gateway secret list shop stripe"),
        *("destination list shop", "settings show shop", "rejections", "quarantine list", "dlq list", "trust verify"),
        *(f"dlq show {ID}", f"dlq replay {ID}", f"quarantine show {ID}", "simulate", "migrate --down trust"),
        *("gateway set shop stripe --secret-stdin", "destination add shop meta --pixel-id 1 --token-stdin"),
    ],
)
def test_a_folder_without_a_platform_is_not_changed(tmp_path: Path, command: str) -> None:
    folder = tmp_path / "empty"
    result = orylo(folder, *command.split())
    assert result.exit_code == 1
    assert str(result.exception) == (
        f"no platform in {folder}: start one with `orylo up`, or name its folder with --data-dir"
    )
    assert not folder.exists()


def test_doctor_reports_a_missing_platform(tmp_path: Path) -> None:
    result = orylo(tmp_path, "doctor", "--json")
    assert result.exit_code == 1
    (check,) = orjson.loads(result.stdout)["checks"]
    assert check["finding"] == f"no platform in {tmp_path}"
    assert check["advice"] == "start one with `orylo up`, or name its folder with --data-dir"
    assert not any(tmp_path.iterdir())
