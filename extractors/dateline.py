"""A dateline says where a story was *filed*: a hint of where its events happened, never proof.

Agencies open with it: place, sometimes the day, the wire in brackets, a dash. Everything before the dash is about the story.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DASH = re.compile(r"\s*(?:—|–|--|-(?=\s)|―)\s*")
_MARK = re.compile(r"[—–―]|-[-\s]")
_MONTH = (
    r"(?:jan(?:uary|\.)?|feb(?:ruary|\.)?|mar(?:ch|\.)?|apr(?:il|\.)?|may|june?\.?|july?\.?|aug(?:ust|\.)?|sept?(?:ember|\.)?"
    r"|oct(?:ober|\.)?|nov(?:ember|\.)?|dec(?:ember|\.)?)"
)
_DAY = re.compile(rf"(?:{_MONTH} \d{{1,2}}|\d{{1,2}} {_MONTH}|\d{{1,2}}[./]\d{{1,2}})(?:,? \d{{4}})?\.?", re.IGNORECASE)
_WIRE = re.compile(r"\(([^()]{2,40})\)\s*$|/([^/]{2,40})/\s*$|\.?\s(?:/|\[)([^/\[\]]{2,30})(?:/|\])\s*$")
_HOST = re.compile(r"\w\.[^\W\d_]{2,}")
_SMALL = frozenset(("de", "la", "el", "al", "of", "the", "and", "del", "da", "do", "am", "an", "der", "sur", "le"))


@dataclass(frozen=True, slots=True)
class Dateline:
    """The opening of a filed story. `place` as written; `end` is the offset at which the lede begins."""

    place: str | None
    date: str | None
    wire: str | None
    end: int


def find_dateline(text: str) -> Dateline | None:
    """Read the dateline off the start of an article's body.

    Args:
        text: body text, whitespace already collapsed.
    Returns:
        The dateline, whose `end` is the offset in `text` where the lede begins; None without one. Never raises.

    >>> find_dateline("ASTANA, June 12 (Kazinform) — Ministers met on Monday.")
    Dateline(place='ASTANA', date='June 12', wire='Kazinform', end=30)
    """
    line = text[:160].split("\n", 1)[0]
    if not _MARK.search(line):
        return None
    for dash in _DASH.finditer(line):
        if dash.start() > 80:
            return None
        before = line[: dash.start()].strip()
        # "Al-Arish", "Tel Aviv-Jaffa": a bare hyphen inside the name is no dash; the pattern asks for a blank after it.
        found = _read(before, spaced=dash.group().strip() != "-" or dash.group().startswith(" "))
        if found is not None:
            return Dateline(*found, dash.end())
        if len(before) > 3:
            return None
    return None


def _read(before: str, spaced: bool) -> tuple[str | None, str | None, str | None] | None:
    if not before or not spaced:
        return None
    wire = None
    bracket = _WIRE.search(before)
    if bracket:
        wire = next(g for g in bracket.groups() if g).strip()
        before = before[: bracket.start()].strip(" ,.")
    day = _DAY.search(before)
    date = day.group() if day else None
    if day:
        before = before[: day.start()].strip(" ,.:")
    place = before.strip(" ,") or None
    if place is None:
        return (None, date, wire) if wire or date else None
    words = place.replace(",", " ").split()
    if len(words) > 6 or _HOST.search(place) or any(c in place for c in '?!:;"“”') or any(c.isdigit() for c in place):
        return None
    if not all(w[0].isupper() or w.lower() in _SMALL for w in words):
        return None
    first = re.split(r"[,/]", place, maxsplit=1)[0]
    # Without wire or day only capitals tell "CAIRO — …" from "Mr Smith — who …".
    if wire is None and date is None and not first.isupper():
        return None
    return place, date, wire
