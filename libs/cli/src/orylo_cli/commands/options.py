"""Options that several commands share."""

import sys
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


SecretStdinOption = Annotated[
    bool, typer.Option("--secret-stdin", help="Read the secret from standard input, where no process list shows it.")
]
SecretOption = Annotated[
    str | None,
    typer.Option(
        envvar="ORYLO_GATEWAY_SECRET",
        help="The gateway's signing secret or token. Other users of this machine can see it: prefer --secret-stdin.",
        show_envvar=True,
    ),
]


def secret_of(given: str | None, *, from_stdin: bool) -> str | None:
    """Return the first line of standard input if `from_stdin`, else what the option or its variable holds."""
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
