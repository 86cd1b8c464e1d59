"""Vetoes: words that place a sentence, or a whole article, outside politics: sport, markets, the arts, weather, science.

"Spain beat Germany", "the yen came under attack" and "the star accused her label" use the words of conflict for something else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from extractors.candidates import Candidate
from extractors.cues import find_cues
from extractors.lexicon import Lexicons
from extractors.sentences import Sentence

_SCORELINE = re.compile(r"(?<![\d-])\d{1,2}[-–]\d{1,2}(?![\d-])")
# A text of fewer sentences has no topic of its own; a topic is one touched in three tenths of the sentences; the economy is politics as often as not.
_SENTENCES, _SHARE = 4, 0.3


def veto(weights: dict[str, float]) -> str:
    """The topic that places a sentence outside politics, or ''."""
    return next((topic for topic, weight in weights.items() if weight >= 1.0), "")


def topics(sentence: Sentence, lexicons: Lexicons) -> dict[str, float]:
    """The weight of each topic's words in a sentence: 1 for a telling one, 0.5 for one that needs company."""
    dashed = "-" in sentence.text or "–" in sentence.text
    found = {"sport": 0.5} if dashed and _SCORELINE.search(sentence.text) else {}
    for cue in find_cues(sentence.lower, lexicons.vetoes):
        found[cue.topic] = found.get(cue.topic, 0.0) + cue.weight
    return found


def article_topic(weights: Iterable[dict[str, float]]) -> str:
    """The topic an article keeps to, or ''."""
    rows = list(weights)
    if len(rows) < _SENTENCES or not any(rows):
        return ""
    touched = Counter(topic for row in rows for topic in row if topic != "markets")
    if not touched:
        return ""
    topic, count = touched.most_common(1)[0]
    return topic if count >= _SHARE * len(rows) else ""


def survives(candidate: Candidate, topic: str, lexicons: Lexicons) -> bool:
    """Whether a candidate counts all the same: both its sides are known and one is political by itself; none does in sport or the arts."""
    if topic in ("sport", "arts"):
        return False
    political = lexicons.words["political"]
    sides = (*candidate.actors, *candidate.recipients)
    return bool(candidate.actors and candidate.recipients) and any((a.sector or "").lower() in political for a in sides)
