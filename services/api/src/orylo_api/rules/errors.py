"""Errors of the control plane's rules as errors of a request."""

from collections.abc import Iterator
from contextlib import contextmanager

from orylo_api.errors import Conflict, Invalid, NotFound
from orylo_api.http.problem_details import FieldProblem
from orylo_common.control.rules import InvalidRule, RuleConflict, UnknownRule


@contextmanager
def api_errors() -> Iterator[None]:
    """Raise `NotFound`, `Conflict` or `Invalid` in place of the control plane's errors."""
    try:
        yield
    except UnknownRule as error:
        raise NotFound(str(error)) from None
    except RuleConflict as error:
        raise Conflict(str(error), code=error.code) from None
    except InvalidRule as error:
        problems = [
            FieldProblem(field="body.expression", message=f"line {each.line}, column {each.column}: {each.message}")
            for each in error.problems
        ]
        raise Invalid("the rule is not saved: its expression is invalid", problems) from None
