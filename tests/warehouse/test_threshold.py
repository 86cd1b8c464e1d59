"""Which events the views show: by confidence, as the workspace says, and never by a new load; rows of an older schema stay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

import warehouse
from tests.warehouse.makers import MOMENT, digest, make_pair, make_tables, value
from warehouse import TABLES
from warehouse.schema import SCHEMA_VERSION
from warehouse.threshold import DEFAULT_CONFIDENCE

ON_EVENTS = (
    "events",
    "event_dyads",
    "events_gdelt",
    "events_polecat",
    "casualties",
    "timeline('FRA')",
    "dyad('FRA', 'DEU')",
)
ALL = ("events_newest", "event_evidence", "events_all")


def put(root: Path, name: str, *confidences: float) -> warehouse.Commit | None:
    """A load of one article with one actual event of each confidence."""
    extraction, capture = make_pair(name)
    event = extraction.events[0]
    events = tuple(
        replace(event, event_id=digest(f"{name}{n}"), confidence=sure, tellings=((50, 60),))
        for n, sure in enumerate(confidences)
    )
    tables = make_tables([(replace(extraction, events=events), capture)], digest(name))
    return warehouse.commit(root, digest(name), tables, items=[name], run_id="run-1", versions={"extractor": "e2"})


def put_of_old(root: Path, name: str, *confidences: float) -> None:
    """The same as a program of schema 1 wrote it: no column `tellings`."""
    with pytest.MonkeyPatch.context() as old:
        schema = TABLES["events"]
        old.setitem(TABLES, "events", schema.remove(schema.get_field_index("tellings")))
        for module in ("warehouse.store", "warehouse.record", "warehouse.parts"):
            old.setattr(f"{module}.SCHEMA_VERSION", 1)
        extraction, capture = make_pair(name)
        event = extraction.events[0]
        events = tuple(replace(event, event_id=digest(f"{name}{n}"), confidence=c) for n, c in enumerate(confidences))
        made = make_tables([(replace(extraction, events=events), capture)], digest(name))
        warehouse.commit(root, digest(name), made, items=[name], run_id="run-0", versions={"extractor": "e1"})


def say(root: Path, text: str) -> None:
    (root / "dateline.toml").write_text(text)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("filled")
    put(root, "one", 0.31, 0.5, 0.9)
    put(root, "two", 0.6)
    return root


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        (None, 3),
        ("[coding]\nconfidence = 0.5\n", 3),
        ("[coding]\nconfidence = 0.55\n", 2),
        ("[coding]\nconfidence = 1\n", 0),
        ("[coding]\nconfidence = 0\n", 4),
        ("[captures]\nkeep = 'all'\n", 3),
    ],
)
def test_the_views_show_what_is_sure_enough(filled: Path, settings: str | None, shown: int) -> None:
    if settings is None:
        (filled / "dateline.toml").unlink(missing_ok=True)
        assert 0.31 < DEFAULT_CONFIDENCE <= 0.5, "the default of this test's rows"
    else:
        say(filled, settings)
    with warehouse.connect(filled, comments=False) as con:
        counts = {
            view: (con.execute(f"select count(*) from {view}").fetchone() or [])[0] for view in (*ALL, *ON_EVENTS)
        }
        days = con.execute("select coalesce(sum(events), 0)::int from events_daily").fetchone()
        envoys = con.execute("select coalesce(max(as_actor), 0) from actors where name = 'Envoy'").fetchone()
    assert counts == dict.fromkeys(ALL, 4) | dict.fromkeys(ON_EVENTS, shown) | {"event_dyads": 2 * shown}
    assert (days, envoys) == ((shown,), (shown,))


def test_the_catalogue_takes_a_new_threshold_when_it_is_made_anew(tmp_path: Path) -> None:
    put(tmp_path, "one", 0.31, 0.5, 0.9)
    version = warehouse.read_log(tmp_path).version
    say(tmp_path, "[coding]\nconfidence = 0.6\n")
    with duckdb.connect(str(warehouse.rebuild(tmp_path)), read_only=True) as con:
        assert con.execute("select count(*) from events").fetchall() == [(1,)]
    assert warehouse.read_log(tmp_path).version == version


@pytest.mark.parametrize(
    "settings",
    ['[coding]\nconfidence = "high"\n', "[coding]\nconfidence = 3\n", "[coding]\nconfidence = true\n", "coding = 1\n", "[cod\n"],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_warned_of_and_nothing_fails(tmp_path: Path, settings: str) -> None:
    put(tmp_path, "one", 0.31, 0.9)
    say(tmp_path, settings)
    with pytest.warns(UserWarning, match="dateline.toml"):
        assert value(tmp_path, "select count(*) from events where confidence > 0.8") == 1


def test_rows_of_an_older_coder_are_shown_whatever_their_confidence(tmp_path: Path) -> None:
    put_of_old(tmp_path, "old", 0.2, 0.9)
    put(tmp_path, "new", 0.4, 0.8)
    say(tmp_path, "[coding]\nconfidence = 0.7\n")

    def told() -> list[tuple[object, ...]]:
        with warehouse.connect(tmp_path, comments=False) as con:
            return con.execute("select confidence, tellings from events order by all").fetchall()

    again = [{"char_start": 50, "char_end": 60}]
    wanted = [(0.2, None), (0.8, again), (0.9, None)]
    assert told() == wanted
    assert {f.schema for f in warehouse.read_log(tmp_path).files["events"]} == {1, SCHEMA_VERSION}
    assert warehouse.compact(tmp_path)
    assert {f.schema for f in warehouse.read_log(tmp_path).files["events"]} == {SCHEMA_VERSION}
    assert told() == wanted
    assert warehouse.verify(tmp_path) == []


def test_a_warehouse_of_the_older_schema_alone_answers_all_views(tmp_path: Path) -> None:
    put_of_old(tmp_path, "old", 0.2)
    with warehouse.connect(tmp_path) as con:
        for _, _, _, example in con.execute("from help").fetchall():
            con.execute(example).fetchall()
    assert value(tmp_path, "select count(*) from events where tellings is null") == 1
    assert value(tmp_path, "select count(*) from events_polecat") == 1


def test_forgetting_part_of_an_older_part_keeps_the_rest_as_old(tmp_path: Path) -> None:
    put_of_old(tmp_path, "old", 0.2)
    put_of_old(tmp_path, "gone", 0.2)
    warehouse.compact(tmp_path)
    warehouse.forget(tmp_path, warehouse.by_url("https://news.example/gone"))
    assert value(tmp_path, "select count(*) from events where tellings is null") == 1


def test_only_tables_that_changed_are_asked_for_their_columns(tmp_path: Path) -> None:
    put_of_old(tmp_path, "old", 0.2)
    with warehouse.connect(tmp_path, comments=False) as con:
        views = dict(con.execute("select view_name, sql from duckdb_views() where not internal").fetchall())
    assert "union_by_name" in views["events_all"]
    assert "union_by_name" not in views["mentions"]


def test_spans_of_tellings_are_stored_in_order(tmp_path: Path) -> None:
    extraction, capture = make_pair("a")
    events = (replace(extraction.events[0], tellings=((60, 70), (80, 90))), extraction.events[1])
    tables = warehouse.build_tables(
        [(replace(extraction, events=events), capture)], [], [], [], warehouse.Provenance("ab", "r", "e", "l", MOMENT)
    )
    stored = tables["events"]["tellings"].to_pylist()
    assert stored == [[{"char_start": 60, "char_end": 70}, {"char_start": 80, "char_end": 90}], []]
