"""Clean the texts of a whole document.

A document is first screened as a whole, which is cheap. Only a document with a finding is walked, only its objects and
lists with one are entered, and only their texts with one are cleaned.
"""

import re
from dataclasses import dataclass
from typing import Any

import orjson

from orylo_ingest.privacy.cards import MASK, mask_card_numbers
from orylo_ingest.privacy.free_text import FreeText
from orylo_ingest.privacy.personal_keys import is_identifier
from orylo_ingest.privacy.screening import Screen, is_plain

# Hotmart's transaction ids. Masked, two sales would have the same id.
_TRANSACTION = re.compile(r"HP[0-9]{10,16}")


@dataclass(slots=True)
class DocumentCleaner:
    """Cleans every text and number in a document, and the names of its fields.

    `budget` is the number of characters of suspicious text to clean in a large document. Once it is exhausted, such
    texts are masked whole, as a card is. A record with such a mask in an id is quarantined.
    """

    free_text: FreeText
    budget: int | None = None

    def clean(self, document: Any, screen: Screen, key: str = "") -> Any:
        """Return the cleaned document. `screen` is that of the object or list around it, `key` the key of a value."""
        if isinstance(document, str):
            return self._text(document, screen, key)
        if isinstance(document, dict):
            return self._object(document, screen)
        if isinstance(document, list):
            raw = orjson.dumps(document)
            screen = screen.narrowed_to(raw)
            if self._is_clean(raw, screen):
                return document
            return [self.clean(item, screen, key) for item in _without_card_in_parts(document)]
        if isinstance(document, int | float) and not isinstance(document, bool):
            return self._number(document, screen, key)
        return document

    def _object(self, node: dict[str, Any], screen: Screen) -> dict[str, Any]:
        raw = orjson.dumps(node)
        screen = screen.narrowed_to(raw)
        if self._is_clean(raw, screen):
            return node
        names = orjson.dumps([*node])
        of_names = screen.narrowed_to(names)
        if self._is_clean(names, of_names):
            return {name: self.clean(value, screen, name) for name, value in node.items()}
        return {self._text(name, of_names): self.clean(value, screen, name) for name, value in node.items()}

    def _text(self, text: str, screen: Screen, key: str = "") -> str:
        raw = orjson.dumps(text)
        if self._is_clean(raw, screen.narrowed_to(raw)):
            return text
        of_an_id = is_identifier(key)
        if of_an_id and _TRANSACTION.fullmatch(text):
            return text
        if self.budget is not None:
            self.budget -= len(text)
            if self.budget < 0:
                return MASK
        return self.free_text.clean(text, key, of_an_id=of_an_id)

    def _number(self, number: float, screen: Screen, key: str) -> int | float | str:
        digits = str(int(number))
        if not screen.narrowed_to(digits.encode()):
            return number
        cleaned = self.free_text.clean(digits, of_an_id=is_identifier(key))
        return number if cleaned == digits else cleaned

    def _is_clean(self, raw: bytes, screen: Screen) -> bool:
        """Return whether nothing has to be cleaned. Of a large document, that is left to the screen alone."""
        return not screen and (self.budget is not None or is_plain(raw))


def _without_card_in_parts(items: list[Any]) -> list[Any]:
    """Return the list with a mask in place of texts that together form a card number."""
    if not all(type(item) is str and item.isdecimal() for item in items):
        return items
    joined = "|".join(items)
    masked = mask_card_numbers(joined)
    return items if masked == joined else masked.split("|")
