"""Records and their provenance → Arrow tables, one a stored table.

The records come from a room this one does not know: values cross by attribute name, and a name that is missing or that no column
takes is a `SchemaMismatch`, so that nothing is lost in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from warehouse.schema import PROVENANCE, TABLES

_HALVES = re.compile("[\ud800-\udfff]")
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


class Unstorable(SchemaMismatch):
    """A value has no place in its column, even mended. The message names the table, the field and the reason."""


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
        SchemaMismatch: a field is missing, unknown, or of the wrong type; `Unstorable` when only a value is wrong.
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
        given["url"] = article.url or article.canonical_url
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
        array = _array(f"{name}.{field.name}", values, field.type)
        if array.null_count and not field.nullable:
            raise Unstorable(f"{name}.{field.name}: {array.null_count} rows without a value")
        arrays.append(array)
    return pa.table(arrays, schema=schema)


_UNFIT = (pa.ArrowException, TypeError, ValueError, OverflowError)


def _array(column: str, values: list[Any], kind: pa.DataType) -> pa.Array:
    """The values of a column. What alone has no place in it is mended: half a character becomes U+FFFD, a number or an instant out
    of range NULL. The check costs nothing where all is well: Arrow refuses the column first.

    Raises:
        Unstorable: a value of another type.
    """
    try:
        return _as_array(values, kind)
    except _UNFIT:
        pass
    try:
        return _as_array([_mended(v, kind) for v in values], kind)
    except _UNFIT as error:
        raise Unstorable(f"{column}: {error}"[:400]) from error


def _as_array(values: list[Any], kind: pa.DataType) -> pa.Array:
    return pa.array([_naive(v) for v in values] if pa.types.is_timestamp(kind) else values, kind)


def _mended(value: Any, kind: pa.DataType) -> Any:
    """One value as its column can hold it; what is of another type is left for Arrow to refuse."""
    if isinstance(value, str):
        return _HALVES.sub("\ufffd", value)
    if isinstance(value, dict):
        return {key: _mended(v, kind.field(key).type if pa.types.is_struct(kind) else kind) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(v, kind.value_type if pa.types.is_list(kind) else kind) for v in value]
    if (isinstance(value, int) and pa.types.is_integer(kind)) or isinstance(value, datetime):
        try:
            _as_array([value], kind)
        except (pa.ArrowInvalid, OverflowError):
            return None
    return value


def _naive(instant: datetime | None) -> datetime | None:
    if instant is None or instant.tzinfo is None:
        return instant
    return instant.astimezone(UTC).replace(tzinfo=None)
