"""Walls: requests for consent, for a log-in or for money, in front of a story, behind its first lines or in its place.

A wall speaks to its reader, a report about cookies or subscriptions does not; an offer hides the rest of a text only where it ends it.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_WORD = re.compile(r"[^\W_]+")
_SHORT = 90
"""Words up to which a paragraph may be an offer or a request."""
_ENDS = frozenset('.!?…。！？”"»’)')
_TAIL = 6
"""Paragraphs at the end of a text among which an offer is looked for."""


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "walls.toml").read_text(encoding="utf-8"))


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    heads = re.compile(r"\W*(?:" + "|".join(_data()["consent"]["heads"]) + ")", re.IGNORECASE)
    return heads, re.compile("|".join(f"(?:{p})" for p in _data()["offer"]["patterns"]), re.IGNORECASE)


@cache
def _consent_words() -> tuple[frozenset[str], frozenset[str]]:
    said = _data()["consent"]
    return frozenset(said["words"].split()), frozenset(said["address"].split())


@cache
def _stems() -> tuple[str, ...]:
    return tuple(s for s in re.split(r"[|\n]", _data()["offer"]["stems"]) if s)


def asks_for_consent(paragraph: str) -> bool:
    """Whether a paragraph is one of a request for consent, or of a check for robots: it speaks to its reader, of several such things.

    >>> asks_for_consent("We and our partners store data on your device. You may withdraw your consent under Settings.")
    True
    >>> asks_for_consent("The office fined a shop that had stored cookies without the consent of 4,000 visitors.")
    False
    """
    if len(paragraph) > 24 * _SHORT:
        return False
    words = _WORD.findall(paragraph.lower())
    known, address = _consent_words()
    told = {w for w in words if w in known}
    spoken = sum(w in address for w in words)
    return (
        3 <= len(words) <= 2 * _SHORT and len(told) >= 2 and spoken > 0 and (len(told) + spoken) * 100 >= 8 * len(words)
    )


def offers(paragraph: str) -> bool:
    """Whether a paragraph offers a subscription or asks for a log-in.

    >>> offers("This text is reserved for subscribers. Subscribe to read on.")
    True
    """
    if len(paragraph) >= 12 * _SHORT:
        return False
    text = paragraph.lower()
    return any(stem in text for stem in _stems()) and _patterns()[1].search(text) is not None


def without_consent(paragraphs: tuple[str, ...]) -> tuple[str, ...]:
    """The text without a request for consent that stands in it: two paragraphs or more that follow each other, with their headings."""
    asking = [asks_for_consent(p) or (len(p) < 80 and _patterns()[0].match(p) is not None) for p in paragraphs]
    kept: list[str] = []
    at = 0
    while at < len(paragraphs):
        end = at
        while end < len(paragraphs) and asking[end]:
            end += 1
        run = paragraphs[at:end]
        if sum(asks_for_consent(p) for p in run) < 2:
            kept.extend(run or paragraphs[at : at + 1])
            end = max(end, at + 1)
        at = end
    return tuple(kept)


def without_offer(paragraphs: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """The text up to an offer that ends it, and whether there was one."""
    for at in range(max(0, len(paragraphs) - _TAIL), len(paragraphs)):
        if offers(paragraphs[at]):
            rest = paragraphs[at + 1 :]
            prose = sum(len(p) for p in rest if not offers(p) and len(p) > 200)
            if prose == 0:
                while at and len(paragraphs[at - 1]) < 60 and paragraphs[at - 1][-1:] not in _ENDS:
                    at -= 1  # a line above that only leads to it: "Read on with the Post"
                return paragraphs[:at], True
    return paragraphs, False


def is_consent(paragraphs: tuple[str, ...], title: str | None) -> bool:
    """Whether a page is nothing but a request for consent."""
    asking = sum(len(p) for p in paragraphs if asks_for_consent(p))
    total = sum(map(len, paragraphs))
    heads = title is not None and (_patterns()[0].match(title) is not None or asks_for_consent(title))
    return total > 0 and asking * (3 if heads else 2) > total


__all__ = ["asks_for_consent", "is_consent", "offers", "without_consent", "without_offer"]
