"""The country a source writes from: it decides whether 03/04/2024 is in March or in April, and when a fiscal year begins."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

_COUNTRIES = Path(__file__).parent / "lexicons" / "places" / "countries.tsv"
_SOLD_TO_ALL = frozenset(
    ("ai", "cc", "co", "fm", "gg", "im", "io", "is", "la", "ly", "me", "nu", "sh", "so", "to", "tv", "vc", "ws")
)
_MAIN_SHARE = 0.5
"""Of its articles about one country, from which on a source is at home there; neighbours and great powers stay below."""


def source_country(url: str | None, shares: Mapping[str, float] | None = None) -> str | None:
    """Where a source is at home.

    Args:
        url: address of an article.
        shares: of the source's articles by country and by "country/division", from its profile.
    Returns:
        ISO alpha-3: the country most of its articles are about, else that of its address; None when neither tells.

    >>> source_country("https://www.example.co.uk/news/1")
    'GBR'
    """
    countries = {place: share for place, share in (shares or {}).items() if "/" not in place}
    main = max(countries, key=lambda c: (countries[c], c), default=None)
    if main is not None and countries[main] >= _MAIN_SHARE:
        return main
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:
        return None
    ending = host.rpartition(".")[2]
    return None if ending in _SOLD_TO_ALL else _by_ending().get(ending)


@cache
def _by_ending() -> dict[str, str]:
    """Country-code endings of host names, which are ISO alpha-2 but for .uk."""
    with open(_COUNTRIES, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        found = {row["iso2"].lower(): row["country"] for row in rows}
    return {**found, "uk": found["gb"]}
