"""Memory: what an article has said of its actors so far, and what a short name, a title, "the group" or "she" means by it.

A full mention is remembered under every form it may come back in; a later form finds the latest mention that fits, or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from extractors.phrases import Entry, fold
from extractors.records import Actor

_SINGULAR = frozenset(("he", "him", "his", "himself", "she", "her", "herself"))
_PLURAL = frozenset(("they", "them", "their", "themselves"))
_THING = frozenset(("it", "its", "itself"))
FIRST_PERSON = frozenset(("i", "me", "my", "myself", "we", "us", "our", "ourselves"))
_BODIES = frozenset(("UNO", "EUR", "IGO"))


@dataclass(slots=True)
class Memory:
    """The actors of one article, by the forms they may return in."""

    names: dict[str, Actor] = field(default_factory=dict)
    """Folded last word of a name, or an acronym given in brackets → the actor as first resolved."""
    subject: Actor | None = None
    """The last one who did something; what a pronoun means when nothing fits better."""
    focus: str | None = None
    """The country the article is mostly about, None while undecided."""
    heads: dict[str, Actor] = field(default_factory=dict)
    """Noun or title → the actor last so called with a country: "minister", "foreign minister", "ministry", "rebels"."""
    person: Actor | None = None
    group: Actor | None = None
    thing: Actor | None = None
    persons: set[int] = field(default_factory=set)
    """Where persons were named: "he" is never a ministry."""
    speaker: Actor | None = None
    """Whose words a quotation that runs over several sentences is."""

    def name(self, actor: Actor, *forms: str) -> None:
        """Remember a named actor under a surname or an acronym; who was first keeps it."""
        for form in forms:
            self.names.setdefault(fold(form), actor)

    def mention(self, actor: Actor, heads: tuple[str, ...], definites: dict[str, tuple[str, ...]], body: bool) -> None:
        """Remember a mention with a country under its own noun or title, and under those its sector goes by."""
        if not actor.country:
            return
        for head in heads:
            self.heads[head] = actor
        if body:
            sector = "IGO" if actor.country in _BODIES else actor.sector or ""
            for noun in definites.get(sector, ()):
                self.heads[noun] = actor

    def pronoun(self, low: str, speaker: Actor | None) -> Actor | None:
        """Whom a pronoun means: the speaker inside a quotation, the last person, group or thing, else the last subject."""
        if low in FIRST_PERSON:
            return speaker or self.subject
        if low in _SINGULAR:
            return self.person or self.subject
        if low in _PLURAL:
            return self.group or self.subject
        if low in _THING:
            return self.thing or self.subject
        return None

    def see(self, actor: Actor, entry: Entry | None, plural: bool) -> None:
        """Keep the latest person, group and thing apart for the pronouns."""
        if not actor.country and not actor.name:
            return
        if plural:
            self.group = actor
        elif entry is None or entry.kind in ("country", "capital", "metonym", "partial", "actor", "body"):
            self.thing = actor
        else:
            self.person = actor
            self.persons.add(actor.char_start)


def again(known: Actor, text: str, start: int, end: int, how: str) -> Actor:
    """A later mention of an actor already known: its own words, the first mention's name, country and sector."""
    name = known.name or known.text
    return Actor(text, name, known.country, known.sector, start, end, known.other_sectors, how)
