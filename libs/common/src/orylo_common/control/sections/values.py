"""Values of a section as a client sends them, and the description of its fields."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pydantic import ValidationError

from orylo_common.control.errors import InvalidChange
from orylo_common.control.models import TenantSettings

# In place of pydantic's message, which quotes a regular expression.
PATTERNS = {
    "allowed_origins": "write an origin like https://shop.example.com",
    "country": "write two letters, such as BR",
    "currency": "write three letters, such as BRL",
    "failed_money_limit": "write a currency in three capital letters, such as BRL",
    "timezone": "write a time zone like America/Sao_Paulo",
}
LONGEST_TEXT = 500
# The largest that every client reads exactly.
LARGEST_NUMBER = 2**53 - 1
UNKNOWN_SETTING = "is not a setting"

Section = TypeVar("Section", bound=TenantSettings)


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """Why one value is refused. `field` is its dotted place in the section, empty for the section as a whole."""

    field: str
    message: str


class InvalidSettings(InvalidChange):
    """The section is not stored. `problems` names each refused value."""

    def __init__(self, section: str, problems: list[SettingProblem]) -> None:
        super().__init__("; ".join(f"{each.field or section}: {each.message}" for each in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class SettingField:
    """A field of a section. `schema` is the JSON Schema of its values, with all limits.

    `unit` is None for values without one. For a nested value the schema has the units.
    """

    name: str
    description: str
    default: Any
    unit: str | None
    schema: Mapping[str, Any]


def validate_values(model: type[Section], values: Mapping[str, Any]) -> Section:
    """Return the section with these values; a field that is absent has its default. Raises `InvalidSettings`.

    The model reads stored values and ignores fields that it does not know. From a client these are refused: most
    likely they are misspelt.
    """
    if problems := list(_unstorable(values)):
        raise InvalidSettings(model.section, problems)
    try:
        settings = model.model_validate(values)
    except ValidationError as invalid:
        problems = [
            SettingProblem(_place(error["loc"]), _message(str(error["type"]), error["loc"], error["msg"]))
            for error in invalid.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise InvalidSettings(model.section, problems) from None
    problems = [SettingProblem(field, message) for field, message in settings.unusable().items()]
    if problems := [*problems, *_unknown(values, settings.model_dump(mode="json"))]:
        raise InvalidSettings(model.section, problems)
    return settings


@cache
def describe_fields(model: type[TenantSettings]) -> tuple[SettingField, ...]:
    """Return the fields of a section in their order."""
    document = model.model_json_schema(mode="validation")
    defaults = model().model_dump(mode="json")
    fields = []
    for name, schema in document["properties"].items():
        resolved = _without_references(schema, document.get("$defs", {}))
        description, unit = resolved.pop("description", ""), resolved.pop("unit", None)
        for shown_elsewhere in ("title", "default"):
            resolved.pop(shown_elsewhere, None)
        fields.append(SettingField(name, description, defaults[name], unit, resolved))
    return tuple(fields)


def difference(before: TenantSettings, after: TenantSettings) -> Iterator[tuple[str, Any, Any]]:
    """Yield the dotted key, the value before and the value after of each leaf that differs; None where it is absent."""
    old, new = dict(leaves(before.model_dump(mode="json"))), dict(leaves(after.model_dump(mode="json")))
    for key in (*old, *(key for key in new if key not in old)):
        was, is_now = old.get(key), new.get(key)
        # An object that got its first value, or lost its last: the value is listed.
        if was != is_now and (was or is_now or {} not in (was, is_now)):
            yield key, was, is_now


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted key and the value of each leaf."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _place(location: tuple[int | str, ...]) -> str:
    """Return the dotted place. An invalid key of a mapping is named as its value would be."""
    return ".".join(str(part) for part in location if part != "[key]")


def _message(kind: str, place: tuple[int | str, ...], message: str) -> str:
    if kind == "string_pattern_mismatch" and place[0] in PATTERNS:
        return PATTERNS[str(place[0])]
    return message.removeprefix("Value error, ")


def _unstorable(value: Any, place: str = "") -> Iterator[SettingProblem]:
    """Yield each text and number that cannot be stored."""
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT or "\x00" in value:
            yield SettingProblem(place, f"must be a text of at most {LONGEST_TEXT} characters, without NUL")
    elif isinstance(value, int | float):
        if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            yield SettingProblem(place, f"must be a number of at most {LARGEST_NUMBER}")
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if len(key) > LONGEST_TEXT or "\x00" in key:
                yield SettingProblem(place, f"has a name that is longer than {LONGEST_TEXT} characters or holds NUL")
            else:
                yield from _unstorable(each, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _unstorable(each, f"{place}.{index}".lstrip("."))


def _unknown(given: Mapping[str, Any], known: Mapping[str, Any], place: str = "") -> Iterator[SettingProblem]:
    for key, value in given.items():
        if key not in known:
            yield SettingProblem(f"{place}{key}", UNKNOWN_SETTING)
        elif isinstance(value, Mapping) and isinstance(known[key], Mapping):
            yield from _unknown(value, known[key], f"{place}{key}.")


def _without_references(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Return the schema with each reference replaced by what it names."""
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            named = definitions[schema["$ref"].rpartition("/")[2]]
            schema = {**named, **{key: value for key, value in schema.items() if key != "$ref"}}
        return {
            key: _without_references(value, definitions)
            for key, value in schema.items()
            if not (key == "title" and isinstance(value, str))
        }
    return [_without_references(each, definitions) for each in schema] if isinstance(schema, list) else schema
