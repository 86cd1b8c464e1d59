"""Coverage: how many persons and bodies of every country the lexicons name, by office."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from extractors.phrases import cells_of, file_lines

_COLUMNS = (
    "state and government",
    "foreign",
    "defence",
    "interior",
    "other office",
    "parliament",
    "army, police, spies",
    "opposition, rebels",
)
_HEADS = frozenset(
    [
        "president",
        "prime minister",
        "king",
        "queen",
        "emir",
        "sultan",
        "chancellor",
        "taoiseach",
        "vice president",
        "emperor",
        "leader",
    ]
)
_BY_OFFICE = {
    "foreign minister": "foreign", "foreign secretary": "foreign", "secretary of state": "foreign",
    "defence minister": "defence", "defence secretary": "defence", "secretary of defense": "defence",
    "interior minister": "interior", "home secretary": "interior",
}  # fmt: skip
_BY_SECTOR = {
    "LEG": "parliament", "MIL": "army, police, spies", "COP": "army, police, spies", "SPY": "army, police, spies",
    "OPP": "opposition, rebels", "REB": "opposition, rebels", "PTY": "opposition, rebels",
}  # fmt: skip


def coverage(folder: Path) -> str:
    """A Markdown table of the persons in office by country, with the first year known, and the named bodies."""
    persons: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    bodies: dict[str, set[str]] = defaultdict(set)
    first: dict[str, str] = {}
    for line in filter(None, file_lines(folder / "officeholders.tsv")[1:]):
        row = cells_of(line, "officeholders.tsv")
        country, office = row["country"], row["office"]
        if office.startswith("former"):
            continue
        if office in _BY_OFFICE:
            column = _BY_OFFICE[office]
        elif office in _HEADS:
            column = "state and government"
        else:
            column = _BY_SECTOR.get(row["sector"], "other office")
        persons[country][column].add(row["name"])
        if row["valid_from"]:
            first[country] = min(first.get(country, "9999"), row["valid_from"][:4])
    for line in filter(None, file_lines(folder / "actors.tsv")[1:]):
        row = cells_of(line, "actors.tsv")
        if row["kind"] == "org":
            bodies[row["country"]].add(row["name"])
        elif row["kind"] == "person":
            persons[row["country"]][_BY_SECTOR.get(row["sector"], "other office")].add(row["name"])
    lines = ["| country | since | " + " | ".join(_COLUMNS) + " | bodies |", "|---" * (len(_COLUMNS) + 3) + "|"]
    for country in sorted((persons.keys() | bodies.keys()) - {""}):
        counts = (str(len(persons[country][c]) or "") for c in _COLUMNS)
        lines.append(f"| {country} | {first.get(country, '')} | {' | '.join(counts)} | {len(bodies[country]) or ''} |")
    return "\n".join(lines) + "\n"
