import re
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from orylo_cli.main import COMMANDS, cli, import_command


def paths(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    parts = getattr(command, "commands", {})
    if not parts:
        yield path
    for name, part in parts.items():
        yield from paths(part, (*path, name))


ALL = [path for name in COMMANDS for path in paths(import_command(name), (name,))]


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_help_teaches_with_an_example(command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, [*command, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    shown = re.sub(r"\s+", " ", result.output)
    assert re.search(rf"Examples?: .*orylo {' '.join(command)}", shown), shown


def options(command: Any) -> Iterator[str]:
    for part in getattr(command, "commands", {}).values():
        yield from options(part)
    for parameter in command.params:
        yield from parameter.opts


@pytest.mark.parametrize("name", COMMANDS)
def test_options_are_in_lower_case(name: str) -> None:
    assert not [option for option in options(import_command(name)) if option != option.lower()]


def test_the_public_commands_are_there() -> None:
    assert {" ".join(command) for command in ALL} >= {
        *("up", "serve", "migrate", "doctor", "simulate"),
        *("tenant create", "user create", "apikey create", "gateway set", "destination add"),
        *("dlq list", "dlq show", "dlq replay", "dlq discard"),
    }


@pytest.mark.parametrize("command", [each for each in ALL if each[-1] in ("list", "show", "doctor")], ids=" ".join)
def test_reading_commands_speak_json(command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, [*command, "--help"], env={"COLUMNS": "200"})
    assert "--json" in result.output
