"""SQL over the live parts: views, macros, help, versions."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import warehouse
from tests.warehouse.makers import digest, load, value
from warehouse import SCHEMA_VERSION, TABLES
from warehouse.dictionary import VIEWS, head, renewed


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("filled")
    load(root, "one")
    load(root, "two", count=2)
    return root


def _types(root: Path) -> list[tuple[str, ...]]:
    with warehouse.connect(root) as con:
        return con.execute(
            "select table_name, column_name, data_type from duckdb_columns() where not internal order by all"
        ).fetchall()


def test_empty_root_gives_the_same_typed_views(tmp_path: Path, filled: Path) -> None:
    assert _types(tmp_path / "none") == _types(filled)
    assert value(tmp_path / "none", "select count(*) from events") == 0
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("where", ["empty", "filled", "catalogue"])
def test_every_example_of_help_runs(tmp_path: Path, filled: Path, where: str) -> None:
    if where == "catalogue":
        con = duckdb.connect(str(warehouse.rebuild(filled)), read_only=True)
    else:
        con = warehouse.connect(tmp_path if where == "empty" else filled)
    rows = con.execute("from help").fetchall()
    for _, _, comment, example in rows:
        assert comment
        con.execute(example).fetchall()
    names = {name.partition("(")[0] for name, *_ in rows}
    assert names >= {*VIEWS, "articles_all", "events_all", "captures", "loads", "files", "help"}
    con.close()


def test_the_dictionary_in_the_readme_is_current() -> None:
    readme = (Path(warehouse.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert renewed(readme) == readme, "python -m warehouse README.md"


def test_published_columns_of_gdelt_and_polecat(filled: Path) -> None:
    with warehouse.connect(filled, comments=False) as con:
        gdelt = [c[0] for c in con.execute("from events_gdelt limit 0").description or ()]
        polecat = [c[0] for c in con.execute("from events_polecat limit 0").description or ()]
        row = con.execute(
            "select Actor1Code, Actor2CountryCode, EventCode, EventRootCode, ActionGeo_CountryCode, Day, ActionGeo_Type from events_gdelt"
        ).fetchone()
        assert con.execute('select "Actor COW", "Actor Sectors", "Event Mode" from events_polecat').fetchone() == (
            "220",
            "GOV",
            "visit",
        )
    assert (len(gdelt), gdelt[0], gdelt[-1]) == (61, "GlobalEventID", "SOURCEURL")
    assert (len(polecat), polecat[0], polecat[-1]) == (40, "Event ID", "Version")
    assert row == ("FRAGOV", "DEU", "042", "04", "FR", 20261123, 1)


def test_every_type_and_mode_has_its_cameo_codes(filled: Path) -> None:
    with warehouse.connect(filled, comments=False) as con:
        codes = {(t, m): (root, base) for t, m, root, base in con.execute("from cameo_codes").fetchall()}
        countries = {row[0]: row[1:] for row in con.execute("from country_codes").fetchall()}
    types = {t for t, _ in codes}
    assert len(types) == 16
    assert all((t, None) in codes for t in types)
    assert all(base.startswith(root) and len(base) == 3 for root, base in codes.values())
    assert countries["UKR"] == ("UP", "UKR", "369")
    assert countries["GBR"] == ("UK", "GBR", "200")
    assert len(countries) > 240


def test_a_newer_schema_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer:
        for module in ("warehouse.store", "warehouse.record", "warehouse.parts"):
            newer.setattr(f"{module}.SCHEMA_VERSION", SCHEMA_VERSION + 1)
        load(tmp_path, "from tomorrow")
    for work in (warehouse.connect, warehouse.rebuild, lambda root: warehouse.forget(root, warehouse.by_source("x"))):
        with pytest.raises(warehouse.NewerSchema, match="install a newer"):
            work(tmp_path)


def test_every_view_has_a_whole_head_comment() -> None:
    folder = Path(warehouse.__file__).parent / "views"
    assert {p.stem for p in folder.glob("*.sql")} == set(VIEWS)
    for name in VIEWS:
        assert head(name).keys() >= {"grain", "key", "clock", "example"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select count(*) from articles", 5),
        ("select count(*) from events", 5),
        ("select count(*) from events_all", 10),
        ("select count(*) from event_actors", 30),
        ("select count(*) from event_dyads", 10),
        ("select count(*) from event_dyads where actor_country = 'FRA' and recipient_country = 'ITA'", 5),
        ("select count(*) from event_evidence where rule_id = 'consult.meet'", 10),
        ("select sum(value) from casualties where kind = 'injured'", 15),
        ("select count(*) from casualties where kind <> 'injured'", 0),
        ("select count(*) from timeline('ITA')", 5),
        ("select count(*) from timeline('JPN')", 0),
        ("select count(*) from dyad('DEU', 'FRA')", 5),
        ("select title from article('https://news.example/two-1')", "About two-1"),
        (f"select title from article('{digest('one-0')}')", "About one-0"),
        ("select count(*) from search('(?i)ENVOY|nothing')", 5),
        ("select count(*) from search('ENVOY')", 0),
        ("select count(*) from loads", 2),
        ("select sum(rows) from files where \"table\" = 'events'", 10),
        ("select place_name || actor_country || actor_countries[1] from events limit 1", "LyonFRAFRA"),
        ("select typeof(published_at) from events limit 1", "TIMESTAMP"),
        ("select published_at::varchar from articles limit 1", "2026-11-23 09:30:00"),
    ],
)
def test_views_answer(filled: Path, query: str, expected: object) -> None:
    assert value(filled, query) == expected


def test_version_is_the_warehouse_as_it_was(filled: Path) -> None:
    assert [value(filled, "select count(*) from articles", v) for v in (0, 1, 2)] == [0, 3, 5]
    for bad in (3, -1):
        with pytest.raises(LookupError, match="version"):
            warehouse.connect(filled, bad)


def test_open_connection_keeps_its_version(tmp_path: Path) -> None:
    load(tmp_path, "one")
    con = warehouse.connect(tmp_path)
    load(tmp_path, "two")
    assert con.execute("select count(*) from articles").fetchall() == [(3,)]


def test_files_elsewhere_and_settings_are_closed(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside, here = tmp_path / "outside.csv", tmp_path / "here"
    outside.write_text("a\n1\n")
    here.mkdir()
    (here / "own.csv").write_text("a\n7\n")
    monkeypatch.chdir(here)
    con = warehouse.connect(filled)
    assert con.execute(f"select a from '{here}/own.csv'").fetchall() == [(7,)]
    for attempt in (f"from '{outside}'", "set enable_external_access = true", "install httpfs", "load httpfs"):
        with pytest.raises(duckdb.Error):
            con.execute(attempt)


def test_catalogue_is_small_commented_and_replaced_whole(tmp_path: Path) -> None:
    warehouse.rebuild(tmp_path)
    (tmp_path / ".catalog-killed.tmp.wal").touch()
    load(tmp_path, "one")
    path = warehouse.rebuild(tmp_path)
    assert path.stat().st_size < 2_000_000
    con = duckdb.connect(str(path), read_only=True)
    assert con.execute("select count(*) from events").fetchall() == [(3,)]
    bare = con.execute(
        "select table_name, column_name from duckdb_columns() where comment is null and not internal"
    ).fetchall()
    assert bare == []
    assert con.execute("select count(*) from duckdb_views() where comment is null and not internal").fetchall() == [
        (0,)
    ]
    con.close()
    assert len(list(tmp_path.glob(".catalog*/**/*"))) == 1


def test_folder_with_a_quote_in_its_name(tmp_path: Path) -> None:
    root = tmp_path / "it's [here]"
    load(root, "one")
    assert value(root, "select count(*) from events") == 3


def test_parts_of_an_older_schema_answer_with_null(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path, "old")
    newer = TABLES["articles"].append(TABLES["articles"].field("wire").with_name("mood"))
    newer = newer.with_metadata({**newer.metadata, b"since": str(SCHEMA_VERSION + 1).encode()})
    for module in ("warehouse.store", "warehouse.record", "warehouse.parts"):
        monkeypatch.setattr(f"{module}.SCHEMA_VERSION", SCHEMA_VERSION + 1)
        monkeypatch.setitem(TABLES, "articles", newer)
    assert value(tmp_path, "select count(*) from articles where mood is null and title = 'About old-0'") == 1
