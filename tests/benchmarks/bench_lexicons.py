"""How fast the lexicons load and match, beside a named peer in the same run: `python tests/benchmarks/bench_lexicons.py`.

The peer of loading is `csv.reader` over the same four files, that of matching `re.findall(r"\\w+")` over the same text.
"""

from __future__ import annotations

import csv
import re
import resource
import time
from collections.abc import Callable

from extractors.lexicon import DATA, load_lexicons
from extractors.matching import matches
from extractors.phrases import COLUMNS
from extractors.sentences import sentence_spans, tokenize

TEXT = (
    "Kenyan police fired tear gas at opposition protesters in Mombasa on Monday, witnesses and a spokesman for the Interior "
    "Ministry said. The U.N. Security Council urged Ethiopia and Eritrea to withdraw their troops, while Foreign Minister "
    "Subrahmanyam Jaishankar met European Union officials in Brussels. Farmers complained about the price of maize. "
)


def cpu(work: Callable[[], object], rounds: int = 5) -> float:
    """The least CPU seconds of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    """Print loading time, matching speed and memory."""

    def read_csv() -> None:
        for name in COLUMNS:
            with open(DATA / name, encoding="utf-8", newline="") as file:
                list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))

    loading, peer = cpu(load_lexicons), cpu(read_csv)
    print(
        f"loading all lexicons and rules  {loading * 1000:5.0f} ms   csv.reader over the actor files {peer * 1000:.0f} ms"
    )
    lexicons = load_lexicons()
    text = TEXT * 400
    words = lexicons.words
    sentences = [
        tokenize(text, a, b) for a, b in sentence_spans(text, words["abbreviations"], words["sentence_starts"])
    ]
    matching = cpu(lambda: [matches(s, lexicons) for s in sentences])
    finding = cpu(lambda: re.findall(r"\w+", text))
    size = len(text.encode()) / 1e6
    print(f"matching                        {size / matching:5.1f} MB/s  re.findall of words {size / finding:.1f} MB/s")
    print(f"memory of the process           {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:5.0f} MB")


if __name__ == "__main__":
    main()
