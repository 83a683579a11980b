"""The record of every fixture, as golden files. `python -m tests.unit.ingest.golden` writes them."""

from pathlib import Path
from typing import Any

import orjson

from orylo_ingest.webhooks.record import Record
from tests.unit.ingest.given import FIXTURES, recorded

FOLDER = Path(__file__).parent / "golden"
# Different for each message.
_UNSTABLE = ("id", "correlationid")


def path_of(fixture: str) -> Path:
    return FOLDER / f"{fixture.removesuffix('.json').removesuffix('.txt')}.golden.json"


def outcome_of(record: Record) -> dict[str, Any]:
    message = orjson.loads(record.outgoing.body) if record.outgoing else None
    if message:
        for attribute in _UNSTABLE:
            del message[attribute]
    return {
        "status": record.status,
        "reason": record.reason,
        "event_id": str(record.event_id),
        "gateway_event_type": record.gateway_event_type,
        "facts": list(record.facts),
        "message": message,
        "stored": orjson.loads(record.payload),
    }


def main() -> None:
    for fixture in FIXTURES:
        path = path_of(fixture)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(outcome_of(recorded(fixture)), option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    main()
