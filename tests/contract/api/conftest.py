"""The API as its integration tests run it."""

from tests.integration.api.conftest import api, shared_api

__all__ = ["api", "shared_api"]
