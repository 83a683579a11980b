"""Metrics of payments: how many succeed and fail, by method, and the codes of the declines."""

import re

from prometheus_client import Counter

from orylo_common.messages import Message, PaymentFailed, PaymentSucceeded

# `outcome`: succeeded, failed. A payment that is tried again counts again.
PAYMENTS = Counter("orylo_payments_total", "Attempts to pay, by their outcome", ["gateway", "method", "outcome"])
DECLINES = Counter("orylo_payment_declines_total", "Declined attempts, by the gateway's code", ["gateway", "code"])

OTHER = "other"
WORD = re.compile(r"[A-Za-z0-9_.-]{1,48}")


class BoundedWords:
    """The values of a metric's label. Words beyond `limit`, and texts that are not words, become `other`.

    Gateways choose their words: one that puts an id into a code must not fill the memory of Prometheus.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._words: set[str] = set()

    def label(self, text: str | None) -> str:
        if text is None or not WORD.fullmatch(text):
            return OTHER
        if text not in self._words:
            if len(self._words) >= self._limit:
                return OTHER
            self._words.add(text)
        return text


_METHODS = BoundedWords(40)
_CODES = BoundedWords(300)


def count_payment(message: Message) -> None:
    """Count an attempt to pay. Other messages and test events do not count."""
    if not isinstance(message, PaymentSucceeded | PaymentFailed) or message.test:
        return
    method = _METHODS.label(message.payment_method)
    if isinstance(message, PaymentFailed):
        PAYMENTS.labels(message.gateway, method, "failed").inc()
        DECLINES.labels(message.gateway, _CODES.label(message.failure_code)).inc()
    else:
        PAYMENTS.labels(message.gateway, method, "succeeded").inc()
