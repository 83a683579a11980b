"""`orylo settings`: what a tenant can change about how it is served."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import orjson
import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantArgument
from orylo_cli.console import say, say_json, show
from orylo_cli.target import open_target
from orylo_common.control import TenantSettings
from orylo_common.control.admin import find_tenant
from orylo_common.control.sections import SECTIONS
from orylo_common.control.sections.store import parse_section, read_section, write_section
from orylo_common.postgres.pool import Connection

SELECT_SECTIONS = "SELECT section, value FROM control.settings WHERE tenant_id = $1"

# Nobody learns from a regular expression how an origin, the one setting that has one, is written.
WRITTEN_LIKE = "an origin is written like https://shop.example.com"

Values = dict[str, Any]

app = typer.Typer(no_args_is_help=True, help="What a tenant can change about how it is served.")


@app.command("show")
def show_settings(
    tenant: TenantArgument,
    section: Annotated[str | None, typer.Argument(metavar="[SECTION]", help=f"One of {', '.join(SECTIONS)}.")] = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Show a tenant's settings, of all sections or of one.

    Example: `orylo settings show minha-loja limits`
    """
    models = {section: _model_of(section)} if section else SECTIONS

    async def work(connection: Connection) -> dict[str, Values]:
        found = await find_tenant(connection, tenant)
        stored = {row["section"]: row["value"] for row in await connection.fetch(SELECT_SECTIONS, found.id)}
        return {name: _dumped(parse_section(model, stored.get(name))) for name, model in models.items()}

    with open_target(data_dir, "settings show") as target:
        sections = target.run(work)
    if as_json:
        say_json(sections)
        return
    rows = [
        {"section": name, "setting": key, "value": value, "default": dict(_flat(_dumped(SECTIONS[name]()))).get(key)}
        for name, values in sections.items()
        for key, value in _flat(values)
    ]
    show(rows, as_json=False, empty="")


@app.command("set")
def set_settings(
    tenant: TenantArgument,
    section: Annotated[str, typer.Argument(metavar="SECTION", help=f"One of {', '.join(SECTIONS)}.")],
    changes: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUE…",
            help="What `settings show` lists; lists with commas, and nothing after = for the default.",
        ),
    ],
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Change settings of a tenant; what is not named stays as it is. Running services learn of it at once.

    Example: `orylo settings set minha-loja tracking allowed_origins=https://loja.example.com`

    Example: `orylo settings set minha-loja dispatch click_id.look_back_days=7 send_blocked=true`
    """
    model = _model_of(section)

    async def work(connection: Connection) -> Values:
        found = await find_tenant(connection, tenant)
        settings = _changed(await read_section(connection, found.id, model, for_update=True), changes)
        await write_section(connection, found.id, settings)
        return _dumped(settings)

    with open_target(data_dir, "settings set") as target:
        values = target.run(work)
    if as_json:
        say_json({section: values})
        return
    named = [change.partition("=")[0].strip() for change in changes]
    for key, value in _flat(values):
        if any(key == name or key.startswith(f"{name}.") for name in named):
            say(f"{section} {key} = {_written(value)}")


def _model_of(section: str) -> type[TenantSettings]:
    if section not in SECTIONS:
        raise typer.BadParameter(f"{section!r} is none of {', '.join(SECTIONS)}", param_hint="SECTION")
    return SECTIONS[section]


def _changed(settings: TenantSettings, changes: Sequence[str]) -> TenantSettings:
    values, defaults, paths = _dumped(settings), _dumped(type(settings)()), []
    for change in changes:
        key, equals, text = change.partition("=")
        path = key.strip().split(".")
        if not equals or path[0] not in values:
            raise _refused(f"{change!r}: write KEY=VALUE, with a KEY of", defaults)
        default = _at(defaults, path)
        value = default if not text.strip() else _parsed(text.strip(), is_list=isinstance(default, list))
        _put(values, path, value, change)
        paths.append(path if text.strip() else path[:1])
    try:
        changed = type(settings).model_validate(values)
    except ValidationError as invalid:
        problems = [_complaint(settings.section, error) for error in invalid.errors()]
        raise typer.BadParameter("; ".join(problems), param_hint="KEY=VALUE") from None
    for path in paths:
        if _at(_dumped(changed), path) is None:
            raise _refused(f"{'.'.join(path)!r} is no setting; there are", defaults)
    return changed


def _complaint(section: str, error: ErrorDetails) -> str:
    pattern = error["type"] == "string_pattern_mismatch"
    message = WRITTEN_LIKE if pattern else error["msg"].removeprefix("Value error, ")
    return f"{'.'.join(map(str, error['loc'])) or section}: {message}"


def _refused(what: str, defaults: Values) -> typer.BadParameter:
    return typer.BadParameter(f"{what} {', '.join(key for key, _ in _flat(defaults))}", param_hint="KEY=VALUE")


def _parsed(text: str, *, is_list: bool) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return [part.strip() for part in text.split(",")] if is_list else text


def _at(values: Values, path: Sequence[str]) -> Any:
    """What stands there, if anything."""
    node: Any = values
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _put(values: Values, path: Sequence[str], value: Any, change: str) -> None:
    """None takes it away."""
    node: Any = values
    for key in path[:-1]:
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            raise typer.BadParameter(f"{change!r}: there is nothing below {key}", param_hint="KEY=VALUE")
    if value is None:
        node.pop(path[-1], None)
    else:
        node[path[-1]] = value


def _dumped(settings: TenantSettings) -> Values:
    return settings.model_dump(mode="json")


def _flat(values: Values, above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _written(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else orjson.dumps(value).decode().strip('"')
