"""Measure the own rules that come with the package on coded articles: how often each is right, and how much of a kind it finds.

    python -m tests.quality.ownrules ARTICLES.jsonl.gz [train|valid]

A line of ARTICLES is one coded article, its events with `type` null and an `x_type` where PLOVER has no name for them. A rule that waits
for the tagger (`tagged`) is measured at the triggers that were coded so; of another one every hit counts, and is right where its sentence
tells an event of its type.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from extractors.ownrules import Hit, RuleBook, find, load_own_rules
from extractors.sentences import tokenize


def judged(article: dict[str, Any], book: RuleBook) -> Iterator[tuple[str, bool]]:
    """(rule, whether it is right) for every place in which it would speak if the tagger read what was coded."""
    told: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for event in article["events"]:
        for sentence in (event["sentence"], *event["again"]):
            told[sentence].append(event)
    for number, span in enumerate(article["sentences"]):
        for hit in find(tokenize(article["text"], *span), book):
            if not hit.rule.tagged:
                yield hit.rule.id, any(kind_of(e) == hit.rule.type for e in told[number])
                continue
            for event in told[number]:
                if event["sentence"] == number and event["type"] is None and touches(hit, event["trigger"]):
                    yield hit.rule.id, kind_of(event) == hit.rule.type


def kind_of(event: dict[str, Any]) -> str:
    return event["type"] or f"x_{event['x_type']}"


def touches(hit: Hit, span: list[int] | None) -> bool:
    return span is not None and any(start < span[1] and span[0] < end for start, end in hit.spans)


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(str(__doc__))
    split = sys.argv[2] if len(sys.argv) == 3 else "train"
    book = load_own_rules()
    seen: Counter[str] = Counter()
    right: Counter[str] = Counter()
    coded: Counter[str] = Counter()
    with gzip.open(sys.argv[1], "rt", encoding="utf-8") as lines:
        for article in map(json.loads, lines):
            if article["split"] == split:
                coded.update(kind_of(e) for e in article["events"])
                for rule, good in judged(article, book):
                    seen[rule] += 1
                    right[rule] += good
    print("rule\tspeaks\tright\tshare\tcoded of its type")
    for name, rule in sorted(book.rules.items()):
        share = f"{right[name] / seen[name]:.2f}" if seen[name] else "-"
        print(f"{name}\t{seen[name]}\t{right[name]}\t{share}\t{coded[rule.type]}")


if __name__ == "__main__":
    main()
