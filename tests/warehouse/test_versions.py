"""Older versions stay for as long as a name keeps them, come back as a commit, and lose what is forgotten."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import warehouse
from tests.warehouse.harness import facts
from tests.warehouse.makers import make_pair, value
from tests.warehouse.test_repair import again, fill, history, names, put, sound
from warehouse import log

GONE = "https://news.example/two-1"


def test_a_kept_version_is_left_by_gc_until_its_name_goes(tmp_path: Path) -> None:
    fill(tmp_path)
    before = facts(tmp_path)
    warehouse.keep(tmp_path, "paper")
    warehouse.compact(tmp_path)
    warehouse.gc(tmp_path, timedelta(0))
    assert facts(tmp_path, 3) == before
    with pytest.raises(LookupError, match="the last version"):
        warehouse.keep(tmp_path, "older", 99)
    with pytest.raises(ValueError, match="keeps version 3"):
        warehouse.keep(tmp_path, "paper")
    assert [(k.name, k.version) for k in warehouse.kept_versions(tmp_path)] == [("paper", 3)]
    assert warehouse.release(tmp_path, "paper")
    warehouse.gc(tmp_path, timedelta(0))
    with pytest.raises(LookupError):
        facts(tmp_path, 3)
    with pytest.raises(LookupError, match="collected"):
        warehouse.keep(tmp_path, "paper", 3)


def test_what_is_forgotten_is_cut_out_of_kept_versions(tmp_path: Path) -> None:
    fill(tmp_path)
    warehouse.compact(tmp_path)
    warehouse.keep(tmp_path, "paper")
    put(tmp_path, "four", [make_pair("four-0")])
    chosen = warehouse.by_url(GONE)
    assert warehouse.holding(tmp_path, chosen) == ["paper"]
    warehouse.forget(tmp_path, chosen)
    assert warehouse.cut_kept(tmp_path, chosen) == ["paper"]
    assert warehouse.holding(tmp_path, chosen) == warehouse.cut_kept(tmp_path, chosen) == []
    warehouse.gc(tmp_path, timedelta(0))
    assert value(tmp_path, "select count(*) from articles", 4) == 7
    other = warehouse.by_url("https://news.example/one-0")
    warehouse.forget(tmp_path, other)
    assert warehouse.cut_kept(tmp_path, other) == ["paper"]
    warehouse.gc(tmp_path, timedelta(0))
    assert value(tmp_path, "select count(*) from articles", 4) == 6
    assert b"two-1" not in b"".join(p.read_bytes() for p in (tmp_path / "kept").iterdir())


@pytest.mark.parametrize("version", [0, 4, 6])
def test_an_older_version_comes_back_as_a_commit(tmp_path: Path, version: int) -> None:
    history(tmp_path)
    before = facts(tmp_path, version)
    done = warehouse.restore_version(tmp_path, version)
    assert (done.version, done.kind) == (9, "restore")
    gone = int(version < 5 and bool(version))  # forgotten for good meanwhile
    if gone:
        assert GONE.rpartition("/")[2] not in names(tmp_path)
        assert sum(names(tmp_path).values()) == before["articles"][0] - 1
    else:
        assert facts(tmp_path) == before
    log._STATES.clear()
    assert warehouse.verify(tmp_path) == []
    # What was loaded is known, what was not is not.
    missing = 8 - gone - sum(names(tmp_path).values()) if version >= 3 else 8
    assert again(tmp_path) - missing in (0, 1)
    assert max(names(tmp_path).values()) == 1
    if version:
        sound(tmp_path)
    warehouse.forget(tmp_path, warehouse.by_load(warehouse.read_log(tmp_path).loads[0].load_id))
    assert warehouse.verify(tmp_path) == []


def test_a_version_whose_parts_were_collected_is_refused(tmp_path: Path) -> None:
    fill(tmp_path)
    warehouse.compact(tmp_path)
    warehouse.gc(tmp_path, timedelta(0))
    with pytest.raises(LookupError, match="collected"):
        warehouse.restore_version(tmp_path, 2)
    assert warehouse.read_log(tmp_path).version == 4


def test_after_going_back_the_rows_are_by_the_versions_of_then(tmp_path: Path) -> None:
    """Else `reextract` would leave them as they are."""
    history(tmp_path)
    newer = {load: by.versions for load, by in warehouse.standing(warehouse.read_log(tmp_path)).items()}
    warehouse.restore_version(tmp_path, 4)
    older: dict[str, Any] = {load: by.versions for load, by in warehouse.standing(warehouse.read_log(tmp_path)).items()}
    assert {v["extractor"] for v in newer.values()} == {"1", "2"}
    assert {v["extractor"] for v in older.values()} == {"1"}


def test_a_forgotten_item_of_a_version_that_came_back_may_be_loaded_again(tmp_path: Path) -> None:
    fill(tmp_path)
    warehouse.forget(tmp_path, warehouse.by_load(warehouse.read_log(tmp_path).loads[1].load_id))
    warehouse.restore_version(tmp_path, 3)
    assert again(tmp_path) == 0
    warehouse.forget(tmp_path, warehouse.by_load(warehouse.read_log(tmp_path).loads[1].load_id))
    assert sum(names(tmp_path).values()) == 5
    assert again(tmp_path) == 3
