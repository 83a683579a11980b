"""Every example of docs/api.md, run against the platform, prints what the page says."""

import asyncio
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.contract.clients.test_typescript_client import node
from tests.e2e.conftest import Shop
from tests.support.shops import PASSWORD

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/api.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN = ("sh", "js", "python")
PREAMBLE = "import os\nurl, api_key = os.environ['ORYLO_URL'], os.environ['ORYLO_API_KEY']\n"
DETECTIONS = 3


@dataclass(frozen=True)
class Example:
    """A block of code, the number of its line, and the blocks below it that show what it prints."""

    language: str
    code: str
    line: int
    printed: tuple[tuple[str, str], ...]


def examples_of(page: str) -> list[Example]:
    found: list[Example] = []
    for match in FENCE.finditer(page):
        language, text = match.groups()
        if language in RUN:
            found.append(Example(language, text, page.count("\n", 0, match.start()) + 1, ()))
        else:
            last = found.pop()
            found.append(Example(last.language, last.code, last.line, (*last.printed, (language, text))))
    return found


EXAMPLES = examples_of(PAGE.read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a script can import the TypeScript client."""
    subprocess.run([ROOT / "scripts/clients"], check=True)
    made = tmp_path_factory.mktemp("examples")
    (made / "node_modules/@orylo").mkdir(parents=True)
    (made / "node_modules/@orylo/client").symlink_to(ROOT / "clients/typescript")
    return made


@pytest.fixture(scope="module")
async def environment(shop: Shop) -> dict[str, str]:
    for payment_id in [await shop.pay() for _ in range(DETECTIONS)]:
        await shop.detections(payment_id, 1)
    return {
        "ORYLO_URL": shop.platform.api_url,
        "ORYLO_INGEST_URL": shop.platform.ingest_url,
        "ORYLO_API_KEY": shop.api_key,
        "ORYLO_TENANT": shop.slug,
        "ORYLO_WEBHOOK_SECRET": shop.secret,
        "ORYLO_EMAIL": shop.email,
        "ORYLO_PASSWORD": PASSWORD,
    }


async def run(example: Example, folder: Path, environment: dict[str, str]) -> str:
    """Return what the example prints. It must succeed."""
    script = folder / {"sh": "example.sh", "js": "example.mjs", "python": "example.py"}[example.language]
    script.write_text((PREAMBLE if example.language == "python" else "") + example.code)
    command = {"sh": ["bash", "-euo", "pipefail"], "js": [node()], "python": [sys.executable]}[example.language]
    process = await asyncio.create_subprocess_exec(
        *command,
        script,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, output.decode() + errors.decode()
    return output.decode()


def assert_lines_in_order(expected: str, output: str) -> None:
    """Assert that each line begins one of the output's, in this order. `…` means any text."""
    rest = output.replace("\r", "")
    for line in expected.splitlines():
        found = re.search("^" + ".*".join(map(re.escape, line.split("…"))), rest, re.MULTILINE)
        assert found, f"{line!r} is missing in\n{output}"
        rest = rest[found.end() :]


def assert_contains(expected: Any, actual: Any) -> None:
    """Assert that an object has these members, and perhaps others."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            assert_contains(value, actual[name])
    elif isinstance(expected, list):
        for each, other in zip(expected, actual, strict=True):
            assert_contains(each, other)
    elif expected != "…":
        assert expected == actual


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"line {each.line} ({each.language})" for each in EXAMPLES])
async def test_the_example_prints_what_the_page_says(
    example: Example, folder: Path, environment: dict[str, str]
) -> None:
    output = await run(example, folder, environment)
    for kind, expected in example.printed:
        if kind == "json":
            assert_contains(json.loads(expected), json.loads(output.rstrip().rpartition("\n")[2]))
        else:
            assert_lines_in_order(expected, output)


def test_the_page_has_examples_in_each_language() -> None:
    assert {each.language for each in EXAMPLES} == set(RUN)
    assert sum(bool(each.printed) for each in EXAMPLES) > len(EXAMPLES) / 2
