"""Fame: how well known a place is by its kind and size, so what a name means when nothing else speaks.

Two scales, each found on the development articles for its own question. Both hang on the place and the name alone, so a gazetteer
weighs each reading once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extractors.gazetteer import Spot

_OWN_NAMES = frozenset(("USA", "CAN", "AUS", "GBR", "IND", "MEX", "BRA", "DEU", "CHN"))
"""Countries whose divisions news names without their country."""
_STATES = frozenset(("USA", "CAN", "AUS", "CHN", "IND"))
"""Countries whose divisions are better known than the towns named like them."""
_PRIOR = {"continent": 15.0, "water": 10.5, "area": 10.5, "island": 9.5, "mountain": 9.5, "site": 9.0}
"""How well known a place is that has no number of inhabitants; a city of a million has 9."""


def fame_as_place(spot: Spot, alternate: bool) -> float:
    """How surely a bare name is a place at all: a country's 3.2, a great city's 2.6, a hamlet's 0.2.

    Args:
        alternate: whether the name is not the place's usual one.
    """
    if spot.kind in ("country", "continent"):
        value = 3.2
    elif spot.kind == "region":
        value = 2.7 if spot.country in _OWN_NAMES else 2.1
    elif spot.kind == "city":
        value = 3.0 if spot.capital else min(2.6, max(0.2, 0.9 * (math.log10(spot.population + 1) - 3.0)))
    elif spot.kind == "district":
        value = 1.7
    else:
        value = 2.3
    return value - (0.9 if alternate else 0.0)


def prior_of(spot: Spot, alternate: bool) -> float:
    """How likely this reading is among the places of one name: 1.5 for every factor of ten in inhabitants."""
    value = _PRIOR.get(spot.kind, 1.5 * math.log10(max(spot.population, 30)))
    if spot.kind == "country":
        value += 3.5
    elif spot.capital:
        value += 2.0
    elif spot.kind == "region":
        value += 0.3 if spot.country in _STATES else -2.0
    elif spot.kind == "district":
        value -= 2.0
    return value - (1.8 if alternate else 0.0)
