"""Reasons of the API not to serve a request, as failures of a command."""

from collections.abc import Iterator
from contextlib import contextmanager

from orylo_api.errors import Invalid, RequestError
from orylo_common.control.errors import InvalidChange


@contextmanager
def refusals() -> Iterator[None]:
    """Raise `InvalidChange` in place of `RequestError`."""
    try:
        yield
    except Invalid as invalid:
        raise InvalidChange("; ".join(each.message for each in invalid.errors)) from None
    except RequestError as error:
        raise InvalidChange(str(error)) from None
