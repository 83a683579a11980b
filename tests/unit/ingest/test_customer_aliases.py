"""The ids by which a sale's buyer may be known elsewhere."""

from uuid import UUID

import pytest

from orylo_common.hashing import hash_of
from orylo_ingest.privacy.person import customer_aliases, customer_id
from tests.unit.ingest.given import message_in, recorded

ONE, OTHER = UUID(int=1), UUID(int=2)
PHONE, DOCUMENT = hash_of("5511987654321"), hash_of("11144477735")


def test_an_alias_is_the_id_of_a_customer_who_is_known_by_nothing_else() -> None:
    everything = {"email": hash_of("ana@example.com"), "phone": PHONE}

    aliases = customer_aliases(ONE, everything, document=DOCUMENT)

    assert aliases == {
        "phone": customer_id(ONE, {"phone": PHONE}),
        "document": customer_id(ONE, {}, document=DOCUMENT),
    }
    assert customer_id(ONE, everything, document=DOCUMENT) not in aliases.values()


def test_a_buyer_without_phone_and_document_has_no_alias_and_tenants_share_none() -> None:
    assert customer_aliases(ONE, {"email": hash_of("ana@example.com")}) == {}
    assert customer_aliases(ONE, {"phone": PHONE}) != customer_aliases(OTHER, {"phone": PHONE})


def test_a_sale_carries_its_buyers_aliases() -> None:
    sale = message_in(recorded("kiwify/order_approved_card.json"))

    assert sale.customer_aliases.phone is not None
    assert sale.customer_aliases.document is not None
    assert sale.customer_id not in (sale.customer_aliases.phone, sale.customer_aliases.document)


@pytest.mark.parametrize("fixture", ["kiwify/order_refunded.json", "kiwify/panel_test_order_approved.json"])
def test_other_events_and_a_panels_test_carry_none(fixture: str) -> None:
    assert message_in(recorded(fixture)).customer_aliases.model_dump(exclude_none=True) == {}
