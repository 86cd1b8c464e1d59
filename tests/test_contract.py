"""The one place that sees both rooms: what the extractors' records hold is what the warehouse stores, field by field."""

from __future__ import annotations

from dataclasses import fields

import pytest

from extractors import records
from extractors.confidence import STORED, default_confidence
from warehouse import TABLES
from warehouse.schema import PROVENANCE
from warehouse.threshold import DEFAULT_CONFIDENCE

OWN = {f.name for f in PROVENANCE}
PLACE = {"place_name", "place_country", "admin1", "lat", "lon", "geoname_id", "place_precision"}
FIRST = {f"{role}_{of}" for role in ("actor", "recipient") for of in ("name", "country", "sector", "countries")}
NUMBERS = {"killed", "injured", "missing", "displaced", "arrested", "participants"}
TOLD = {"article_id", "version_id", "title", "url", "source", "published_at"}


@pytest.mark.parametrize(
    ("record", "table", "elsewhere", "added"),
    [
        (records.Capture, "captures", set(), {"capture_id", "byte_count"}),
        (records.Article, "articles", set(), {"coded", "uncoded_reason", "capture_id"}),
        (records.Event, "events", {"actors", "recipients", "place", "magnitudes"}, PLACE | FIRST | NUMBERS | TOLD),
        (records.Actor, "event_actors", set(), {"event_id", "role", "ordinal", "version_id"}),
        (records.Magnitude, "event_magnitudes", set(), {"event_id", "ordinal", "version_id"}),
        (records.Mention, "mentions", set(), {"version_id"}),
    ],
)
def test_fields_are_columns(record: type, table: str, elsewhere: set[str], added: set[str]) -> None:
    names = {f.name for f in fields(record)}
    columns = set(TABLES[table].names) - OWN
    assert names - elsewhere == columns - added
    assert elsewhere <= names
    assert added <= columns


def test_place_fields_are_columns() -> None:
    names = {f.name for f in fields(records.Place)}
    assert {n if n in ("admin1", "lat", "lon", "geoname_id") else f"place_{n}" for n in names} == PLACE


def test_what_is_shown_by_default_is_one_number() -> None:
    assert STORED <= default_confidence() == DEFAULT_CONFIDENCE <= 1
