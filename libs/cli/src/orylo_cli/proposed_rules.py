"""Rules in a file, which a backtest compares with the current ones."""

from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import orjson
from pydantic import TypeAdapter, ValidationError

from orylo_cli.console import exit_with_error
from orylo_rules import Rule, check

_LIST = TypeAdapter(list[dict[str, Any]])


def proposed_rules(file: Path) -> list[Rule]:
    """Return the rules of a file, in mode `on` unless it says otherwise. An error ends the command."""
    try:
        written = _LIST.validate_python(orjson.loads(file.read_bytes()))
    except OSError as error:
        exit_with_error(f"{file}: {error.strerror}")
    except orjson.JSONDecodeError as error:
        exit_with_error(f"{file}, line {error.lineno}: {error.msg}")
    except ValidationError:
        exit_with_error(f"{file} is not a list of rules")
    return [_rule(file, number, values) for number, values in enumerate(written, start=1)]


def _rule(file: Path, number: int, values: dict[str, Any]) -> Rule:
    where = f"{file}, rule {number}"
    try:
        rule = Rule.model_validate({"mode": "on", **values, "id": uuid5(NAMESPACE_OID, f"{number}")})
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        exit_with_error(f"{where}: {'; '.join(problems)}")
    if problems := [
        f"{where}, line {each.line}, column {each.column}: {each.message}" for each in check(rule.expression)
    ]:
        exit_with_error("\n".join(problems))
    return rule
