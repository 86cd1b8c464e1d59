"""Tellings of one act are one event; different acts of one type stay apart: tables of cases by the weights of the shipped card, and the rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from extractors.events import merge
from extractors.events.coder import Coding, code
from extractors.events.likeness import FEATURES, Around, Telling, features, rarity
from extractors.events.merge import Pair
from extractors.events.when import When
from extractors.lexicon import Lexicons, load_lexicons
from extractors.records import Event
from extractors.tagger.proposals import Proposal

NO_DAY = When(None, None, "unknown", None)


@pytest.fixture(scope="module")
def lexicons() -> Lexicons:
    return load_lexicons()


def coded(text: str, lexicons: Lexicons) -> Coding:
    return code(text, lexicons=lexicons, published=date(2024, 6, 19))


def of_type(coding: Coding, kind: str) -> list[Event]:
    return [e for e in coding.events if e.event_type == kind]


ONE = [
    pytest.param(
        "Police arrested opposition leader Amina Odhiambo in Nairobi on Tuesday.\n\nOdhiambo was arrested by police at her home in Nairobi.",
        "COERCE",
        id="an arrest told again in the passive",
    ),
    pytest.param(
        "A suicide bomber killed twelve people at a mosque in Kano on Friday.\n\nThe explosion at the mosque in Kano killed twelve people, police said.",
        "ASSAULT",
        id="a bombing and its explosion",
    ),
]


@pytest.mark.parametrize(("text", "kind"), ONE)
def test_one_act_told_twice_is_one_event_with_its_tellings(text: str, kind: str, lexicons: Lexicons) -> None:
    events = of_type(coded(text, lexicons), kind)
    assert len(events) == 1
    assert events[0].tellings
    for start, end in events[0].tellings:
        assert 0 <= start < end <= len(text)
        assert end <= events[0].char_start or events[0].char_end <= start


TWO = [
    pytest.param(
        "Police arrested two students in Nairobi on Monday.\n\nSoldiers arrested a trader in Lagos on Friday.",
        "COERCE",
        id="two arrests",
    ),
    pytest.param(
        "France accused Iran of spying.\n\nChina accused Japan of dumping waste.", "ACCUSE", id="two accusations"
    ),
]


@pytest.mark.parametrize(("text", "kind"), TWO)
def test_two_acts_of_a_type_stay_two(text: str, kind: str, lexicons: Lexicons) -> None:
    assert len(of_type(coded(text, lexicons), kind)) == 2


def telling(
    number: int,
    score: float = 0.9,
    kind: str = "ASSAULT",
    when: When = NO_DAY,
    words: tuple[str, ...] = ("shell", "bridg"),
    rule_id: str = "tagger",
) -> Telling:
    """A telling that stands in a sentence of its own."""
    p = Proposal(
        number, 100 * number, 100 * number + 8, kind, score, ((kind, score),), None, "actual", 0.5, rule_id=rule_id
    )
    stems = frozenset(words)
    vector = np.array([0.6, 0.8], np.float32)
    return Telling(p, vector, (), (), when, None, (), Around(stems, frozenset(("shell",)), False), stems, frozenset())


def on(day: int) -> When:
    return When(date(2024, 6, day), date(2024, 6, day), "day", "that day")


def test_a_telling_joins_the_act_it_fits_best_on_average() -> None:
    told = [telling(n) for n in range(4)]
    like_one_of_two = [Pair(0, 1, 0.9), Pair(0, 2, 0.9), Pair(1, 2, 0.1), Pair(2, 3, 0.8)]
    assert merge.group(told, like_one_of_two, 0.6) == [[0, 1], [2, 3]]
    assert merge.group(told, like_one_of_two, 0.95) == [[0], [1], [2], [3]]


def test_days_told_apart_stay_apart_however_alike() -> None:
    told = [telling(0, when=on(3)), telling(1, when=on(4)), telling(2, when=on(3))]
    alike = [Pair(0, 1, 0.99), Pair(0, 2, 0.99), Pair(1, 2, 0.99)]
    assert merge.group(told, alike, 0.6) == [[0, 2], [1]]


def test_what_may_be_retold_weighs_on_the_less_sure_act() -> None:
    told = [telling(0, 0.4), telling(1, 0.9), telling(2, 0.8)]
    assert merge.retold(told, [[0], [1], [2]], [Pair(0, 1, 0.5), Pair(1, 2, 0.3)]) == [0.5, 0.0, 0.3]
    assert merge.retold(told, [[0, 1], [2]], [Pair(0, 1, 0.7), Pair(1, 2, 0.3)]) == [0.0, 0.3]


def test_the_surest_telling_stands_for_the_act_and_a_rule_before_it() -> None:
    told = [telling(0, 0.4), telling(1, 0.9), telling(2, 0.9), telling(3, 0.3, rule_id="own.shelling")]
    assert [t.proposal.sentence for t in merge.best_first(told, [0, 1, 2])] == [1, 0, 2]
    assert [t.proposal.sentence for t in merge.best_first(told, [0, 1, 3])] == [3, 0, 1]


def test_features_have_their_names_and_a_rarer_word_says_more() -> None:
    told = [telling(n, words=("shell", "polic")) for n in range(6)]
    told[0] = replace(told[0], sentence=frozenset(("shell", "bridg")))
    told[5] = replace(told[5], sentence=frozenset(("shell", "bridg")))
    rare = rarity(told)
    assert rare["bridg"] > rare["polic"] > 0
    row = features(told[0], told[5], rare, 5, 4)
    assert row.shape == (len(FEATURES),)
    at = FEATURES.index("sentence shared")
    assert row[at] > features(told[0], told[1], rare, 1, 0)[at]


def test_pairs_are_bounded_in_a_long_text() -> None:
    day = date(2024, 6, 1)
    told = [telling(n, when=When(day + timedelta(n), None, "day", None)) for n in range(200)]
    found = list(merge.pairs(told))
    assert len(found) < 200 * 60
    assert max(n - m for m, n, _ in found) == 60
