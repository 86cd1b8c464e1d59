"""JSON as pages write it by hand: trailing and missing commas, comments, `undefined`, single quotes, CDATA around it, quotes as entities.

Read only where the strict reader failed. One pass, no recursion: what cannot be understood is passed over, what is open at the end is closed.
"""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

LARGEST = 1_000_000
"""Characters of a block beyond which it is not read."""
_DEEPEST = 100
_MARKERS = re.compile(r"(?://|/\*)?\s*(?:<!\[CDATA\[|\]\]>|<!--|-->)\s*(?:\*/)?")
_BLANKS = re.compile(r"[\s,;]*")
_BARE = re.compile(r"[^\s{}\[\]:,\"';]+")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\n": ""}
_WORDS = {"true": True, "false": False, "null": None, "undefined": None, "NaN": None, "None": None, "True": True, "False": False}  # fmt: skip
_CLOSES = {'"': re.compile(r'\\.|"', re.DOTALL), "'": re.compile(r"\\.|'", re.DOTALL)}
_BEHIND = re.compile(r"\s*(?:[,:}\]]|$|//|/\*|\n\s*[\"'{}\[\]])")
"""What follows a quotation mark that ends a string; one inside a headline is followed by a word."""


def read_loose(text: str) -> list[Any]:
    """All objects and lists at the top of a text.

    >>> read_loose("{'name': 'Ann\\\\'s', \\"tags\\": [1, 2,], image: undefined,} {} }")
    [{'name': "Ann's", 'tags': [1, 2], 'image': None}, {}]
    """
    if len(text) > LARGEST:
        return []
    if "&quot;" in text or "&#34;" in text:
        text = unescape(text)
    text = _MARKERS.sub(" ", text)
    found: list[Any] = []
    open_: list[_Open] = []
    at = 0
    while True:
        at = _skip(text, at)
        if at >= len(text) or len(open_) > _DEEPEST:
            return found
        mark = text[at]
        if mark in "{[":
            value: Any = {} if mark == "{" else []
            (open_[-1].take(value) if open_ else found.append(value))
            open_.append(_Open(value))
            at += 1
        elif mark in "}]":
            if open_:
                open_.pop()
            at += 1
        elif mark == ":":
            at += 1
        else:
            said, at = _string(text, at) if mark in _CLOSES else _bare(text, at)
            if open_:
                open_[-1].take(said)


class _Open:
    """An object or a list that is not closed yet."""

    __slots__ = ("key", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.key: str | None = None

    def take(self, said: Any) -> None:
        """The next key or value."""
        if isinstance(self.value, list):
            self.value.append(said)
        elif self.key is None:
            self.key = said if isinstance(said, str) else None
        else:
            self.value.setdefault(self.key, said)
            self.key = None


def _skip(text: str, at: int) -> int:
    """Where the next token begins, behind blanks, commas and comments."""
    while True:
        blank = _BLANKS.match(text, at)
        at = blank.end() if blank else at
        if text.startswith("//", at):
            at = text.find("\n", at)
        elif text.startswith("/*", at):
            at = text.find("*/", at)
            at = at + 2 if at >= 0 else at
        else:
            return at
        if at < 0:
            return len(text)


def _string(text: str, at: int) -> tuple[str, int]:
    """A string, and where the text goes on; one without an end reaches as far as the text."""
    mark, start = text[at], at + 1
    for found in _CLOSES[mark].finditer(text, start):
        if found.group() == mark and _BEHIND.match(text, found.end()):
            return _unescaped(text[start : found.start()]), found.end()
    return _unescaped(text[start:]), len(text)


def _unescaped(raw: str) -> str:
    if "\\" not in raw:
        return raw
    try:
        return str(json.loads(f'"{raw}"', strict=False))
    except ValueError:
        return _ESCAPE.sub(_character, raw)


def _character(found: re.Match[str]) -> str:
    said = found[1]
    return chr(int(said[1:], 16)) if len(said) > 1 else _ESCAPED.get(said, said)


def _bare(text: str, at: int) -> tuple[Any, int]:
    """A word or a number without quotation marks."""
    found = _BARE.match(text, at)
    if found is None:
        return None, at + 1
    said = found.group()
    if said in _WORDS:
        return _WORDS[said], found.end()
    try:
        return float(said) if "." in said else int(said), found.end()
    except ValueError:
        return said, found.end()
