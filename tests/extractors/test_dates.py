"""Time expressions: a table of cases (`dates.tsv`, published on Wednesday 19 June 2024), and what must hold for any text."""

from __future__ import annotations

import csv
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.dates import find_dates
from extractors.timex import calendars
from extractors.timex.here import Here
from extractors.timex.values import read_time
from extractors.timex.words import grammar, tokenize

PUBLISHED = date(2024, 6, 19)
with open(Path(__file__).parent / "dates.tsv", encoding="utf-8", newline="") as file:
    CASES = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
WORDS = [
    *sorted(grammar().words),
    "3",
    "12",
    "2019",
    "15:30",
    "1990s",
    "2024-02-30",
    "31/02/2024",
    ",",
    ".",
    "-",
    "'",
    "(",
    "\n",
    "people",
]


@pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])
def test_words_and_value(case: dict[str, str]) -> None:
    found = find_dates(case["text"], PUBLISHED, case["country"] or None)
    assert ";".join(f"{m.text}={m.timex}" for m in found) == case["expected"]


def test_every_rule_has_a_case() -> None:
    spoken = set()
    for case in CASES:
        tokens = tokenize(case["text"])
        for start in grammar().starts(tokens.codes, 0):
            for match in grammar().matches(tokens.codes, start):
                if read_time(Here(tokens, match, PUBLISHED, None, None, None)) is not None:
                    spoken.add(match.rule.pattern.pattern)
                    break
    assert [rule.kind for rule in grammar().rules if rule.pattern.pattern not in spoken] == []


@pytest.mark.parametrize(
    ("text", "first", "last", "precision"),
    [
        ("He left on Monday.", date(2024, 6, 17), date(2024, 6, 17), "day"),
        ("He left in March.", date(2024, 3, 1), date(2024, 3, 31), "month"),
        ("He left in 2019.", date(2019, 1, 1), date(2019, 12, 31), "year"),
        ("He has ruled since May 2019.", date(2019, 5, 1), None, "ongoing"),
        ("He stays until tomorrow.", None, date(2024, 6, 20), "interval"),
        ("He ruled from 2015 to 2019.", date(2015, 1, 1), date(2019, 12, 31), "interval"),
        ("He fled last week.", date(2024, 6, 10), date(2024, 6, 16), "interval"),
        ("Ten died in the past three days.", date(2024, 6, 16), date(2024, 6, 19), "interval"),
        ("In the budget of fiscal 2024.", date(2023, 10, 1), date(2024, 9, 30), "interval"),
        ("He waited four days.", None, None, None),
    ],
)
def test_days_and_precision(text: str, first: date | None, last: date | None, precision: str | None) -> None:
    (found,) = find_dates(text, PUBLISHED, None)
    assert (found.date_start, found.date_end, found.precision) == (first, last, precision)


@pytest.mark.parametrize(
    ("country", "first"), [("USA", date(2023, 10, 1)), ("GBR", date(2023, 4, 1)), ("AUS", date(2023, 7, 1))]
)
def test_a_fiscal_year_begins_where_the_source_lives(country: str, first: date) -> None:
    (found,) = find_dates("The budget for fiscal 2024 was cut.", PUBLISHED, country)
    assert found.date_start == first


@pytest.mark.parametrize(
    "text", ["On February 31 nothing happened.", "It is dated 2024-02-30.", "It is dated 32/13/2024."]
)
def test_days_that_do_not_exist_are_no_days(text: str) -> None:
    assert find_dates(text, PUBLISHED, None) == ()


def test_without_a_day_of_publication_relative_words_have_no_days() -> None:
    monday, full = find_dates("He came on Monday and left on 3 May 2019.", None, None)
    assert (monday.text, monday.timex, monday.date_start) == ("Monday", None, None)
    assert full.date_start == date(2019, 5, 3)


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("easter+0", ["2008-03-23", "2024-03-31", "2025-04-20"]),
        ("pascha+0", ["2008-04-27", "2024-05-05", "2025-04-20"]),
        ("moon-chinese", ["2019-02-05", "2024-02-10", "2026-02-17"]),
        ("moon-diwali", ["2020-11-14", "2022-10-24", "2023-11-12"]),
        ("hebrew 7-1/2", ["2022-09-26", "2023-09-16", "2024-10-03"]),
        ("hebrew 1-15/7", ["2022-04-16", "2023-04-06", "2024-04-23"]),
        ("hebrew 9-25/8", ["2022-12-19", "2023-12-08", "2024-12-26"]),
        ("jalali 1-1", ["2023-03-21", "2024-03-20", "2025-03-21"]),
        ("hijri 10-1", ["2022-05-02", "2023-04-21", "2024-04-10"]),
        ("11-4-4", ["2022-11-24", "2023-11-23", "2024-11-28"]),
        ("05-1--1", ["2022-05-30", "2023-05-29", "2024-05-27"]),
    ],
)
def test_feasts_fall_on_their_days(rule: str, days: list[str]) -> None:
    for day in days:
        found = calendars.holiday(rule, int(day[:4]))
        assert found is not None
        assert found[0].isoformat() == day


@pytest.mark.parametrize("name", grammar().holidays)
def test_every_feast_has_a_day_in_most_years(name: str) -> None:
    found = [calendars.holiday(grammar().holidays[name], year) for year in range(1990, 2040)]
    assert (
        sum(f is not None for f in found) >= 48
    )  # the Islamic year is shorter: now and then one begins in no civil year


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    check(text)


@given(
    st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join),
    st.sampled_from([None, PUBLISHED, date(1, 1, 1), date(9999, 12, 31)]),
)
def test_any_heap_of_time_words_is_read(text: str, published: date | None) -> None:
    check(text, published)
    check(text.title(), published)


def check(text: str, published: date | None = PUBLISHED) -> None:
    """Mentions show their words, stand in order without overlap, and the same text gives the same again."""
    found = find_dates(text, published, "USA")
    end = 0
    for mention in found:
        assert text[mention.char_start : mention.char_end] == mention.text
        assert end <= mention.char_start < mention.char_end
        assert mention.timex_type in ("DATE", "TIME", "DURATION", "SET")
        if mention.date_start and mention.date_end:
            assert mention.date_start <= mention.date_end
        end = mention.char_end
    assert find_dates(text, published, "USA") == found


@pytest.mark.parametrize(
    "piece", ["the ", "a couple of ", "two ", "May ", "3 May 2019 ", "1-", "12:30 ", "last ", "twenty-", "2019 to "]
)
def test_time_grows_with_the_text(piece: str) -> None:
    def seconds(times: int) -> float:
        text = piece * times
        best = 9.0
        for _ in range(3):
            begin = time.process_time()
            find_dates(text, PUBLISHED, None)
            best = min(best, time.process_time() - begin)
        return best

    short, long = seconds(500), seconds(4000)
    assert long < 8 * short * 3 + 0.05  # eight times the text; three is the noise of a busy machine
