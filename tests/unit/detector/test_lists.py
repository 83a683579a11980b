from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from orylo_common.control.lists.values import EntryType
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import Decision, PaymentFact, TrustStatus
from orylo_detector.detectors import Detector
from orylo_detector.domain.finding import Finding
from orylo_detector.domain.lists import ListHit, Override, identifiers_of, override_of
from orylo_detector.engine import Engine
from orylo_detector.store.listed import list_columns, list_keys_of
from tests.unit.detector.cases import TENANT, features, payment

HASH = "ab" * 32


def hit(entry: str, length: int = 0) -> ListHit:
    """Build a hit from `block.ip`."""
    name, _, kind = entry.partition(".")
    return ListHit(name, EntryType(kind), length)


BLOCKED, ALLOWED = Decision.BLOCK, Decision.ALLOW


@pytest.mark.parametrize(
    ("hits", "status", "expected"),
    [
        ([], TrustStatus.NEUTRAL, None),
        ([], TrustStatus.BLOCKED, Override(BLOCKED, "blocked")),
        ([], TrustStatus.ALLOWLISTED, Override(ALLOWED, "allowlisted")),
        *(([hit(f"block.{kind}")], TrustStatus.NEUTRAL, Override(BLOCKED, f"block_list.{kind}")) for kind in EntryType),
        *(([hit(f"allow.{kind}")], TrustStatus.NEUTRAL, Override(ALLOWED, f"allow_list.{kind}")) for kind in EntryType),
        # Other lists decide nothing.
        ([hit("vip.customer"), hit("blocked.email")], TrustStatus.NEUTRAL, None),
        # A block counts before an allowance of the same reach.
        ([hit("allow.email"), hit("block.email")], TrustStatus.NEUTRAL, Override(BLOCKED, "block_list.email")),
        ([hit("allow.customer"), hit("block.card")], TrustStatus.NEUTRAL, Override(BLOCKED, "block_list.card")),
        ([hit("allow.card_country"), hit("block.bin", 6)], TrustStatus.NEUTRAL, Override(BLOCKED, "block_list.bin")),
        ([hit("block.device")], TrustStatus.ALLOWLISTED, Override(BLOCKED, "block_list.device")),
        ([hit("allow.document")], TrustStatus.BLOCKED, Override(BLOCKED, "blocked")),
        # An entry that names the buyer counts before one that names a group.
        ([hit("allow.email"), hit("block.card_country")], TrustStatus.NEUTRAL, Override(ALLOWED, "allow_list.email")),
        ([hit("block.ip", 32)], TrustStatus.ALLOWLISTED, Override(ALLOWED, "allowlisted")),
        ([hit("allow.ip", 32), hit("block.device")], TrustStatus.NEUTRAL, Override(BLOCKED, "block_list.device")),
        # Of networks, and of BINs, the longest counts.
        ([hit("block.ip", 8), hit("allow.ip", 24)], TrustStatus.NEUTRAL, Override(ALLOWED, "allow_list.ip")),
        ([hit("allow.ip", 24), hit("block.ip", 32)], TrustStatus.NEUTRAL, Override(BLOCKED, "block_list.ip")),
        ([hit("allow.ip", 24), hit("block.ip", 24)], TrustStatus.NEUTRAL, Override(BLOCKED, "block_list.ip")),
        ([hit("vip.ip", 32), hit("block.ip", 24)], TrustStatus.NEUTRAL, Override(BLOCKED, "block_list.ip")),
        ([hit("block.bin", 6), hit("allow.bin", 8)], TrustStatus.NEUTRAL, Override(ALLOWED, "allow_list.bin")),
        (
            [hit("block.ip", 8), hit("allow.ip", 24), hit("block.email_domain")],
            TrustStatus.NEUTRAL,
            Override(BLOCKED, "block_list.email_domain"),
        ),
    ],
)
def test_the_entry_that_decides_does_not_depend_on_the_order(
    hits: list[ListHit], status: TrustStatus, expected: Override | None
) -> None:
    for order in permutations(hits):
        assert override_of(order, status) == expected


def test_a_payment_is_looked_up_by_every_identifier_it_has() -> None:
    fact = payment(
        customer_id="cus_1",
        match_keys={"email": HASH},
        customer_flags={"email_domain_hash": "cd" * 32},
        document_hash="ef" * 32,
        tracking={"fbp": "fb.1.2.3"},
        card={"fingerprint": "fp_1", "country": "br", "bin": "4242429"},
    )

    assert identifiers_of(fact) == [
        (EntryType.CUSTOMER, "cus_1"),
        (EntryType.EMAIL, HASH),
        (EntryType.EMAIL_DOMAIN, "cd" * 32),
        (EntryType.DOCUMENT, "ef" * 32),
        (EntryType.DEVICE, "fb.1.2.3"),
        (EntryType.CARD, "fp_1"),
        (EntryType.CARD_COUNTRY, "BR"),
        (EntryType.BIN, "424242"),
        (EntryType.BIN, "4242429"),
    ]
    assert {kind for kind, _ in identifiers_of(fact)} | {EntryType.IP} == set(EntryType)
    assert list_keys_of(fact)[-1] == (TENANT, EntryType.IP, "203.0.113.7")
    assert [len(column) for column in list_columns(list_keys_of(fact))] == [9, 9, 9, 1, 1]


# A renewal repeats the address of the first charge, or names a server's.
@pytest.mark.parametrize("changes", [{"ip": None}, {"subscription": {"renewal": True}}, {"ip": "not an address"}])
def test_a_payment_without_the_buyers_address_is_not_looked_up_by_it(changes: dict[str, Any]) -> None:
    fact: PaymentFact = payment(**changes, customer_id=None, card=None)

    assert list_keys_of(fact) == []


def test_an_address_is_looked_up_in_its_canonical_form() -> None:
    fact: PaymentFact = payment(ip="::ffff:203.0.113.7", customer_id=None, card=None)

    assert list_keys_of(fact) == [(TENANT, EntryType.IP, "203.0.113.7")]


@pytest.mark.parametrize(("name", "score"), [("allow", 100), ("block", 0)])
async def test_a_list_overrides_the_decision_and_leaves_the_risk(name: str, score: int) -> None:
    detector = Detector("test", lambda *_: Finding({"test.code": score}), 1.0)
    listed = replace(features(), listed=(hit(f"{name}.email"),))
    verdict = await Engine([detector], time_limit=timedelta(minutes=1)).decide(payment(), listed, DetectionPolicy())

    assert (verdict.decision, verdict.override) == (Decision(name), f"{name}_list.email")
    assert (verdict.risk_score, sum(each.points for each in verdict.points)) == (score, score)
