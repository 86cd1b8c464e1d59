"""Quality on our own synthetic cases, pinned: a floor moves up, or down with a written reason in the commit.

`floors.json` holds the floors and a digest of the cases, so that a case cannot be changed without the floors being looked at.
"""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

from extractors.confidence import default_confidence
from extractors.events.coder import code
from extractors.lexicon import load_lexicons
from extractors.records import Event

HERE = Path(__file__).parent
CASES = HERE / "events.tsv"
COUNTS = HERE / "counts.tsv"
BODIES = {"UNO": "IGO", "EUR": "IGO"}


def cases(path: Path = CASES) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def right_counts(case: dict[str, str], events: tuple[Event, ...]) -> bool:
    """Whether the events of a sentence say just the numbers wanted, each of its kind."""
    wanted = (
        {} if case["counts"] == "-" else {k: int(v) for k, _, v in (x.partition("=") for x in case["counts"].split())}
    )
    return {m.kind: m.value for e in reversed(events) for m in e.magnitudes} == wanted


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


def is_alarm(event: Event) -> bool:
    """Whether an event would be shown as one of PLOVER's; what is less sure is stored, and said to be less sure."""
    return not (event.event_type or "x_").startswith("x_") and event.confidence >= default_confidence()


def measure() -> dict[str, float]:
    lexicons = load_lexicons()
    rows = list(cases())
    gold = [c for c in rows if c["event_type"]]
    coded = {c["id"]: code(c["text"], lexicons=lexicons).events for c in rows}
    first = [(c, coded[c["id"]][0]) for c in gold if coded[c["id"]]]
    typed = [(c, e) for c, e in first if right_type(c, e)]
    alarms = [c["id"] for c in rows if not c["event_type"] and any(map(is_alarm, coded[c["id"]]))]
    missing = [c["id"] for c in gold if c["id"] not in {t["id"] for t, _ in typed}]
    print(
        "type wrong:", missing, "sides wrong:", [c["id"] for c, e in typed if not right_sides(c, e)], "alarms:", alarms
    )
    counts = [(c, right_counts(c, code(c["text"], lexicons=lexicons).events)) for c in cases(COUNTS)]
    print("counts wrong:", [c["id"] for c, right in counts if not right])
    return {
        "counts": sum(right for _, right in counts) / len(counts),
        "type_and_status": len(typed) / len(gold),
        "who_did_what_to_whom": sum(right_sides(c, e) for c, e in typed) / len(gold),
        "quiet": 1 - len(alarms) / (len(rows) - len(gold)),
    }


def test_no_measure_is_under_its_floor() -> None:
    floors = json.loads((HERE / "floors.json").read_text())
    for path in (CASES, COUNTS):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        assert digest == floors[path.name], f"{path.name} changed: measure again and write floors.json anew ({digest})"
    for name, value in measure().items():
        assert value >= floors[name], f"{name} {value:.3f} is under its floor {floors[name]}"


def test_every_event_shows_its_words() -> None:
    lexicons = load_lexicons()
    for case in (*cases(), *cases(COUNTS)):
        text = case["text"]
        for event in code(text, lexicons=lexicons).events:
            assert text[event.char_start : event.char_end] == event.support
            assert event.trigger in event.support
            for part in (*event.actors, *event.recipients, *event.magnitudes):
                assert text[part.char_start : part.char_end] == part.text
