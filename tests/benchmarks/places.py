"""Speed of places, as ratios to peers measured in the same run: `python tests/benchmarks/places.py`.

Opening the compiled gazetteer is compared with parsing the JSON it was compiled from; finding and resolving the places of an
article with dateparser's search for dates in the same text, where that is installed, and with tokenising the text.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from extractors.gazetteer import open_gazetteer
from extractors.lexicon import load_lexicons
from extractors.places import find_places
from extractors.sentences import Sentence, sentence_spans, tokenize
from flows.gazetteer import cache_folder, find_gazetteer, gazetteer_version, read_cities

CASES = Path(__file__).parent.parent / "extractors" / "places.txt"


def seconds(work: Callable[[], object], times: int = 5) -> float:
    """The least of a few runs."""
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def main() -> None:
    import re

    gazetteer = find_gazetteer()
    assert gazetteer is not None
    path = cache_folder() / f"places-{gazetteer_version()}.bin"
    opened, parsed = seconds(lambda: open_gazetteer(path)), seconds(read_cities, 1)
    print(f"open {opened * 1e3:.1f} ms, json of the towns {parsed * 1e3:.0f} ms: {parsed / opened:,.0f} times")

    text = re.sub(r"\[([^]=]+)=[^]]+\]", r"\1", CASES.read_text(encoding="utf-8")).replace("\n", " ")
    words = load_lexicons(gazetteer=gazetteer).words
    thousand = len(text.split()) / 1000

    def cut() -> list[Sentence]:
        spans = sentence_spans(text, words["abbreviations"], words["sentence_starts"])
        return [tokenize(text, a, b) for a, b in spans]

    sentences = cut()
    find_places(sentences, gazetteer)
    found, tokens = seconds(lambda: find_places(sentences, gazetteer)), seconds(cut)
    print(
        f"places {found / thousand * 1e3:.1f} ms per 1,000 words of dense toponyms, {found / tokens:.1f} times tokenising"
    )
    try:
        from dateparser.search import search_dates
    except ImportError:
        return
    dates = seconds(lambda: search_dates(text, languages=["en"]), 1)
    print(f"dateparser.search_dates takes {dates / found:.0f} times as long")


if __name__ == "__main__":
    main()
