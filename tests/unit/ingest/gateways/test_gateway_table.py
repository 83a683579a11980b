from pathlib import Path

from orylo_ingest.gateway_table import document

WRITTEN = Path(__file__).parents[4] / "docs" / "gateways.md"


def test_the_table_in_the_docs_is_current() -> None:
    assert WRITTEN.read_text() == document(), "run: python -m orylo_ingest.gateway_table > docs/gateways.md"
