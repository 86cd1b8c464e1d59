"""The data that circumstances are read with (`lexicons/circumstances.toml`), and where a sentence parts."""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from extractors.sentences import Sentence

_FILE = Path(__file__).parents[1] / "lexicons" / "circumstances.toml"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The word groups, sets of lower-case words, and tables of `circumstances.toml`."""

    parting: frozenset[str]
    leads: tuple[str, ...]
    spans: dict[str, frozenset[str]]
    places: dict[str, frozenset[str]]
    sovereigns: dict[str, str]
    magnitudes: dict[str, frozenset[str]]
    counting: dict[str, frozenset[str]]
    speakers: dict[str, frozenset[str]]
    ahead: dict[str, frozenset[str]]


@lru_cache(maxsize=1)
def load_circumstances() -> Circumstances:
    """Read the data file, once."""
    with open(_FILE, "rb") as file:
        raw = tomllib.load(file)

    def groups(name: str) -> dict[str, frozenset[str]]:
        return {key: frozenset(value.split()) for key, value in raw[name].items()}

    return Circumstances(
        groups("parting")["words"],
        tuple(raw["spans"]["leads"].split()),
        groups("spans"),
        groups("places"),
        raw["sovereigns"],
        groups("magnitudes"),
        groups("counting"),
        groups("speakers"),
        groups("ahead"),
    )


def apart(sentence: Sentence, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether a word or mark between two stretches of a sentence gives them to different acts.

    Args:
        one, other: half-open, in code points of the article.
    """
    left, right = min(one, other)[1], max(one, other)[0]
    first, last = bisect_left(sentence.starts, left), bisect_left(sentence.starts, right)
    return not load_circumstances().parting.isdisjoint(sentence.lower[first:last])
