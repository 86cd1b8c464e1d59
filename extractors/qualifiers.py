"""Qualifiers: the division or country named right behind a place, which says which one it is: "Reston, Va.", "Mosul in Iraq"."""

from __future__ import annotations

from operator import attrgetter

from extractors.gazetteer import place_key
from extractors.placeline import Line, Toponym, divides, is_division, known
from extractors.placenames import abbreviated
from extractors.resolution import lies_in


def qualify(line: Line, found: list[Toponym]) -> None:
    """ "Reston, Va.", "Toulouse, France", "Mosul in Iraq": link a name to the division or country named behind it."""
    s = line.sentence
    by_first = {t.first: t for t in found}
    for t in list(found):
        after = t.last
        if after + 1 >= len(s.words) or s.lower[t.first] in line.cues.groups["months"]:
            continue
        two = by_first.get(after + 1)
        if s.words[after] in (",", "("):
            short = _short(line, after + 1)
            if short is not None and (two is None or not divides(two)):
                if two is None:
                    two = by_first[after + 1] = short
                    found.append(short)
                else:
                    two.senses, two.last, two.char_end = short.senses, short.last, short.char_end
            if two is not None and divides(two) and _ends_qualifier(line, two) and _may_lie(t, two, by_first, s.words):
                t.inside, two.holds = two, True
        elif (
            s.lower[after] == "in"
            and two is not None
            and known(t.senses) < 2.0
            and is_division(two)
            and _is_name(line, t)
        ):
            t.inside = two
        elif (
            s.lower[after] == "of"
            and two is not None
            and is_division(two)
            and s.lower[after - 1] in line.cues.groups["district_types"]
        ):
            t.inside = two  # "the Central District of California"
        if t.inside is None and t.first > 1 and s.words[t.first - 1] in ("'s", "’s"):
            owner = next((o for o in found if o.last == t.first - 1), None)
            if owner is not None and any(x.spot.kind == "city" for x in owner.senses) and known(t.senses) < 1.5:
                t.inside = owner  # "Nairobi's Westlands district"
    found.sort(key=lambda t: t.first)


def _is_name(line: Line, t: Toponym) -> bool:
    """ "Police in New South Wales" is no Police, New South Wales."""
    return t.key not in line.cues.words and t.key not in line.cues.groups["refused"]


def _short(line: Line, k: int) -> Toponym | None:
    """The abbreviated division at token k: "Va.", "Pa", "N.Y."."""
    s = line.sentence
    word = s.words[k]
    stop = k + 1 < len(s.words) and s.words[k + 1] == "." and f"{word}." in line.cues.abbreviations
    short = f"{word}." if stop else word
    if short not in line.cues.abbreviations:
        return None
    last = k + 2 if stop else k + 1
    return Toponym(line.at, k, last, s.starts[k], s.ends[last - 1], place_key(word), abbreviated(line, short))


def _ends_qualifier(line: Line, t: Toponym) -> bool:
    """ "Leeds, York and Hull" is a list; a qualifier is followed by a mark, a small word, or nothing."""
    s = line.sentence
    return t.last >= len(s.words) or not line.upper[t.last] or s.words[t.last][0] in ",;.)"


def _may_lie(t: Toponym, two: Toponym, by_first: dict[int, Toponym], words: list[str]) -> bool:
    """Whether "t, two" is a place and what it lies in, and not a list: "Ohio, Oregon and Utah", "Mali, Niger"."""
    holder = max(two.senses, key=attrgetter("fame"))
    if not t.senses:
        return holder.spot.kind in ("country", "region")
    best = max(t.senses, key=attrgetter("fame"))
    lies = any(lies_in(s.spot, h.spot) for h in two.senses if h.spot.kind != "city" for s in t.senses)
    if best.spot.kind not in ("country", "continent", "region") or best.alternate:
        # A village that the gazetteer lacks there is believed of a country or division only, and of no well-known town.
        return lies or (best.fame < 1.5 and holder.spot.kind in ("country", "region") and not holder.alternate)
    if best.spot.kind == "country" and holder.spot.kind == "country":
        return False
    before = _ending_at(by_first, t.first - 1)
    after = by_first.get(two.last + 1)
    listed = (before is not None and words[t.first - 1] == "," and divides(before)) or (
        after is not None and words[two.last] in (",", "and", "or") and divides(after)
    )
    return lies and not listed


def _ending_at(by_first: dict[int, Toponym], last: int) -> Toponym | None:
    return next((t for t in by_first.values() if t.last == last), None)
