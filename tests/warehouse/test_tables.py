"""Records → tables: every field crosses, or the mismatch is named."""

from __future__ import annotations

from dataclasses import dataclass, fields, make_dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

import warehouse
from tests.warehouse.makers import MOMENT, make_pair, make_tables
from warehouse import DERIVED, TABLES, SchemaMismatch

PROVENANCE = warehouse.Provenance("ab", "run", "e", "l", MOMENT)


@pytest.mark.parametrize("name", [*TABLES, *DERIVED])
def test_every_column_says_what_it_is(name: str) -> None:
    schema = (TABLES | DERIVED)[name]
    assert schema.metadata[b"comment"]
    assert len(set(schema.names)) == len(schema.names)
    for column in schema:
        assert set(column.metadata) == {b"comment", b"unit", b"example"}
        assert column.metadata[b"comment"]
        assert column.metadata[b"example"]
        assert not pa.types.is_timestamp(column.type) or column.type == pa.timestamp("us")


@pytest.mark.parametrize("name", list(TABLES))
def test_every_table_carries_provenance(name: str) -> None:
    assert TABLES[name].names[-5:] == ["load_id", "run_id", "extractor_version", "lexicon_version", "loaded_at"]


def _as_other_class(record: Any, *, without: str = "", extra: str = "") -> Any:
    names = [f.name for f in fields(record) if f.name != without] + ([extra] if extra else [])
    made = make_dataclass(f"Other{type(record).__name__}{without}{extra}", names)
    return made(**{n: getattr(record, n, None) for n in names})


def _build(extraction: Any, capture: Any) -> dict[str, pa.Table]:
    return warehouse.build_tables([(extraction, capture)], [], [], [], PROVENANCE)


def test_missing_and_unknown_fields_are_named() -> None:
    extraction, capture = make_pair("a")
    article, event, mention = extraction.article, extraction.events[0], extraction.mentions[0]
    cases = [
        (replace(extraction, article=_as_other_class(article, without="wire")), "wire"),
        (replace(extraction, article=_as_other_class(article, extra="mood")), "mood"),
        (replace(extraction, events=(_as_other_class(event, without="trigger"),)), "trigger"),
        (replace(extraction, events=(_as_other_class(event, extra="mood"),)), "mood"),
        (
            replace(extraction, events=(replace(event, actors=(_as_other_class(event.actors[0], extra="mood"),)),)),
            "mood",
        ),
        (replace(extraction, events=(replace(event, place=_as_other_class(event.place, extra="mood")),)), "mood"),
        (replace(extraction, mentions=(_as_other_class(mention, without="timex"),)), "timex"),
        (_as_other_class(extraction, extra="mood"), "mood"),
    ]
    for given, named in cases:
        with pytest.raises(SchemaMismatch, match=named):
            _build(given, capture)


def test_wrong_type_and_missing_value_are_mismatches() -> None:
    extraction, capture = make_pair("a")
    for change, named in (
        ({"word_count": "many"}, "articles.word_count"),
        ({"text": None}, "articles.text"),
    ):
        with pytest.raises(SchemaMismatch, match=named):
            _build(replace(extraction, article=replace(extraction.article, **change)), capture)


def test_aware_instants_become_naive_utc() -> None:
    local = datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=3)))
    extraction, capture = make_pair("a", published_at=local)
    tables = _build(extraction, capture)
    for name in ("articles", "events"):
        assert tables[name]["published_at"][0].as_py() == datetime(2025, 12, 31, 22, 0)
    assert tables["articles"]["loaded_at"][0].as_py() == MOMENT.astimezone(UTC).replace(tzinfo=None)


def test_first_participants_and_numbers_are_columns() -> None:
    event = make_tables([make_pair("a")], "ab")["events"].to_pylist()[0]
    assert (event["actor_name"], event["actor_country"], event["recipient_country"]) == ("Envoy", "FRA", "DEU")
    assert event["recipient_countries"] == ["DEU", "ITA"]
    assert (event["injured"], event["killed"], event["place_name"], event["title"]) == (3, None, "Lyon", "About a")


def test_equal_bodies_are_one_capture() -> None:
    captures = [make_pair("a")[1], replace(make_pair("a")[1], input="copy.html"), make_pair("b")[1]]
    tables = warehouse.build_tables([], captures, [], [], PROVENANCE)
    assert tables["captures"]["input"].to_pylist() == ["a.html", "b.html"]


@dataclass
class Fetch:
    """One attempt, as a reader would hand it over."""

    url: str = "https://news.example/a"
    source: str | None = None
    at: datetime = MOMENT
    status: int | None = 200
    etag: str | None = None
    last_modified: str | None = None
    byte_count: int | None = 10
    seconds: float | None = 0.1
    robots: str | None = "allowed"
    error: str | None = None
    capture_id: str | None = None


def test_rejects_and_fetches_cross_by_name() -> None:
    reject = SimpleNamespace(
        input="x",
        stage="clean",
        reason="not_an_article",
        message="a list",
        capture_id=None,
        source=None,
        url=None,
        at=MOMENT,
    )
    tables = warehouse.build_tables([], [], [reject], [Fetch()], PROVENANCE)
    assert tables["rejects"]["reason"].to_pylist() == ["not_an_article"]
    assert tables["fetches"]["status"].to_pylist() == [200]
    assert set(tables) == set(TABLES)
    del reject.stage
    with pytest.raises(SchemaMismatch, match="stage"):
        warehouse.build_tables([], [], [reject], [], PROVENANCE)
