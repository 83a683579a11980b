"""`orylo migrate`: the database's schemas."""

import asyncio
from typing import Annotated

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption
from orylo_cli.console import say, say_json
from orylo_cli.migrations import all_migrations
from orylo_cli.target import open_target
from orylo_common.postgres.migrations import migrate as apply
from orylo_common.postgres.migrations import roll_back


def migrate(
    down: Annotated[str | None, typer.Option(metavar="SCHEMA", help="Undo this schema's, newest first.")] = None,
    to: Annotated[
        int | None, typer.Option(min=0, help="With --down: the number of the last one to keep; none unless given.")
    ] = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Bring every schema up to date; safe to repeat, and to run from several places at once.

    Examples: `orylo migrate`, `orylo migrate --down detector --to 1` (data of what is undone are lost)
    """
    sets = {migration_set.schema: migration_set for migration_set in all_migrations()}
    if down is not None and down not in sets:
        raise typer.BadParameter(f"{down!r} is none of {', '.join(sets)}", param_hint="--down")
    if to is not None and down is None:
        raise typer.BadParameter("it goes with --down, and says what that keeps", param_hint="--to")
    with open_target(data_dir, "migrate", migrated=False, creates=down is None) as target:
        if down is None:
            names = asyncio.run(apply(target.database_url, list(sets.values())))
        else:
            names = asyncio.run(roll_back(target.database_url, sets[down], to=to or 0))
    if as_json:
        say_json({"undone" if down else "applied": names})
        return
    for name in names:
        say(f"{'undone' if down else 'applied'} {name}")
    if not names:
        say("nothing to undo" if down else "every schema is up to date")
