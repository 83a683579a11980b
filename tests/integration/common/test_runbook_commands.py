"""What the runbook pages tell people to type works: SQL, PromQL, and `orylo` commands with their options."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import asyncpg
import pytest
import yaml

from orylo_cli.main import COMMANDS, import_command
from tests.support.servers import program

PAGES = sorted((Path(__file__).parents[3] / "runbooks").glob("*/*.md"))
# What a page lets the reader fill in.
FILLED_IN = {"SERVICE.": "ingest.", "'DESTINATION'": f"'{UUID(int=1)}'", "(PID)": "(0)", "QUEUE": "trust", "CODE": "x"}


class Written(NamedTuple):
    page: str
    text: str


def quoted_after(word: str) -> Iterator[Written]:
    """Yield the quoted argument of each `word`, in a block or in the text."""
    for page in PAGES:
        for found in re.finditer(rf"(?:`|\$ ){word} (['\"])(.*?)\1(?=[`\s|)]|$)", page.read_text(), re.DOTALL):
            text = " ".join(found[2].split())
            for name, value in FILLED_IN.items():
                text = text.replace(name, value)
            yield Written(page.stem, text)


def orylo_commands() -> Iterator[Written]:
    for page in PAGES:
        for found in re.finditer(r"(?:`|\$ |\| )orylo ([a-z][^`|\n]*)", page.read_text()):
            yield Written(page.stem, found[1].strip())


async def test_every_statement_fits_the_schema(postgres_dsn: str) -> None:
    statements = list(quoted_after("sql"))
    connection = await asyncpg.connect(postgres_dsn)
    try:
        for page, statement in statements:
            try:
                await connection.fetch(f"EXPLAIN {statement}")
            except asyncpg.PostgresError as error:
                pytest.fail(f"{page}: {statement}: {error}")
    finally:
        await connection.close()
    assert len(statements) > 15


@pytest.mark.timeout(300)
def test_prometheus_parses_every_expression(tmp_path: Path) -> None:
    expressions = list(quoted_after("q"))
    rules = [{"record": f"page:{each.page}:{number}", "expr": each.text} for number, each in enumerate(expressions)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "pages", "rules": rules}]}))

    checked = subprocess.run(
        [program("promtool", "prometheus"), "check", "rules", tmp_path / "rules.yml"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert len(expressions) > 40


def test_the_command_line_knows_every_command_and_option() -> None:
    commands = list(orylo_commands())
    for page, written in commands:
        name, *words = shlex.split(written)
        assert name in COMMANDS, f"{page}: orylo {written}"
        command = import_command(name)
        while words and hasattr(command, "commands"):
            assert words[0] in command.commands, f"{page}: orylo {written}"
            command = command.commands[words.pop(0)]
        options = {"--help", *(name for parameter in command.params for name in parameter.opts)}
        unknown = [word for word in words if word.startswith("-") and word not in options]
        assert not unknown, f"{page}: orylo {written}: {unknown}"
    assert len(commands) > 30
