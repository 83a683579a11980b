"""Who paid: identifiers normalised as Meta documents it, then hashed; and what must never be kept."""

from orylo_common.identity.cards import has_card_number, mask_card_numbers, may_hold_card_number, outline_of
from orylo_common.identity.hashing import TOKEN_PREFIX, hash_of, is_token, token
from orylo_common.identity.known import Known, flat_bytes, replace_known
from orylo_common.identity.person import Identity, Person, customer_id, identify

__all__ = [
    "TOKEN_PREFIX",
    "Identity",
    "Known",
    "Person",
    "customer_id",
    "flat_bytes",
    "has_card_number",
    "hash_of",
    "identify",
    "is_token",
    "mask_card_numbers",
    "may_hold_card_number",
    "outline_of",
    "replace_known",
    "token",
]
