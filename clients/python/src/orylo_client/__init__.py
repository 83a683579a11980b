"""Orylo's REST API for Python programs.

`connect` opens a client, `orylo_client.rest.api` has a module for each operation, and `orylo_client.rest.models` what
they take and return.
"""

from orylo_client.connection import connect
from orylo_client.errors import ApiError, FieldProblem
from orylo_client.pages import items, items_async

__all__ = ["ApiError", "FieldProblem", "connect", "items", "items_async"]
