"""When an event happened: the time its own words tell, else a time told near it, else the day its story is in.

Of the coded days (split train, `python -m extractors.tagger.train.evaluate_times`) right are: the event's words .95, the story's day where
the event has no words .77, publication .51; all together .82, by words and publication alone .74.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from extractors.dates import find_dates
from extractors.events.circumstances import apart, load_circumstances
from extractors.records import Mention, record
from extractors.sentences import Sentence
from extractors.tagger.proposals import Proposal, Words
from extractors.timex.words import grammar

_STORY = timedelta(days=4)
"""What was told of a day this long before publication is still the story (1 to 45 tried: 4 and 3 best); older days are background."""
_LONG_AGO = timedelta(days=547)
"""Of told times that ended before this 94 % are historical by the coders, of later ones 3 % (one and two years do worse)."""
_WEEK = timedelta(days=7)
_LONGEST = 60
"""Characters of words for a time that are read a second time."""
_NEAR = 3
"""Times on each side of a trigger that are looked at."""
_AHEAD = frozenset(("planned", "called_for", "threatened", "hypothetical"))
_LENGTH = re.compile(r"P(\d{1,4})([DWMY])")
_DAYS = {"D": 1, "W": 7, "M": 30, "Y": 365}


@record
class When:
    """Days are inclusive; `last` is None while it goes on. `text` is the words that say so, None when none do."""

    first: date | None
    last: date | None
    precision: str
    """day, month, year, interval, ongoing, inherited, publication or unknown."""
    text: str | None


@dataclass(frozen=True, slots=True)
class Times:
    """The time expressions of an article, each list in the order of the text."""

    text: str
    published: date | None
    lede: int
    """Offset where the lede begins: what is before it dates the whole story."""
    all: list[Mention]
    starts: list[int]
    ends: list[int]
    story: list[Mention]
    """Single days of the story: not after publication, not long before it."""
    story_starts: list[int]
    old: list[Mention]
    """Times long before publication."""
    old_starts: list[int]


def read_times(text: str, dates: Sequence[Mention], published: date | None, lede: int = 0) -> Times:
    """Sort the time expressions of an article by what they can say of its events.

    Args:
        text: of the article.
        dates: from `find_dates`.
        published: its day of publication.
        lede: offset where its dateline ends.
    """
    kept = [d for d in dates if d.timex_type != "SET"]
    dated = [d for d in kept if d.timex_type != "DURATION"]
    story = [d for d in dated if _is_of_story(d, published)]
    old = [d for d in dated if _is_long_ago(d.date_end, published)]
    return Times(
        text,
        published,
        lede,
        kept,
        [d.char_start for d in kept],
        [d.char_end for d in kept],
        story,
        [d.char_start for d in story],
        old,
        [d.char_start for d in old],
    )


def find_when(proposal: Proposal, sentence: Sentence, times: Times) -> When:
    """The time of one event.

    Args:
        proposal: with the words that the tagger holds for its date.
        sentence: in which its trigger stands.
        times: of the article.
    """
    return (
        _told(proposal, sentence, times)
        or _near(proposal, sentence, times)
        or _inherited(proposal, sentence, times)
        or _published(proposal, times)
        or When(None, None, "unknown", None)
    )


def status_by_words(proposal: Proposal, sentence: Sentence) -> str:
    """The status of an event by the tagger, and by the words of its trigger and the two before: "will meet", "due to meet" are planned."""
    ahead = load_circumstances().ahead
    if proposal.status != "actual" or proposal.type not in ahead["types"]:
        return proposal.status
    first, last = (bisect_left(sentence.starts, at) for at in (proposal.start, proposal.end))
    low = sentence.lower[max(0, first - 2) : last + 1]
    said = any(w in ahead["words"] or (w in ahead["to"] and n == "to") for w, n in pairwise((*low, "")))
    return "planned" if said else "actual"


def status_by_time(status: str, when: When, published: date | None) -> str:
    """The status of an event once its time is known: what happened long ago is historical, what is on a later day planned."""
    if status != "actual" or published is None:
        return status
    if _is_long_ago(when.last, published):
        return "historical"
    return "planned" if when.precision == "day" and when.first is not None and when.first > published else status


def _is_of_story(mention: Mention, published: date | None) -> bool:
    day = mention.date_start
    if day is None or day != mention.date_end:
        return False
    return published is None or published - _STORY <= day <= published


def _is_long_ago(last: date | None, published: date | None) -> bool:
    return published is not None and last is not None and published - last > _LONG_AGO


def _told(proposal: Proposal, sentence: Sentence, times: Times) -> When | None:
    """The time that the event's own words tell."""
    for words in sorted(proposal.dates, key=lambda w: -w.probability):
        found = _over(words, times) or _reread(words, times)
        dated = [d for d in found if _first(d) is not None]
        if dated:
            return _when(_agreeing(min(_spanning(dated, times), key=_width), proposal, times.published))
        if found:
            length = next((n for d in found if (n := _length(d))), None)
            if length is not None:
                return _ago(found[0], length, proposal, sentence, times)
    return None


def _over(words: Words, times: Times) -> list[Mention]:
    """The expressions that share characters with some words."""
    return times.all[bisect_right(times.ends, words.start) : bisect_left(times.starts, words.end)]


def _reread(words: Words, times: Times) -> list[Mention]:
    """A time that only its words' role tells: "the August raid", "weekend protests" are read as "in August", "the weekend"."""
    text = times.text[words.start : words.end]
    if times.published is None or len(text) > _LONGEST:
        return []
    for lead in load_circumstances().leads:
        found = next((d for d in find_dates(f"{lead} {text}", times.published, None) if d.date_start is not None), None)
        if found is not None:
            return [replace(found, char_start=words.start, char_end=words.end, text=text)]
    return []


