"""Matching: the longest phrases of the lexicons in a sentence, left to right, not overlapping.

A look-up a token whatever the size of the lexicons: only a token that begins some phrase is looked at further. Case decides what
letters cannot: names need their capital, acronyms all of them ("US", "WHO"), and a country's name beside an unknown capitalised word is
rather a person ("Michael Jordan").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractors.phrases import Entry, Phrases, fold
from extractors.sentences import Sentence

if TYPE_CHECKING:
    from extractors.lexicon import Lexicons

Match = tuple[int, int, tuple[Entry, ...]]
"""First token, last token exclusive, the entries that fit."""


def matches(sentence: Sentence, lexicons: Lexicons) -> list[Match]:
    """Find all phrases of the lexicons in a sentence."""
    found: list[Match] = []
    table = lexicons.phrases
    sizes, rows, words = table.sizes, table.rows, sentence.words
    tokens = sentence.lower if sentence.text.isascii() else [fold(w) for w in sentence.lower]
    count, until = len(tokens), 0
    for at in [n for n, token in enumerate(tokens) if token in sizes]:
        if at < until:
            continue
        token = tokens[at]
        for size in sizes[token]:
            if at + size > count:
                continue
            key = token if size == 1 else " ".join(tokens[at : at + size])
            if key in rows and (fitting := _fitting(table.entries(key), words[at])):
                found.append((at, at + size, fitting))
                until = at + size
                break
    return found


def lookup(table: Phrases, word: str) -> tuple[Entry, ...]:
    """The entries of one word standing alone, as a part of a compound ("Israeli-Palestinian")."""
    return _fitting(table.entries(fold(word)), word)


def _fitting(entries: tuple[Entry, ...], word: str) -> tuple[Entry, ...]:
    """The entries whose case the text has: all of them, for the usual phrase in lower case."""
    fitting = [e for e in entries if e.phrase.islower() or _case_fits(e.phrase, word)]
    return entries if len(fitting) == len(entries) else tuple(fitting)


def _case_fits(phrase: str, word: str) -> bool:
    """Whether a phrase that has capitals may be written as `word` begins."""
    if not word[:1].isupper():
        return not phrase[:1].isupper()
    if phrase.isupper() and len(phrase) <= 6 and phrase.isalpha():
        return word == phrase
    return True
