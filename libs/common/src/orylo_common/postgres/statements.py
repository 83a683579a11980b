"""Kinds of SQL statements, from their text."""

import re
from dataclasses import dataclass
from functools import lru_cache

# `other`: BEGIN, ROLLBACK, LOCK, LISTEN, SET and the like.
KINDS = frozenset({"select", "insert", "update", "delete", "commit"})

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_TEXT = re.compile(r"'(?:[^']|'')*'")
_INNERMOST = re.compile(r"\([^()]*\)")
_MAIN_VERB = re.compile(r"\b(select|insert|update|delete)\b", re.IGNORECASE)
# A data-modifying statement within WITH.
_WRITES = re.compile(r"\(\s*(insert|update|delete)\b", re.IGNORECASE)
# After FROM, a name before a parenthesis is a function's.
_NAME = r"([a-z_]+\.[a-z_]+)\b"
_TABLE = re.compile(rf"\binto\s+{_NAME}|\b(?:from|update)\s+{_NAME}(?!\s*\()", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """`operation` is in capitals, such as SELECT or BEGIN; `table` the first that is named with its schema."""

    operation: str
    table: str | None

    @property
    def kind(self) -> str:
        kind = self.operation.lower()
        return kind if kind in KINDS else "other"


# Statements are constants, a few hundred in all; the limit is for those whose text is built.
@lru_cache(maxsize=2048)
def describe(query: str) -> Statement:
    """Describe a statement. The operation of `WITH … AS (INSERT …) SELECT …` and `WITH … INSERT …` is INSERT."""
    text = _TEXT.sub("", _COMMENT.sub(" ", query))
    found = _TABLE.search(text)
    return Statement(_operation(text), (found[1] or found[2]).lower() if found else None)


def _operation(text: str) -> str:
    word = (text.split(maxsplit=1) or [""])[0].upper().rstrip(";")
    if word == "WITH":
        word = _main_verb(text)
        if word == "SELECT" and (writes := _WRITES.search(text)):
            word = writes[1].upper()
    return word


def _main_verb(text: str) -> str:
    replaced = 1
    while replaced:
        text, replaced = _INNERMOST.subn("", text)
    verb = _MAIN_VERB.search(text)
    return verb[1].upper() if verb else ""
