"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from orylo_cli.console import note

DataDirOption = Annotated[
    Path,
    typer.Option(
        "--data-dir",
        envvar="ORYLO_DATA_DIR",
        help="The embedded platform's folder; ignored where ORYLO_DATABASE_URL names another platform.",
    ),
]
DEFAULT_DATA_DIR = Path(".orylo")

JsonOption = Annotated[bool, typer.Option("--json", help="For scripts: JSON on standard output.")]

KeyLostOption = Annotated[
    bool, typer.Option("--key-lost", help="The master key of the stored secrets is lost: begin anew with another.")
]

TenantArgument = Annotated[str, typer.Argument(metavar="TENANT", help="The tenant's slug or id.")]


def stripped(secret: str, option: str) -> str:
    """Without the blanks that copying has brought along."""
    bare = secret.strip()
    if bare != secret:
        note(f"the blanks around {option} are left out")
    return bare


ROLES = (
    "Owner, admin, analyst and viewer include those after them; an operator is of the platform and not of the tenant."
)
