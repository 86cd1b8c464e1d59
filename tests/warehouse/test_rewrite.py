"""Forgetting and replacing: exactly the chosen rows go, from every table, compacted or not, and the newest wording follows."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import warehouse
from tests.warehouse.harness import replace_load
from tests.warehouse.makers import MOMENT, digest, make_pair, make_tables, value

TABLES = ("articles_all", "events_all", "event_actors", "event_magnitudes", "mentions", "captures")


def counts(root: Path) -> list[int]:
    return [value(root, f"select count(*) from {table}") for table in TABLES]


def commit_pairs(root: Path, name: str, pairs: list[Any], items: dict[str, str] | None = None) -> None:
    tables = make_tables(pairs, digest(name))
    warehouse.commit(root, digest(name), tables, items=items or {}, run_id="r", versions={})


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
    from dataclasses import replace

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
