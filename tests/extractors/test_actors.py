"""Who is meant: phrases with their country and sector on a day, and what an article's later sentences take up again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.events.explain import explain
from extractors.events.roles import Cast, mentions, read_text
from extractors.lexicon import DATA, load_lexicons
from extractors.matching import matches
from extractors.phrases import COLUMNS, Entry, read_phrases
from extractors.records import Mention
from extractors.sentences import tokenize

LEXICONS = load_lexicons()
CASES = [
    line.split("\t")
    for line in (Path(__file__).parent / "actor_phrases.tsv").read_text(encoding="utf-8").split("\n")[1:]
    if line
]
DAY = date(2022, 7, 1)


def actors(text: str, day: date = DAY) -> list[Mention]:
    readings = read_text(text, LEXICONS, day)
    Cast(readings, LEXICONS, day)
    return list(mentions(readings))


@pytest.mark.parametrize(("phrase", "day", "country", "sector"), CASES, ids=[" ".join(c[:2]) for c in CASES])
def test_phrase(phrase: str, day: str, country: str, sector: str) -> None:
    found = actors(phrase, date.fromisoformat(day) if day else DAY)
    whole = max(found, key=lambda m: m.char_end - m.char_start, default=None)
    assert ((whole and whole.country) or "", (whole and whole.sector) or "") == (country, sector)


@pytest.mark.parametrize(
    ("text", "later", "country", "sector", "how"),
    [
        ("Kenyan minister Ruth Odera flew home. Odera denied it.", "Odera", "KEN", "GOV", "short_name"),
        ("Kenyan minister Ruth Odera flew home. The minister denied it.", "The minister", "KEN", "GOV", "definite"),
        ("Kenyan minister Ruth Odera flew home. She denied it.", "She", "KEN", "GOV", "pronoun"),
        ("Bo Tamsin, the president of Chad, left. Tamsin returned.", "Tamsin", "TCD", "GOV", "short_name"),
        ("The president of Chad, Bo Tamsin, left. Tamsin returned.", "Tamsin", "TCD", "GOV", "short_name"),
        ("Malian soldiers fled the town. They returned at night.", "They", "MLI", "MIL", "pronoun"),
        ("The Zambian Workers Front (ZWF) met. ZWF said no.", "ZWF", "ZMB", None, "short_name"),
        ("Peru's Interior Ministry met bankers. The ministry said no.", "The ministry", "PER", "GOV", "definite"),
        ("Boko Haram raided a village. The group took two girls.", "The group", "NGA", "REB", "definite"),
        ("Gazprom cut supplies. The company blamed Kyiv.", "The company", "RUS", "BUS", "definite"),
        ("“We will not leave,” said Kenyan bishop Amos Odera.", "We", "KEN", "REL", "pronoun"),
    ],
    ids=[
        "surname",
        "title",
        "she",
        "apposed",
        "apposed before",
        "they",
        "acronym",
        "ministry",
        "group",
        "company",
        "we",
    ],
)
def test_taken_up_again(text: str, later: str, country: str, sector: str | None, how: str) -> None:
    at = text.rindex(later)
    start = at + (4 if later.startswith("The ") else 0)
    found = [m for m in actors(text) if start <= m.char_start < at + len(later)]
    assert [(m.country, m.how) for m in found] == [(country, how)]
    assert sector is None or found[0].sector == sector


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Unemployment rose in May.", "May"),
        ("Tess Jordan won the race.", "Jordan"),
        ("Riad Quartey spoke. Quartey left.", "Quartey"),
        ("Trump Tower is tall.", "Trump Tower"),
    ],
    ids=["month", "surname", "unknown", "building"],
)
def test_nobody_is_guessed(text: str, word: str) -> None:
    assert [m.country for m in actors(text) if word.split()[0] in m.text and m.country] == []


def test_coordinated_adjectives_share_the_noun() -> None:
    found = actors("Hungarian and Romanian officials met.")
    assert [(m.country, m.sector) for m in found] == [("HUN", "GOV"), ("ROU", "GOV")]


def test_listed_countries_are_actors_each() -> None:
    found = actors("Norway, Spain, Ireland and Slovenia signed.")
    assert [m.country for m in found] == ["NOR", "ESP", "IRL", "SVN"]


def test_office_is_that_of_the_day() -> None:
    text = "Mevlut Cavusoglu arrived."
    sectors = [actors(text, date(year, 6, 1))[0].sector for year in (1995, 2018, 2025)]
    assert sectors == [None, "GOV", "ELI"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([c[0] for c in CASES] + [",", "and", "met", "(", ")", ".", "said", "“", "the", "’s"])))
def test_spans_slice_to_the_text(parts: list[str]) -> None:
    text = " ".join(parts)
    for mention in actors(text):
        assert text[mention.char_start : mention.char_end] == mention.text


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    for mention in actors(text):
        assert text[mention.char_start : mention.char_end] == mention.text


def _said(entries: tuple[Entry, ...]) -> list[tuple[object, ...]]:
    return [(e.phrase, e.kind, e.name, e.country, e.sector, e.valid_from, e.valid_to) for e in entries]


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    for name in COLUMNS:
        header, *rows = (DATA / name).read_text(encoding="utf-8").rstrip("\n").split("\n")
        (tmp_path / name).write_text("\n".join([header, *reversed(rows)]) + "\n", encoding="utf-8")
    ours, turned = read_phrases([DATA]), read_phrases([tmp_path])
    assert ours.sizes == turned.sizes
    assert [k for k in ours.rows if _said(ours.entries(k)) != _said(turned.entries(k))] == []


def test_no_row_is_dead() -> None:
    """Every row is found by its own phrase."""
    dead = []
    for name in COLUMNS:
        for number, line in enumerate((DATA / name).read_text(encoding="utf-8").split("\n")[1:], 2):
            phrase = line.partition("\t")[0]
            if phrase:
                found = matches(tokenize(phrase, 0, len(phrase)), LEXICONS)
                if f"{name}:{number}" not in {e.file for _, _, entries in found for e in entries}:
                    dead.append((name, number, phrase))
    assert dead == []


def test_explain_shows_the_row_of_the_day() -> None:
    (sentence,) = explain("Mevlut Cavusoglu arrived.", LEXICONS, date(2018, 6, 1))
    phrase = sentence["phrases"][0]
    assert phrase["lexicon"].startswith("officeholders.tsv:")
    assert (phrase["sector"], phrase["valid"][:4]) == ("GOV", "2014")


def test_hyphen_and_blank_are_one() -> None:
    for phrase in ("al-Shabaab", "al Shabaab", "Al-Shabaab"):
        assert [m.country for m in actors(f"Soldiers fought {phrase}.")][-1] == "SOM"
