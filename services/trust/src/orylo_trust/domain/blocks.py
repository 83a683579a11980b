"""The points of a payment that is blocked, and that may be allowed again.

They are withheld if the payment is posted while it is blocked, and otherwise taken back. What is stored with the
payment's reports decides which, so the sum depends neither on the reports' order nor on repetitions.
"""

from datetime import date

from orylo_trust.domain.ledger import EntryCause, LedgerEntry
from orylo_trust.domain.reversals import Reports

UNKNOWN_VERSION = -1


def record_block(
    reports: Reports, payment_id: str, *, version: int, in_effect: bool, was_blocked: bool, clean: LedgerEntry | None
) -> tuple[bool, tuple[LedgerEntry, ...]]:
    """Add a decision to the reports of its payment. Return whether the payment is blocked, and the entry to post.

    `clean` is the payment's clean entry, if it is in the ledger or waits for a customer.
    """
    block: Reports = reports.setdefault("block", {})
    if version <= block.get("version", UNKNOWN_VERSION):
        return was_blocked, ()
    if clean is not None and "clean" not in block:
        # Reports of earlier versions do not say that the points were taken back.
        block |= {"clean": _stored(clean), "posted": int(was_blocked)}
    block["version"] = version
    if not in_effect and "withheld" in block:
        block["clean"] = block.pop("withheld")
        return in_effect, (_entry(block["clean"], EntryCause.CLEAN_PAYMENT, payment_id),)
    posted = block.get("posted", 0)
    if "clean" not in block or in_effect == bool(posted % 2):
        return in_effect, ()
    block["posted"] = posted + 1
    # The first pair has the plain id, as the entry had before a block could be lifted.
    name = payment_id if posted < 2 else f"{payment_id}/{posted // 2 + 1}"
    cause, sign = (EntryCause.PAYMENT_BLOCKED, -1) if in_effect else (EntryCause.BLOCK_LIFTED, 1)
    return in_effect, (_entry(block["clean"], cause, name, sign),)


def withhold(reports: Reports, clean: LedgerEntry) -> bool:
    """Keep the clean entry of a blocked payment until the block is lifted. Return false if it was posted before."""
    block: Reports = reports.setdefault("block", {})
    if "clean" in block:
        return False
    block.setdefault("withheld", _stored(clean))
    return True


def _stored(clean: LedgerEntry) -> list[object]:
    return [clean.points, clean.month.isoformat() if clean.month else None, clean.monthly_cap]


def _entry(stored: list[object], cause: EntryCause, source_id: str, sign: int = 1) -> LedgerEntry:
    points, month, cap = stored
    return LedgerEntry(
        cause,
        source_id,
        sign * int(str(points)),
        date.fromisoformat(str(month)) if month else None,
        int(str(cap)) if cap is not None else None,
    )
