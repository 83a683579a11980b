"""Encodes what is known of a payment for `detector.recent_payments`."""

from dataclasses import replace

from pydantic import TypeAdapter

from orylo_common.postgres.outbox_bodies import compress, decompress
from orylo_detector.domain.known_payment import KnownPayment

_KNOWN = TypeAdapter(KnownPayment)


def encoded(known: KnownPayment) -> bytes:
    """Encode all but the version, which is a column."""
    return compress(_KNOWN.dump_json(known, exclude={"version"}, exclude_none=True))


def decoded(version: int, stored: bytes) -> KnownPayment:
    return replace(_KNOWN.validate_json(decompress(stored)), version=version)
