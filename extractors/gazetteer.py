"""A gazetteer says which places a name may stand for, and where each of them is.

It is one compiled file, mapped into memory and shared by all processes that read it: columns of fixed width and a hash table of
names, so that opening costs milliseconds, a look-up microseconds, and nothing is copied. `gazetteer_file.py` writes it. The places
are those of GeoNames (geonames.org, CC BY 4.0) and of our own tables under `lexicons/places/`.
"""

from __future__ import annotations

import json
import math
import mmap
import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from extractors.fame import fame_as_place, prior_of

FORMAT = 4
MAGIC = b"DLPLACES"
HEADER = struct.Struct("<8sIII")
"""Magic, format, length of the JSON that names the sections, and the CRC-32 of all behind the header."""

KINDS = ("country", "region", "district", "city", "continent", "area", "water", "island", "mountain", "site")
"""What a place is; `region` is a first-level division, `district` a second-level one, `area` any other named part of the earth."""

PRECISION = {
    "country": "country",
    "region": "region",
    "district": "region",
    "city": "city",
    "continent": "region",
    "area": "region",
    "water": "region",
    "island": "region",
    "mountain": "point",
    "site": "point",
}
ALTERNATE, ACRONYM = 1 << 31, 1 << 30
"""Flags of a posting: the name is not the place's usual one; the name is written in capitals only."""
NONE = 0xFFFFFFFF


class CorruptGazetteer(ValueError):
    """The file is not a gazetteer of this format; it can be compiled again."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One place of the gazetteer. Coordinates are WGS 84 degrees."""

    index: int
    name: str
    kind: str
    country: str | None
    """ISO 3166-1 alpha-3; None for what belongs to no country."""
    region: int
    """Index of the first-level division it lies in, NONE without one."""
    lat: float
    lon: float
    population: int
    geoname_id: int | None
    capital: bool


@dataclass(frozen=True, slots=True)
class Sense:
    """One reading of a name: the place, and how the name names it."""

    spot: Spot
    alternate: bool
    fame: float
    """How surely a bare name is a place: see `fame.py`."""
    prior: float
    """How likely this one of the places of the name is meant, when nothing else speaks."""


_PLAIN = str.maketrans(
    {
        "’": "", "‘": "", "'": "", "`": "", "ʻ": "", "ʼ": "", "´": "", "′": "", ".": "", "-": " ", "‐": " ", "‑": " ", "–": " ", "—": " ", "/": " ",
        "ß": "ss", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ħ": "h", "ə": "e",
    }
)  # fmt: skip
# The Arabic article, however it is assimilated: Deir ez-Zor, el-Zor and al-Zor are one name.
_ARTICLE = re.compile(r"\b(?:a[dlnrstz]|ash|ath|e[dlnrstz]|esh|eth|u[dlnrstz])-(?=\w)")
_SHORT = {"el": "al", "saint": "st", "sainte": "ste", "mount": "mt", "fort": "ft"}


@lru_cache(maxsize=8192)
def place_key(name: str) -> str:
    """A name folded to what its spellings share: no case, accents, stops, apostrophes or hyphens; "Saint" is "St".

    >>> place_key("Saint-Étienne"), place_key("Côte d’Ivoire"), place_key("U.S.")
    ('st etienne', 'cote divoire', 'us')
    """
    low = name.lower()
    if "-" in low:
        low = _ARTICLE.sub("al ", low)
    low = low.translate(_PLAIN)
    if not low.isascii():
        low = "".join(c for c in unicodedata.normalize("NFKD", low) if not unicodedata.combining(c))
    words = low.split()
    if not words:
        return ""
    if words[0] in _SHORT or len(words) > 1:
        words = [_SHORT.get(w, w) for w in words]
    return " ".join(words)


