"""Measure the CPU time to build one webhook's record: hash, scrub, normalise and encode, without I/O.

    python -m tests.load.record_speed [--count 300]

The documents are those of `tests/fixtures/gateways`. The time to read and write the same JSON is the unit for comparing
machines.
"""

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import orjson

from orylo_common.control.document_key import DocumentKey
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.webhooks.record import build_record
from tests.load.report import Goal, heading, line, machine

FIXTURES = Path("tests/fixtures/gateways")
# With the goals in microseconds, on a machine that reads and writes 1 kB of JSON in 3 µs.
DOCUMENTS = {
    "kiwify/order_approved_card": 840,
    "stripe/checkout.session.completed": 1159,
    "stripe/charge.succeeded": None,
    "stripe/payment_intent.succeeded": None,
    "hotmart/v2_purchase_approved": None,
    "perfectpay/approved_card": None,
}
ROUNDS = 5


def microseconds(task: Callable[[], object], count: int) -> float:
    """Return the CPU time of one call: the best of several rounds."""
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(count):
            task()
        took.append((time.process_time() - began) / count * 1e6)
    return min(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="per round")
    count = parser.parse_args().count
    machine()

    heading("One webhook's record")
    key, now = DocumentKey(bytes(32)), datetime.now(UTC)
    for name, goal in DOCUMENTS.items():
        gateway = GATEWAYS[name.partition("/")[0]]
        raw = (FIXTURES / f"{name}.json").read_bytes()

        def build(gateway=gateway, raw=raw) -> object:  # type: ignore[no-untyped-def]
            document = orjson.loads(raw)
            return build_record(gateway, UUID(int=1), document, now, secrets=[b"whsec_measured"], document_key=key)

        took = microseconds(build, count)
        of_json = took / microseconds(lambda raw=raw: orjson.dumps(orjson.loads(raw)), count)  # type: ignore[misc]
        line(name, f"{took:7.0f} µs, {of_json:4.0f}× its JSON", Goal(took, goal, "below") if goal else None)


if __name__ == "__main__":
    main()
