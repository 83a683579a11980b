"""Settings as `orylo settings` reads and prints them: dotted keys and texts."""

from collections.abc import Sequence
from typing import Any

import orjson
import typer

from orylo_common.control import TenantSettings
from orylo_common.control.sections.values import UNKNOWN_SETTING, InvalidSettings, leaves, validate_values

Values = dict[str, Any]


def dump(settings: TenantSettings) -> Values:
    return settings.model_dump(mode="json")


def format_value(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else orjson.dumps(value).decode().strip('"')


def apply_changes(settings: TenantSettings, changes: Sequence[str]) -> TenantSettings:
    """Return the settings with each `KEY=VALUE` applied. Raises `typer.BadParameter`."""
    values, defaults = dump(settings), dump(type(settings)())
    for change in changes:
        key, equals, text = change.partition("=")
        path = key.strip().split(".")
        if not equals or path[0] not in values:
            raise _unknown(f"{change!r}: write KEY=VALUE, where KEY is one of", defaults)
        default = _get(defaults, path)
        value = default if not text.strip() else _parse(text.strip(), is_list=isinstance(default, list))
        _set(values, path, value, change)
    try:
        return validate_values(type(settings), values)
    except InvalidSettings as invalid:
        for problem in invalid.problems:
            if problem.message == UNKNOWN_SETTING:
                raise _unknown(f"unknown setting {problem.field!r}; known are", defaults) from None
        raise typer.BadParameter(str(invalid), param_hint="KEY=VALUE") from None


def _unknown(text: str, defaults: Values) -> typer.BadParameter:
    return typer.BadParameter(f"{text} {', '.join(key for key, _ in leaves(defaults))}", param_hint="KEY=VALUE")


def _parse(text: str, *, is_list: bool) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return [part.strip() for part in text.split(",")] if is_list else text


def _get(values: Values, path: Sequence[str]) -> Any:
    """Return the value at `path`, or None."""
    node: Any = values
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _set(values: Values, path: Sequence[str], value: Any, change: str) -> None:
    """Set the value at `path`; None removes it."""
    node: Any = values
    for key in path[:-1]:
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            raise typer.BadParameter(f"{change!r}: {key} has no fields", param_hint="KEY=VALUE")
    if value is None:
        node.pop(path[-1], None)
    else:
        node[path[-1]] = value
