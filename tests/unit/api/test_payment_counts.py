"""Attempts to pay become metrics, and gateways cannot fill the memory with their words."""

from typing import Any

from prometheus_client import REGISTRY

from orylo_api.payments.counting import OTHER, BoundedWords, count_payment
from orylo_common.messages import Message, PaymentCreated, PaymentFailed, PaymentSucceeded
from tests.unit.api.builders import payment


def counted(name: str, **labels: Any) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def added(message: Message, name: str, **labels: Any) -> float:
    before = counted(name, **labels)
    count_payment(message)
    return counted(name, **labels) - before


def test_a_payment_and_a_decline_count_by_gateway_and_method() -> None:
    paid = payment(PaymentSucceeded, gateway="kiwify", payment_method="pix")
    declined = payment(PaymentFailed, gateway="kiwify", payment_method="card", failure_code="expired_card")

    assert added(paid, "orylo_payments_total", gateway="kiwify", method="pix", outcome="succeeded") == 1
    assert added(declined, "orylo_payments_total", gateway="kiwify", method="card", outcome="failed") == 1
    assert added(declined, "orylo_payment_declines_total", gateway="kiwify", code="expired_card") == 1


def test_neither_test_events_nor_other_messages_count() -> None:
    labels = {"gateway": "kiwify", "method": "pix", "outcome": "succeeded"}

    for message in (
        payment(PaymentSucceeded, gateway="kiwify", payment_method="pix", test=True),
        payment(PaymentCreated, gateway="kiwify", payment_method="pix"),
    ):
        assert added(message, "orylo_payments_total", **labels) == 0


def test_words_are_bounded_and_sentences_are_no_words() -> None:
    words = BoundedWords(2)

    assert [words.label(text) for text in ("a", "b", "c", "a")] == ["a", "b", OTHER, "a"]
    assert [words.label(text) for text in (None, "", "Do not honour", "x" * 49)] == [OTHER] * 4
