"""Where an event was: the place that governs it, not every place in the sentence."""

from __future__ import annotations

import pytest

from extractors.coder import code
from extractors.lexicon import Lexicons, load_lexicons
from flows.gazetteer import find_gazetteer

_LEXICONS: list[Lexicons] = []

CASES = [
    ("in the clause, not the speaker's", "Police shot two protesters in Basra on Monday, the Foreign Ministry in Baghdad said.", "ASSAULT", "Basra", "city"),
    ("what is invaded", "Russia invaded Ukraine.", "ASSAULT", "Ukraine", "country"),
    ("said at the dateline", "HANOI, Vietnam (AP) — U.S. Defense Secretary Mark Esper accused China of intimidation in the South China Sea.", "ACCUSE", "Hanoi", "city"),
    ("over adjectives and city of", "A suicide bombing in the besieged northern Iraqi city of Mosul killed ten people.", "ASSAULT", "Mosul", "city"),
    ("the town behind the region", "Israeli troops killed three Palestinians in the West Bank city of Jenin.", "ASSAULT", "Jenin", "city"),
    ("inherited from the sentence before", "Thousands of students protested in Santiago. Police arrested forty of them.", "COERCE", "Santiago", "city"),
    ("met in", "The French president met his Egyptian counterpart in Cairo.", "CONSULT", "Cairo", "city"),
    ("dateline", "KABUL (Reuters) - Taliban gunmen killed a provincial governor.", "ASSAULT", "Kabul", "city"),
    ("place before a noun", "The Baghdad bombing killed 20 civilians.", "ASSAULT", "Baghdad", "city"),
    ("region", "Rebels attacked a village in Darfur.", "ASSAULT", "Darfur", "region"),
    ("nowhere", "Protesters demanded the resignation of Prime Minister Imran Khan.", "REQUEST", None, None),
]  # fmt: skip


def lexicons() -> Lexicons:
    if not _LEXICONS:
        gazetteer = find_gazetteer()
        assert gazetteer is not None
        _LEXICONS.append(load_lexicons(gazetteer=gazetteer))
    return _LEXICONS[0]


@pytest.mark.parametrize(("text", "kind", "name", "precision"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_place_of_an_event(text: str, kind: str, name: str | None, precision: str | None) -> None:
    events = [e for e in code(text, lexicons=lexicons()).events if e.event_type == kind]
    assert events
    place = events[0].place
    if name is None:
        assert place is None
    else:
        assert place is not None
        assert (place.name, place.precision) == (name, precision)
        assert place.lat is not None


def test_a_profile_of_the_source_decides() -> None:
    from dataclasses import replace

    known = lexicons()
    at_home = replace(
        known, homes={"gazette": {"USA": 1.0, "USA/Ohio": 0.9}, "herald": {"USA": 1.0, "USA/Georgia": 0.9}}
    )
    found = {}
    for source in ("gazette", "herald", None):
        mentions = code("A barn burned in Athens on Monday.", lexicons=at_home, source=source).mentions
        found[source] = next(m for m in mentions if m.kind == "place")
    assert (found["gazette"].country, found["gazette"].admin1) == ("USA", "Ohio")
    assert (found["herald"].country, found["herald"].admin1) == ("USA", "Georgia")
    assert found[None].country == "GRC"
