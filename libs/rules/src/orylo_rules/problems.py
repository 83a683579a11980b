"""Translate the engine's messages into problems that an analyst can act on."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from orylo_rules.fields import FIELDS, GROUPS
from orylo_rules.source import Source, TextPosition

TIME_PARTS = (
    *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
    *("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
)
FUNCTIONS = (
    *("has", "in_list", "size", "contains", "startsWith", "endsWith", "matches"),
    *("exists", "exists_one", "all", "map", "filter", "int", "double", "string", "timestamp", "duration"),
    *TIME_PARTS,
)
HAS_TAKES_A_FIELD = "`has` takes the name of a field, as in `has(card.country)`."
TYPE_NAMES = {
    "int": "a whole number",
    "uint": "an unsigned number",
    "double": "a decimal number",
    "string": "a text",
    "bool": "a true/false value",
    "bytes": "bytes",
    "timestamp": "a time",
    "google.protobuf.Timestamp": "a time",
    "duration": "a duration",
    "google.protobuf.Duration": "a duration",
    "null_type": "null",
    "null": "null",
}
# What people write who know another language, and what CEL writes.
SYNONYMS = {"and": "&&", "or": "||", "not": "!", "&": "&&", "|": "||", "=": "==", "“": '"', "”": '"', "‘": "'"}

_ENTRY = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*?)(?=\n \| |\nERROR: | \[[A-Z_]+\]$|$)", re.DOTALL)
_UNDECLARED = re.compile(r"undeclared reference to '(.*)' \(in container '.*'\)", re.DOTALL)
_OVERLOAD = re.compile(r"found no matching overload for '(.*)' applied to '\((.*)\)'", re.DOTALL)
_UNEXPECTED = re.compile(r"Syntax error: (?:mismatched|extraneous) input '(.*?)' expecting (.*)", re.DOTALL)
_UNKNOWN_TOKEN = re.compile(r"Syntax error: token recognition error at: '(.*)'", re.DOTALL)
_CLOSING = re.compile(r"Syntax error: missing '(.)' at")
_NOT_A_GROUP = re.compile(r"expression of type '(.*)' cannot be the operand of a select operation")


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """A reason why an expression cannot be saved. Line and column count from 1; the column counts characters."""

    message: str
    line: int = 1
    column: int = 1


def problems_of(source: Source, engine_message: str) -> list[RuleProblem]:
    """Return the problems that the engine reports. Of syntax errors only the first: the others follow from it."""
    if "recursion" in engine_message:
        return [RuleProblem("The expression is nested too deeply.")]
    entries = [(TextPosition(int(line), int(column)), text) for line, column, text in _ENTRY.findall(engine_message)]
    if not entries:
        return [RuleProblem("The expression cannot be read.")]
    syntax = [entry for entry in entries if entry[1].startswith("Syntax error")][:1]
    return list(dict.fromkeys(_problem(source, *entry) for entry in syntax or _causes(entries)))


def _causes(entries: list[tuple[TextPosition, str]]) -> list[tuple[TextPosition, str]]:
    """Leave out the errors about parts that are themselves in error."""
    return [entry for entry in entries if "*error*" not in entry[1]] or entries


def _problem(source: Source, position: TextPosition, text: str) -> RuleProblem:
    position = TextPosition(max(position.line, 1), max(position.column, 1))
    offset = source.offset(position)
    if match := _UNDECLARED.match(text):
        is_call = source.text[offset : offset + 1] == "("
        start = source.position(source.start_of_name(offset))
        return RuleProblem(_unknown_function(match[1]) if is_call else _unknown_field(match[1]), *start)
    if source.word_before(offset) == "not":
        return RuleProblem("Write `!` in place of `not`.", *source.position(source.text.rindex("not", 0, offset)))
    return RuleProblem(_message(text), *position)


def _message(text: str) -> str:
    if match := _OVERLOAD.match(text):
        return _mismatch(match[1], match[2])
    if match := _UNKNOWN_TOKEN.match(text):
        return _unreadable(match[1])
    if match := _UNEXPECTED.match(text):
        return _unexpected(*match.groups())
    if match := _CLOSING.match(text):
        return f"`{match[1]}` is missing."
    if match := _NOT_A_GROUP.match(text):
        return f"{type_name(match[1]).capitalize()} has no fields."
    if "has() argument" in text:
        return HAS_TAKES_A_FIELD
    text = text.removeprefix("Syntax error: ")
    return f"{text[:1].upper()}{text[1:]}."


def _unknown_field(reference: str) -> str:
    name = reference.removeprefix("has.")
    if name in GROUPS:
        example = next(field for field in FIELDS if field.startswith(f"{name}."))
        return f"`{name}` is a group of fields. Name one of them, such as `{example}`."
    return f"Unknown field `{name}`.{_near(name, FIELDS)}"


def _unknown_function(name: str) -> str:
    if name in FUNCTIONS:
        return f"`{name}` cannot be used like this."
    return f"Unknown function `{name}`.{_near(name, FUNCTIONS)}"


def _near(name: str, known: Iterable[str]) -> str:
    by_lower = {candidate.lower(): candidate for candidate in known}
    near = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean `{by_lower[near[0]]}`?" if near else ""


def _mismatch(operator: str, arguments: str) -> str:
    kinds = _split(arguments)
    names = [type_name(kind) for kind in kinds]
    symbol = {"@in": "in", "_[_]": "[ ]", "_?_:_": "? :"}.get(operator, operator.strip("_"))
    return f"`{symbol}` does not work on {' and '.join(names)}.{_hint(set(kinds))}"


def _hint(kinds: set[str]) -> str:
    numbers = kinds & {"int", "double"}
    if "null_type" in kinds:
        return " To ask whether a value is known, write `has(card.country)`."
    if len(numbers) == 2 or kinds in ({"double", "list(int)"}, {"int", "list(double)"}):
        return " Write both as decimal numbers: `100.0` in place of `100`, `double(…)` around a field."
    if numbers and "string" in kinds:
        return " Numbers are written without quotes."
    return ""


def type_name(kind: str) -> str:
    return "a list" if kind.startswith("list") else TYPE_NAMES.get(kind, f"`{kind}`")


def _split(arguments: str) -> list[str]:
    """Split `double, list(int)` at the commas outside parentheses."""
    return [part.strip() for part in re.split(r",\s*(?![^()]*\))", arguments)]


def _unreadable(text: str) -> str:
    text = text.strip()
    if text[:1] in ("'", '"') or text[:2].lower() in ("r'", 'r"', "b'", 'b"'):
        return "The text is not closed, or contains a backslash that means nothing. Write `\\\\` for a backslash."
    return f"Unexpected `{text}`.{_instead(text)}"


def _unexpected(text: str, expected: str) -> str:
    if text == "<EOF>":
        awaited = re.fullmatch(r"'(.)'", expected)
        return f"`{awaited[1]}` is missing." if awaited else "The expression ends too early."
    if text == ",":
        return "Unexpected `,`. Write decimals with a point: `1500.50`."
    return f"Unexpected `{text}`.{_instead(text)}"


def _instead(text: str) -> str:
    wanted = SYNONYMS.get(text.lower())
    return f" Write `{wanted}`." if wanted else ""
