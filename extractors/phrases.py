"""Phrases: the words of every lexicon row, held in one table for the longest match over all lexicons at once.

A row stays a line of text until its phrase first turns up in an article: of 25,000 rows a run meets a few hundred, so reading the files
costs a split a line and no more. The order of rows and files never decides who is meant; `Entry` order does, and it is the same
however the rows are shuffled.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from extractors.sentences import tokenize

COUNTRY_COLUMNS = ("phrase", "country", "kind", "valid_from", "valid_to", "source", "note")
_NAMED = ("sector", "other_sectors", "valid_from", "valid_to", "source", "note")
COLUMNS = {
    "countries.tsv": COUNTRY_COLUMNS,
    "actors.tsv": ("phrase", "name", "country", "kind", *_NAMED),
    "officeholders.tsv": ("phrase", "name", "country", "office", *_NAMED),
    "agents.tsv": ("phrase", "plural", "sector", "other_sectors", "kind", "note"),
}
"""File → its columns. The order of files is that of preference where one phrase stands in several."""
_FILES = tuple(COLUMNS)
_RANKS = {"countries.tsv": 0, "actors.tsv": 1, "officeholders.tsv": 1, "agents.tsv": 2}
# Letters, blanks, inner hyphens and apostrophes: folding and cutting off 's is all the tokeniser would do.
_PLAIN = re.compile(r"[^\W\d_]+(?:[ -][^\W\d_]+|'(?!s\b|t\b)[^\W\d_]{2,}|'s(?= |$))*")


@dataclass(frozen=True, slots=True)
class Entry:
    """What one phrase may stand for."""

    phrase: str
    kind: str
    """country, adjective, plural, capital, city, metonym, people, partial, actor, person, agent, title, body or none (says nothing)."""
    name: str | None
    country: str | None
    sector: str | None
    others: tuple[str, ...] = ()
    valid_from: str = ""
    valid_to: str = ""
    ambiguous: bool = False
    """Rather something else unless the context says so: "Jordan", "May", "Labour"."""
    weak: bool = False
    """Anybody may be called so: a word beside it that says more is believed first ("rebel leader", "members of parliament")."""
    modifier: bool = False
    """Says of whom it stands before what they are, and alone means nobody: "congressional leaders"."""
    file: str = ""
    """File and line of the row: `actors.tsv:812`; the user's own begin with `own:`."""
    office: str = ""

    def holds(self, day: date | None) -> bool:
        """Whether the entry is valid on that day; an unknown day may be any."""
        if day is None or not (self.valid_from or self.valid_to):
            return True
        iso = day.isoformat()
        return iso[: len(self.valid_from)] >= self.valid_from and (
            not self.valid_to or iso[: len(self.valid_to)] <= self.valid_to
        )


