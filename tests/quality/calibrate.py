"""Measure every rule's precision on hand-coded sentences and write `confidence.tsv` anew.

    python -m tests.quality.calibrate GOLD.jsonl… > extractors/lexicons/rules/confidence.tsv

A line of GOLD: {"text", "gold": {"event", "accept"?: […]}}. A rule's share of right types is drawn toward that of all
its type's rules with the weight of ten events, so that a rule seen twice is not sure of itself.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from extractors.coder import code
from extractors.lexicon import load_lexicons

WEIGHT = 10


def gold_types(row: dict[str, Any]) -> set[str]:
    gold = row["gold"]
    return {gold["event"], *gold.get("accept", ()), *row.get("accept", ())} - {None}


def judged(paths: list[str]) -> Iterator[tuple[str, str, bool]]:
    """(rule, its type, whether the type is right) for every event that is not negated or imagined."""
    lexicons = load_lexicons()
    for path in paths:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            wanted = gold_types(row)
            for event in code(row["text"], lexicons=lexicons).events:
                kind = event.event_type or ""
                if not kind.startswith("x_") and event.status not in ("negated", "hypothetical"):
                    yield event.rule_id, lexicons.rules.rules[event.rule_id].type, kind in wanted


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(str(__doc__))
    rules = load_lexicons().rules.rules
    right: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for rule, _, good in judged(sys.argv[1:]):
        seen[rule] += 1
        right[rule] += good
    print("rule\tright\tseen\tconfidence")
    for name in sorted(rules):
        own = rules[name].type.startswith("x_")  # what nobody coded by hand is as sure as all rules together
        peers = [r for r in rules if own or rules[r].type == rules[name].type]
        share = sum(right[r] for r in peers) / max(1, sum(seen[r] for r in peers))
        confidence = (right[name] + WEIGHT * share) / (seen[name] + WEIGHT)
        print(f"{name}\t{right[name]}\t{seen[name]}\t{confidence:.3f}")


if __name__ == "__main__":
    main()
