"""`orylo settings`: a tenant's policies and limits."""

from typing import Annotated

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantArgument
from orylo_cli.console import print_json, print_rows, print_text
from orylo_cli.setting_values import Values, apply_changes, dump, flatten, format_value
from orylo_cli.target import open_target
from orylo_common.control import TenantSettings
from orylo_common.control.sections import SECTIONS
from orylo_common.control.sections.store import read_section, read_sections, write_section
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection

app = typer.Typer(no_args_is_help=True, help="A tenant's policies and limits.")


@app.command()
def show(
    tenant: TenantArgument,
    section: Annotated[
        str | None,
        typer.Argument(metavar="[SECTION]", help=f"One of {', '.join(SECTIONS)}. Default: all sections."),
    ] = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Show a tenant's settings and their defaults.

    Example: `orylo settings show minha-loja limits`
    """
    models = [_model_of(section)] if section else list(SECTIONS.values())

    async def work(connection: Connection) -> list[TenantSettings]:
        found = await find_tenant(connection, tenant)
        return await read_sections(connection, found.id, models)

    with open_target(data_dir, "settings show") as target:
        sections = {settings.section: dump(settings) for settings in target.run(work)}
    if as_json:
        print_json(sections)
        return
    defaults = {name: dict(flatten(dump(SECTIONS[name]()))) for name in sections}
    rows = [
        {"section": name, "setting": key, "value": value, "default": defaults[name].get(key)}
        for name, values in sections.items()
        for key, value in flatten(values)
    ]
    print_rows(rows, as_json=False, empty="")


@app.command("set")
def set_(
    tenant: TenantArgument,
    section: Annotated[str, typer.Argument(metavar="SECTION", help=f"One of {', '.join(SECTIONS)}.")],
    changes: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUE…",
            help="Keys as `settings show` lists them. Separate list items by commas; `KEY=` restores the default.",
        ),
    ],
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Change a tenant's settings. Running services apply them at once. Keys that are not given keep their values.

    Example: `orylo settings set minha-loja tracking allowed_origins=https://loja.example.com`

    Example: `orylo settings set minha-loja dispatch click_id.look_back_days=7 send_blocked=true`
    """
    model = _model_of(section)
    with open_target(data_dir, "settings set") as target:

        async def work(connection: Connection) -> Values:
            found = await find_tenant(connection, tenant)
            settings = apply_changes(await read_section(connection, found.id, model, for_update=True), changes)
            await write_section(connection, found.id, settings, actor=target.actor)
            return dump(settings)

        values = target.run(work)
    if as_json:
        print_json({section: values})
        return
    changed = [change.partition("=")[0].strip() for change in changes]
    for key, value in flatten(values):
        if any(key == name or key.startswith(f"{name}.") for name in changed):
            print_text(f"{section} {key} = {format_value(value)}")


def _model_of(section: str) -> type[TenantSettings]:
    if section not in SECTIONS:
        known = ", ".join(SECTIONS)
        raise typer.BadParameter(f"{section!r} is not a section: use one of {known}", param_hint="SECTION")
    return SECTIONS[section]
