"""Chunks: the noun phrases of a sentence without their prepositional tails, and the letter of each of its words.

No word is tagged: closed classes (`words.toml`) end a phrase, lexicon matches and capitals make one, and what is given from outside,
the words a tagger says are somebody, is one whatever its words. A few unknown words may stand between a determiner and its noun.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from extractors.sentences import Sentence

_GROUPS = (
    ("former", "N"), ("dwellings", "N"), ("auxiliaries", "V"), ("relatives", "W"), ("determiners", "D"), ("pronouns", "R"),
    ("prepositions", "P"), ("conjunctions", "C"), ("subordinators", "S"), ("adverbs", "A"), ("time", "t"), ("numerals", "#"),
)  # fmt: skip
_MARKS = {**dict.fromkeys('"“”«»‘’', '"'), **dict.fromkeys(",;:—–()[]-.!?…/", ","), "'s": "s", "'": "s"}
_UNKNOWN = 2
"""Words nothing is known of that may stand between a determiner and its noun."""


@dataclass(slots=True)
class Chunk:
    """Tokens [start, end) of a noun phrase; `prep` is the preposition before it, lower case, or ''."""

    start: int
    end: int
    prep: str
    index: int


@dataclass(slots=True)
class Chunks:
    """The noun phrases of a sentence, in order."""

    letters: list[str]
    """Of each token: N part of a name or noun, # number, t time, w another word, `,` and `"` marks, s possessive, else its closed class
    (D determiner, P preposition, C conjunction, S subordinator, R pronoun, W relative, V auxiliary or negation, A adverb)."""
    chunks: list[Chunk] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    """Token → index of its chunk, -1 outside."""


def letters_of(words: dict[str, frozenset[str]]) -> dict[str, str]:
    """The letter of each word of a closed class; of two classes that hold a word the first in the order of `_GROUPS` decides."""
    return {word: letter for group, letter in reversed(_GROUPS) for word in words[group]} | _MARKS


def find_chunks(
    sentence: Sentence,
    hits: Sequence[tuple[int, int]],
    closed: dict[str, str],
    particles: frozenset[str],
    given: Sequence[tuple[int, int]] = (),
) -> Chunks:
    """Cut a sentence into noun phrases. Linear.

    Args:
        hits: token spans that a lexicon knows as somebody; `given`: those that somebody else says are.
        closed: from `letters_of`; `particles`: words inside names of persons ("bin", "van").
    """
    # What is given ends a phrase; a phrase that leads up to it ("conservative pundit" before a name) is part of it.
    found = Chunks(_letters(sentence, hits, closed, particles, given))
    letters, count = found.letters, len(found.letters)
    found.at = [-1] * count
    whole = {k for a, b in hits for k in range(a + 1, b)}
    borders = ({a for a, _ in given if a and letters[a - 1] not in "Ns"} | {b for _, b in given}) - whole
    i = 0
    while i < count:
        if letters[i] not in "DN#":
            i += 1
            continue
        start = i
        i += 1
        while i < count and i not in borders:
            if letters[i] in "N#s" or (letters[i] == "D" and letters[i - 1] == "s"):
                i += 1
            elif letters[i] == "w" and letters[i - 1] in "D#s" and (ahead := _noun_ahead(letters, i)):
                i = ahead
            else:
                break
        if "N" not in letters[start:i]:
            continue
        for k in range(start, i):
            found.at[k] = len(found.chunks)
        found.chunks.append(Chunk(start, i, _governing(sentence, letters, start), len(found.chunks)))
    return found


def _letters(
    sentence: Sentence,
    hits: Iterable[tuple[int, int]],
    closed: dict[str, str],
    particles: frozenset[str],
    given: Sequence[tuple[int, int]],
) -> list[str]:
    words, lower = sentence.words, sentence.lower
    letters = [closed.get(low, "") or _shape(word) for low, word in zip(lower, words, strict=True)]
    for a, b in given:
        for k in range(a, b):
            if letters[k] in "wAt":
                letters[k] = "N"
    for a, b in hits:
        letters[a:b] = "N" * (b - a)
    for k in range(1, len(words) - 1):
        if letters[k - 1] == "N" and words[k + 1][0].isupper() and (lower[k] in particles or _initial(words, k)):
            letters[k] = "N"
    return letters


def _shape(word: str) -> str:
    if word[0].isdigit():
        return "t" if len(word) == 4 and word[:2] in ("19", "20") else "#"
    return ("w" if word.islower() else "N") if word[0].isalpha() else ","


def _initial(words: list[str], k: int) -> bool:
    """The stop of "John F. Kennedy"."""
    return words[k] == "." and len(words[k - 1]) == 1


def _noun_ahead(letters: list[str], i: int) -> int:
    """The noun behind a few unknown words, 0 without one."""
    last = min(i + _UNKNOWN, len(letters) - 1)
    return next((k for k in range(i + 1, last + 1) if letters[k] != "w" and letters[k] == "N"), 0)


def _governing(sentence: Sentence, letters: list[str], start: int) -> str:
    before = start - 1
    while before >= 0 and letters[before] == "A":
        before -= 1
    return sentence.lower[before] if before >= 0 and letters[before] == "P" else ""
