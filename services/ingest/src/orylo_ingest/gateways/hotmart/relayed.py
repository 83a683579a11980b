"""The simplified JSON that relays send."""

from datetime import tzinfo

from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.attribution import tracking
from orylo_ingest.gateways.fields import any_moment, present, required, text
from orylo_ingest.gateways.hotmart.reading import products
from orylo_ingest.gateways.hotmart.sale import Sale
from orylo_ingest.metrics import count_variant


def sale_simplified(document: Document, zone: tzinfo) -> Sale:
    product = text(document.get("product_id"))
    at, notation = any_moment(document.get("event_time"), "event_time", zone)
    count_variant("hotmart", f"event_time_{notation}")
    return Sale(
        transaction=required(document.get("order_id"), "order_id"),
        price=document.get("amount"),
        currency=required(document.get("currency"), "currency").upper(),
        reported_at=at,
        ordered_at=at,
        paid_at=at,
        fields=present(
            tracking=tracking(document), products=products(product, None, {}), order_id=text(document.get("order_id"))
        ),
    )
