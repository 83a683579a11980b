from itertools import permutations

from orylo_api.payments.link_keys import KEY_COLUMNS, SharedValue, link_key, link_keys, order_key
from orylo_api.payments.projection import merge
from orylo_api.payments.row import payment_row
from orylo_common.messages import Card, MatchKeys, PaymentEnriched, PaymentFailed, PaymentSucceeded, Tracking
from tests.unit.api.builders import OTHER_TENANT, TENANT, after, payment

NAMED = {
    "card": Card(fingerprint="fp_1"),
    "tracking": Tracking(fbp="fb.1.1.1"),
    "ip": "203.0.113.7",
    "match_keys": MatchKeys(phone="a" * 64),
    "document_hash": "b" * 64,
    "order_id": "1047",
}


def test_a_key_depends_on_tenant_and_kind() -> None:
    keys = [
        link_key(tenant, link, "1")
        for tenant in (TENANT, OTHER_TENANT)
        for link in (SharedValue.IP, SharedValue.DEVICE)
    ]

    assert len(set(keys)) == 4
    assert all(-(2**63) <= key < 2**63 for key in keys)


def test_every_key_comes_from_the_message() -> None:
    row = payment_row(payment(PaymentSucceeded, **NAMED))

    keys = [getattr(row, column) for column in KEY_COLUMNS]
    assert len(set(keys)) == len(KEY_COLUMNS)
    assert None not in keys
    assert link_keys(payment(PaymentSucceeded, card=None)) == {}


def test_the_keys_of_a_payment_do_not_depend_on_the_order_of_its_messages() -> None:
    declined = payment(PaymentFailed, **NAMED, occurred_at=after(0))
    paid = payment(PaymentSucceeded, card=Card(fingerprint="fp_2"), occurred_at=after(1))
    later = payment(PaymentEnriched, **NAMED, occurred_at=after(2))

    results = []
    for first, *others in permutations((declined, paid, later)):
        row = payment_row(first)
        for other in others:
            merge(row, payment_row(other))
        results.append([getattr(row, column) for column in KEY_COLUMNS])

    expected = {**link_keys(later), "card_key": link_keys(paid)["card_key"], "order_key": order_key(TENANT, "1047")}
    assert results == [[expected[column] for column in KEY_COLUMNS]] * 6
