"""A date expression names a time, often only from where the text was published: "on Friday", "two weeks ago", "since 2015".

The text is read as classes of words (`timex/words.py`), each rule that fits gets its value (`timex/values.py`), and what only looks
like time is refused (`timex/lookalikes.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from extractors.records import Mention
from extractors.timex.here import Here
from extractors.timex.lookalikes import is_name
from extractors.timex.periods import Time
from extractors.timex.values import read_time
from extractors.timex.words import Match, Tokens, grammar, tokenize

_STALE = 80
"""Tokens after which "the day" is no longer the day last named."""


@dataclass(slots=True)
class _Found:
    first: int
    last: int
    time: Time


def find_dates(text: str, published: date | None, country: str | None) -> tuple[Mention, ...]:
    """Find the time expressions of a text.

    Args:
        text: English running text.
        published: the day relative expressions count from; without it they have no value.
        country: ISO alpha-3 of the source, for the order of day and month and the fiscal year.
    Returns:
        Mentions of kind `date` in text order, not overlapping; what TIMEX3 calls DATE, TIME, DURATION and SET. Never raises on any text.
    """
    tokens = tokenize(text)
    return tuple(_mention(tokens, f) for f in _joined(tokens, _scan(tokens, published, country)))


def _scan(tokens: Tokens, published: date | None, country: str | None) -> list[_Found]:
    """All expressions from left to right, each read in the light of those before it."""
    found: list[_Found] = []
    anchor: Time | None = None
    spoken: date | None = None
    spoken_at = end = 0
    for start in grammar().starts(tokens.codes, 0):
        if start < end:
            continue
        for match in grammar().matches(tokens.codes, start):
            if is_name(tokens, match):
                continue
            time = read_time(
                Here(tokens, match, published, country, anchor, spoken if start < spoken_at + _STALE else None)
            )
            if time is None:
                continue
            first = _stretched(tokens, match, end, time.kind)
            found.append(_Found(first, match.last, time))
            end = match.last
            if time.first is not None and time.kind in ("DATE", "TIME"):
                anchor = time
                if time.first == time.last:
                    spoken, spoken_at = time.first, start
            break
    return found


def _stretched(tokens: Tokens, match: Match, end: int, kind: str) -> int:
    """Where the expression begins with the words before it that belong to it: "late on", "more than", "the end of"."""
    first = match.first
    if match.rule.kind in ("ago", "later"):
        kind = "DURATION"  # "some 25 years ago"
    if kind == "DURATION" and tokens.low[first] == "the":
        return first  # "over the next two years" is more than a year only in "over a year"
    for _ in range(2):
        before = tokens.codes[max(end, first - 6) : first]
        lengths = (len(m[0]) for left in grammar().left if kind in left.types and (m := left.pattern.search(before)))
        longest = max(lengths, default=0)
        if not longest:
            break
        first -= longest
    return first


def _mention(tokens: Tokens, found: _Found) -> Mention:
    begin, end = tokens.starts[found.first], tokens.ends[found.last - 1]
    time = found.time
    first, last, precision = time.first, time.last, _precision(time)
    before = tokens.lower(found.first - 1)
    if first is not None and time.kind in ("DATE", "TIME"):
        if before == "since":
            last, precision = None, "ongoing"
        elif before in ("until", "till"):
            first, precision = None, "interval"
    return Mention(
        "date",
        begin,
        end,
        tokens.text[begin:end],
        precision=precision,
        timex=time.value or None,
        timex_type=time.kind,
        date_start=first,
        date_end=last,
    )


def _precision(time: Time) -> str | None:
    if time.first is None or time.last is None:
        return None
    if time.first == time.last:
        return "day"
    if len(time.value) == 4:
        return "year"
    return "month" if len(time.value) == 7 and time.value[5:].isdigit() else "interval"


def _joined(tokens: Tokens, found: list[_Found]) -> list[_Found]:
    """ "between December 30, 2017 and January 4, 2018" is one interval. Bare months, weekdays and words stay two expressions."""
    kept: list[_Found] = []
    for this in found:
        last = kept[-1] if kept else None
        if last is not None and this.first == last.last + 1 and _is_interval(tokens, last, this):
            value = f"{last.time.value}/{this.time.value}"
            kept[-1] = _Found(last.first, this.last, Time("DATE", value, last.time.first, this.time.last))
        else:
            kept.append(this)
    return kept


def _is_interval(tokens: Tokens, one: _Found, other: _Found) -> bool:
    lead, link = tokens.lower(one.first - 1), tokens.lower(one.last)
    if (lead, link) not in (
        ("between", "and"),
        ("from", "to"),
        ("from", "until"),
        ("from", "through"),
        ("from", "till"),
    ):
        return False
    a, b = one.time, other.time
    if a.kind != "DATE" or b.kind != "DATE" or not (a.first and b.first and b.last and a.first < b.first):
        return False
    return all(
        any(c.isdigit() for c in tokens.text[tokens.starts[f.first] : tokens.ends[f.last - 1]]) for f in (one, other)
    )
