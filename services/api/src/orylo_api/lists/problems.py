"""Reasons of the control plane not to change a list, as error responses."""

from collections.abc import Iterator
from contextlib import contextmanager

from orylo_api.errors import Conflict, Invalid, NotFound
from orylo_api.http.problem_details import FieldProblem
from orylo_common.control.errors import InvalidChange
from orylo_common.control.lists.entries import AlreadyListed, UnknownEntry
from orylo_common.control.lists.values import InvalidEntry
from orylo_common.csv_rows import InvalidFile


@contextmanager
def list_problems(field: str = "body.value") -> Iterator[None]:
    """Raise `RequestError` in place of `InvalidChange`. `field` is where an invalid value was given."""
    try:
        yield
    except UnknownEntry:
        raise NotFound("there is no such list entry") from None
    except AlreadyListed as listed:
        raise Conflict(str(listed), code="already_listed") from None
    except InvalidEntry as invalid:
        raise Invalid("some values are invalid", [FieldProblem(field=field, message=str(invalid))]) from None
    except InvalidFile as invalid:
        raise Invalid("the file cannot be read", [FieldProblem(field="body", message=str(invalid))]) from None
    except InvalidChange as full:
        raise Conflict(str(full), code="too_many_entries") from None
