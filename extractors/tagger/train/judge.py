"""Judging: which of the acts found in a coded article a careful coder has too.

An act found is right where its words overlap a coded event's (its clause, or a sentence that tells it again) and its type is the coded
one or one that another coder could give; each coded event vouches for one act. What is told as unreal must be said to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from extractors.records import Event

_UNREAL = frozenset(("negated", "hypothetical"))
_AHEAD = frozenset(("planned", "called_for"))
_ENOUGH = 25  # code points shared that make an overlap, however long the spans


@dataclass(frozen=True, slots=True)
class Found:
    """What is judged of an act."""

    type: str
    status: str
    start: int
    end: int


def found_of(event: Event) -> Found:
    """What is judged of an event."""
    return Found(event.event_type or "", event.status, event.char_start, event.char_end)


def types_of(gold: dict[str, Any]) -> set[str]:
    """The types that count as right for a coded event."""
    return {t for t in (gold["type"], *gold["accept"]) if t}


def spans_of(gold: dict[str, Any], sentences: Sequence[Sequence[int]]) -> list[Sequence[int]]:
    """Where a coded event is told: its clause, then the sentences that tell it again."""
    return [gold["clause"], *(sentences[n] for n in gold["again"])]


def overlap(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two spans share enough: 25 code points, or half of the shorter."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared > 0 and (shared >= _ENOUGH or 2 * shared >= min(one[1] - one[0], other[1] - other[0]))


def match(found: Sequence[Found], article: dict[str, Any]) -> dict[int, int]:
    """Number of an act → number of the coded event that vouches for it; equal types first, then accepted ones, each in the order given."""
    events = article["events"]
    told = [spans_of(e, article["sentences"]) for e in events]
    pairs: dict[int, int] = {}
    for exact in (True, False):
        for n, act in enumerate(found):
            if n in pairs:
                continue
            for k, gold in enumerate(events):
                fits = act.type == gold["type"] if exact else act.type in types_of(gold)
                if k in pairs.values() or not fits or not _as_real(act, gold):
                    continue
                if any(overlap((act.start, act.end), span) for span in told[k]):
                    pairs[n] = k
                    break
    return pairs


def _as_real(act: Found, gold: dict[str, Any]) -> bool:
    return gold["status"] not in _UNREAL or act.status in _UNREAL | _AHEAD
