"""The actor lexicons are data people edit by hand: their form is what the loader and a reviewer rely on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import extractors

FOLDER = Path(extractors.__file__).parent / "lexicons"
NAMED_COLUMNS = ["sector", "other_sectors", "valid_from", "valid_to", "source", "note"]
COLUMNS = {
    "agents.tsv": ["phrase", "plural", "sector", "other_sectors", "kind", "note"],
    "actors.tsv": ["phrase", "name", "country", "kind", *NAMED_COLUMNS],
    "officeholders.tsv": ["phrase", "name", "country", "office", *NAMED_COLUMNS],
}
SECTORS = {
    *("GOV", "MIL", "COP", "SPY", "JUD", "LEG", "PTY", "REB", "PRM", "UAF", "UNK", "OPP", "ELI"),
    *("CVL", "REF", "JRN", "MED", "EDU", "BUS", "LAB", "AGR", "CRM", "REL", "SOC", "PRE"),
}
# Actors without a country, and people of states the list of countries may spell otherwise.
WIDER = {"UNO", "EUR", "IGO", "NGO", "ISM", "IMG", "MNC"}
DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


def _read(name: str) -> tuple[list[str], list[dict[str, str]]]:
    lines = (FOLDER / name).read_text(encoding="utf-8").split("\n")
    assert lines.pop() == "", "the last line ends with a newline"
    header, *body = (line.split("\t") for line in lines)
    assert all(len(cells) == len(header) for cells in body)
    return header, [dict(zip(header, cells, strict=True)) for cells in body]


@pytest.mark.parametrize("name", COLUMNS)
def test_form(name: str) -> None:
    header, rows = _read(name)
    assert header == COLUMNS[name]
    keys = [tuple(row.values()) for row in rows]
    assert keys == sorted(set(keys))
    for row in rows:
        assert row["phrase"], row
        assert all(cell == cell.strip() and "  " not in cell for cell in row.values()), row
        sectors = [s for s in (row["sector"], *row["other_sectors"].split(";")) if s]
        assert set(sectors) <= SECTORS, row
        assert len(sectors) == len(set(sectors)), row


@pytest.mark.parametrize("name", ["actors.tsv", "officeholders.tsv"])
def test_named_actors(name: str) -> None:
    known = {row["country"] for row in _read("countries.tsv")[1]} | WIDER
    for row in _read(name)[1]:
        assert row["country"] in known, row
        assert row["name"], row
        assert row["source"], row
        assert row["note"] in ("", "ambiguous"), row
        start, end = row["valid_from"], row["valid_to"]
        assert all(not day or DATE.fullmatch(day) for day in (start, end)), row
        size = min(len(start), len(end))
        assert not end or start[:size] <= end[:size], row


def test_agents_are_lower_case_and_named_once() -> None:
    rows = _read("agents.tsv")[1]
    phrases = [row["phrase"] for row in rows]
    assert len(phrases) == len(set(phrases))
    for row in rows:
        capital = (
            row["kind"] in ("body", "title") and row["phrase"][0].isupper()
        )  # ends a name, or stands before one: "Sen."
        assert row["phrase"].islower() or (capital and row["plural"] == row["phrase"]), row
        assert row["kind"] in ("agent", "title", "body"), row
        assert row["note"] in ("", "weak", "modifier"), row
