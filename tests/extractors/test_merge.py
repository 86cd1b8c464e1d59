"""Tellings of one act are one event; different acts of one type stay apart. Tables of cases, by the weights of the shipped card."""

from __future__ import annotations

from datetime import date

import pytest

from extractors.events.coder import Coding, code
from extractors.lexicon import Lexicons, load_lexicons
from extractors.records import Event


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
        assert events[0].char_end <= start < end <= len(text)


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
