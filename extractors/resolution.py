"""Toponym resolution: which of the places of one name an article means.

Paris is in France unless Texas is in the text. In order: the division named right behind ("Paris, Texas"), the votes of the
countries and divisions that the article names, nearness to what is settled already, what the outlet usually writes about, and
last how many people live there. Names with one reading settle first and vote for the others.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter

from extractors.gazetteer import NONE, Gazetteer, Sense, Spot, distance_km
from extractors.placeline import Toponym

_COUNTRY_VOTE, _REGION_VOTE, _PROFILE_VOTE, _NEAR_VOTE = 4.0, 2.5, 4.0, 1.5
_NEAR_KM = 300.0
_FAR_KM = 700.0
"""A town lies no farther than this from the point of the division named behind it, however large the division."""


@dataclass(slots=True)
class _Votes:
    """What the article has said so far on where it plays."""

    countries: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    regions: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    near: list[Spot] = field(default_factory=list)

    def add(self, spot: Spot, weight: float = 1.0) -> None:
        if spot.country:
            self.countries[spot.country] += weight
        if spot.region != NONE:
            self.regions[spot.region] += weight
        if weight > 0 and (spot.kind in _SMALL or (spot.kind == "region" and spot.country not in _VAST)):
            self.near.append(spot)


_SMALL = frozenset(("city", "district", "site", "island", "mountain"))
_STAGE_LEAST, _STAGE_SHARE = 3, 0.6
_VAST = frozenset(("USA", "CAN", "RUS", "CHN", "AUS", "BRA", "KAZ", "ARG"))


_STATES = frozenset(("USA", "CAN", "AUS", "CHN", "IND"))
"""Countries whose divisions are better known than the towns named like them."""


def resolve(
    toponyms: list[Toponym],
    gazetteer: Gazetteer,
    adjectives: Iterable[str] = (),
    home: Mapping[str, float] | None = None,
    dateline: tuple[int, int] | None = None,
) -> None:
    """Settle every toponym's `spot`; it stays None where nothing decides.

    Args:
        toponyms: of one article, in order.
        adjectives: countries of the adjectives and peoples in the text, one a mention: "Kenyan" votes for Kenya.
        home: share of the outlet's articles by country ("USA") and by division ("USA/Ohio"), from its profile.
        dateline: span of the dateline, whose place counts double.
    """
    _listed(toponyms)
    groups: dict[tuple[str, str, str, bool, bool], list[Toponym]] = {}
    for t in toponyms:
        if t.senses:
            groups.setdefault((t.key, t.hint, t.inside.key if t.inside else "", t.holds, t.listed), []).append(t)
    votes = _Votes()
    for country in adjectives:
        votes.countries[country] += 0.7
    for group in groups.values():
        _first_votes(group[0], votes)
    order = sorted(groups.values(), key=lambda g: (not g[0].holds, g[0].inside is None, len(g[0].senses)))
    weights = {id(g): _weight(g, dateline) for g in order}
    for group in order:
        spot = _best(group[0], votes, gazetteer, home or {})
        _settle(group, spot)
        if spot is not None and spot.kind not in ("country", "continent"):
            votes.add(spot, weights[id(group)])
    qualified = _qualified(order)
    # What came late votes too: a second look at all that could have gone otherwise.
    for group in order:
        spot = group[0].spot
        if group[0].inside is not None or group[0].holds or spot is None:
            continue
        if group[0].key in qualified:
            # "Paris, Texas" is the Paris of the rest of the article.
            _settle(group, qualified[group[0].key])
            continue
        if len(group[0].senses) == 1:
            continue
        votes.add(spot, -weights[id(group)])
        again = _best(group[0], votes, gazetteer, home or {}) or spot
        votes.add(again, weights[id(group)])
        _settle(group, again)
    _unknown(toponyms, gazetteer)


def _qualified(groups: list[list[Toponym]]) -> dict[str, Spot]:
    """Names that the article says the division of, always the same."""
    found: dict[str, list[Spot | None]] = {}
    for group in groups:
        if group[0].inside is not None:
            found.setdefault(group[0].key, []).append(group[0].spot)
    return {key: spots[0] for key, spots in found.items() if len(spots) == 1 and spots[0] is not None}


def _weight(group: list[Toponym], dateline: tuple[int, int] | None) -> float:
    """How much a name counts as context: the dateline double, a name told three times half as much again."""
    filed = dateline is not None and any(dateline[0] <= t.char_start < dateline[1] for t in group)
    return (2.0 if filed else 1.0) * (1.5 if len(group) > 2 else 1.0)


def _settle(group: list[Toponym], spot: Spot | None) -> None:
    for t in group:
        t.spot = spot


def _listed(toponyms: list[Toponym]) -> None:
    """ "Illinois, New York and Oregon": in a list of divisions a name that is a division and a town is the division."""
    for one, two in pairwise(toponyms):
        if one.at == two.at and two.first - one.last in (1, 2) and not one.holds and not two.holds:
            for t, other in ((one, two), (two, one)):
                best = max(other.senses, key=attrgetter("prior"), default=None)
                if (
                    best is not None
                    and best.spot.kind == "region"
                    and best.spot.country in _STATES
                    and t.inside is None
                ):
                    t.listed = True


def _unknown(toponyms: list[Toponym], gazetteer: Gazetteer) -> None:
    """A village the gazetteer lacks is at least in the division named behind it, or in the one that all else is in."""
    found: dict[str, Spot] = {}
    for t in toponyms:
        if t.spot is None and t.inside is not None and t.inside.spot is not None and not t.holds:
            t.spot, t.within = t.inside.spot, True
            found.setdefault(t.key, t.spot)
    stage = _stage(toponyms, gazetteer)
    for t in toponyms:
        if t.key in found and t.inside is None and (t.spot is None or not t.hint):
            t.spot, t.within = found[t.key], True
        elif t.spot is None and t.sure and stage is not None:
            t.spot, t.within = stage, True


def _stage(toponyms: list[Toponym], gazetteer: Gazetteer) -> Spot | None:
    """The division in which nearly all of the article's other places lie, None when there is no such."""
    counts: defaultdict[int, int] = defaultdict(int)
    for t in toponyms:
        if t.spot is not None and not t.within and t.spot.kind in ("city", "district", "region", "site"):
            counts[t.spot.region] += 1
    total = sum(counts.values())
    if total < _STAGE_LEAST:
        return None
    region, most = max(counts.items(), key=lambda item: (item[1], -item[0]))
    return gazetteer.spot(region) if region != NONE and most >= _STAGE_SHARE * total else None


