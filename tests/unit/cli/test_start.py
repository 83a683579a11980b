"""The modules that a command imports before it runs. Each import costs CPU at every start."""

import json
import subprocess
import sys

import pytest

from orylo_cli.main import COMMANDS, import_command
from orylo_common.control.models import GATEWAY_NAMES
from orylo_ingest.gateways import GATEWAYS

LIBRARIES = {
    "aiohttp",
    "argon2",
    "asyncpg",
    "cryptography",
    "fakeredis",
    "opentelemetry",
    "redis",
    "structlog",
}
# Imports nothing but `re`.
OF_THE_CONSOLE = {"orylo_common", "orylo_common.terminal"}
IMPORTED = """
import json, sys
from orylo_cli.main import cli
sys.argv[1:] = {arguments!r}
try:
    cli()
except BaseException:
    pass
print("\\n" + json.dumps(sorted(sys.modules)))
"""


def imported_by(*arguments: str) -> set[str]:
    """Return the modules that a process has imported after the command."""
    code = IMPORTED.format(arguments=list(arguments))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [("--help",), (), ("--version",), ("unknown",), ("serve", "--help")], ids=str)
def test_help_imports_no_library_of_the_platform(arguments: tuple[str, ...]) -> None:
    modules = imported_by(*arguments)
    assert not LIBRARIES & modules
    ours = {module for module in modules if module.startswith(("orylo_common", "orylo_api", "orylo_ingest"))}
    assert ours <= OF_THE_CONSOLE


@pytest.mark.parametrize(
    ("command", "spared"),
    [
        ("tenant list", {"aiohttp", "argon2", "fakeredis", "opentelemetry", "redis"}),
        ("settings show x", {"aiohttp", "argon2", "fakeredis", "opentelemetry", "redis"}),
        ("destination list x", {"aiohttp", "argon2", "fakeredis", "opentelemetry", "redis"}),
        ("gateway list x", {"aiohttp", "argon2", "fakeredis", "opentelemetry", "redis"}),
        ("apikey list x", {"aiohttp", "argon2", "fakeredis", "opentelemetry", "redis"}),
        ("trust verify", {"aiohttp", "argon2", "fakeredis", "opentelemetry", "redis"}),
        ("rejections", {"aiohttp", "argon2", "fakeredis", "opentelemetry", "redis"}),
        ("dlq list", {"aiohttp", "argon2", "fakeredis", "redis"}),
        ("quarantine list", {"aiohttp", "argon2", "fakeredis", "redis"}),
        ("user list x", {"aiohttp", "fakeredis", "opentelemetry", "redis"}),
        ("doctor", {"aiohttp", "argon2", "fakeredis", "redis"}),
    ],
)
def test_a_reading_command_imports_only_what_it_uses(command: str, spared: set[str]) -> None:
    modules = imported_by(*command.split(), "--data-dir", "/nonexistent/orylo")
    assert not spared & modules
    assert f"orylo_cli.commands.{command.split()[0]}" in modules


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_is_the_first_line_of_the_command_s_own_help(name: str) -> None:
    assert (import_command(name).help or "").strip().partition("\n")[0] == COMMANDS[name]


def test_the_command_knows_every_gateway() -> None:
    assert sorted(GATEWAYS) == list(GATEWAY_NAMES)
