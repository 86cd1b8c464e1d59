"""Who a side of an event is: the words a tagger marked, in their article, with country, sector and how they were found."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.events.roles import Act, Cast, find_setting, mentions, read_text
from extractors.lexicon import load_lexicons
from extractors.places import article_places
from extractors.records import Actor
from extractors.tagger.proposals import Proposal, Words

LEXICONS = load_lexicons()
DAY = date(2019, 7, 1)
KENYA = "Kenya's parliament met in Nairobi on Monday. Kenyans hoped for calm. "


def proposal(text: str, trigger: str, kind: str, mode: str | None = None, **sides: list[str]) -> Proposal:
    """A proposal whose trigger and sides are the last such words of the text."""

    def words(part: str) -> Words:
        start = text.rindex(part)
        return Words(start, start + len(part), 1.0)

    at = text.rindex(trigger)
    actors = tuple(words(w) for w in sides.get("actors", []))
    recipients = tuple(words(w) for w in sides.get("recipients", []))
    return Proposal(0, at, at + len(trigger), kind, 1.0, ((kind, 1.0),), mode, "actual", 1.0, actors, recipients)


def cast(text: str, proposals: list[Proposal], day: date | None = DAY) -> Cast:
    readings = read_text(text, LEXICONS, day)
    given = [(w.start, w.end) for p in proposals for w in (*p.actors, *p.recipients)]
    return Cast(readings, LEXICONS, day, given, article_places(None, readings, LEXICONS, None, None))


def who(text: str, side: str, kind: str = "ACCUSE", role: str = "actors", day: date | None = None) -> tuple[Actor, ...]:
    p = proposal(text, text[-2:], kind, **{role: [side]})
    (words,) = p.actors or p.recipients
    return cast(text, [p]).who(words.start, words.end, Act(kind, None, role, None, day))


@pytest.mark.parametrize(
    ("text", "side", "country", "sector", "how"),
    [
        ("French soldiers fired.", "French soldiers", "FRA", "MIL", "phrase"),
        ("Kenyan minister Ruth Odera left. Odera denied it.", "Odera", "KEN", "GOV", "short_name"),
        ("Kenyan minister Ruth Odera left. The minister denied it.", "The minister", "KEN", "GOV", "definite"),
        ("Kenyan minister Ruth Odera left. She denied it.", "She", "KEN", "GOV", "pronoun"),
        ("Kenyan minister Ruth Odera left. Then her office said so.", "her office", "KEN", "GOV", "pronoun"),
        (KENYA + "Police arrested six people.", "Police", "KEN", "COP", "article"),
        (KENYA + "They spoke to lawmakers.", "lawmakers", "KEN", "LEG", "article"),
        (KENYA + "Activist leaders met them.", "Activist leaders", "KEN", "SOC", "article"),
        (KENYA + "They sent aid to Western leaders.", "Western leaders", None, "GOV", "phrase"),
        (KENYA + "Soldiers stopped migrants.", "migrants", None, "REF", "phrase"),
        ("The U.S. warned U.S. allies.", "U.S. allies", None, "CVL", "none"),
        ("Conservative pundit Bo Tamsin spoke.", "Bo Tamsin", None, "JRN", "phrase"),
        ("Sen. Bo Tamsin spoke.", "Sen. Bo Tamsin", None, "LEG", "phrase"),
        ("Congressional leaders met Kenyan officials.", "Kenyan officials", "KEN", "GOV", "phrase"),
    ],
    ids=[
        "own words",
        "surname",
        "title",
        "pronoun",
        "theirs",
        "police",
        "lawmakers",
        "modifier",
        "of no one country",
        "migrants",
        "allies",
        "words before",
        "abbreviated title",
        "adjective",
    ],
)
def test_side(text: str, side: str, country: str | None, sector: str | None, how: str) -> None:
    (actor,) = who(text, side)
    assert (actor.country, actor.sector, actor.how) == (country, sector, how)


def test_a_name_explained_further_on() -> None:
    text = "Kenyans met. There Odera spoke. Then came Kenyan minister Ruth Odera."
    start = text.index("Odera")
    (actor,) = cast(text, []).who(start, start + 5, Act("ACCUSE", None, "actors"))
    assert (actor.country, actor.sector, actor.how) == ("KEN", "GOV", "short_name")


def test_a_list_gives_one_actor_each() -> None:
    found = who("France, Germany and the Kenyan army agreed.", "France, Germany and the Kenyan army")
    assert [(a.country, a.sector) for a in found] == [("FRA", None), ("DEU", None), ("KEN", "MIL")]


def test_a_name_with_and_is_no_list() -> None:
    (actor,) = who(KENYA + "They asked Health and Human Services Department.", "Health and Human Services Department")
    assert actor.sector == "GOV"


def test_the_office_is_that_of_the_event() -> None:
    text = "Barack Obama met lawmakers."
    sectors = [who(text, "Barack Obama", day=day)[0].sector for day in (date(2010, 3, 1), None)]
    assert sectors == ["GOV", "ELI"]


@pytest.mark.parametrize(
    ("kind", "role", "side", "sector"),
    [
        ("ASSAULT", "recipients", "two men", "CVL"),
        ("ASSAULT", "recipients", "Bo Tamsin", "CVL"),
        ("CONSULT", "actors", "Bo Tamsin", "GOV"),
        ("SUPPORT", "actors", "Bo Tamsin", None),
        ("PROTEST", "actors", "thousands", "CVL"),
    ],
    ids=["unknown men", "a victim", "a visitor", "nothing is guessed", "a number"],
)
def test_what_the_act_says(kind: str, role: str, side: str, sector: str | None) -> None:
    (actor,) = who(KENYA + f"There was a note on {side} there.", side, kind, role)
    assert actor.sector == sector


def sides(text: str, proposals: list[Proposal], place: str | None = None) -> list[list[tuple[str | None, ...]]]:
    known = cast(text, proposals)
    return [[(a.country, a.sector, a.how) for a in known.sides(p, place)[0]] for p in proposals]


def test_an_authority_is_implied() -> None:
    text = KENYA + "Six people were arrested."
    p = proposal(text, "arrested", "COERCE", "arrest", recipients=["Six people"])
    assert sides(text, [p]) == [[("KEN", "COP", "implied")]]
    assert sides(text, [p], "UGA") == [[("UGA", "COP", "implied")]]


def test_authorities_that_arrest_are_police() -> None:
    text = KENYA + "Authorities arrested six people."
    p = proposal(text, "arrested", "COERCE", "arrest", actors=["Authorities"])
    assert sides(text, [p]) == [[("KEN", "COP", "article")]]


def test_a_noun_points_back_to_the_sides_told_before() -> None:
    text = "France and Germany held talks on Monday. Markets rose. The negotiations lasted."
    first = proposal(text, "talks", "CONSULT", actors=["France", "Germany"])
    second = proposal(text, "negotiations", "CONSULT")
    told = [("FRA", None), ("DEU", None)]
    known = sides(text, [first, second])
    assert [[s[:2] for s in row] for row in known] == [told, told]
    assert {s[2] for s in known[1]} == {"definite"}


def test_an_article_without_a_setting_lends_nothing() -> None:
    text = "France, Kenya and Peru signed. Spain, Chad and Japan did not. Police arrested a man."
    p = proposal(text, "arrested", "COERCE", "arrest", actors=["Police"])
    assert find_setting(read_text(text, LEXICONS, DAY), ()) is None
    assert sides(text, [p]) == [[(None, "COP", "phrase")]]


def test_no_words_give_nobody() -> None:
    assert cast("", []).sides(Proposal(0, 0, 0, "ACCUSE", 1.0, (), None, "actual", 1.0)) == ((), ())


_PARTS = [
    "France",
    "police",
    "the",
    "and",
    "he",
    "his",
    "talks",
    "(",
    "“",
    ",",
    ".",
    "of",
    "Ruth",
    "Odera",
    "said",
    "\ud800",
    "12",
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(_PARTS), max_size=30), st.integers(0, 150), st.integers(0, 150))
def test_any_words_of_any_text_are_read(parts: list[str], start: int, end: int) -> None:
    text = " ".join(parts)
    p = Proposal(
        0, start, end, "COERCE", 1.0, (), "arrest", "actual", 1.0, (Words(start, end, 1.0),), (Words(end, start, 1.0),)
    )
    known = cast(text, [p])
    for actor in (a for side in known.sides(p, "FRA") for a in side):
        assert text[actor.char_start : actor.char_end] == actor.text
    for mention in mentions(known.readings):
        assert text[mention.char_start : mention.char_end] == mention.text
