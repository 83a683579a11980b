"""`orylo migrate`: the schemas of the database."""

import asyncio
from typing import Annotated

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption
from orylo_cli.console import noting_progress, print_json, print_note, print_text
from orylo_cli.migrations import all_migrations
from orylo_cli.target import Target, open_target
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

    With ORYLO_MASTER_KEY, it also puts documents that earlier versions stored with a plain hash under the document key.

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
            _key_documents(target)
        else:
            names = asyncio.run(roll_back(target.database_url, sets[down], to=to or 0))
    if as_json:
        print_json({"undone" if down else "applied": names})
        return
    for name in names:
        print_text(f"{'rolled back' if down else 'applied'} {name}")
    if not names:
        print_text("nothing to roll back" if down else "all schemas are up to date")


def _key_documents(target: Target) -> None:
    if target.master_key is None:
        print_note("ORYLO_MASTER_KEY is not set: documents that an earlier version stored keep their plain hashes")
        return
    # Imported here, because it imports the adapters, which takes the other commands too long.
    from orylo_cli.keyed_documents import SEARCHING, key_documents

    progress = noting_progress(SEARCHING)
    if changed := asyncio.run(key_documents(target.database_url, target.keyring(), progress=progress)):
        print_note(f"put the documents of {changed} events under the document key")
