"""The API, as in its integration tests."""

from tests.integration.api.conftest import api, shared_api

__all__ = ["api", "shared_api"]
