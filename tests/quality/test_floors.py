"""Quality on our own synthetic cases, pinned: a floor moves up, or down with a written reason in the commit.

`floors.json` holds the floors and a digest of the cases, so that a case cannot be changed without the floors being looked at.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from extractors.coder import code
from extractors.lexicon import load_lexicons
from extractors.records import Event

HERE = Path(__file__).parent
CASES = HERE / "events.tsv"
BODIES = {"UNO": "IGO", "EUR": "IGO"}


def cases() -> Iterator[dict[str, str]]:
    with open(CASES, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def countries(actors: tuple[object, ...]) -> set[str]:
    return {BODIES.get(a.country, a.country) for a in actors if a.country}  # type: ignore[attr-defined]


def wanted(cell: str) -> set[str]:
    return {BODIES.get(c, c) for c in cell.split()}


def right_type(case: dict[str, str], event: Event) -> bool:
    return event.event_type in case["event_type"].split() and event.status == case["status"]


def right_sides(case: dict[str, str], event: Event) -> bool:
    actors, recipients = wanted(case["actors"]), wanted(case["recipients"])
    got_actors, got_recipients = countries(event.actors), countries(event.recipients)
    if len(actors) > 1 and not recipients:  # both do it to each other
        return got_actors | got_recipients == actors
    return (not actors or bool(actors & got_actors)) and (not recipients or bool(recipients & got_recipients))


def measure() -> dict[str, float]:
    lexicons = load_lexicons()
    rows = list(cases())
    gold = [c for c in rows if c["event_type"]]
    coded = {c["id"]: code(c["text"], lexicons=lexicons).events for c in rows}
    first = [(c, coded[c["id"]][0]) for c in gold if coded[c["id"]]]
    typed = [(c, e) for c, e in first if right_type(c, e)]
    alarms = [
        c["id"] for c in rows if not c["event_type"] and any((e.event_type or "x_")[:2] != "x_" for e in coded[c["id"]])
    ]
    missing = [c["id"] for c in gold if c["id"] not in {t["id"] for t, _ in typed}]
    print(
        "type wrong:", missing, "sides wrong:", [c["id"] for c, e in typed if not right_sides(c, e)], "alarms:", alarms
    )
    return {
        "type_and_status": len(typed) / len(gold),
        "who_did_what_to_whom": sum(right_sides(c, e) for c, e in typed) / len(gold),
        "quiet": 1 - len(alarms) / (len(rows) - len(gold)),
    }


def test_no_measure_is_under_its_floor() -> None:
    floors = json.loads((HERE / "floors.json").read_text())
    digest = hashlib.sha256(CASES.read_bytes()).hexdigest()[:16]
    assert digest == floors["events.tsv"], "the cases changed: measure again and write floors.json anew"
    for name, value in measure().items():
        assert value >= floors[name], f"{name} {value:.3f} is under its floor {floors[name]}"


@pytest.mark.parametrize("case", cases(), ids=lambda c: c["id"])
def test_every_event_shows_its_words(case: dict[str, str]) -> None:
    for event in code(case["text"], lexicons=load_lexicons_once()).events:
        assert case["text"][event.char_start : event.char_end] == event.support
        assert event.trigger in event.support
        for side in (*event.actors, *event.recipients):
            assert case["text"][side.char_start : side.char_end] == side.text


_ONCE: list[object] = []


def load_lexicons_once():  # type: ignore[no-untyped-def]
    if not _ONCE:
        _ONCE.append(load_lexicons())
    return _ONCE[0]