class Gazetteer:
    """An open gazetteer. Look-ups copy nothing but what they return."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        """Read the head of a compiled gazetteer.

        Raises:
            CorruptGazetteer: the bytes are cut short, of another format, or something else.
        """
        view = memoryview(data)
        try:
            magic, form, length, check = HEADER.unpack_from(view)
            if magic != MAGIC or form != FORMAT:
                raise CorruptGazetteer("not a gazetteer of this format")
            if (
                zlib.crc32(view[HEADER.size :]) != check
            ):  # 15 ms for 22 MB; a flipped bit would be a wrong place in a row
                raise CorruptGazetteer("its bytes are not those that were written")
            head: dict[str, Any] = json.loads(bytes(view[HEADER.size : HEADER.size + length]))
            if head["size"] != len(view):
                raise CorruptGazetteer("cut short")
            columns = {
                name: view[start : start + size].cast("B").cast(form) if form != "s" else view[start : start + size]
                for name, (start, size, form) in head["sections"].items()
            }
        except (struct.error, ValueError, KeyError, TypeError) as error:
            raise CorruptGazetteer(str(error)) from error
        self.version: str = head["version"]
        self.attribution: str = head["attribution"]
        self.countries: list[str] = head["countries"]
        self._buckets, self._name_at, self._names = columns["buckets"], columns["name_at"], columns["names"]
        self._post_at, self._posts = columns["post_at"], columns["posts"]
        self._ids, self._lat, self._lon, self._people = (
            columns["ids"],
            columns["lat"],
            columns["lon"],
            columns["people"],
        )
        self._kind, self._country, self._region = columns["kind"], columns["country"], columns["region"]
        self._label_at, self._labels = columns["label_at"], columns["labels"]
        self._mask = len(self._buckets) - 2
        self.spot = lru_cache(maxsize=4096)(self._spot)
        self.senses = lru_cache(maxsize=4096)(self._senses)
        self.named = lru_cache(maxsize=32768)(self._named)

    def __len__(self) -> int:
        return len(self._ids)

    def knows(self, key: str) -> bool:
        """Whether a folded name is in it."""
        return self._find(key.encode()) >= 0

    def _senses(self, key: str, capitals: bool = True) -> tuple[Sense, ...]:
        """Every reading of a folded name.

        Args:
            key: from `place_key`.
            capitals: whether it is written in capitals; acronyms ("US") are not found otherwise.
        """
        at = self._find(key.encode())
        if at < 0:
            return ()
        found = []
        for post in self._posts[self._post_at[at] : self._post_at[at + 1]]:
            if capitals or not post & ACRONYM:
                found.append(self._sense(post))
        return tuple(found)

    def acronyms(self, key: str) -> tuple[Sense, ...]:
        """The readings of a name that is written in capitals only."""
        at = self._find(key.encode())
        posts = self._posts[self._post_at[at] : self._post_at[at + 1]] if at >= 0 else ()
        return tuple(self._sense(p) for p in posts if p & ACRONYM)

    def _named(self, name: str, short: bool) -> tuple[Sense, ...]:
        """Every reading of a name as written.

        Args:
            short: whether up to four capitals can only be an acronym: "HIV", "FAO" are no towns.
        """
        capitals = name.replace(".", "").isupper()
        if short and capitals and len(name) <= 4:
            return self.acronyms(place_key(name))
        return self.senses(place_key(name), capitals)

    def _sense(self, post: int) -> Sense:
        spot, alternate = self.spot(post & ~(ALTERNATE | ACRONYM)), bool(post & ALTERNATE)
        return Sense(spot, alternate, fame_as_place(spot, alternate), prior_of(spot, alternate))

    def _find(self, key: bytes) -> int:
        bucket = zlib.crc32(key) & self._mask
        name_at, names = self._name_at, self._names
        for at in range(self._buckets[bucket], self._buckets[bucket + 1]):
            if bytes(names[name_at[at] : name_at[at + 1]]) == key:
                return at
        return -1

    def _spot(self, index: int) -> Spot:
        """The place of an index."""
        kind = self._kind[index]
        country = self._country[index]
        return Spot(
            index,
            str(self._labels[self._label_at[index] : self._label_at[index + 1]], "utf-8"),
            KINDS[kind & 0x7F],
            self.countries[country] if country else None,
            self._region[index],
            round(self._lat[index], 4),
            round(self._lon[index], 4),
            self._people[index],
            self._ids[index] or None,
            bool(kind & 0x80),
        )

    def country(self, code: str) -> Spot | None:
        """A country itself, by its ISO 3166-1 alpha-3 code."""
        if code not in self.countries:
            return None
        wanted = self.countries.index(code)
        return next(
            (self.spot(i) for i in range(min(300, len(self))) if self._country[i] == wanted and not self._kind[i]), None
        )

    def names(self) -> Iterator[tuple[str, list[int]]]:
        """Every folded name with the indexes of the places it may stand for."""
        for at in range(len(self._name_at) - 1):
            posts = self._posts[self._post_at[at] : self._post_at[at + 1]]
            key = str(self._names[self._name_at[at] : self._name_at[at + 1]], "utf-8")
            yield key, [p & ~(ALTERNATE | ACRONYM) for p in posts]

    def rows(self) -> Iterator[Spot]:
        """Every place, in the order of the file."""
        return (self._spot(i) for i in range(len(self)))


def open_gazetteer(path: Path) -> Gazetteer:
    """Map a compiled gazetteer into memory.

    Raises:
        OSError: there is no such file.
        CorruptGazetteer: it is not one, or cut short.
    """
    with open(path, "rb") as file:
        try:
            return Gazetteer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except ValueError as error:  # an empty file cannot be mapped
            raise CorruptGazetteer(str(error)) from error


def distance_km(a: Spot, b: Spot) -> float:
    """Great-circle distance."""
    one, two = math.radians(a.lat), math.radians(b.lat)
    half = (
        math.sin((two - one) / 2) ** 2 + math.cos(one) * math.cos(two) * math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    )
    return 12742.0 * math.asin(min(1.0, math.sqrt(half)))
