"""The formats in which Hotmart's sales arrive."""

from typing import Any, Literal

from orylo_ingest.documents.parsing import Document

Format = Literal["2.0.0", "1.0", "1.0 cart", "1.0 subscription", "simplified", "unknown"]


def format_of(document: Document) -> Format:
    """Return the format of a body. It alone decides how the body is authenticated and read."""
    if "event" in document:
        return "2.0.0"
    if "transaction" in document:
        return "1.0"
    if "order_id" in document and "customer" in document:
        return "simplified"
    if "buyerVO" in document:
        return "1.0 cart"
    return "1.0 subscription" if "subscriberCode" in document else "unknown"


def is_relayed(document: Any) -> bool:
    """Return whether a relay must have sent this: Hotmart sends no such body."""
    return isinstance(document, dict) and format_of(document) == "simplified"
