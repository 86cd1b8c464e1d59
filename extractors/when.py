"""When an event happened: the expression that governs its verb, and how much the text said.

Nearest first: its clause, its sentence, the sentence before, the dateline. Only then the day of publication, and the precision says so.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from datetime import date
from itertools import pairwise

from extractors.records import Mention, record
from extractors.sentences import Sentence
from extractors.timex.words import grammar

_OUTSIDE, _REPORT, _OTHER, _MODIFIER, _LONG = 30, 25, 20, 20, 12
"""Costs in words of distance: in another clause, when it was said, behind "after" or "who", "Friday's attack", "the past three days"."""
_BACKGROUND = 45
"""Days after which a time is no longer the story's: background names years, follow-ups last weeks."""
_FROM_TO = {("from", "to"), ("from", "until"), ("from", "till"), ("from", "through"), ("between", "and")}
_AHEAD = frozenset(("planned", "called_for", "threatened", "hypothetical"))


@record
class When:
    """Days are inclusive; `last` is None while it goes on. `text` is the words that say so, None when none do."""

    first: date | None
    last: date | None
    precision: str
    """day, month, year, interval, ongoing, inherited, publication or unknown."""
    text: str | None


def find_when(
    sentence: Sentence,
    trigger: int,
    clause: tuple[int, int],
    status: str,
    dates: list[Mention],
    before: Mention | None,
    published: date | None,
) -> When:
    """The time of one event.

    Args:
        sentence: in which the event is told.
        trigger: its token there.
        clause: tokens of the clause, half-open.
        status: of the event: one that happened takes no day after publication, one to come none before it if there is another.
        dates: time expressions of the sentence.
        before: what the event inherits when its own sentence names no time: `spoken_of` of the sentence before, or the dateline.
        published: day of publication.
    """
    costs = [(_cost(sentence, trigger, clause, d), d.char_start, d) for d in dates if _is_usable(d)]
    fitting = [c for c in costs if _fits(c[2], status, published)]
    if _is_perfect(sentence, trigger):
        fitting = [c for c in fitting if not _is_older(c[2], published, 30)]
    if status in _AHEAD and not fitting:
        fitting = costs
    if fitting:
        return _told(_widened(sentence, min(fitting, key=lambda c: c[:2])[2], dates))
    if before is not None and _fits(before, status, published):
        return When(before.date_start or before.date_end, before.date_end, "inherited", before.text)
    if published is not None:
        return When(published, published, "publication", None)
    return When(None, None, "unknown", None)


def spoken_of(dates: list[Mention], published: date | None, before: Mention | None) -> Mention | None:
    """The time the next sentence inherits.

    Args:
        dates: time expressions of a sentence.
        published: day of publication.
        before: what that sentence inherited itself.
    Returns:
        The first time of the sentence that is part of the story: come already, and not long ago ("in 1967" is background). On the
        development articles 17 of 19 such days were right, of those taken from publication instead 5 of 18.
    """
    usable = (d for d in dates if _is_usable(d) and d.timex_type != "DURATION" and _fits(d, "actual", published))
    return next(
        (d for d in usable if not _is_older(d, published, _BACKGROUND) and not _began_long_ago(d, published)), before
    )


def _is_older(mention: Mention, published: date | None, days: int) -> bool:
    """Whether it ended that many days before publication."""
    return published is not None and mention.date_end is not None and (published - mention.date_end).days > days


def _began_long_ago(mention: Mention, published: date | None) -> bool:
    """ "since 2010" goes on, and is no time for the next sentence."""
    start = mention.date_start
    return (
        published is not None
        and mention.date_end is None
        and start is not None
        and (published - start).days > _BACKGROUND
    )


def _is_usable(mention: Mention) -> bool:
    """Sets ("every Friday") and lengths ("for three days") date nothing; "in the past three days" does."""
    return mention.timex_type != "SET" and (mention.date_start is not None or mention.date_end is not None)


def _fits(mention: Mention, status: str, published: date | None) -> bool:
    if published is None:
        return True
    if status in _AHEAD:
        return mention.date_end is None or mention.date_end >= published
    return mention.date_start is None or mention.date_start <= published


def _is_perfect(sentence: Sentence, trigger: int) -> bool:
    """ "have dropped": a tense that goes with no definite past, so "in 2010" belongs to something else."""
    return any(w in ("has", "have", "'ve") for w in sentence.lower[max(0, trigger - 4) : trigger + 1])


def _widened(sentence: Sentence, mention: Mention, dates: list[Mention]) -> Mention:
    """ "from Monday to Wednesday", "between April and June": the first and the last day of two expressions."""
    low = sentence.lower
    for one, other in pairwise(dates):
        if mention not in (one, other) or one.date_start is None or other.date_end is None:
            continue
        first = bisect_right(sentence.ends, one.char_start)
        link = bisect_left(sentence.starts, one.char_end)
        if not 0 < first < len(low) or link + 1 >= len(low) or sentence.starts[link + 1] != other.char_start:
            continue
        if (low[first - 1], low[link]) in _FROM_TO and one.date_start <= other.date_end:
            text = sentence.text[one.char_start - sentence.char_start : other.char_end - sentence.char_start]
            return replace(one, char_end=other.char_end, text=text, date_end=other.date_end, precision="interval")
    return mention


def _told(mention: Mention) -> When:
    first, last = mention.date_start, mention.date_end
    precision = mention.precision or "interval"
    if first is None:  # "until Friday"
        first = last
    return When(first, last, precision, mention.text)


def _cost(sentence: Sentence, trigger: int, clause: tuple[int, int], mention: Mention) -> int:
    """How far an expression is from governing the verb, in words."""
    first = bisect_right(sentence.ends, mention.char_start)
    last = bisect_left(sentence.starts, mention.char_end)
    words = grammar().governing
    cost = abs(first - trigger)
    if not clause[0] <= first < clause[1]:
        cost += _OUTSIDE
    lead = first - 1
    while lead >= 0 and sentence.lower[lead] in words["leads"]:
        lead -= 1
    if lead >= 0 and lead != trigger and sentence.lower[lead] in words["reports"]:
        cost += _REPORT
    if first > trigger and any(w in words["turns"] for w in sentence.lower[trigger + 1 : first]):
        cost += _OTHER
    behind = sentence.lower[last] if last < len(sentence.lower) else "."
    if not last <= trigger <= last + 3 and (
        behind == "'s"
        or (
            behind not in words["endings"]
            and behind.isalpha()
            and lead == first - 2
            and sentence.lower[first - 1] == "the"
        )
    ):
        cost += _MODIFIER
    if mention.timex_type == "DURATION":
        cost += _LONG
    return cost
