"""Forgetting and replacing: exactly the chosen rows go, from every table, compacted or not, and the newest wording follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import warehouse
from tests.warehouse.harness import replace_load
from tests.warehouse.makers import MOMENT, digest, make_fetch, make_pair, make_reject, make_rows, make_tables, value

TABLES = ("articles_all", "events_all", "event_actors", "event_magnitudes", "mentions", "captures")


def counts(root: Path) -> list[int]:
    return [value(root, f"select count(*) from {table}") for table in TABLES]


def commit_pairs(root: Path, name: str, pairs: list[Any], items: dict[str, str] | None = None) -> None:
    tables = make_tables(pairs, digest(name))
    warehouse.commit(root, digest(name), tables, items=items or {}, run_id="r", versions={})


def commit_rows(root: Path, name: str, pairs: list[Any], items: dict[str, str], **rows: list[Any]) -> None:
    """As `commit_pairs`, with rejects and fetches."""
    tables = make_rows(pairs, digest(name), **rows)
    warehouse.commit(root, digest(name), tables, items=items, run_id="r", versions={})


@pytest.fixture(params=["small parts", "compacted"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Two sources, two wordings of one article, every item with its capture."""
    for name, source in (("one", "example"), ("two", "other")):
        pairs = [make_pair(f"{name}-{i}", source=source) for i in range(3)]
        pairs = [(e, capture_of(c, source)) for e, c in pairs]
        commit_pairs(tmp_path, name, pairs, {f"item {name}-{i}": pairs[i][1].capture_id for i in range(3)})
    newer = make_pair("one-0", " Corrected.", modified_at=MOMENT.replace(day=24))
    commit_pairs(tmp_path, "fix", [newer], {"item fix": newer[1].capture_id})
    if request.param == "compacted":
        warehouse.compact(tmp_path)
    return tmp_path


def capture_of(capture: Any, source: str) -> Any:
    return replace(capture, source=source)


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        (warehouse.by_load(digest("two")), [4, 8, 24, 8, 8, 4]),
        (warehouse.by_load(digest("fix")), [6, 12, 36, 12, 12, 6]),
        (warehouse.by_source("other"), [4, 8, 24, 8, 8, 4]),
        (warehouse.by_url("https://news.example/one-0"), [5, 10, 30, 10, 10, 5]),
        (warehouse.by_url("https://news.example/two-2"), [6, 12, 36, 12, 12, 6]),
        (warehouse.by_load("00ff"), [7, 14, 42, 14, 14, 7]),
        (warehouse.by_source("o'ther; drop table x"), [7, 14, 42, 14, 14, 7]),
    ],
    ids=["load", "load of a correction", "source", "url with two wordings", "url", "unknown load", "hostile source"],
)
def test_forget_takes_the_chosen_rows_from_every_table(root: Path, chosen: Any, left: list[int]) -> None:
    before = counts(root)
    dry = warehouse.forget(root, chosen, dry_run=True)
    assert counts(root) == before
    taken = warehouse.forget(root, chosen)
    assert taken.rows == dry.rows
    assert counts(root) == left
    assert sum(taken.rows.values()) == sum(before) - sum(left)
    assert (taken.commit is None) == (left == before)
    assert warehouse.verify(root) == []
    assert warehouse.forget(root, chosen).rows == {}


def test_forgetting_the_newest_wording_brings_the_older_back(root: Path) -> None:
    newest = "select right(text, 10) from articles where url = 'https://news.example/one-0'"
    assert value(root, newest) == "Corrected."
    warehouse.forget(root, warehouse.by_load(digest("fix")))
    assert value(root, newest) != "Corrected."
    assert value(root, "select count(*) from articles") == 6
    assert value(root, "select count(*) from events") == 6
    warehouse.compact(root)
    assert value(root, "select count(*) from articles") == 6


def test_forgotten_items_may_be_loaded_again(root: Path) -> None:
    warehouse.forget(root, warehouse.by_source("other"))
    known = warehouse.read_log(root).known
    assert "item two-1" not in known
    assert "item one-1" in known
    assert not warehouse.read_log(root).has_load(digest("two"))
    pairs = [make_pair(f"two-{i}") for i in range(3)]
    commit_pairs(root, "two", pairs, {f"item two-{i}": pairs[i][1].capture_id for i in range(3)})
    assert counts(root)[0] == 7
    assert "item two-1" in warehouse.read_log(root).known