def _distinct(t: Toponym) -> set[str]:
    return {s.spot.name + (s.spot.country or "") for s in t.senses if not s.alternate}


def _plain(t: Toponym) -> bool:
    """Whether a country or a great city dwarfs all other readings."""
    fame = sorted((s.prior for s in t.senses), reverse=True)
    return len(fame) > 0 and (len(fame) == 1 or fame[0] - fame[1] > 4.0) and fame[0] >= 8.0


def _first_votes(t: Toponym, votes: _Votes) -> None:
    best = max(t.senses, key=attrgetter("prior"))
    if best.spot.kind == "country" or t.holds:
        votes.add(best.spot, 1.5 if t.holds else 1.0)
    elif (len(_distinct(t)) == 1 or _plain(t)) and best.prior >= 8.0:
        votes.add(best.spot, 0.7)


def _best(t: Toponym, votes: _Votes, gazetteer: Gazetteer, home: Mapping[str, float]) -> Spot | None:
    senses = _fitting(t)
    if t.inside is not None:
        inside = _within(senses, t.inside)
        if not inside:
            return None
        senses = inside
    if len(senses) == 1:
        return senses[0].spot
    city = max((s.spot.population for s in senses if s.spot.kind == "city" and not s.alternate), default=0)
    all_votes = sum(votes.countries.values())
    in_regions = sum(votes.regions.values())

    def value(sense: Sense) -> float:
        spot = sense.spot
        total = sense.prior
        if t.holds and spot.kind in ("region", "country"):
            total += 6.0
        elif spot.kind == "region" and t.hint != "region":
            total += 2.5 if t.listed else -3.0 if city > 500_000 else 0.0  # "New York" alone is the city
        if spot.country and all_votes:
            total += _COUNTRY_VOTE * votes.countries[spot.country] / all_votes
        if spot.region != NONE and in_regions and spot.kind != "region":
            total += _REGION_VOTE * math.sqrt(votes.regions[spot.region] / in_regions)
        if home and spot.country:
            total += _PROFILE_VOTE * home.get(spot.country, 0.0) / 2
            if spot.region != NONE:
                total += _PROFILE_VOTE * math.sqrt(home.get(f"{spot.country}/{gazetteer.spot(spot.region).name}", 0.0))
        if spot.kind not in ("country", "continent"):
            total += _NEAR_VOTE * _nearness(spot, votes.near)
        return total

    return max(senses, key=lambda s: (value(s), -s.spot.index)).spot if senses else None


def _nearness(spot: Spot, others: list[Spot]) -> float:
    """1 for a settled place next door, falling to 0 at a few hundred kilometres."""
    best = 0.0
    for other in others[-12:]:
        if other.index != spot.index and abs(other.lat - spot.lat) < 4.0:
            best = max(best, 1.0 - distance_km(spot, other) / _NEAR_KM)
    return best


def _fitting(t: Toponym) -> tuple[Sense, ...]:
    """The readings of the kind that the words around ask for: "Niger province" is no country."""
    wanted = {
        "region": ("region", "district", "area", "country"),
        "district": ("district", "region"),
        "city": ("city",),
        "water": ("water", "area"),
    }.get(t.hint)
    if wanted is None:
        return t.senses
    return tuple(s for s in t.senses if s.spot.kind in wanted) or t.senses


def _within(senses: tuple[Sense, ...], outer: Toponym) -> tuple[Sense, ...]:
    """The readings that lie in the division or country named behind; the division's own reading follows the one found."""
    found = []
    for sense in senses:
        for holder in outer.senses:
            if lies_in(sense.spot, holder.spot):
                found.append((sense, holder))
    if not found:
        return ()
    # "Birmingham, England": among holders the weightiest decides, so that a hamlet called England does not.
    top = max(h.prior for _, h in found)
    return tuple(s for s, h in found if h.prior >= top - 3.0)


def lies_in(spot: Spot, holder: Spot) -> bool:
    """Whether a place lies in a division, country or region, as far as codes and distances tell."""
    if spot.index == holder.index or (holder.country and spot.country != holder.country):
        return False
    if holder.kind == "country":
        return spot.kind != "country"
    if holder.kind == "region":
        unplaced = spot.region == NONE and spot.kind != "country" and distance_km(spot, holder) < _FAR_KM
        return spot.kind != "region" and (spot.region == holder.index or unplaced)
    if holder.kind == "district":
        return spot.kind == "city" and spot.region == holder.region and distance_km(spot, holder) < 120.0
    if holder.kind in ("area", "island"):
        return spot.kind in ("city", "region", "district") and distance_km(spot, holder) < _FAR_KM
    return holder.kind == "city" and spot.kind == "city" and distance_km(spot, holder) < 40.0
