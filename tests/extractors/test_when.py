"""The day of an event: which expression governs it, and what stands for it when its sentence names none."""

from __future__ import annotations

from datetime import date

import pytest

from extractors.coder import code
from extractors.lexicon import load_lexicons

PUBLISHED = date(2024, 6, 19)  # a Wednesday
LEXICONS = load_lexicons()

CASES = [
    ("clause", "Gunmen killed nine soldiers in Mali on Monday, officials said.", "ASSAULT", "2024-06-17", "day"),
    ("before-verb", "On Sunday gunmen killed nine soldiers in Mali.", "ASSAULT", "2024-06-16", "day"),
    ("said-later", "Gunmen killed nine soldiers in Mali on Monday, the army said on Wednesday.", "ASSAULT", "2024-06-17", "day"),
    ("said-first", "The army said on Wednesday that gunmen killed nine soldiers in Mali on Monday.", "ASSAULT", "2024-06-17", "day"),
    ("not-the-future", "Gunmen killed nine soldiers in Mali on Monday ahead of a vote on Saturday.", "ASSAULT", "2024-06-17", "day"),
    ("only-the-future", "Gunmen killed nine soldiers in Mali ahead of a vote due on Saturday.", "ASSAULT", "2024-06-19", "publication"),
    ("month", "Gunmen killed nine soldiers in Mali in March.", "ASSAULT", "2024-03-01", "month"),
    ("year", "Gunmen killed nine soldiers in Mali in 2019.", "ASSAULT", "2019-01-01", "year"),
    ("interval", "Gunmen killed nine soldiers in Mali last week.", "ASSAULT", "2024-06-10", "interval"),
    ("past-days", "Gunmen have killed nine soldiers in Mali in the past three days.", "ASSAULT", "2024-06-16", "interval"),
    ("ongoing", "Gunmen have killed ninety soldiers in Mali since March 2024.", "ASSAULT", "2024-03-01", "ongoing"),
    ("from-to", "Gunmen killed nine soldiers in Mali from Saturday to Monday.", "ASSAULT", "2024-06-15", "interval"),
    ("between", "Gunmen killed nine soldiers in Mali between April and May.", "ASSAULT", "2024-04-01", "interval"),
    ("noun", "Mali condemned on Tuesday the March 3 attack on its embassy in Niger.", "ACCUSE", "2024-06-18", "day"),
    ("perfect", "France has recalled its ambassador from Mali, which became independent in 1960.", "SANCTION", "2024-06-19", "publication"),
    ("planned", "The president of Mali will visit France next week, his office said on Monday.", "AGREE", "2024-06-24", "interval"),
    ("no-length", "Gunmen killed nine soldiers in Mali after a siege of three days.", "ASSAULT", "2024-06-19", "publication"),
    ("no-set", "Gunmen killed nine soldiers in Mali, where rallies are held every Friday.", "ASSAULT", "2024-06-19", "publication"),
    ("none", "Gunmen killed nine soldiers in Mali.", "ASSAULT", "2024-06-19", "publication"),
    ("inherited", "A curfew began in Bamako on Monday. Gunmen killed nine soldiers in Mali.", "ASSAULT", "2024-06-17", "inherited"),
    ("background", "Mali became independent in 1960. Gunmen killed nine soldiers in Mali.", "ASSAULT", "2024-06-19", "publication"),
    ("dateline", "BAMAKO, June 18 (Wire) — Gunmen killed nine soldiers in Mali.", "ASSAULT", "2024-06-18", "inherited"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "first", "precision"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_day_and_precision(text: str, kind: str, first: str, precision: str) -> None:
    event = next(e for e in code(text, lexicons=LEXICONS, published=PUBLISHED).events if e.event_type == kind)
    assert (str(event.date_start), event.date_precision) == (first, precision)
    if precision in ("publication", "unknown"):
        assert event.date_text is None
    else:
        assert event.date_text is not None
        assert event.date_text in text
    assert (event.date_end is None) == (precision == "ongoing")


def test_nothing_known_is_unknown() -> None:
    (event, *_) = code("Gunmen killed nine soldiers in Mali on Monday.", lexicons=LEXICONS).events
    assert (event.date_start, event.date_end, event.date_precision, event.date_text) == (None, None, "unknown", None)


def test_a_day_of_its_own_needs_no_publication() -> None:
    (event, *_) = code("Gunmen killed nine soldiers in Mali on 3 May 2019.", lexicons=LEXICONS).events
    assert (event.date_start, event.date_precision) == (date(2019, 5, 3), "day")
