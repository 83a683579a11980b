"""Options that several commands share."""

import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from orylo_cli.console import print_note

DataDirOption = Annotated[
    Path,
    typer.Option(
        "--data-dir",
        envvar="ORYLO_DATA_DIR",
        help="The embedded platform's folder. Ignored if ORYLO_DATABASE_URL is set.",
    ),
]
DEFAULT_DATA_DIR = Path(".orylo")

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]

KeyLostOption = Annotated[
    bool,
    typer.Option(
        "--key-lost",
        help="Skip the master key check: the stored secrets' key is lost. Replaces a lost document key.",
    ),
]

TenantArgument = Annotated[str, typer.Argument(metavar="TENANT", help="The tenant's slug or id.")]
RuleArgument = Annotated[str, typer.Argument(metavar="RULE", help="The rule's name or id.")]
TenantFilterArgument = Annotated[
    str | None, typer.Argument(metavar="[TENANT]", help="A tenant's slug or id. Default: all tenants.")
]
TenantFilterOption = Annotated[
    str | None, typer.Option("--tenant", help="A tenant's slug or id. Default: all tenants.")
]


def not_on_command_line(context: typer.Context, option: typer.CallbackParam, value: str | None) -> str | None:
    """Refuse a secret among the arguments, which the process list shows to all users of the machine."""
    source = context.get_parameter_source(option.name) if option.name else None
    if source is None or source.name != "COMMANDLINE":
        return value
    instead = f"set {option.envvar}"
    if any(each.name == f"{option.name}_stdin" for each in context.command.params):
        instead = f"pipe it to --{option.name}-stdin, or {instead}"
    raise typer.BadParameter(
        f"other users of this machine can read the arguments: {instead}. If they may have read it, replace the secret"
    )


SecretStdinOption = Annotated[
    bool,
    typer.Option(
        "--secret-stdin",
        help="Read the secret from standard input, where no process list shows it. "
        "ORYLO_GATEWAY_SECRET may hold it too.",
    ),
]
SecretOption = Annotated[
    str | None,
    typer.Option(
        envvar="ORYLO_GATEWAY_SECRET",
        callback=not_on_command_line,
        hidden=True,
        help="The gateway's signing secret or token, from the variable only.",
        show_envvar=True,
    ),
]


def secret_of(given: str | None, *, from_stdin: bool) -> str | None:
    """Return the first line of standard input if `from_stdin`, else what the variable holds."""
    return sys.stdin.readline().rstrip("\r\n") if from_stdin else given


def stripped(secret: str, option: str) -> str:
    """Remove white space that was copied along with a secret, and say so."""
    bare = secret.strip()
    if bare != secret:
        print_note(f"removed the white space around {option}")
    return bare


ROLES = (
    "Owner, admin, analyst and viewer each include the roles after them. "
    "An operator belongs to the platform: it handles dead letters and quarantine."
)

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST = timedelta(days=3650)


def parsed_period(text: str) -> timedelta:
    """Parse a period such as 90m, 12h or 30d."""
    written = re.fullmatch(r"([1-9][0-9]{0,6})([mhd])", text.strip())
    if written is None:
        raise typer.BadParameter(f"{text!r} is not a period: write 90m, 12h or 30d")
    period = int(written[1]) * _UNITS[written[2]]
    if period > _LONGEST:
        raise typer.BadParameter("the period must be at most 3650 days; omit it for a status without an end")
    return period


PeriodRequired = Annotated[
    timedelta, typer.Option("--for", parser=parsed_period, metavar="PERIOD", help="How long: 90m, 12h or 30d.")
]
