"""Stored answers by idempotency key. https://docs.stripe.com/api/idempotent_requests"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orylo_cli.demo.fake_stripe.errors import StripeRefusal


@dataclass(slots=True)
class StoredAnswer:
    """The answer to the first request, without a `status` while that is still running."""

    parameters: tuple[str, Mapping[str, str]]
    status: int | None = None
    body: Mapping[str, Any] = field(default_factory=dict)


class IdempotencyKeys:
    def __init__(self) -> None:
        self._answers: dict[str, StoredAnswer] = {}

    def begin(self, key: str, path: str, form: Mapping[str, str]) -> StoredAnswer | None:
        """Return the stored answer of an earlier request, or None if this is the first."""
        known = self._answers.get(key)
        if known is None:
            self._answers[key] = StoredAnswer((path, form))
            return None
        if known.parameters != (path, form):
            message = "Keys for idempotent requests can only be used with the same parameters."
            raise StripeRefusal(400, "idempotency_error", message)
        if known.status is None:
            raise StripeRefusal(409, "idempotency_error", "There is another request with this key.")
        return known

    def keep(self, key: str, status: int, body: Mapping[str, Any]) -> None:
        self._answers[key].status, self._answers[key].body = status, body

    def forget(self) -> None:
        """Forget all keys, as Stripe does after a day."""
        self._answers.clear()