@dataclass(slots=True)
class Phrases:
    """First token → how long its phrases are; phrase → its rows, and its entries once asked for."""

    sizes: dict[str, tuple[int, ...]]
    """Longest first, in tokens."""
    rows: dict[str, int | tuple[int, ...]]
    """Folded tokens joined by one blank → where in `lines` its rows are."""
    lines: list[str]
    files: list[tuple[int, bool, str]]
    """For each file read: the index in `lines` of its header, whether it is the user's own, its name."""
    made: dict[str, tuple[Entry, ...]] = field(default_factory=dict)

    def entries(self, key: str) -> tuple[Entry, ...]:
        """What a phrase stands for, best known first; empty when it is no phrase of ours."""
        known = self.made.get(key)
        if known is None:
            at = self.rows.get(key)
            if at is None:
                return ()
            known = self.made[key] = _ordered([self._row(n) for n in ((at,) if isinstance(at, int) else at)])
        return known

    def _row(self, at: int) -> Row:
        start, own, name = next(f for f in reversed(self.files) if f[0] < at)
        return Row(own, name, at - start + 1, self.lines[at])


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a lexicon, and where it stands."""

    own: bool
    file: str
    number: int
    line: str


def fold(token: str) -> str:
    """Lower case without accents; typographic apostrophes made plain."""
    low = token.lower()
    if low.isascii():
        return low
    plain = unicodedata.normalize("NFKD", low.replace("’", "'"))
    return "".join(c for c in plain if not unicodedata.combining(c))


def phrase_key(phrase: str) -> str:
    """A phrase cut and folded exactly as running text is, its tokens joined by one blank."""
    low = phrase.lower()
    if low.isascii() and low.replace(" ", "").isalpha():
        return low
    if _PLAIN.fullmatch(phrase):
        return fold(phrase).replace("'s", " 's") if "'s" in phrase else fold(phrase)
    return " ".join(fold(w) for w in tokenize(phrase, 0, len(phrase)).words)


def plural(noun: str) -> str:
    """The regular plural of a noun; of a compound, that of its last word. What is irregular has its own cell.

    >>> plural("embassy"), plural("march"), plural("chief of staff"), plural("policeman")
    ('embassies', 'marches', 'chiefs of staff', 'policemen')
    """
    head, joint, tail = noun.partition(" of ")
    if joint:
        return plural(head) + joint + tail
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun[:-3] + "men" if noun.endswith("man") else noun + "s"


def read_phrases(folders: Iterable[Path]) -> Phrases:
    """Read the four actor lexicons of every folder.

    Args:
        folders: the user's own first, ours last. A phrase in the user's files hides ours of the same words; kind `none` unsays it.
    Raises:
        ValueError: a row is malformed; the message names file and line.
    """
    table = Phrases({}, {}, [], [])
    masks: dict[str, int] = {}
    paths = list(folders)
    for folder in paths:
        for name in COLUMNS:
            if (folder / name).exists():
                table.files.append((len(table.lines), folder != paths[-1], name))
                lines = file_lines(folder / name)
                _index(lines, len(table.lines), name, table.rows, masks)
                table.lines.extend(lines)
    by_mask = {m: tuple(n for n in range(m.bit_length(), 0, -1) if m >> n & 1) for m in set(masks.values())}
    table.sizes = {first: by_mask[mask] for first, mask in masks.items()}
    return table


def file_lines(path: Path) -> list[str]:
    """The lines of a lexicon, its header first and checked.

    Raises:
        ValueError: the header or the number of cells of a row is wrong.
    """
    lines = path.read_text(encoding="utf-8").split("\n")
    columns = "\t".join(COLUMNS[path.name])
    if lines[0].rstrip("\r") != columns:
        raise ValueError(f"{path.name}:1: the columns are {columns!r}, not {lines[0]!r}")
    tabs = columns.count("\t")
    for number, line in enumerate(lines, 1):
        if line.count("\t") > tabs:
            raise ValueError(f"{path.name}:{number}: {line.count(chr(9)) + 1} columns, the header names {tabs + 1}")
    return lines


def _index(
    lines: list[str], offset: int, name: str, rows: dict[str, int | tuple[int, ...]], masks: dict[str, int]
) -> None:
    """Enter the keys of a file's rows. A hot loop: it runs once for each of all rows whenever the program starts."""

    agents = name == "agents.tsv"
    for at, line in enumerate(lines[1:], offset + 1):
        phrase, _, rest = line.partition("\t")
        key = phrase.lower()
        if not (key.isascii() and key.replace(" ", "").isalpha()):
            key = phrase_key(phrase)
            if not key:
                continue
        if rows.setdefault(key, at) == at:
            first = key.partition(" ")[0]
            masks[first] = masks.get(first, 0) | 2 << key.count(" ")
        else:
            _put(key, at, rows, masks)
        if "-" in phrase and (spaced := phrase_key(phrase.replace("-", " "))) != key:
            _put(spaced, at, rows, masks)
        if key.startswith("al "):  # written "al-Shabaab" and "al Shabaab"
            _put(key.replace(" ", "-", 1), at, rows, masks)
        if agents:
            several = phrase_key(rest.partition("\t")[0] or plural(phrase))
            if several != key:
                _put(several, at, rows, masks)


def _put(key: str, at: int, rows: dict[str, int | tuple[int, ...]], masks: dict[str, int]) -> None:
    known = rows.get(key)
    if known is None:
        rows[key] = at
        first = key.partition(" ")[0]
        masks[first] = masks.get(first, 0) | 2 << key.count(" ")
    else:
        rows[key] = (*known, at) if isinstance(known, tuple) else (known, at)


def cells_of(line: str, name: str) -> dict[str, str]:
    """A row by column; missing cells at its end are empty."""
    columns = COLUMNS[name]
    cells = line.rstrip("\r").split("\t")
    return dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=True))


def _ordered(rows: list[Row]) -> tuple[Entry, ...]:
    """The user's own rows alone if there are any; else by file, office before "former", the latest term first."""
    rows = [r for r in rows if r.own] or rows
    rows.sort(key=lambda r: (_FILES.index(r.file), r.line))
    entries = [_entry(r) for r in rows]
    entries.sort(key=lambda e: e.valid_from, reverse=True)
    entries.sort(key=lambda e: (_RANKS[e.file.removeprefix("own:").partition(":")[0]], "former" in e.office))
    return tuple(e for e in entries if e.kind != "none")


def _entry(row: Row) -> Entry:
    file = row.file
    cells = cells_of(row.line, file)
    where = f"{'own:' if row.own else ''}{file}:{row.number}"
    note = cells["note"]
    if file == "agents.tsv":
        others = _split(cells["other_sectors"])
        return Entry(
            cells["phrase"],
            cells["kind"],
            None,
            None,
            cells["sector"] or None,
            others,
            weak="weak" in note,
            modifier="modifier" in note,
            file=where,
        )
    if file == "countries.tsv":
        kind = {"name": "country", "former_name": "country"}.get(cells["kind"], cells["kind"])
        sector = {"partial": "PRE", "metonym": "GOV", "plural": "CVL"}.get(kind)
        sector = "PRE" if "partial" in note else sector
        name, others, office = None, (), ""
    else:
        kind = cells["kind"] if cells.get("kind") in ("person", "none") else "actor"
        office = cells.get("office", "")
        kind = "person" if file == "officeholders.tsv" and office != "none" else kind
        sector, name, others = cells["sector"] or None, cells["name"] or cells["phrase"], _split(cells["other_sectors"])
    return Entry(
        cells["phrase"],
        kind,
        name,
        cells["country"] or None,
        sector,
        others,
        cells["valid_from"],
        cells["valid_to"],
        "ambiguous" in note,
        file=where,
        office=office,
    )


def _split(cell: str) -> tuple[str, ...]:
    return tuple(s.strip() for s in cell.split(";") if s.strip())
