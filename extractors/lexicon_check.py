"""Checks of actor lexicons: what a reviewer or a user's own file gets wrong, named by file and line.

Errors keep a file from saying what it means (an unknown code, a date that is none, the same row twice); warnings are what the world
itself may hold (two holders of one office at a time, years without any).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from extractors.phrases import COLUMNS, cells_of, phrase_key

SECTORS = frozenset(
    [
        "GOV",
        "MIL",
        "COP",
        "SPY",
        "JUD",
        "LEG",
        "PTY",
        "REB",
        "PRM",
        "UAF",
        "UNK",
        "OPP",
        "ELI",
        "CVL",
        "REF",
        "JRN",
        "MED",
        "EDU",
        "BUS",
        "LAB",
        "AGR",
        "CRM",
        "REL",
        "SOC",
        "PRE",
    ]
)
NOT_COUNTRIES = frozenset(["UNO", "EUR", "IGO", "NGO", "ISM", "IMG", "MNC"])
_KINDS = {
    "countries.tsv": frozenset(
        ["name", "former_name", "adjective", "plural", "capital", "city", "metonym", "people", "partial", "none"],
    ),
    "actors.tsv": frozenset(["org", "person", "none"]),
    "agents.tsv": frozenset(["agent", "title", "body", "none"]),
}
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
# Offices that one person holds at a time; others ("minister", "lawmaker") have many holders.
SINGLE = frozenset(
    """president;prime minister;king;emir;sultan;chancellor;taoiseach;foreign minister;defence minister;interior minister;
    finance minister;foreign secretary;home secretary;defence secretary;secretary of state;secretary of defense;secretary-general;
    vice president;chief executive""".replace("\n", "")
    .replace("    ", "")
    .split(";")
)
_SHORTEST = 2  # years without a holder before a gap is worth a word


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `grave` ones make the check fail."""

    file: str
    line: int
    grave: bool
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {'' if self.grave else 'note: '}{self.text}"


def check(folder: Path, countries: frozenset[str]) -> list[Problem]:
    """Check the actor lexicons of a folder.

    Args:
        countries: the codes that count as countries, ISO 3166-1 alpha-3.
    Returns:
        Problems in the order of files and lines.
    """
    found: list[Problem] = []
    for name in COLUMNS:
        path = folder / name
        if path.exists():
            rows = list(_read(path, found))
            found += _row_problems(name, rows, countries | NOT_COUNTRIES)
            found += _duplicates(name, rows)
            if name == "officeholders.tsv":
                found += _terms(name, rows)
    return sorted(found, key=lambda p: (list(COLUMNS).index(p.file), p.line, p.text))


def country_codes(folder: Path) -> frozenset[str]:
    """The countries that the lexicon of countries names."""
    lines = (folder / "countries.tsv").read_text(encoding="utf-8").split("\n")[1:]
    return frozenset(line.split("\t")[1] for line in lines if line.count("\t")) - {""} - NOT_COUNTRIES


Rows = list[tuple[int, dict[str, str]]]


def _read(path: Path, found: list[Problem]) -> Iterator[tuple[int, dict[str, str]]]:
    columns = COLUMNS[path.name]
    lines = path.read_text(encoding="utf-8").split("\n")
    if lines[0].rstrip("\r").split("\t") != list(columns):
        found.append(Problem(path.name, 1, True, f"the columns are {' '.join(columns)}"))
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        if line.count("\t") >= len(columns):
            found.append(
                Problem(path.name, number, True, f"{line.count(chr(9)) + 1} cells, the header names {len(columns)}")
            )
            continue
        yield number, cells_of(line, path.name)


def _row_problems(name: str, rows: Rows, countries: frozenset[str]) -> Iterator[Problem]:
    for number, row in rows:
        for text in _wrong(name, row, countries):
            yield Problem(name, number, True, text)


def _wrong(name: str, row: dict[str, str], countries: frozenset[str]) -> Iterator[str]:
    if not phrase_key(row["phrase"]):
        yield "no phrase"
    if (country := row.get("country", "")) and country not in countries:
        yield f"unknown country code {country!r} of {row['phrase']!r}"
    for sector in (row.get("sector", ""), *row.get("other_sectors", "").split(";")):
        if sector.strip() and sector.strip() not in SECTORS:
            yield f"unknown sector {sector.strip()!r} of {row['phrase']!r}"
    if name in _KINDS and row["kind"] not in _KINDS[name]:
        yield f"unknown kind {row['kind']!r} of {row['phrase']!r}: one of {', '.join(sorted(_KINDS[name]))}"
    start, end = row.get("valid_from", ""), row.get("valid_to", "")
    for day in (start, end):
        if day and not _DATE.fullmatch(day):
            yield f"{day!r} of {row['phrase']!r} is no date: YYYY, YYYY-MM or YYYY-MM-DD"
    size = min(len(start), len(end))
    if size and start[:size] > end[:size] and _DATE.fullmatch(start) and _DATE.fullmatch(end):
        yield f"{row['phrase']!r} ends before it begins: {start} … {end}"


def _duplicates(name: str, rows: Rows) -> Iterator[Problem]:
    """Rows that say of one phrase, at one time, the same or something else of the same person."""
    seen: dict[tuple[str, ...], int] = {}
    for number, row in rows:
        key = (
            row["phrase"],
            *(row.get(c, "") for c in ("name", "country", "kind", "office", "valid_from", "valid_to", "note")),
        )
        first = seen.setdefault(key, number)
        if first != number:
            yield Problem(name, number, True, f"{row['phrase']!r} stands in line {first} already")


def _terms(name: str, rows: Rows) -> Iterator[Problem]:
    """Two holders of a single office for more than a year, and years without any."""
    offices: dict[tuple[str, str], dict[tuple[str, str, str], int]] = defaultdict(dict)
    for number, row in rows:
        if row["office"] in SINGLE and row["valid_from"]:
            term = (row["valid_from"], row["valid_to"], row["name"])
            offices[row["country"], row["office"]].setdefault(term, number)
    for (country, office), terms in sorted(offices.items()):
        until, holder = "", ""
        for (start, end, who), number in sorted(terms.items()):
            if until and who != holder and _years(until) - _years(start) > 1:
                text = (
                    f"{country} has two holders of the office {office!r} from {start}: {holder} (to {until}) and {who}"
                )
                yield Problem(name, number, False, text)
            elif until and _years(start) - _years(until) > _SHORTEST:
                yield Problem(name, number, False, f"{country} has no {office} from {until} to {start}")
            if (end or "9999") >= until:
                until, holder = end or "9999", who


def _years(day: str) -> float:
    return int(day[:4]) + (int(day[5:7]) / 12 if len(day) > 4 else 0.5)
