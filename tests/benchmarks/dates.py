"""How long date tagging takes, beside dateparser.search_dates on the same texts in the same run.

    pip install dateparser          # a yardstick, no dependency of ours
    python -m tests.benchmarks.dates [FILE.jsonl with "text" and "published" …]

Without a file the sample articles are read. Prints milliseconds per 1,000 words (CPU time, best of five) and the ratio.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from extractors.dates import find_dates

SAMPLES = Path(__file__).parents[2] / "flows" / "samples"


def texts(names: list[str]) -> list[tuple[str, date]]:
    if not names:
        return [(p.read_text(encoding="utf-8"), date(2024, 6, 19)) for p in sorted(SAMPLES.glob("*.txt"))]
    rows = [json.loads(line) for name in names for line in Path(name).read_text(encoding="utf-8").splitlines()]
    return [(r["text"], date.fromisoformat((r.get("published") or r.get("dct") or "2024-06-19")[:10])) for r in rows]


def best(work: Callable[[str, date], object], articles: list[tuple[str, date]], rounds: int) -> float:
    """CPU seconds of the fastest round."""
    seconds = []
    for _ in range(rounds):
        begin = time.process_time()
        for text, day in articles:
            work(text, day)
        seconds.append(time.process_time() - begin)
    return min(seconds)


def main() -> None:
    from dateparser.search import search_dates

    articles = texts(sys.argv[1:])
    words = sum(len(text.split()) for text, _ in articles)

    def peer(text: str, day: date) -> object:
        settings = {"RELATIVE_BASE": datetime(day.year, day.month, day.day), "PREFER_DATES_FROM": "past"}
        return search_dates(text, languages=["en"], settings=settings)

    find_dates("warm up", date(2024, 6, 19), None)
    search_dates("warm up", languages=["en"])
    ours = best(lambda text, day: find_dates(text, day, None), articles, 5)
    theirs = best(peer, articles, 2)
    print(f"{words} words: dateline {1e6 * ours / words:.2f} ms per 1,000 words, "
          f"dateparser.search_dates {1e6 * theirs / words:.2f} ms, ratio {theirs / ours:.0f}")  # fmt: skip


if __name__ == "__main__":
    main()
