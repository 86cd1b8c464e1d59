"""One match of a rule in its text, and what its reading may look at: the words around, publication, what was last spoken of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from extractors.timex.periods import Time
from extractors.timex.tense import direction
from extractors.timex.words import Match, Tokens, grammar


@dataclass(slots=True)
class Here:
    """One match in its text: all that a reading may look at."""

    tokens: Tokens
    match: Match
    published: date | None
    country: str | None
    anchor: Time | None
    """What was last spoken of."""
    spoken_day: date | None
    """The last day named, if not long ago."""

    def has(self, part: str) -> bool:
        """Whether the rule's part is there."""
        return part in self.match.parts

    def all(self, part: str) -> list[str]:
        """The words of a part, each time it occurs."""
        spans = self.match.parts.get(part, [])
        return [" ".join(self.tokens.low[a:b]) for a, b in spans]

    def one(self, part: str) -> str:
        """The words of a part, '' without it."""
        return next(iter(self.all(part)), "")

    def said(self) -> list[str]:
        """All words of the match, in lower case."""
        return self.tokens.low[self.match.first : self.match.last]

    def before(self) -> str:
        """The word before the match, in lower case."""
        return self.tokens.lower(self.match.first - 1)

    def behind(self) -> str:
        """The word behind the match, in lower case."""
        return self.tokens.lower(self.match.last)

    def led_by(self, group: str) -> bool:
        """Whether the word before is one of a group of `[around]`."""
        return self.before() in grammar().around[group]

    def ahead(self) -> int:
        """1 when the words around point past publication, -1 before it, 0 when they do not tell."""
        return direction(self.tokens, self.match.first, self.match.last)

    def today(self) -> date:
        """The day of publication. Raises ValueError when it is not known."""
        if self.published is None:
            raise ValueError("no day to count from")
        return self.published

    def base(self) -> date:
        """The day last spoken of, else that of publication."""
        return self.anchor.first if self.anchor and self.anchor.first else self.today()


def nearest(make: Callable[[int], Time], here: Here, *, past: bool = False) -> Time:
    """Of the occurrences of the years around publication the one meant; `past` says what to take when nothing tells."""
    today, ahead = here.today(), here.ahead()
    before: list[Time] = []
    after: list[Time] = []
    for reach in (1, 8):  # 29 February comes every four years, once every eight
        found = list(_tried(make, range(today.year - reach, today.year + reach + 1)))
        before = [t for t in found if t.first and t.first <= today]
        after = [t for t in found if t.last and t.last >= today]
        if before and after:
            break
    if not before or not after:
        raise ValueError("no such day")
    was, comes = before[-1], after[0]
    if was == comes:
        return was
    ago = (today - was.last).days if was.last else 0
    until = (comes.first - today).days if comes.first else 0
    if was.first == was.last and until > 240 and ago < 120 and ahead < 2:
        return was  # "plans for an offering on September 30": nobody names so far a day without its year
    if ahead > 0 and not (here.before() == "s" and until > ago):
        return comes  # but "questions about his July 25 call" looks back
    # "killed on June 21", published on the 19th: a notice of something to come, whatever the verb
    if ahead < 0 or past:
        return comes if until <= 7 and ago > 340 and ahead == 0 else was
    return comes if until < ago else was


def _tried(make: Callable[[int], Time], years: Iterable[int]) -> Iterator[Time]:
    """The occurrences of those years that have one."""
    for number in years:
        try:
            yield make(number)
        except (ValueError, OverflowError, KeyError):
            continue


def in_part(time: Time, here: Here) -> Time:
    """A day and its part: "Sunday morning"."""
    part = grammar().value("PART", here.one("part")) or grammar().value("HINTPART", here.one("dawn"))
    part = "MO" if here.has("small") else part
    return Time("TIME", f"{time.value}T{part}", time.first, time.last) if part and time.value else time


def unit_of(here: Here) -> str:
    """The letter of a unit, D, W, M …, as `dates.toml` lists them; '' for none."""
    words = grammar()
    word = here.one("unit") or here.one("bare")
    return words.value("UNIT", word) or words.value("UNITS", word)


def amount_of(here: Here, at: int = 0) -> float | None:
    """How many: None for "several". Raises ValueError without a number."""
    if here.has("x") or here.has("bare"):
        return None
    if here.has("halfof"):
        return 0.5
    if here.has("one"):
        return 1.5 if here.has("half") else 1
    spans = here.match.parts["n"]
    words = here.tokens.low[slice(*spans[at])]
    total = part = 0.0
    for word in words:
        if word in ("-", "‐", "‑", "–"):
            continue
        value = grammar().value("NUMWORD", word)
        number = float(value) if value else float(word.replace(",", ""))
        if number >= 100 and part:
            part *= number
        else:
            part += number
        if number >= 1000:
            total, part = total + part, 0.0
    return total + part + (0.5 if here.has("half") else 0)


def relation_of(word: str) -> int:
    """-1 for "last", 0 for "this", 1 for "next". Raises ValueError for another word."""
    words = grammar()
    return int(words.value("PAST", word) or words.value("COMING", word) or words.value("THIS", word))


def said_year(here: Here) -> int | None:
    """A year said as a number, or as "last year"."""
    if here.has("year"):
        return int(here.one("year"))
    if here.has("rel"):
        return here.today().year + relation_of(here.one("rel"))
    return None


def ordinal(words: str) -> int:
    """ "third", "3rd", "twenty - first"."""
    *tens, last = words.split()
    value = grammar().value("ORDINAL", last)
    return (20 if tens else 0) + int(value or re.sub(r"\D", "", last))
