"""`orylo migrate`: the schemas of the database."""

import asyncio
from typing import Annotated

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption
from orylo_cli.console import print_json, print_text
from orylo_cli.migrations import all_migrations
from orylo_cli.target import open_target
from orylo_common.postgres.migrations import migrate as apply
from orylo_common.postgres.migrations import roll_back


def migrate(
    down: Annotated[
        str | None, typer.Option(metavar="SCHEMA", help="Roll back the migrations of this schema, newest first.")
    ] = None,
    to: Annotated[
        int | None,
        typer.Option(min=0, help="With --down: the number of the last migration to keep. Default: keep none."),
    ] = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Apply all pending migrations. It is safe to repeat, and to run from several places at once.

    Examples: `orylo migrate`, `orylo migrate --down detector --to 1` (deletes the data of what it rolls back)
    """
    sets = {migration_set.schema: migration_set for migration_set in all_migrations()}
    if down is not None and down not in sets:
        raise typer.BadParameter(f"{down!r} is not a schema: use one of {', '.join(sets)}", param_hint="--down")
    if to is not None and down is None:
        raise typer.BadParameter("--to needs --down", param_hint="--to")
    with open_target(data_dir, "migrate", migrated=False, creates=down is None) as target:
        if down is None:
            names = asyncio.run(apply(target.database_url, list(sets.values())))
        else:
            names = asyncio.run(roll_back(target.database_url, sets[down], to=to or 0))
    if as_json:
        print_json({"undone" if down else "applied": names})
        return
    for name in names:
        print_text(f"{'rolled back' if down else 'applied'} {name}")
    if not names:
        print_text("nothing to roll back" if down else "all schemas are up to date")
