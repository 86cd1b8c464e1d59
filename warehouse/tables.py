"""Records and their provenance → Arrow tables, one a stored table.

The records come from a room this one does not know: values cross by attribute name, and a name that is missing or that no column
takes is a `SchemaMismatch`, so that nothing is lost in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from warehouse.schema import PROVENANCE, TABLES

_COUNTED = ("killed", "injured", "missing", "displaced", "arrested", "participants")
_PUBLICATION = ("title", "url", "source", "published_at")
_PLACE = {
    "name": "place_name",
    "country": "place_country",
    "admin1": "admin1",
    "lat": "lat",
    "lon": "lon",
    "geoname_id": "geoname_id",
    "precision": "place_precision",
}


class SchemaMismatch(Exception):
    """A record and the stored schema do not fit. The message names the record's class, the table and the field."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which load, run and versions made the rows."""

    load_id: str
    run_id: str
    extractor_version: str
    lexicon_version: str
    loaded_at: datetime
    """Aware, or naive UTC."""


Columns = dict[str, list[Any]]


def build_tables(
    extractions: Iterable[tuple[Any, Any]],
    captures: Iterable[Any],
    rejects: Iterable[Any],
    fetches: Iterable[Any],
    provenance: Provenance,
) -> dict[str, pa.Table]:
    """Turn what a batch gave into tables with exactly the stored schemas.

    Args:
        extractions: pairs of an extraction and the capture it was read from.
        captures: the captures to keep; of equal bodies from one address the first is taken.
        rejects: objects with input, stage, reason, message, capture_id, source, url, at.
        fetches: objects with the columns of `fetches`.
    Returns:
        All stored tables by name, some of them empty.
    Raises:
        SchemaMismatch: a field is missing, unknown, or of the wrong type.
    """
    build = _Builder()
    for extraction, capture in extractions:
        build.extraction(extraction, capture.capture_id)
    seen: set[tuple[str, str | None, str | None]] = set()
    for capture in captures:
        identity = capture.capture_id
        if (key := (identity, capture.url, capture.final_url)) not in seen:
            seen.add(key)
            build.capture(capture, identity)
    for reject in rejects:
        build.add("rejects", reject, {})
    for fetch in fetches:
        build.add("fetches", fetch, {})
    return {name: _arrow(name, build.columns[name], provenance) for name in TABLES}


class _Builder:
    """Columns of all tables, filled row by row."""

    def __init__(self) -> None:
        own = {f.name for f in PROVENANCE}
        self.columns: dict[str, Columns] = {t: {n: [] for n in s.names if n not in own} for t, s in TABLES.items()}

    def add(self, table: str, record: Any, given: Mapping[str, Any], without: Sequence[str] = ()) -> None:
        """One row: the columns in `given`, the others from the record; `without` are fields that go elsewhere."""
        columns = self.columns[table]
        _check_fields(table, record, columns.keys() - given.keys(), set(without) | given.keys())
        for name, column in columns.items():
            column.append(given[name] if name in given else getattr(record, name))

    def capture(self, capture: Any, identity: str) -> None:
        headers = [{"name": name, "value": value} for name, value in capture.headers]
        self.add("captures", capture, {"capture_id": identity, "headers": headers, "byte_count": len(capture.body)})

    def extraction(self, extraction: Any, capture_id: str) -> None:
        _check_fields("articles", extraction, {"article", "coded", "uncoded_reason", "events", "mentions"}, set())
        article = extraction.article
        given = {
            "capture_id": capture_id,
            "coded": extraction.coded,
            "uncoded_reason": extraction.uncoded_reason,
            "paragraphs": _spans(article.paragraphs),
        }
        self.add("articles", article, given)
        for event in extraction.events:
            self.event(event, article)
        for mention in extraction.mentions:
            self.add("mentions", mention, {"version_id": article.version_id})

    def event(self, event: Any, article: Any) -> None:
        given = {name: getattr(article, name) for name in ("article_id", "version_id", *_PUBLICATION)}
        given["tellings"] = _spans(event.tellings)
        for role, people in (("actor", event.actors), ("recipient", event.recipients)):
            first = people[0] if people else None
            for name in ("name", "country", "sector"):
                given[f"{role}_{name}"] = getattr(first, name) if first is not None else None
            given[f"{role}_countries"] = list(dict.fromkeys(p.country for p in people if p.country))
            for ordinal, person in enumerate(people):
                keys = {"event_id": event.event_id, "role": role, "ordinal": ordinal, "version_id": article.version_id}
                self.add("event_actors", person, keys)
        if event.place is not None:
            _check_fields("events", event.place, _PLACE.keys(), set())
        for name, column in _PLACE.items():
            given[column] = getattr(event.place, name) if event.place is not None else None
        given.update(dict.fromkeys(_COUNTED))
        for ordinal, magnitude in enumerate(event.magnitudes):
            self.add(
                "event_magnitudes",
                magnitude,
                {"event_id": event.event_id, "ordinal": ordinal, "version_id": article.version_id},
            )
            if magnitude.kind in _COUNTED and given[magnitude.kind] is None:
                given[magnitude.kind] = magnitude.value
        self.add("events", event, given, without=("actors", "recipients", "place", "magnitudes"))


def _spans(found: Iterable[tuple[int, int]]) -> list[dict[str, int]]:
    return [{"char_start": start, "char_end": end} for start, end in found]


_CHECKED: dict[tuple[str, type, frozenset[str]], None] = {}


def _check_fields(table: str, record: Any, wanted: Iterable[str], elsewhere: set[str]) -> None:
    """Every wanted name is there and, of a dataclass, every field is wanted or goes elsewhere. Checked once a class."""
    wanted = frozenset(wanted)
    key = (table, type(record), wanted)
    if key in _CHECKED:
        return
    kind = type(record).__name__
    missing = sorted(name for name in wanted if not hasattr(record, name))
    if missing:
        raise SchemaMismatch(f"{kind} has no {', '.join(missing)}, which table {table} stores")
    if not is_dataclass(record):
        return  # its attributes may differ from object to object
    unknown = sorted({f.name for f in fields(record)} - wanted - elsewhere)
    if unknown:
        raise SchemaMismatch(f"{kind} has {', '.join(unknown)}, which table {table} does not store")
    _CHECKED[key] = None


def _arrow(name: str, columns: Columns, provenance: Provenance) -> pa.Table:
    schema = TABLES[name]
    rows = len(next(iter(columns.values())))
    arrays = []
    for field in schema:
        values = columns[field.name] if field.name in columns else [getattr(provenance, field.name)] * rows
        if pa.types.is_timestamp(field.type):
            values = [_naive(v) for v in values]
        try:
            array = pa.array(values, field.type)
        except (pa.ArrowException, TypeError, OverflowError, UnicodeEncodeError) as error:
            raise SchemaMismatch(f"{name}.{field.name}: {error}") from error
        if array.null_count and not field.nullable:
            raise SchemaMismatch(f"{name}.{field.name}: {array.null_count} rows without a value")
        arrays.append(array)
    return pa.table(arrays, schema=schema)


def _naive(instant: datetime | None) -> datetime | None:
    if instant is None or instant.tzinfo is None:
        return instant
    return instant.astimezone(UTC).replace(tzinfo=None)