def _first(mention: Mention) -> date | None:
    return mention.date_start or mention.date_end


def _width(mention: Mention) -> timedelta:
    if mention.date_start is None or mention.date_end is None:
        return timedelta.max
    return mention.date_end - mention.date_start


def _spanning(dated: list[Mention], times: Times) -> list[Mention]:
    """ "from Monday to Wednesday" is one time: two expressions with such a word between them become one."""
    spans = load_circumstances().spans
    for one, other in pairwise(dated):
        link = times.text[one.char_end : other.char_start].strip().lower()
        lead = times.text[max(0, one.char_start - 9) : one.char_start].rstrip().rpartition(" ")[2].lower()
        if link not in spans["to"] and not (link in spans["between"] and lead == "between"):
            continue
        if one.date_start is not None and other.date_end is not None and one.date_start <= other.date_end:
            text = times.text[one.char_start : other.char_end]
            end = other.char_end
            return [replace(one, char_end=end, text=text, date_end=other.date_end, precision="interval")]
    return dated


def _agreeing(mention: Mention, proposal: Proposal, published: date | None) -> Mention:
    """The mention with a named weekday or month on the side of publication on which the event's status puts it.

    "Police arrested him Saturday", written on a Friday, is a week earlier than the next Saturday: of about 100 so moved 65 are right,
    unmoved 21 were.
    """
    first, last = mention.date_start, mention.date_end
    if published is None or first is None or last is None:
        return mention
    behind, ahead = last < published, first > published
    if not (behind if proposal.status in _AHEAD else ahead):
        return mention
    names, words = grammar().values, mention.text.lower().split()
    sign = 1 if behind else -1
    if any(w in names["WEEKDAY"] for w in words) and abs(first - published) <= _WEEK:
        return replace(mention, date_start=first + sign * _WEEK, date_end=last + sign * _WEEK)
    if any(w.strip(".,") in names["MONTH"] for w in words) and str(first.year) not in mention.text:
        return replace(mention, date_start=_in_year(first, sign), date_end=_in_year(last, sign))
    return mention


def _in_year(day: date, more: int) -> date:
    """The same day of another year; 29 February becomes the 28th."""
    last = 28 if (day.month, day.day) == (2, 29) else day.day
    return day.replace(year=day.year + more, day=last)


def _when(mention: Mention) -> When:
    return When(_first(mention), mention.date_end, mention.precision or "interval", mention.text)


def _length(mention: Mention) -> timedelta | None:
    """The days of "three weeks", as far as it says how many."""
    value = _LENGTH.fullmatch(mention.timex or "")
    return timedelta(days=int(value[1]) * _DAYS[value[2]]) if value else None


def _ago(mention: Mention, length: timedelta, proposal: Proposal, sentence: Sentence, times: Times) -> When | None:
    """ "in the three days", "two weeks after the vote": so long before the day the story is in, or after it. Right for .88 of 69."""
    day = _first_of(_story_day(sentence, times)) or times.published
    if day is None or proposal.status == "historical" or length > _LONG_AGO:
        return None
    if proposal.status in _AHEAD:
        return When(day, day + length, "interval", mention.text)
    return When(day - length, day, "interval", mention.text)


def _near(proposal: Proposal, sentence: Sentence, times: Times) -> When | None:
    """Another time of the sentence, the nearest that no word gives to another act.

    Where the coders saw words it is right for .93, where they saw none for .48 (the day of the story for .69): it pays from one missed in thirty.
    """
    begin = bisect_left(times.starts, max(sentence.char_start, times.lede))
    end = bisect_left(times.starts, sentence.char_end)
    at = bisect_left(times.starts, proposal.start, begin, end)
    near = [
        d
        for d in times.all[max(begin, at - _NEAR) : min(end, at + _NEAR)]
        if d.timex_type != "DURATION"
        and _first(d) is not None
        and _fits(d, proposal.status, times.published)
        and not apart(sentence, (proposal.start, proposal.end), (d.char_start, d.char_end))
    ]
    return _when(min(near, key=lambda d: abs(d.char_start - proposal.start))) if near else None


def _fits(mention: Mention, status: str, published: date | None) -> bool:
    """Whether something of that status can be at that time."""
    if published is None:
        return True
    if status in _AHEAD:
        return mention.date_end is None or mention.date_end >= published
    return mention.date_start is None or mention.date_start <= published


def _inherited(proposal: Proposal, sentence: Sentence, times: Times) -> When | None:
    """The day the story is in where the event is told; background inherits only times as old as itself (.73 of 70)."""
    if proposal.status == "historical":
        at = bisect_left(times.old_starts, sentence.char_end)
        found = times.old[at - 1] if at else None
    else:
        found = _story_day(sentence, times)
    return replace(_when(found), precision="inherited") if found is not None else None


def _story_day(sentence: Sentence, times: Times) -> Mention | None:
    """The last day told before a sentence or in the dateline, else the first behind it."""
    n = bisect_left(times.story_starts, max(sentence.char_start, times.lede))
    if n:
        return times.story[n - 1]
    n = bisect_left(times.story_starts, sentence.char_end)
    return times.story[n] if n < len(times.story) else None


def _first_of(mention: Mention | None) -> date | None:
    return mention.date_start if mention is not None else None


def _published(proposal: Proposal, times: Times) -> When | None:
    if times.published is None or proposal.status == "historical":
        return None
    return When(times.published, times.published, "publication", None)
