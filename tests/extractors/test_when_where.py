"""When, where, how many and according to whom, from what a tagger proposes: each a table of cases."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from extractors.dateline import find_dateline
from extractors.dates import find_dates
from extractors.events.contexts import find_contexts
from extractors.events.magnitudes import pooled, read_numbers, share_magnitudes
from extractors.events.speaker import find_speaker
from extractors.events.when import When, find_when, read_times, status_by_time, status_by_words
from extractors.events.where import Setting, country_place, find_where, read_setting
from extractors.lexicon import load_lexicons
from extractors.matching import matches
from extractors.places import find_places, is_no_place
from extractors.records import Actor, Magnitude
from extractors.sentences import Sentence, sentence_spans, tokenize
from extractors.tagger.proposals import Proposal, Words
from extractors.tagger.train.evaluate_times import main, proposal
from tests.extractors.test_linear import steps

PUBLISHED = date(2024, 6, 19)  # a Wednesday
LEXICONS = load_lexicons()


def sentences_of(text: str) -> list[Sentence]:
    words = LEXICONS.words
    return [tokenize(text, a, b) for a, b in sentence_spans(text, words["abbreviations"], words["sentence_starts"])]


def propose(
    text: str,
    trigger: str,
    kind: str = "ASSAULT",
    status: str = "actual",
    date: str | None = None,
    place: str | None = None,
    speaker: str | None = None,
    recipients: Sequence[str] = (),
) -> Proposal:
    """What a tagger could propose: words are given as they stand in the text, the last time they do."""

    def words(*said: str | None) -> tuple[Words, ...]:
        return tuple(Words(text.rindex(w), text.rindex(w) + len(w), 0.9) for w in said if w)

    start = text.rindex(trigger)
    at = next(n for n, s in enumerate(sentences_of(text)) if s.char_start <= start < s.char_end)
    return Proposal(
        at, start, start + len(trigger), kind, 0.99, ((kind, 0.99),), None, status, 0.9,
        recipients=words(*recipients), dates=words(date), places=words(place), speakers=words(speaker),
    )  # fmt: skip


def when(text: str, p: Proposal, published: date | None = PUBLISHED) -> When:
    line = find_dateline(text)
    times = read_times(text, find_dates(text, published, None), published, line.end if line else 0)
    return find_when(p, sentences_of(text)[p.sentence], times)


DAYS = [
    ("its words", "The army said on Wednesday that gunmen killed nine soldiers on Monday.", "killed", "actual", "on Monday", "2024-06-17", "2024-06-17", "day"),
    ("not the nearest", "Gunmen killed nine soldiers on Tuesday, a day after the Sunday raid.", "raid", "actual", "Sunday", "2024-06-16", "2024-06-16", "day"),
    ("a month", "Gunmen killed nine soldiers in March.", "killed", "actual", "in March", "2024-03-01", "2024-03-31", "month"),
    ("a year", "Gunmen killed nine soldiers in 2019.", "killed", "historical", "in 2019", "2019-01-01", "2019-12-31", "year"),
    ("still going on", "Gunmen have killed ninety soldiers since May.", "killed", "actual", "since May", "2024-05-01", None, "ongoing"),
    ("from and to", "Gunmen killed nine soldiers from Saturday to Monday.", "killed", "actual", "from Saturday to Monday", "2024-06-15", "2024-06-17", "interval"),
    ("between", "Gunmen killed nine soldiers between April and May.", "killed", "actual", "between April and May", "2024-04-01", "2024-05-31", "interval"),
    ("the narrower of two", "Gunmen killed nine soldiers on a Monday in 2024, June 3.", "killed", "actual", "in 2024, June 3", "2024-06-03", "2024-06-03", "day"),
    ("a month behind, for what is planned", "Lawmakers are to vote in May.", "vote", "planned", "in May", "2025-05-01", "2025-05-31", "month"),
    ("a length before the story", "Police raided a club on Monday. A week after the vote they freed the owner.", "freed", "actual", "A week after the vote", "2024-06-10", "2024-06-17", "interval"),
    ("a length ahead", "The minister will visit Oslo in about two weeks.", "visit", "planned", "about two weeks", "2024-06-19", "2024-07-03", "interval"),
    ("a month before a noun", "The March raid killed nine soldiers.", "raid", "actual", "March", "2024-03-01", "2024-03-31", "month"),
    ("a weekend before a noun", "Gunmen killed nine soldiers in weekend raids.", "raids", "actual", "weekend", "2024-06-15", "2024-06-16", "interval"),
    ("words that are no time", "Gunmen killed nine soldiers at dinner.", "killed", "actual", "at dinner", "2024-06-19", "2024-06-19", "publication"),
    ("another time of the sentence", "Gunmen killed nine soldiers on Monday.", "killed", "actual", None, "2024-06-17", "2024-06-17", "day"),
    ("not across who", "Police freed a man who shot a guard on Monday.", "freed", "actual", None, "2024-06-19", "2024-06-19", "publication"),
    ("not the future", "Gunmen killed nine soldiers ahead of a vote on Saturday.", "killed", "actual", None, "2024-06-19", "2024-06-19", "publication"),
    ("no length", "Gunmen killed nine soldiers during three days of fighting.", "killed", "actual", None, "2024-06-19", "2024-06-19", "publication"),
    ("no set", "Gunmen killed nine soldiers, as they do every Friday.", "killed", "actual", None, "2024-06-19", "2024-06-19", "publication"),
    ("the sentence before", "A curfew began on Monday. Gunmen killed nine soldiers.", "killed", "actual", None, "2024-06-17", "2024-06-17", "inherited"),
    ("the last told", "Talks began on Sunday. A curfew began on Monday. Gunmen killed nine soldiers.", "killed", "actual", None, "2024-06-17", "2024-06-17", "inherited"),
    ("not from background", "Mali became independent in 1960. Gunmen killed nine soldiers.", "killed", "actual", None, "2024-06-19", "2024-06-19", "publication"),
    ("not from two weeks ago", "A curfew began on 3 June. Gunmen killed nine soldiers.", "killed", "actual", None, "2024-06-19", "2024-06-19", "publication"),
    ("the first told behind", "Gunmen killed nine soldiers. The attack came on Monday.", "killed", "actual", None, "2024-06-17", "2024-06-17", "inherited"),
    ("dateline", "BAMAKO, June 18 (Wire) — Gunmen killed nine soldiers.", "killed", "actual", None, "2024-06-18", "2024-06-18", "inherited"),
    ("background from background", "Mali became independent in 1960. Troops seized the radio.", "seized", "historical", None, "1960-01-01", "1960-12-31", "inherited"),
    ("background alone", "A curfew began on Monday. Troops once seized the radio.", "seized", "historical", None, None, None, "unknown"),
    ("publication", "Gunmen killed nine soldiers.", "killed", "actual", None, "2024-06-19", "2024-06-19", "publication"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "trigger", "status", "words", "first", "last", "precision"),
    [c[1:] for c in DAYS],
    ids=[c[0] for c in DAYS],
)
def test_day(
    text: str, trigger: str, status: str, words: str | None, first: str | None, last: str | None, precision: str
) -> None:
    found = when(text, propose(text, trigger, status=status, date=words))
    assert (found.first and str(found.first), found.last and str(found.last), found.precision) == (
        first,
        last,
        precision,
    )
    assert (found.text is None) == (precision in ("publication", "unknown"))
    assert found.text is None or found.text in text


@pytest.mark.parametrize(
    ("status", "words", "day"),
    [
        ("actual", "on Saturday", "2024-06-15"),
        ("planned", "on Monday", "2024-06-24"),
        ("called_for", "on Monday", "2024-06-24"),
    ],
)
def test_a_weekday_is_on_the_side_that_the_status_says(status: str, words: str, day: str) -> None:
    text = (
        f"The unions will march {words}, and police will watch." if status == "planned" else f"March {words}, they say."
    )
    assert str(when(text, propose(text, "arch", "PROTEST", status, words)).first) == day


def test_nothing_known_is_unknown() -> None:
    text = "Gunmen killed nine soldiers on Monday."
    assert when(text, propose(text, "killed", date="on Monday"), None) == When(None, None, "unknown", None)


def test_a_day_of_its_own_needs_no_publication() -> None:
    text = "Gunmen killed nine soldiers on 3 May 2019."
    found = when(text, propose(text, "killed", date="3 May 2019"), None)
    assert (found.first, found.precision) == (date(2019, 5, 3), "day")


@pytest.mark.parametrize(
    ("status", "last", "expected"),
    [
        ("actual", date(2024, 6, 1), "actual"),
        ("actual", date(2023, 5, 1), "actual"),
        ("actual", date(2022, 5, 1), "historical"),
        ("planned", date(2022, 5, 1), "planned"),
        ("actual", None, "actual"),
        ("actual", date(2024, 6, 21), "planned"),
        ("negated", date(2024, 6, 21), "negated"),
    ],
)
def test_what_happened_long_ago_is_historical_and_what_is_ahead_planned(
    status: str, last: date | None, expected: str
) -> None:
    assert status_by_time(status, When(last, last, "day", "then"), PUBLISHED) == expected


@pytest.mark.parametrize(
    ("text", "trigger", "kind", "expected"),
    [
        ("The ministers will meet in Lima.", "meet", "CONSULT", "planned"),
        ("The ministers are due to meet in Lima.", "meet", "CONSULT", "planned"),
        ("The ministers were scheduled to visit Lima.", "scheduled to visit", "CONSULT", "planned"),
        ("The ministers met in Lima.", "met", "CONSULT", "actual"),
        ("Unions met, due process or not.", "met", "CONSULT", "actual"),
        ("The general says he will not lead; rebels attacked the camp.", "attacked", "ASSAULT", "actual"),
        ("Kenya will sign the treaty.", "will sign", "AGREE", "actual"),
    ],
)
def test_words_that_put_an_act_ahead(text: str, trigger: str, kind: str, expected: str) -> None:
    p = propose(text, trigger, kind)
    assert status_by_words(p, sentences_of(text)[p.sentence]) == expected


def setting(text: str) -> Setting:
    rows = sentences_of(text)
    found = [matches(s, LEXICONS) for s in rows]
    line = find_dateline(text)
    places = find_places(
        rows,
        LEXICONS.gazetteer,
        taken=[[(a, b) for a, b, e in row if is_no_place(e[0], b - a)] for row in found],
        dateline=(0, line.end) if line else None,
    )
    return read_setting(rows, found, places, line, LEXICONS.gazetteer)


def side(*countries: str) -> list[Actor]:
    return [Actor("they", None, country, None, 0, 4) for country in countries]


# The gazetteer of the package knows countries, capitals and seas.
PLACES = [
    ("its words", "Police in Baghdad said gunmen shot two men in Amman.", "shot", "ASSAULT", "in Amman", (), (), "Amman", "JOR"),
    ("the finer of two", "Gunmen shot two men in Cairo, Egypt.", "shot", "ASSAULT", "Cairo, Egypt", (), (), "Cairo", "EGY"),
    ("a people", "Gunmen shot two men near the Syrian border.", "shot", "ASSAULT", "the Syrian border", (), (), "Syria", "SYR"),
    ("a sea is in no country", "Sailors shot two men in the Mediterranean Sea.", "shot", "ASSAULT", "the Mediterranean Sea", ("FRA",), (), "Mediterranean Sea", None),
    ("a name that no word marks", "Gunmen shot two men; Cairo reacted.", "reacted", "REJECT", "Cairo", (), (), "Cairo", "EGY"),
    ("a part of a longer name is none", "Gunmen shot two men on Lima Cairo Road.", "shot", "ASSAULT", "Lima Cairo Road", ("MLI",), (), "Mali", "MLI"),
    ("words that name no place", "Gunmen shot two men in the prison yard.", "shot", "ASSAULT", "the prison yard", ("MLI",), (), "Mali", "MLI"),
    ("put near by a preposition", "Gunmen shot two men in Cairo.", "shot", "ASSAULT", None, (), (), "Cairo", "EGY"),
    ("not what is only named", "Gunmen shot the envoy of France.", "shot", "ASSAULT", None, ("MLI",), (), "Mali", "MLI"),
    ("not across who", "Police seized a man who was born in Cairo.", "seized", "COERCE", None, ("JOR",), ("JOR",), "Jordan", "JOR"),
    ("said elsewhere", "The envoy denounced the shelling in Syria.", "denounced", "ACCUSE", None, ("FRA",), ("SYR",), "France", "FRA"),
    ("done there", "The troops shot two men.", "shot", "ASSAULT", None, ("FRA",), ("MLI",), "Mali", "MLI"),
    ("shared by both sides", "The unions sued the ministry.", "sued", "ACCUSE", None, ("FRA", "PER"), ("PER",), "Peru", "PER"),
    ("the only side known", "The unions sued the ministry.", "sued", "ACCUSE", None, (), ("PER",), "Peru", "PER"),
    ("no body is a country", "The council condemned the vote.", "condemned", "ACCUSE", None, ("UNO",), (), None, None),
    ("the country in focus", "Peru is in turmoil. Peru has had four presidents. Peruvian unions are restive. Police seized two men.", "seized", "COERCE", None, (), (), "Peru", "PER"),
    ("where the story was last", "Thousands marched in Lima. Police seized two men.", "seized", "COERCE", None, ("PER",), (), "Lima", "PER"),
    ("another country is another place", "Thousands marched in Lima. Police seized two men.", "seized", "COERCE", None, ("CHL",), (), "Chile", "CHL"),
    ("words need no town", "Thousands marched in Lima. The unions sued.", "sued", "ACCUSE", None, ("PER",), (), "Peru", "PER"),
    ("where it was filed", "KABUL (Reuters) - Gunmen killed a governor.", "killed", "ASSAULT", None, ("AFG",), (), "Kabul", "AFG"),
    ("a dependency is its sovereign's", "Gunmen shot two men in Puerto Rico.", "shot", "ASSAULT", "Puerto Rico", (), (), "Puerto Rico", "USA"),
    ("nowhere", "The unions sued the ministry.", "sued", "ACCUSE", None, (), (), None, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "trigger", "kind", "words", "actors", "recipients", "name", "country"),
    [c[1:] for c in PLACES],
    ids=[c[0] for c in PLACES],
)
def test_place(
    text: str,
    trigger: str,
    kind: str,
    words: str | None,
    actors: Sequence[str],
    recipients: Sequence[str],
    name: str | None,
    country: str | None,
) -> None:
    p = propose(text, trigger, kind, place=words)
    place = find_where(p, sentences_of(text)[p.sentence], side(*actors), side(*recipients), setting(text))
    assert (place.name, place.country) == (name, country) if place is not None else name is None


def test_a_code_that_is_no_country_is_no_place() -> None:
    assert country_place("XXX", LEXICONS.gazetteer) is None


NUMBERS = [
    ("each its own", "Police shot dead two men and arrested 40 others.", [("shot dead", "ASSAULT", ()), ("arrested", "COERCE", ())], [{"killed": 2}, {"arrested": 40}]),
    ("not what the type has not", "The council urged calm after 12 people were killed.", [("urged", "REQUEST", ())], [{}]),
    ("the nearest of two", "A bomb killed 12 people in May, and rebels raided a camp where 30 were killed.", [("killed 12", "ASSAULT", ()), ("raided", "ASSAULT", ())], [{"killed": 12}, {"killed": 30}]),
    ("killed and injured", "The blast killed 12 people and injured 40.", [("blast", "ASSAULT", ())], [{"killed": 12, "injured": 40}]),
    ("marchers", "About 5,000 people marched for bread.", [("marched", "PROTEST", ())], [{"participants": 5000}]),
    ("one victim", "The murder of a student shocked them.", [("murder", "ASSAULT", ("a student",))], [{"killed": 1}]),
    ("a name is one", "They killed Ana Diaz.", [("killed", "ASSAULT", ("Ana Diaz",))], [{"killed": 1}]),
    ("two names are two", "They killed Ana Diaz and Luis Soto.", [("killed", "ASSAULT", ("Ana Diaz", "Luis Soto"))], [{"killed": 2}]),
    ("a number in the victims", "Six Peruvians, two of them women, were killed.", [("killed", "ASSAULT", ("Six Peruvians",))], [{"killed": 6}]),
    ("fatally is killed", "They fatally stabbed a guard.", [("stabbed", "ASSAULT", ("a guard",))], [{"killed": 1}]),
    ("stabbed is injured", "They stabbed a guard.", [("stabbed", "ASSAULT", ("a guard",))], [{"injured": 1}]),
    ("nobody counted", "They killed villagers.", [("killed", "ASSAULT", ("villagers",))], [{}]),
    ("people are several", "They killed the staff.", [("killed", "ASSAULT", ("the staff",))], [{}]),
    ("one of them unknown is all unknown", "They killed a guard and villagers.", [("killed", "ASSAULT", ("a guard", "villagers"))], [{}]),
    ("who is counted before who is named", "The bomb killed twelve people at the ministry.", [("bomb", "ASSAULT", ("twelve people", "the ministry"))], [{"killed": 12}]),
    ("a country is not one victim more", "Attacks that claimed 17 lives shook Peru.", [("Attacks", "ASSAULT", ("17 lives", "Peru"))], [{"killed": 17}]),
    ("including is not beside", "Six Peruvians, including the envoy Luis Soto, were killed.", [("killed", "ASSAULT", ("Six Peruvians", "Luis Soto"))], [{"killed": 6}]),
    ("an enumeration is a sum", "Two soldiers, a guard and three villagers were killed.", [("killed", "ASSAULT", ("Two soldiers", "a guard", "three villagers"))], [{"killed": 6}]),
    ("no one is nobody", "Rebels fired at the camp; no one was hurt.", [("fired", "ASSAULT", ())], [{}]),
    ("an age is no number of dead", "The murder of 63 - year - old Ana Diaz.", [("murder", "ASSAULT", ("63 - year - old Ana Diaz",))], [{"killed": 1}]),
    ("shot may be either", "They shot a guard.", [("shot", "ASSAULT", ("a guard",))], [{}]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "triggers", "expected"), [c[1:] for c in NUMBERS], ids=[c[0] for c in NUMBERS])
def test_numbers_of_each_event(
    text: str, triggers: list[tuple[str, str, tuple[str, ...]]], expected: list[dict[str, int]]
) -> None:
    (sentence,) = sentences_of(text)
    proposals = [propose(text, trigger, kind, recipients=who) for trigger, kind, who in triggers]
    shares = share_magnitudes(proposals, sentence, read_numbers(sentence))
    assert [{m.kind: m.value for m in share} for share in shares] == expected
    assert all(text[m.char_start : m.char_end] == m.text for share in shares for m in share)


def test_what_did_not_happen_has_no_victims() -> None:
    text = "They threatened to murder a student."
    p = propose(text, "murder", status="threatened", recipients=["a student"])
    assert share_magnitudes([p], sentences_of(text)[0], read_numbers(sentences_of(text)[0])) == ((),)


def test_tellings_pool_their_numbers() -> None:
    first, second, third = (
        Magnitude(kind, value, "", 0, 0) for kind, value in (("killed", 3), ("killed", 4), ("injured", 9))
    )
    assert pooled([[first], [second, third]]) == (first, third)


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("Police killed two men, activists said.", "activists said", "activists"),
        ("According to the army, rebels killed two men.", "According to the army", "the army"),
        ("Police killed two men, state media reported on Monday.", "state media", "state media"),
        ("Police allegedly killed two men.", "allegedly", "allegedly"),
        ("Police killed two men, reports say.", "reports say", "reports say"),
        ("Police killed two men.", None, None),
    ],
)
def test_speaker(text: str, words: str | None, expected: str | None) -> None:
    (sentence,) = sentences_of(text)
    assert find_speaker(propose(text, "killed", speaker=words), sentence) == expected


def test_contexts_of_a_sentence() -> None:
    (sentence,) = sentences_of("The court sent the ambassador's case back.")
    assert find_contexts(sentence, LEXICONS.contexts) == ("diplomatic", "legal")


CODED: dict[str, Any] = {
    "id": "a", "kind": "world", "split": "valid", "published": "2024-06-19", "title": "Lima",
    "text": "Peruvian police killed two men in Lima on Monday, activists said. The unions protested.",
    "sentences": [[0, 65], [66, 87]],
    "events": [
        {
            "sentence": 0, "trigger": [16, 22], "clause": [0, 48], "type": "ASSAULT", "accept": [], "mode": None, "status": "actual",
            "priority": "core", "actors": [{"text": "Peruvian police", "span": [0, 15], "country": "PER", "sector": "COP"}],
            "recipients": [{"text": "two men", "span": [23, 30], "country": "PER", "sector": "CVL"}], "date": [39, 48],
            "date_start": "2024-06-17", "date_end": "2024-06-17", "place": [34, 38], "place_country": "PER", "counts": {"killed": 2},
            "by": [50, 64], "again": [],
        },
        {
            "sentence": 1, "trigger": [77, 86], "clause": [66, 86], "type": "PROTEST", "accept": [], "mode": None, "status": "actual",
            "priority": "core", "actors": [{"text": "The unions", "span": [66, 76], "country": "PER", "sector": "LAB"}], "recipients": [],
            "date": None, "date_start": "2024-06-18", "date_end": "2024-06-18", "place": None, "place_country": "CHL", "counts": {},
            "by": None, "again": [],
        },
    ],
}  # fmt: skip


def test_the_measure_prints_what_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "articles.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(json.dumps(CODED) + "\n" + json.dumps(CODED | {"split": "train"}) + "\n")
    main([str(path), "--split", "valid"])
    lines = capsys.readouterr().out.splitlines()
    figures = {line[:28].strip(): re.findall(r"\d\.\d+ of \d+", line) for line in lines}
    assert figures["date words"][0] == "1.000 of 1"
    assert figures["date open"][0] == "0.000 of 1"  # Monday, the day of the story
    assert figures["date"] == ["0.500 of 2", "0.500 of 2"]  # all, world
    assert figures["place words"][0] == "1.000 of 1"
    assert figures["place open"][0] == "0.000 of 1"
    assert figures["toll"][0] == "1.000 of 1"
    assert figures["speaker"][0] == "1.000 of 1"


def test_a_perfect_tagger_can_be_blinded() -> None:
    event = CODED["events"][0]
    assert proposal(event).dates == (Words(39, 48, 1.0),)
    assert proposal(event, blind=True).dates == proposal(event, blind=True).places == ()


def _told(size: int) -> int:
    """Lines and calls run for an article with so many times, places and triggers in one sentence."""
    text = "Gunmen killed 3 in Cairo on Monday and " * size
    sentence = tokenize(text, 0, len(text))
    times = read_times(text, find_dates(text, PUBLISHED, None), PUBLISHED)
    found = matches(sentence, LEXICONS)
    places = find_places([sentence], LEXICONS.gazetteer)
    proposals = [
        Proposal(
            0,
            at,
            at + 6,
            "ASSAULT",
            0.9,
            (("ASSAULT", 0.9),),
            None,
            "actual",
            0.9,
            dates=(Words(at + 20, at + 30, 0.5),),
        )
        for at in range(7, len(text), 39)
    ]

    def run() -> None:
        scene = read_setting([sentence], [found], places, None, LEXICONS.gazetteer)
        for p in proposals:
            find_when(p, sentence, times)
            find_where(p, sentence, (), (), scene)

    return steps(run)


def test_twice_the_events_take_twice_the_told() -> None:
    _told(20)  # what is kept is not counted
    assert _told(80) <= 2.2 * _told(40) + 2000


def test_a_sentence_full_of_events_shares_its_numbers_quickly() -> None:
    text = "Gunmen killed 3 in Cairo on Monday and " * 100  # 4,000 characters, as many as are read of a sentence
    sentence = tokenize(text, 0, len(text))
    proposals = [
        Proposal(0, at, at + 6, "ASSAULT", 0.9, (("ASSAULT", 0.9),), None, "actual", 0.9)
        for at in range(7, len(text), 39)
    ]
    start = time.process_time()
    shares = share_magnitudes(proposals, sentence, read_numbers(sentence))
    assert time.process_time() - start < 2
    assert [m.value for share in shares for m in share] == [3] * 100
