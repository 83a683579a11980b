"""Settings as `orylo settings` reads and prints them: dotted keys and texts."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orylo_common.control import TenantSettings

# In place of pydantic's message, which quotes a regular expression. Origins are the only values that have one.
ORIGIN_EXAMPLE = "write an origin like https://shop.example.com"

Values = dict[str, Any]


def dump(settings: TenantSettings) -> Values:
    return settings.model_dump(mode="json")


def flatten(values: Values, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted key and the value of each leaf."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def format_value(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else orjson.dumps(value).decode().strip('"')


def apply_changes(settings: TenantSettings, changes: Sequence[str]) -> TenantSettings:
    """Return the settings with each `KEY=VALUE` applied. Raises `typer.BadParameter`."""
    values, defaults, paths = dump(settings), dump(type(settings)()), []
    for change in changes:
        key, equals, text = change.partition("=")
        path = key.strip().split(".")
        if not equals or path[0] not in values:
            raise _unknown(f"{change!r}: write KEY=VALUE, where KEY is one of", defaults)
        default = _get(defaults, path)
        value = default if not text.strip() else _parse(text.strip(), is_list=isinstance(default, list))
        _set(values, path, value, change)
        paths.append(path if text.strip() else path[:1])
    try:
        changed = type(settings).model_validate(values)
    except ValidationError as invalid:
        problems = [_message(settings.section, error) for error in invalid.errors()]
        raise typer.BadParameter("; ".join(problems), param_hint="KEY=VALUE") from None
    for path in paths:
        # The models ignore unknown fields, so a misspelt key below the first level is missing from the result.
        if _get(dump(changed), path) is None:
            raise _unknown(f"unknown setting {'.'.join(path)!r}; known are", defaults)
    return changed


def _message(section: str, error: ErrorDetails) -> str:
    is_pattern = error["type"] == "string_pattern_mismatch"
    message = ORIGIN_EXAMPLE if is_pattern else error["msg"].removeprefix("Value error, ")
    return f"{'.'.join(map(str, error['loc'])) or section}: {message}"


def _unknown(text: str, defaults: Values) -> typer.BadParameter:
    return typer.BadParameter(f"{text} {', '.join(key for key, _ in flatten(defaults))}", param_hint="KEY=VALUE")


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
