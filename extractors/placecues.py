"""Cues: the words around a name by which English news marks it as a place, a person or an organisation. Data, read once."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).parent / "lexicons" / "places"


@dataclass(frozen=True, slots=True)
class Cues:
    """The word groups of `cues.toml` and the lists beside it."""

    groups: dict[str, frozenset[str]]
    forenames: frozenset[str]
    surnames: frozenset[str]
    words: frozenset[str]
    abbreviations: dict[str, tuple[str, str, bool]]
    """As written → name and country of the division, whether it may stand without a town before it."""


@lru_cache(maxsize=1)
def load_cues() -> Cues:
    """Read the cue words, once."""
    with open(DATA / "cues.toml", "rb") as file:
        groups = {k: frozenset(v.split()) for k, v in tomllib.load(file).items()}
    lists = [
        frozenset(w for w in (DATA / f"{name}.txt").read_text(encoding="utf-8").split("\n")[1:] if w)
        for name in ("forenames", "surnames", "words")
    ]
    with open(DATA / "abbreviations.tsv", encoding="utf-8", newline="") as file:
        short = {
            r["abbreviation"]: (r["name"], r["country"], r["note"] == "alone")
            for r in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        }
    groups["types"] = frozenset().union(
        *(groups[f"{k}_types"] for k in ("region", "district", "area", "city", "water", "other"))
    )
    return Cues(groups, lists[0], lists[1], lists[2], short)
