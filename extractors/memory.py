"""Memory: what an article has said of its actors so far, and what a short name, a title, "the group" or "she" means by it.

A full mention is remembered under every form it may come back in; a later form finds the latest mention that fits, or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from extractors.phrases import fold
from extractors.records import Actor

_BODIES = frozenset(("UNO", "EUR", "IGO"))


@dataclass(slots=True)
class Memory:
    """The actors of one article, by the forms they may return in."""

    words: dict[str, frozenset[str]]
    """The word groups of `words.toml`, of which four are pronouns."""
    names: dict[str, Actor] = field(default_factory=dict)
    """Folded last word of a name, or an acronym given in brackets → the actor as first resolved."""
    given: dict[str, Actor] = field(default_factory=dict)
    heads: dict[str, Actor] = field(default_factory=dict)
    """Noun or title → the actor last so called with a country: "minister", "foreign minister", "ministry", "rebels"."""
    person: Actor | None = None
    group: Actor | None = None
    thing: Actor | None = None
    told: bool = False
    """Whether the sentence has named its person: who comes first in it is whom the next one means by "he"."""
    speaker: Actor | None = None
    """Whose words a quotation that runs over several sentences is."""

    def name(self, actor: Actor, *forms: str) -> None:
        """Remember a named actor under a surname or an acronym; who was first keeps it, unless nothing was known of them."""
        for form in forms:
            key = fold(form)
            known = self.names.get(key)
            if known is None or (actor.sector and not known.sector):
                self.names[key] = actor

    def given_name(self, actor: Actor, form: str) -> None:
        """Remember somebody under the first of their names, where it is no surname too: "Hillary", and "Kim" of Korea."""
        self.given.setdefault(fold(form), actor)

    def named(self, key: str) -> Actor | None:
        """Whom the article called so, by a folded surname, acronym or first name."""
        return self.names.get(key) or self.given.get(key)

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

    def pronoun(self, low: str) -> Actor | None:
        """Whom a pronoun means: who speaks, the last person, group or thing; else whoever was seen last."""
        if low in self.words["speaking"]:
            return self.speaker or self.person
        if low in self.words["one_person"]:
            return self.person
        if low in self.words["several_people"]:
            return self.group or self.thing
        if low in self.words["thing"]:
            return self.thing or self.group
        return None

    def see(self, actor: Actor, plural: bool, thing: bool, aside: bool = False) -> None:
        """Keep the latest person, group and thing apart for the pronouns.

        Args:
            aside: named behind a preposition, so hardly whom the next words are about.
        """
        if not actor.country and not actor.name:
            return
        if aside and (self.group if plural else self.thing if thing else self.person) is not None:
            return
        if plural:
            self.group = actor
        elif thing:
            self.thing = actor
        elif not self.told:
            self.person, self.told = actor, True


def again(known: Actor, text: str, start: int, end: int, how: str) -> Actor:
    """A later mention of an actor already known: its own words, the first mention's name, country and sector."""
    name = known.name or known.text
    return Actor(text, name, known.country, known.sector, start, end, known.other_sectors, how)
