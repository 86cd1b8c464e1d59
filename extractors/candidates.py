"""A candidate is one reading of one trigger word: a rule, its sides and its status, and why it is no event, where it is none.

`events.py` makes them from verbs, `nominal.py` from nouns; both are checked here, so that `explain` can tell every reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from extractors.actors import Reading
from extractors.records import Actor
from extractors.rules import Rule

_PARTICIPIAL = 1.0  # rank of what a participial clause tells
_BEFALLING = frozenset(("ACCUSE", "COERCE", "SANCTION", "ASSAULT", "THREATEN"))
# Dropped for want of a country: an article that is about one country's politics all along may still vouch for it.
UNPLACED = "no country and nobody political in it"


@dataclass(slots=True)
class Candidate:
    """One reading of one trigger."""

    rule: Rule
    type: str
    mode: str | None
    first: int
    last: int
    """Trigger tokens [first, last)."""
    clause: int
    rank: float
    status: str = "actual"
    actors: tuple[Actor, ...] = ()
    recipients: tuple[Actor, ...] = ()
    attribution: str | None = None
    nominal: bool = False
    dropped: str = ""
    """Why it is no event after all, for `explain`."""

    @property
    def placeable(self) -> bool:
        """Whether only the want of a country spoke against an arrest, a verdict or people killed: the place tells whose they are."""
        told = self.status == "actual" and not self.nominal and any(a.sector or a.name for a in self.recipients)
        return self.dropped == UNPLACED and told and (self.rule.authority is not None or self.type == "ASSAULT")

    @property
    def vouched(self) -> bool:
        """Whether a political article vouches for it: a verb told what befell somebody with a name, or that he left office."""
        if self.dropped != UNPLACED or self.nominal or any(a.sector == "BUS" for a in (*self.actors, *self.recipients)):
            return False
        side = self.actors if self.rule.mode == "resign" else self.recipients if self.type in _BEFALLING else ()
        return any(a.text[:1].isupper() and not a.sector for a in side)


@dataclass(slots=True)
class State:
    """What the clauses read so far decide for the next ones."""

    sayer: tuple[Actor, ...] = ()
    attribution: str | None = None
    reported: bool = False
    suppressed: bool = False
    suppressed_from: int = -1
    denied: bool = False
    """Whether the clause before ended in a denial, whose complement did not happen."""
    found: list[Candidate] = field(default_factory=list)


def check(reading: Reading, candidate: Candidate) -> None:
    """Say why a candidate is no event, if it is none."""
    actor = any(a.country or a.sector for a in candidate.actors)
    recipient = any(a.country or a.sector for a in candidate.recipients)
    if candidate.rule.governs and candidate.rule.type in ("REQUEST", "REJECT") and not candidate.nominal:
        passive_side = candidate.recipients and candidate.actors
        bare = candidate.last - candidate.first < 3
        if bare and _nothing_follows(reading, candidate) and not passive_side:
            candidate.dropped = "nothing is asked for"
            return
    if not _is_political(reading, candidate):
        candidate.dropped = UNPLACED
        return
    anyone = candidate.actors or candidate.recipients
    named = any(not a.text.islower() for a in (*candidate.actors, *candidate.recipients))
    needs = candidate.rule.needs
    mutual = candidate.rule.reciprocal and len({a.country for a in candidate.actors if a.country}) > 1
    if needs == "both" and not mutual and not (candidate.recipients and candidate.actors and (actor or recipient)):
        candidate.dropped = "both sides are needed"
    elif needs == "actor" and not actor:
        candidate.dropped = "nobody is known to have done it"
    elif candidate.rule.not_objects and _are_things(candidate):
        candidate.dropped = "it was done to a thing the rule excludes"
    elif needs == "recipient" and not recipient:
        candidate.dropped = "nobody is known to have met with it"
    elif not anyone or not (actor or recipient or (named and needs != "magnitude")):
        candidate.dropped = "neither side is known"


def _nothing_follows(reading: Reading, candidate: Candidate) -> bool:
    """Whether the trigger stands alone at the end of its clause, with no complement behind it."""
    clauses = reading.parse.clauses
    clause = clauses[candidate.clause]
    if any(t not in '.,;"A' for t in reading.parse.tags[candidate.last : clause.end]):
        return False
    return candidate.clause + 1 >= len(clauses) or clauses[candidate.clause + 1].kind != "comp"


def _are_things(candidate: Candidate) -> bool:
    """Whether the recipients of a passive ("photos released by …") are among what the rule excludes as objects."""
    heads = [a.text.lower().rsplit(None, 1)[-1] for a in candidate.recipients if not a.country and not a.sector]
    return bool(heads) and all(h in candidate.rule.not_objects for h in heads)


def _is_political(reading: Reading, candidate: Candidate) -> bool:
    """Whether a country is named beside a side or in the sentence, or a side is political by itself."""
    if reading.sole or candidate.rule.type == "PROTEST":
        return True
    political = reading.lexicons.words["political"]
    return any(a.country or (a.sector or "").lower() in political for a in (*candidate.actors, *candidate.recipients))


def distinct(found: list[Candidate]) -> list[Candidate]:
    """The same type with the same sides once a sentence; a participle that goes on with its clause's act is no second one."""
    seen: set[tuple[str, frozenset[str | None], frozenset[str | None]]] = set()
    acts: set[tuple[str, tuple[int, ...]]] = set()
    ways: set[tuple[str, str | None, tuple[int, ...]]] = set()
    kept = []
    for c in found:
        key = (c.type, frozenset(a.country for a in c.actors), frozenset(a.country for a in c.recipients))
        who = tuple(a.char_start for a in c.actors)
        goes_on = c.rank == _PARTICIPIAL and (c.type, who) in acts
        again = not c.recipients and (c.type, c.mode, who) in ways
        if key not in seen and not (who and (goes_on or again)):
            seen.add(key)
            acts.add((c.type, who))
            ways.add((c.type, c.mode, who))
            kept.append(c)
    return kept