def test_captures_of_shared_bodies_stay_for_the_other_article(tmp_path: Path) -> None:
    first, second = make_pair("a"), make_pair("b", source="other")
    commit_pairs(tmp_path, "one", [first, (second[0], first[1])])
    warehouse.forget(tmp_path, warehouse.by_source("example"))
    assert counts(tmp_path)[0] == 1
    assert counts(tmp_path)[-1] == 1


def test_old_captures_go_alone(root: Path) -> None:
    taken = warehouse.forget(root, warehouse.captures_before(datetime(2026, 11, 23, 9, 0)))
    assert taken.rows == {}
    taken = warehouse.forget(root, warehouse.captures_before(MOMENT.replace(tzinfo=None) + timedelta(seconds=1)))
    assert taken.rows == {"captures": 7}
    assert counts(root) == [7, 14, 42, 14, 14, 0]
    assert "item one-1" in warehouse.read_log(root).known


def test_replace_swaps_the_derived_rows_of_a_load(root: Path) -> None:
    done = replace_load(root, "one")
    assert done is not None
    assert counts(root) == [7, 14, 42, 14, 14, 7]
    assert value(root, "select count(*) from articles_all where text like '%Better.'") == 3
    # The correction is still newer than what the better extractor made of the first wording.
    assert value(root, "select right(text, 10) from articles where url = 'https://news.example/one-0'") == "Corrected."
    assert value(root, "select count(*) from articles where text like '%Better.'") == 2
    assert value(root, f"select count(*) from articles_all where load_id = '{digest('one')}'") == 3
    assert replace_load(root, "one") is None
    known = warehouse.read_log(root).known
    assert make_pair("one-1")[0].article.version_id not in known
    assert make_pair("one-1", " Better.")[0].article.version_id in known
    assert "item one-1" in known


def test_replace_leaves_out_a_wording_another_load_holds(root: Path) -> None:
    done = replace_load(root, "one", wording=" Corrected.")
    assert done is not None
    assert counts(root)[0] == 6
    assert value(root, "select count(*) = count(distinct version_id) from articles_all")
    assert value(root, "select count(*) from articles") == 6


def test_two_corrections_and_a_forgotten_one(root: Path) -> None:
    newest = make_pair("one-0", " Again.", modified_at=MOMENT.replace(day=25))
    commit_pairs(root, "again", [newest])
    warehouse.compact(root)
    assert value(root, "select right(text, 6) from articles where url = 'https://news.example/one-0'") == "Again."
    warehouse.forget(root, warehouse.by_load(digest("again")))
    assert value(root, "select right(text, 10) from articles where url = 'https://news.example/one-0'") == "Corrected."
    warehouse.forget(root, warehouse.by_load(digest("fix")))
    assert value(root, "select count(*) from articles where url = 'https://news.example/one-0'") == 1
    assert value(root, "select count(*) from articles") == 6


