"""Google's CEL engine, with Orylo's fields declared. The only module that imports it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from cel_expr_python import cel

from orylo_rules.fields import FIELDS, FieldType, FieldValue
from orylo_rules.source import Source

# Rules of all tenants in one process. A compiled rule takes about 12 kB.
COMPILED_RULES = 4096
# A gateway names a few products. The limit bounds what a loop over them costs.
MAX_ITEMS = 100

# True if it is known which lists the payment is on.
LISTS_KNOWN = "has.in_list"

_TYPES = {
    FieldType.TEXT: cel.Type.STRING,
    FieldType.WHOLE: cel.Type.INT,
    FieldType.DECIMAL: cel.Type.DOUBLE,
    FieldType.BOOLEAN: cel.Type.BOOL,
    FieldType.TIME: cel.Type.TIMESTAMP,
    FieldType.TEXTS: cel.Type.List(cel.Type.STRING),
}
_ORDER = {"_<_": "less", "_<=_": "less_equals", "_>_": "greater", "_>=_": "greater_equals"}
# `dyn` would turn the type check off; `type` has no use in a rule.
_WITHOUT = (*_ORDER, "dyn", "type")
# How the engine reports a declared variable without a value.
_MISSING = 'No value with name "'


class NotCompiled(Exception):
    """The engine did not accept an expression. Its text has the engine's messages and positions."""


@dataclass(frozen=True, slots=True)
class Failed:
    """An expression that ended in an error other than a missing value."""

    reason: str


@dataclass(frozen=True, slots=True)
class CompiledExpression:
    """A compiled expression, with the names of the fields and lists that it reads.

    `presences` are the fields that it asks `has` about.
    """

    source: Source
    program: Any
    fields: frozenset[str]
    presences: frozenset[str]
    lists: frozenset[str]

    @property
    def is_boolean(self) -> bool:
        return bool(self.program.return_type() == cel.Type.BOOL)

    @property
    def result_type(self) -> str:
        return str(self.program.return_type().name()).lower()

    def evaluate(self, activation: Any) -> bool | Failed:
        """Return True if the expression is certainly true, False if it is false or depends on a missing value."""
        try:
            result = self.program.eval(activation)
            value = result.value()
        # The engine converts values lazily, and raises what the conversion of one raises.
        except Exception as error:  # noqa: BLE001
            return Failed(str(error).strip())
        # The value of an error is its text.
        if value is True or value is False:
            return bool(value)
        if result.type() == cel.Type.ERROR:
            return False if _MISSING in value else Failed(_reason(value))
        return False


@lru_cache(maxsize=COMPILED_RULES)
def compile_expression(text: str) -> CompiledExpression:
    """Compile an expression. The same text is compiled once. Raises `NotCompiled`."""
    source = Source(text)
    program = compile_program(source.rewritten())
    return CompiledExpression(source, program, source.fields(), source.presences(), source.lists())


def compile_program(text: str) -> Any:
    """Compile a text that is already rewritten for the engine. Raises `NotCompiled`."""
    try:
        return environment().compile(text)
    # RuntimeError from the engine; TypeError and ValueError (UnicodeError) from the passage of text to and from it.
    except (RuntimeError, TypeError, ValueError) as error:
        raise NotCompiled(str(error)) from error


def activation_of(
    values: Mapping[str, FieldValue | None],
    fields: Collection[str],
    *,
    presences: Mapping[str, str],
    lists: Collection[str] | None,
    list_names: Collection[str],
) -> Any:
    """Build the variables of one evaluation: of those `fields`, `presences` and `list_names` that expressions read.

    `presences` has the variable of each field that an expression asks `has` about, as `presence_variables` returns it.
    """
    variables: dict[str, Any] = {variable: values.get(name) is not None for name, variable in presences.items()}
    variables[LISTS_KNOWN] = lists is not None
    for name in fields:
        value = values.get(name)
        if value is not None:
            variables[name] = list(value[:MAX_ITEMS]) if isinstance(value, list | tuple) else value
    if lists is not None:
        variables["in_list"] = {name: name in lists for name in list_names}
    return environment().Activation(variables)


def presence_variables(fields: Iterable[str]) -> dict[str, str]:
    return {name: f"has.{name}" for name in fields}


def error_of(constant: str) -> str | None:
    """Evaluate an expression without fields, and return the reason if it ends in an error."""
    try:
        result = environment().compile(constant).eval()
    except (RuntimeError, TypeError, ValueError):
        return None
    return _reason(result.value()) if result.type() == cel.Type.ERROR else None


@cache
def environment() -> Any:
    variables = {name: _TYPES[field.type] for name, field in FIELDS.items()}
    presence = dict.fromkeys(presence_variables(FIELDS).values(), cel.Type.BOOL)
    lists = {"in_list": cel.Type.Map(cel.Type.STRING, cel.Type.BOOL), LISTS_KNOWN: cel.Type.BOOL}
    left_out = "".join(f'  - name: "{function}"\n' for function in _WITHOUT)
    config = cel.NewEnvConfigFromYaml(f"stdlib:\n  exclude_functions:\n{left_out}")
    order = [cel.FunctionDecl(function, _order_overloads(name)) for function, name in _ORDER.items()]
    return cel.NewEnv(variables=variables | presence | lists, functions=order, config=config)


def _order_overloads(name: str) -> list[Any]:
    """Declare an ordering as the standard library does, and between whole and decimal numbers as well.

    The engine compares them exactly, but its checker declares the mixed forms only on request, which this binding
    does not expose.
    """
    numbers = {"int64": cel.Type.INT, "double": cel.Type.DOUBLE}
    others = {"string": cel.Type.STRING, "timestamp": cel.Type.TIMESTAMP, "duration": cel.Type.DURATION}
    same = [(f"{name}_{kind}", type_, type_) for kind, type_ in (numbers | others).items()]
    mixed = [
        (f"{name}_int64_double", cel.Type.INT, cel.Type.DOUBLE),
        (f"{name}_double_int64", cel.Type.DOUBLE, cel.Type.INT),
    ]
    return [cel.Overload(overload, cel.Type.BOOL, [left, right], False) for overload, left, right in same + mixed]


def _reason(error: str) -> str:
    """Strip the status code: `INVALID_ARGUMENT: divide by zero` is `divide by zero`."""
    return error.partition(": ")[2] or error
