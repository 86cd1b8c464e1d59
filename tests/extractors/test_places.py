"""Which words are places, and which places they are: own sentences, a row each. [Basra=IRQ] marks a toponym and where it must be;
USA/Ohio names the division too, ? a name that nothing resolves. More of them, a line each, are in places.txt."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.gazetteer import Gazetteer, Spot
from extractors.lexicon import Lexicons, load_lexicons
from extractors.matching import matches
from extractors.places import find_places, is_no_place
from extractors.records import Mention
from extractors.sentences import sentence_spans, tokenize
from flows.gazetteer import find_gazetteer

_MARK = re.compile(r"\[([^]=]+)=([^]]+)\]")
_LEXICONS: list[Lexicons] = []

CASES = {
    "in a city": "Gunmen killed a judge in [Mosul=IRQ] on Sunday.",
    "capital": "Envoys of both sides met in [Nairobi=KEN].",
    "country": "Floods cut roads across [Bangladesh=BGD].",
    "acronym": "The [U.S.=USA] and the [UK=GBR] withdrew their ambassadors.",
    "pronoun us": "They told us to leave, and Us was not the name of anything.",
    "town, state": "A school board in [Paris=USA/Texas], [Texas=USA/Texas], met on Tuesday.",
    "town, short state": "The plant in [Athens=USA/Georgia], [Ga.=USA/Georgia], will close.",
    "town, country": "A ferry left [Tripoli=LBN], [Lebanon=LBN], at dawn.",
    "list of states": "Farms in [Georgia=USA/Georgia], [Oregon=USA/Oregon] and [Ohio=USA/Ohio] lost hives.",
    "list of countries": "Troops came from [Chad=TCD], [Niger=NER], [Mali=MLI] and [Togo=TGO].",
    "honorific": "Mr Jackson thanked Mrs London and Judge Lincoln.",
    "forename": "Charlotte Jordan and Austin Chester left early.",
    "age": "Devon Lancaster, 34, was charged.",
    "university": "Researchers at Ohio State University and the University of Oxford disagree.",
    "newspaper": "The Washington Post and the Boston Globe reported it.",
    "team": "The Chicago Bulls beat the Dallas Mavericks.",
    "street": "The fire began on Paris Street.",
    "month": "In March and in May the rains failed.",
    "disease": "Two people caught West Nile virus.",
    "currency": "It cost US$20 million.",
    "province": "A bomb went off in [Helmand=AFG/Helmand] province.",
    "county": "Deputies in [Orange County=USA/California], [California=USA/California], arrested him.",
    "of a town": "The mayor of [Leeds=GBR] resigned.",
    "based": "A [Seattle=USA/Washington]-based firm won the contract.",
    "directions": "Fighting spread to northern [Yemen=YEM] and eastern [Ukraine=UKR].",
    "strip": "Aid entered the [Gaza Strip=PSE] and the [West Bank=PSE].",
    "sea": "The boat sank in the [Aegean Sea=None].",
    "renamed": "Delegates flew to [Astana=KAZ] from [Kiev=UKR].",
    "transliteration": "Rebels left [Deir ez-Zor=SYR] and [Idlib=SYR].",
    "unlisted, in the division of all else": "Deputies from [York=USA/Pennsylvania] and [Lancaster=USA/Pennsylvania], [Pennsylvania=USA/Pennsylvania], searched [Conestowa Township=USA/Pennsylvania]. [Harrisburg=USA/Pennsylvania] sent help.",
    "mayor title": "[Boston=USA/Massachusetts] Mayor Ann Lee spoke.",
}


def lexicons() -> Lexicons:
    if not _LEXICONS:
        gazetteer = find_gazetteer()
        assert gazetteer is not None
        _LEXICONS.append(load_lexicons(gazetteer=gazetteer))
    return _LEXICONS[0]


def places(text: str) -> tuple[Mention, ...]:
    known = lexicons()
    spans = sentence_spans(text, known.words["abbreviations"], known.words["sentence_starts"])
    sentences = [tokenize(text, a, b) for a, b in spans]
    found = [matches(s, known) for s in sentences]
    taken = [[(a, b) for a, b, es in row if is_no_place(es[0], b - a)] for row in found]
    return find_places(sentences, known.gazetteer, taken=taken)


SENTENCES = (Path(__file__).parent / "places.txt").read_text(encoding="utf-8").splitlines()
CASES |= {" ".join(_MARK.sub(r"\1", line).split()[:6]): line for line in SENTENCES}


@pytest.mark.parametrize("marked", CASES.values(), ids=CASES.keys())
def test_places_of_a_sentence(marked: str) -> None:
    text = _MARK.sub(r"\1", marked)
    wanted = [(m[1], m[2]) for m in _MARK.finditer(marked)]
    found = places(text)
    assert [m.text for m in found] == [name for name, _ in wanted]
    for mention, (_, where) in zip(found, wanted, strict=True):
        country, _, division = where.partition("/")
        assert (str(mention.country) if mention.lat is not None else "?") == country
        assert not division or mention.admin1 == division


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from(" .,'’-()$\n\tABCabcéŁ012") | st.characters(), max_size=200))
def test_never_raises_and_offsets_are_exact(text: str) -> None:
    found = places(text)
    for mention in found:
        assert text[mention.char_start : mention.char_end] == mention.text
    assert found == places(text)


def test_time_is_linear_in_the_text() -> None:
    import time

    text = (
        "Paris, London, Springfield and Jackson, Mississippi, in New York City of the University of Oxford County. "
        * 40
    )

    def seconds(t: str) -> float:
        began = time.perf_counter()
        places(t)
        return time.perf_counter() - began

    seconds(text)
    assert seconds(text * 4) < 16 * seconds(text)


def test_the_gazetteer_knows_its_places() -> None:
    gazetteer: Gazetteer = lexicons().gazetteer
    assert len(gazetteer) > 200_000
    assert "GeoNames" in gazetteer.attribution
    spots: list[Spot] = [s.spot for s in gazetteer.senses("springfield")]
    assert len({(s.country, s.region) for s in spots}) > 15
    assert not gazetteer.senses("us", False) or all(s.spot.kind == "city" for s in gazetteer.senses("us", False))
