from pathlib import Path

from orylo_rules.reference import document

WRITTEN = Path(__file__).parents[3] / "docs" / "rules.md"


def test_the_reference_in_the_docs_is_current() -> None:
    assert WRITTEN.read_text() == document(), "run: python -m orylo_rules.reference > docs/rules.md"
