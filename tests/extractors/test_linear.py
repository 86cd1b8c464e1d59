"""Coding takes time linear in the text: twice the text, about twice the steps, however the text is made to hurt.

Steps are the lines and calls the interpreter runs, counted, so that the figure is the same on any machine; what runs inside C (a
search, a slice) is timed in the second test.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import date
from types import FrameType
from typing import Any

import pytest

from extractors.events import merge
from extractors.events.coder import code
from extractors.lexicon import load_lexicons

LEXICONS = load_lexicons()
_NOISE = 20_000
"""Steps that a text costs whatever its length, and some rounding."""

REPEATED = {
    "article": "Israeli police arrested two men in Haifa on Monday. Kenya's president met rebels in Nairobi, they said.\n\n",
    "coordination": "Kenya attacked Sudan and ",
    "list": "Iran, ",
    "commas": ",",
    "capitals": "KENYA ATTACKED SUDAN ",
    "names": "Grand Lake Springfield ",
    "titles": "President Smith ",
    "nested-quotes": "“he said ‘",
    "quotes": '" he said "',
    "brackets": "(",
    "acronyms": "(PT) ",
    "determiners": "the ",
    "relatives": "who attacked, ",
    "infinitives": "to visit and ",
    "partitives": "members of ",
    "possessives": "'s ",
    "killed": "killed 3 of ",
    "said": "said ",
    "numbers": "20 ",
    "number-words": "two hundred and ",
    "years": "2019 to ",
    "dates": "the early Monday ",
    "dashes": "- ",
    "hyphens": "a-",
    "acronym-dots": "U.S.",
    "long-word": "nnnnnnnn",
    "lines": "a\n",
    "blanks": "  ",
}


def run(text: str) -> None:
    """Code a text."""
    code(text, lexicons=LEXICONS, published=date(2024, 6, 19))


def steps(run: Callable[[], object]) -> int:
    """Lines and calls that something runs."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return count


SHORTLY = ("article", "coordination", "commas", "capitals", "nested-quotes", "possessives", "acronym-dots", "blanks")
"""What every change is tried with; the long run tries all."""


@pytest.mark.parametrize(
    "unit", [pytest.param(u, id=n, marks=() if n in SHORTLY else pytest.mark.long) for n, u in REPEATED.items()]
)
def test_twice_the_sentence_takes_twice_the_steps(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one sentence, whose first 4,000 characters are read, every pair of words could meet.

    Tellings meet those of a window before them. A small one makes texts of this size long beside it.
    """
    monkeypatch.setattr(merge, "_WINDOW", 5)
    size = max(1, 1200 // len(unit))
    run(unit * 2 * size)  # what is kept is not counted
    small = steps(lambda: run(unit * size))
    # Tellings of one sentence are compared by its words: bounded, since a sentence is read up to 4,000 characters, but not linear below that.
    most = 4.2 if unit in (REPEATED["coordination"], REPEATED["capitals"]) else 2.6
    assert steps(lambda: run(unit * 2 * size)) <= most * small + _NOISE


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *((name, 6250) for name in ("coordination", "list", "capitals", "nested-quotes", "partitives", "commas")),
        *(("article", 500), ("dates", 1000), ("lines", 500)),
    ],
)
def test_eight_times_the_text_takes_about_eight_times_as_long(name: str, words: int) -> None:
    """A sentence of 50,000 words, an article of 4,000; a quadratic step would take sixty-four times as long."""
    unit = REPEATED[name]
    size = words // len(unit.split())
    seconds = [min(_seconds(unit * n) for _ in range(2)) for n in (size, 8 * size)]
    assert seconds[1] < 20 * seconds[0] + 0.2


def _seconds(text: str) -> float:
    start = time.process_time()
    run(text)
    return time.process_time() - start
