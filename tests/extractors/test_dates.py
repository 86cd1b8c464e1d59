"""Date expressions: a table of cases, and what must hold for any text."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.dates import find_dates

PUBLISHED = date(2024, 6, 19)  # a Wednesday

CASES = [
    ("The accord was signed on 3 April 2019.", "3 April 2019", "2019-04-03"),
    ("Shelling began on October 7, 2023, he said.", "October 7, 2023", "2023-10-07"),
    ("Filed on 2024-06-12 in Lyon.", "2024-06-12", "2024-06-12"),
    ("Guards fired on Monday at a crowd.", "Monday", "2024-06-17"),
    ("Envoys will meet on Friday in Doha.", "Friday", "2024-06-21"),
    ("He resigned last Tuesday.", "last Tuesday", "2024-06-18"),
    ("The town fell yesterday.", "yesterday", "2024-06-18"),
    ("Prices doubled last month.", "last month", "2024-05"),
    ("Raids went on this week.", "this week", "2024-W25"),
    ("Troops left in November.", "November", "2023-11"),
    ("The border was drawn in 1967.", "1967", "1967"),
]


@pytest.mark.parametrize(("text", "words", "value"), CASES, ids=[c[1] for c in CASES])
def test_value(text: str, words: str, value: str) -> None:
    (found,) = find_dates(text, PUBLISHED, None)
    assert (found.text, found.timex) == (words, value)


@pytest.mark.parametrize(
    "text", ["May the best march on.", "They sat in Camp 2020.", "On February 31 nothing happened."]
)
def test_no_date(text: str) -> None:
    assert find_dates(text, PUBLISHED, None) == ()


@given(st.text(max_size=300))
def test_any_text_is_read_and_every_mention_shows_its_words(text: str) -> None:
    for found in find_dates(text, PUBLISHED, "USA"):
        assert text[found.char_start : found.char_end] == found.text
