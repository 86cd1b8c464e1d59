"""Merging: one event told twice in an article is one event.

A story tells its news in the lede, again with details, and once more as background. Two tellings are one event when type, status
and sides agree, and neither a day nor a number that both state contradicts it. The first telling stays, with what a later one adds.
"""

from __future__ import annotations

from dataclasses import replace

from extractors.phrases import fold
from extractors.records import Actor, Event

# What hardly happens twice to one person in one article, whatever days are named beside it.
_PERSONAL = frozenset(("COERCE", "SANCTION", "ASSAULT", "RETREAT"))
_STATED = frozenset(("day", "month", "year", "interval"))


def merge(events: list[Event]) -> list[Event]:
    """The events of an article in order, each told once. Linear in the events of a type but for its own tellings."""
    kept: list[Event] = []
    by_type: dict[tuple[str | None, str], list[int]] = {}
    for event in events:
        same = by_type.setdefault((event.event_type, event.status), [])
        at = next((n for n in reversed(same[-_WINDOW:]) if _one_event(kept[n], event)), None)
        if at is None:
            same.append(len(kept))
            kept.append(event)
        else:
            kept[at] = _enriched(kept[at], event)
    return kept


_WINDOW = 40  # tellings looked back at, so that a long text costs linear time


def _one_event(one: Event, other: Event) -> bool:
    if one.event_mode and other.event_mode and one.event_mode != other.event_mode:
        return False
    values = {m.kind: m.value for m in one.magnitudes}
    if any(values.get(m.kind, m.value) != m.value for m in other.magnitudes):
        return False
    same_person = bool(_names(one.recipients) & _names(other.recipients)) and one.event_type in _PERSONAL
    if _both_stated(one, other) and one.date_start != other.date_start and not same_person:
        return False
    if _toll(one) != _toll(other) and not (one.recipients and other.recipients):
        return False  # "killed 1,200" is not "killed the chief", though one of them names nobody
    return _same_side(one.actors, other.actors) and _same_side(one.recipients, other.recipients)


def _toll(event: Event) -> bool:
    return any(m.kind in ("killed", "injured") and m.value > 1 for m in event.magnitudes)


def _both_stated(one: Event, other: Event) -> bool:
    return one.date_precision in _STATED and other.date_precision in _STATED


def _same_side(one: tuple[Actor, ...], other: tuple[Actor, ...]) -> bool:
    """Whether two sides may be the same: one is not told, or a name is shared, or both are the same sort of a country's people."""
    if not one or not other:
        return True
    names, others = _names(one), _names(other)
    if names & others:
        return True
    if names and others:
        return False
    return any(_same_sort(a, b) for a in one for b in other)


def _same_sort(one: Actor, other: Actor) -> bool:
    """ "two prison officers" and the Smith and Jones named later: one country, and no other sector told of either."""
    if one.country and one.country == other.country:
        return not one.sector or not other.sector or one.sector == other.sector
    return (
        one.country == other.country
        and one.sector == other.sector
        and (one.sector is not None or one.text == other.text)
    )


def _names(side: tuple[Actor, ...]) -> set[str]:
    """Last words of the proper names of a side, folded."""
    found = set()
    for actor in side:
        words = (actor.name or (actor.text if not actor.country or not actor.sector else "")).split()
        if words and words[-1][:1].isupper():
            found.add(fold(words[-1]))
    return found


def _enriched(first: Event, later: Event) -> Event:
    """The first telling, or the later where only that one says how many; sides, day and place filled from the other."""
    base, other = (later, first) if later.magnitudes and not first.magnitudes else (first, later)
    return replace(
        base,
        actors=base.actors or other.actors,
        recipients=base.recipients or other.recipients,
        place=base.place or other.place,
    )
