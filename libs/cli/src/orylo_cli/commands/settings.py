"""`orylo settings`: a tenant's policies and limits."""

from typing import Annotated, Any

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantArgument
from orylo_cli.console import print_json, print_rows, print_text
from orylo_cli.setting_values import Values, apply_changes, dump, format_value
from orylo_cli.target import open_target
from orylo_common.control import TenantSettings
from orylo_common.control.sections import SECTIONS
from orylo_common.control.sections.store import (
    SettingsVersion,
    find_section_version,
    list_section_versions,
    read_current,
    read_section,
    read_sections,
    restore_section,
    write_section,
)
from orylo_common.control.sections.values import difference, leaves
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection

SectionArgument = Annotated[str, typer.Argument(metavar="SECTION", help=f"One of {', '.join(SECTIONS)}.")]

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
    defaults = {name: dict(leaves(dump(SECTIONS[name]()))) for name in sections}
    rows = [
        {"section": name, "setting": key, "value": value, "default": defaults[name].get(key)}
        for name, values in sections.items()
        for key, value in leaves(values)
    ]
    print_rows(rows, as_json=False, empty="")


@app.command("set")
def set_(
    tenant: TenantArgument,
    section: SectionArgument,
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
    for key, value in leaves(values):
        if any(key == name or key.startswith(f"{name}.") for name in changed):
            print_text(f"{section} {key} = {format_value(value)}")


@app.command()
def history(
    tenant: TenantArgument,
    section: SectionArgument,
    limit: Annotated[int, typer.Option(min=1, max=500, help="The most versions to list.")] = 50,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """List the versions of a section, newest first: who made each, when, and what it changed.

    Example: `orylo settings history minha-loja detector`
    """
    model = _model_of(section)

    async def work(connection: Connection) -> list[SettingsVersion[TenantSettings]]:
        found = await find_tenant(connection, tenant)
        # One more, for what the oldest listed version changed.
        return await list_section_versions(connection, found.id, model, limit=limit + 1)

    with open_target(data_dir, "settings history") as target:
        versions = target.run(work)
    before = [each.settings for each in versions[1:]] + [model()]
    rows = [
        {
            "version": each.version,
            "changed_at": each.changed_at,
            "changed_by": each.changed_by,
            "restored": each.restored,
            "changes": [_change_text(*change) for change in difference(earlier, each.settings)],
        }
        for each, earlier in list(zip(versions, before, strict=True))[:limit]
    ]
    print_rows(rows, as_json=as_json, empty=f"{section} has its defaults and was never changed")


@app.command()
def diff(
    tenant: TenantArgument,
    section: SectionArgument,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=0, help="From `settings history`; 0: the defaults.")],
    other: Annotated[
        int | None, typer.Argument(metavar="[OTHER]", min=0, help="The version to compare with. Default: the current.")
    ] = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Show what differs between two versions of a section.

    Example: `orylo settings diff minha-loja detector 3`

    Example: `orylo settings diff minha-loja detector 0 3`
    """
    model = _model_of(section)

    async def work(connection: Connection) -> tuple[TenantSettings, TenantSettings]:
        found = await find_tenant(connection, tenant)
        before = await find_section_version(connection, found.id, model, version)
        if other is None:
            return before.settings, (await read_current(connection, found.id, model)).settings
        return before.settings, (await find_section_version(connection, found.id, model, other)).settings

    with open_target(data_dir, "settings diff") as target:
        rows = [{"setting": key, "before": old, "after": new} for key, old, new in difference(*target.run(work))]
    print_rows(rows, as_json=as_json, empty="nothing differs")


@app.command()
def restore(
    tenant: TenantArgument,
    section: SectionArgument,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=0, help="From `settings history`; 0: the defaults.")],
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Roll a section back: make a new version that equals an earlier one. Running services apply it at once.

    Example: `orylo settings restore minha-loja detector 3`
    """
    model = _model_of(section)
    with open_target(data_dir, "settings restore") as target:

        async def work(connection: Connection) -> SettingsVersion[TenantSettings]:
            found = await find_tenant(connection, tenant)
            await restore_section(connection, found.id, model, version, actor=target.actor)
            return await read_current(connection, found.id, model)

        current = target.run(work)
    if as_json:
        print_json({"section": section, "version": current.version, "values": dump(current.settings)})
    else:
        print_text(f"{section} has the values of version {version} again: version {current.version}")


def _change_text(key: str, before: Any, after: Any) -> str:
    return f"{key} {format_value(before)} → {format_value(after)}"


def _model_of(section: str) -> type[TenantSettings]:
    if section not in SECTIONS:
        known = ", ".join(SECTIONS)
        raise typer.BadParameter(f"{section!r} is not a section: use one of {known}", param_hint="SECTION")
    return SECTIONS[section]
