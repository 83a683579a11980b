"""The text of an expression: its tokens, where they are, and the two forms that are rewritten for the engine."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from orylo_rules.fields import FIELDS

# The lexer of the CEL specification. A quote that no string begins with is a mark, and the engine reports it.
TOKEN = re.compile(
    r"""
      (?P<space> \s+ | //[^\n]* )
    | (?P<text> [bB]? (?:
          [rR] (?: \"{3}.*?\"{3} | '{3}.*?'{3} | \"[^\"\n\r]*\" | '[^'\n\r]*' )
        | \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3}
        | \"(?:\\.|[^\\\"\n\r])*\" | '(?:\\.|[^\\'\n\r])*' ) )
    | (?P<name> [A-Za-z_][A-Za-z0-9_]* )
    | (?P<number> 0x[0-9a-fA-F]+ | (?: [0-9]+ (?: \.[0-9]+ )? | \.[0-9]+ ) (?: [eE][+-]?[0-9]+ )? )
    | (?P<mark> && | \|\| | [=!<>]= | . )
    """,
    re.VERBOSE | re.DOTALL,
)
LOOPS = frozenset({"all", "exists", "exists_one", "map", "filter"})
LIST_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Token(NamedTuple):
    kind: str
    text: str
    start: int


class TextPosition(NamedTuple):
    """Both count from 1. The column counts characters."""

    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """An expression as its author wrote it."""

    text: str

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        found = TOKEN.finditer(self.text)
        return tuple(Token(str(m.lastgroup), m.group(), m.start()) for m in found if m.lastgroup != "space")

    def position(self, offset: int) -> TextPosition:
        before = self.text[:offset]
        return TextPosition(before.count("\n") + 1, offset - before.rfind("\n"))

    def offset(self, position: TextPosition) -> int:
        lines = self.text.split("\n")[: position.line - 1]
        return sum(len(line) + 1 for line in lines) + position.column - 1

    def has_calls(self) -> Iterator[tuple[int, int]]:
        """Yield the offsets of the parentheses of each `has(group.field)`."""
        for at, opening in self._calls("has"):
            inside = self._path(at + 2)
            if len(inside) >= 3 and self._text(at + 2 + len(inside)) == ")":
                yield opening, self.tokens[at + 2 + len(inside)].start

    def list_calls(self) -> Iterator[tuple[int, int, str]]:
        """Yield the offsets of the parentheses of each `in_list("name")`, and the name."""
        for at, opening in self._calls("in_list"):
            name = self._text(at + 2)[1:-1]
            if self._text(at + 3) == ")" and LIST_NAME.fullmatch(name) and self._text(at + 2)[0] in "\"'":
                yield opening, self.tokens[at + 3].start, name

    def rewritten(self) -> str:
        """Return the text for the engine: `has(a.b)` as `has.a.b` and `in_list("x")` as `in_list["x"]`.

        The engine has neither presence for declared variables nor Python functions at the speed of a map. Every
        character stays at its place, so the engine's positions are those of the author's text.
        """
        changes: dict[int, str] = {}
        for opening, closing in self.has_calls():
            changes |= {opening: ".", closing: " "}
        for opening, closing, _ in self.list_calls():
            changes |= {opening: "[", closing: "]"}
        return "".join(changes.get(offset, character) for offset, character in enumerate(self.text))

    def fields(self) -> frozenset[str]:
        """Return the names of the fields that the expression reads."""
        return frozenset(name for at in range(len(self.tokens)) if (name := self._field(at)))

    def values_read(self, begin: int, end: int) -> frozenset[str]:
        """Return the names of the fields whose values the tokens from `begin` to `end` read, other than by `has`."""
        asked = {at + 2 for at, _ in self._calls("has")}
        return frozenset(name for at in range(begin, end) if at not in asked and (name := self._field(at)))

    def presences(self) -> frozenset[str]:
        """Return the names of the fields that the expression asks `has` about."""
        return frozenset(name for at, _ in self._calls("has") if (name := self._field(at + 2)))

    def lists(self) -> frozenset[str]:
        return frozenset(name for _, _, name in self.list_calls())

    def start_of_name(self, offset: int) -> int:
        """Return where the dotted name begins that has its last dot, or its only part, at `offset`.

        If `offset` is an opening parenthesis, return where the function's own name begins.
        """
        at = max((i for i, token in enumerate(self.tokens) if token.start <= offset), default=0)
        if self._text(at) == "(":
            return self.tokens[at - 1].start
        if self._text(at) == ".":
            at -= 1
        while self._text(at - 1) == "." and self._kind(at - 2) == "name":
            at -= 2
        return self.tokens[at].start

    def word_before(self, offset: int) -> str:
        return next((token.text for token in reversed(self.tokens) if token.start < offset), "")

    def _field(self, at: int) -> str | None:
        if self._text(at - 1) == ".":
            return None
        path = self._path(at)
        if path[:2] == ["has", "."]:
            path = path[2:]
        return next((name for end in (5, 3) if (name := "".join(path[:end])) in FIELDS), None)

    def _calls(self, function: str) -> Iterator[tuple[int, int]]:
        for at, token in enumerate(self.tokens):
            if token.text == function and self._text(at + 1) == "(" and self._text(at - 1) != ".":
                yield at, self.tokens[at + 1].start

    def _path(self, at: int) -> list[str]:
        """Return the tokens of the dotted name at `at`: `["card", ".", "country"]`."""
        path: list[str] = []
        while self._kind(at) == "name":
            path.append(self._text(at))
            if self._text(at + 1) != "." or self._kind(at + 2) != "name":
                break
            path.append(".")
            at += 2
        return path

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def _kind(self, at: int) -> str:
        return self.tokens[at].kind if 0 <= at < len(self.tokens) else ""
