"""Cues: words and short phrases that say what a sentence is about, looked up by their first word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cue:
    """The words of one cue after its first, the topic they speak for and how much they weigh."""

    rest: tuple[str, ...]
    topic: str
    weight: float


CueTable = dict[str, tuple[Cue, ...]]


def cue_table(rows: Iterable[tuple[str, str, float]]) -> CueTable:
    """Index (phrase, topic, weight) rows by first word; punctuation inside a phrase stands as a token of its own would."""
    table: dict[str, list[Cue]] = {}
    for phrase, topic, weight in rows:
        first, *rest = phrase.split()
        table.setdefault(first, []).append(Cue(tuple(rest), topic, weight))
    return {word: tuple(cues) for word, cues in table.items()}


def find_cues(lower: list[str], table: CueTable) -> Iterator[Cue]:
    """Every cue in a sentence's lower-case tokens, each once. Linear in their number."""
    seen: set[tuple[str, Cue]] = set()
    for at in [n for n, word in enumerate(lower) if word in table]:
        word = lower[at]
        for cue in table[word]:
            fits = not cue.rest or tuple(lower[at + 1 : at + 1 + len(cue.rest)]) == cue.rest
            if fits and (word, cue) not in seen:
                seen.add((word, cue))
                yield cue
