"""The lexicons: who and what words can stand for. Data files, read once, held as one look-up table of phrases.

Who words stand for is held by `phrases.py` and found by `matching.py`. Users' own files (same names and columns, in the workspace) win
over ours.
"""

from __future__ import annotations

import csv
import gc
import hashlib
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extractors.chunks import letters_of
from extractors.cues import CueTable, cue_table
from extractors.gazetteer import Gazetteer
from extractors.gazetteer_file import small_gazetteer
from extractors.ownrules import RuleBook as OwnRules
from extractors.ownrules import load_own_rules
from extractors.phrases import Phrases, read_phrases

DATA = Path(__file__).parent / "lexicons"


@dataclass(slots=True)
class Lexicons:
    """Everything the coder looks up. Built once by `load_lexicons`, never changed afterwards."""

    phrases: Phrases
    words: dict[str, frozenset[str]]
    """The closed classes and word groups of `words.toml`."""
    letters: dict[str, str]
    """Word → the letter of its closed class (`chunks.py`)."""
    implied: dict[str, dict[str, str]]
    """`doer` (who alone does so), `actors` and `recipients` (who mostly are) → event type, or type and mode → sector."""
    own: OwnRules
    """What words mean whatever the tagger reads there: our x_ types, and the user's own rules."""
    contexts: CueTable
    version: str
    definites: dict[str, tuple[str, ...]]
    """Sector → the nouns that take up a body of it again ("the group", "the company")."""
    gazetteer: Gazetteer = field(default_factory=small_gazetteer)
    homes: dict[str, dict[str, float]] = field(default_factory=dict)
    """Source → share of its articles by country ("USA") and by division ("USA/Ohio")."""


def load_lexicons(extra: Path | None = None, gazetteer: Gazetteer | None = None) -> Lexicons:
    """Read all lexicons and rules.

    Args:
        extra: a folder of the user's own files of the same names; its rows come first and hide equal phrases of ours.
        gazetteer: the compiled one; without it countries, capitals and seas are known.
    Raises:
        ValueError: a row or rule is malformed; the message names file and line.
    """
    with _without_collector():
        return _load(extra, gazetteer)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Tens of thousands of small objects, none in a cycle: looking for garbage among them takes a sixth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _load(extra: Path | None, gazetteer: Gazetteer | None) -> Lexicons:
    folders = [f for f in (extra, DATA) if f is not None and f.is_dir()]
    words = {k: frozenset(v.split()) for k, v in _toml("words.toml").items()}
    gazetteer = gazetteer or small_gazetteer()
    return Lexicons(
        phrases=read_phrases(folders),
        words=words,
        letters=letters_of(words),
        implied={
            role: {act: sector for sector, acts in table.items() for act in acts}
            for role, table in _toml("implied.toml").items()
        },
        own=load_own_rules(extra),
        contexts=cue_table((w, topic, 1.0) for topic, ws in _toml("contexts.toml").items() for w in ws.split("|")),
        version=_version(folders, gazetteer.version),
        gazetteer=gazetteer,
        homes=_homes(extra),
        definites={k: tuple(v.split()) for k, v in _toml("definites.toml").items()},
    )


def _toml(name: str) -> dict[str, Any]:
    with open(DATA / name, "rb") as file:
        return tomllib.load(file)


def _homes(extra: Path | None) -> dict[str, dict[str, float]]:
    """The source profile of a workspace, made by `dateline sources profile`."""
    homes: dict[str, dict[str, float]] = {}
    for path in sorted(extra.glob("sources-*.tsv"))[:1] if extra is not None else ():
        for row in _rows([path.parent], path.name):
            homes.setdefault(row["source"], {})[row["place"]] = float(row["share"])
    return homes


def _version(folders: Iterable[Path], gazetteer: str) -> str:
    digest = hashlib.sha256(gazetteer.encode())
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.suffix in (".tsv", ".toml", ".txt")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _rows(folders: Iterable[Path], name: str) -> Iterator[dict[str, str]]:
    for folder in folders:
        path = folder / name
        if not path.exists():
            continue
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            header = next(reader)
            for number, cells in enumerate(reader, 2):
                if len(cells) > len(header):
                    raise ValueError(f"{path.name}:{number}: {len(cells)} columns, the header names {len(header)}")
                yield dict(zip(header, cells + [""] * (len(header) - len(cells)), strict=True))
