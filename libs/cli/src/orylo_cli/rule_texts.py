"""Actions of rules and lengths of time, as the command reads and prints them."""

import re
from datetime import timedelta
from typing import get_args

import typer

from orylo_rules import AddPoints, AddToList, Decide, RuleAction, RuleDecision
from orylo_rules.source import LIST_NAME

LONGEST = timedelta(days=3650)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def parse_action(text: str) -> RuleAction:
    """Read `block`, `+25`, `-10` or `list:suspects`. Raises `typer.BadParameter`."""
    for decision in get_args(RuleDecision):
        if text == decision:
            return Decide(kind=decision)
    if re.fullmatch(r"[+-]?[0-9]{1,3}", text) and 0 < abs(int(text)) <= 100:
        return AddPoints(points=int(text))
    if text.startswith("list:") and LIST_NAME.fullmatch(text.removeprefix("list:")):
        return AddToList(list=text.removeprefix("list:"))
    raise typer.BadParameter(
        f"{text!r} is not an action: use allow, review, block, points from -100 to +100, or list:NAME",
        param_hint="--then",
    )


def action_text(action: RuleAction) -> str:
    match action:
        case AddPoints(points=points):
            return f"{points:+} points"
        case AddToList(list=name, types=types, days=days):
            return f"put {' and '.join(types)} on list {name} for {days} days"
        case Decide(kind=kind):
            return kind


def parse_length(text: str) -> timedelta:
    """Read `90m`, `12h` or `7d`. Raises `typer.BadParameter`."""
    match = re.fullmatch(r"([0-9]{1,6})([mhd])", text)
    length = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta(0)
    if not timedelta(0) < length <= LONGEST:
        raise typer.BadParameter(f"{text!r} is not a length of time: use 90m, 12h or 7d", param_hint="--for")
    return length
