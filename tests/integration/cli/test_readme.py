"""The commands in the README work as printed."""

import re
import subprocess
from pathlib import Path

import orjson
import pytest

from tests.support.embedded import running_embedded

pytestmark = [pytest.mark.integration, pytest.mark.e2e]

ROOT = Path(__file__).parents[3]


def snippet(heading: str) -> str:
    found = re.search(
        rf"^## {heading}\n.*?^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE
    )
    assert found
    return found[1]


def test_the_first_webhook_is_accepted_and_its_shop_gets_rules(tmp_path: Path) -> None:
    with running_embedded(tmp_path) as platform:
        script = snippet("Send a first real webhook").replace("http://127.0.0.1:8080", platform.ingest_url)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script.replace("curl ", "curl --silent ")],
            cwd=ROOT,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "ORYLO_DATA_DIR": str(platform.data_dir)},
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )
        rules = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", snippet("Decide your way")],
            cwd=ROOT,
            env={"PATH": f"{ROOT}/.venv/bin:/usr/bin:/bin", "ORYLO_DATA_DIR": str(platform.data_dir)},
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )
    assert done.returncode == 0, done.stderr
    assert rules.returncode == 0, rules.stderr
    head, _, body = done.stdout.rpartition("\n")
    assert "202 Accepted" in head
    assert orjson.loads(body)["status"] == "accepted"