def test_a_conflicting_commit_makes_forget_plan_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An article that is loaded again between the plan and the record must not lose its newest wording."""
    from warehouse import rewrite

    real, once = rewrite.publish_draft, []

    def busy(*arguments: Any) -> Any:
        if not once:
            once.append(1)
            commit_pairs(root, "late", [make_pair("one-0", " Late.", modified_at=MOMENT.replace(day=26))])
        return real(*arguments)

    monkeypatch.setattr(rewrite, "publish_draft", busy)
    warehouse.forget(root, warehouse.by_load(digest("fix")))
    assert value(root, "select right(text, 5) from articles where url = 'https://news.example/one-0'") == "Late."
    assert value(root, "select count(*) from articles") == 6


def test_forgetting_an_emptied_load_leaves_what_a_later_load_holds_known(tmp_path: Path) -> None:
    """Ingest, forget the source, ingest with one file more, forget the first load, ingest again: nothing comes twice."""
    pairs = [make_pair(f"one-{i}", source="wire") for i in range(5)]
    items = {f"item {i}": capture.capture_id for i, (_, capture) in enumerate(pairs)}
    # The reject has no source, so the first load still has a row when its articles are gone.
    commit_rows(tmp_path, "first", pairs, items | {"item bad": "ff" * 32}, rejects=[make_reject("bad.html")])
    warehouse.forget(tmp_path, warehouse.by_source("wire"))
    more = [*pairs, make_pair("one-5", source="wire")]
    again = items | {"item 5": more[5][1].capture_id}
    commit_pairs(tmp_path, "second", more, again)
    assert warehouse.forget(tmp_path, warehouse.by_load(digest("first"))).rows == {"rejects": 1}
    known = warehouse.read_log(tmp_path).known
    assert all(item in known for item in again)
    assert "item bad" not in known
    with pytest.raises(warehouse.LoadConflict):
        commit_pairs(tmp_path, "first", pairs, items)
    assert counts(tmp_path)[:2] == [6, 12]


@pytest.mark.parametrize("compacted", [False, True])
@pytest.mark.parametrize(
    "chosen", [warehouse.by_source("wire"), warehouse.by_url("https://news.example/a")], ids=["source", "url"]
)
def test_forget_leaves_rows_without_source_or_address(tmp_path: Path, chosen: Any, compacted: bool) -> None:
    """`not (NULL = 'wire')` is NULL: such rows were dropped with the part that held the chosen ones, uncounted."""
    nameless = make_pair("nameless", source=None, url=None)
    nameless = (nameless[0], replace(nameless[1], url=None, final_url=None))
    chosen_pair = make_pair("a", source="wire")
    pairs = [(chosen_pair[0], replace(chosen_pair[1], source="wire")), nameless]
    rejects = [make_reject("bad.html"), make_reject("worse.html", source="wire", url="https://news.example/a")]
    fetches = [make_fetch("https://news.example/b"), make_fetch("https://news.example/a", source="wire")]
    commit_rows(tmp_path, "one", pairs, {}, rejects=rejects, fetches=fetches)
    if compacted:
        warehouse.compact(tmp_path)
    tables = (*TABLES, "rejects", "fetches")
    before = {table: value(tmp_path, f"select count(*) from {table}") for table in tables}
    taken = warehouse.forget(tmp_path, chosen)
    after = {table: value(tmp_path, f"select count(*) from {table}") for table in tables}
    assert after == dict(zip(tables, (1, 2, 6, 2, 2, 1, 1, 1), strict=True))
    assert sum(before.values()) - sum(after.values()) == sum(taken.rows.values())


def test_rejects_without_a_source_go_with_it_where_their_capture_or_fetch_says_whose_they_are(tmp_path: Path) -> None:
    _, capture = make_pair("bad")
    rejects = [
        make_reject("bad", capture_id=capture.capture_id),
        make_reject("gone", url="https://news.example/gone"),
        make_reject("shared", url="https://news.example/shared"),
        make_reject("other"),
    ]
    fetches = [
        make_fetch("https://news.example/gone", source="wire"),
        make_fetch("https://news.example/shared", source="wire"),
        make_fetch("https://news.example/shared", source="else"),
    ]
    tables = make_rows([], digest("one"), [replace(capture, source="wire")], rejects, fetches)
    warehouse.commit(tmp_path, digest("one"), tables, items={"i": capture.capture_id}, run_id="r", versions={})
    warehouse.forget(tmp_path, warehouse.by_source("wire"))
    with warehouse.connect(tmp_path, comments=False) as con:
        assert con.execute("select input from rejects order by all").fetchall() == [("other",), ("shared",)]
    assert "i" not in warehouse.read_log(tmp_path).known


def test_one_body_under_two_addresses_goes_by_address(tmp_path: Path) -> None:
    """The capture that carries the forgotten address goes; the one on which the other article rests stays."""
    (first, capture), (second, _) = make_pair("a"), make_pair("b")
    twin = replace(capture, url="https://news.example/b")
    tables = make_rows([(first, capture), (second, twin)], digest("one"), [capture, twin])
    warehouse.commit(tmp_path, digest("one"), tables, run_id="r", versions={})
    warehouse.forget(tmp_path, warehouse.by_url("https://news.example/a"))
    assert counts(tmp_path) == [1, 2, 6, 2, 2, 1]
    assert value(tmp_path, "select url from captures") == "https://news.example/b"
