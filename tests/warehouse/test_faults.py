"""Sudden ends: every operation killed at every step it passes, and everything racing under random kills."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import warehouse
from tests.warehouse.harness import OPERATIONS, STEPS, facts, race, run_to_fault
from tests.warehouse.makers import MOMENT, digest, load, make_pair, make_tables, value


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three loads, a corrected article, and garbage of an earlier compaction."""
    root = tmp_path_factory.mktemp("base") / "w"
    load(root, "one")
    load(root, "two")
    warehouse.compact(root)
    load(root, "three")
    newer = make_pair("two-0", " Corrected.", modified_at=MOMENT.replace(day=24))
    warehouse.commit(root, digest("fix"), make_tables([newer], digest("fix")), run_id="r", versions={})
    warehouse.rebuild(root)
    return root


@pytest.mark.parametrize("operation", OPERATIONS)
def test_killed_at_a_step(base: Path, tmp_path: Path, operation: str) -> None:
    """The first passing of every step, and every fifth after it."""
    _kill_at_steps(base, tmp_path, operation, 5)


@pytest.mark.long
@pytest.mark.parametrize("operation", OPERATIONS)
def test_killed_at_every_passing_of_every_step(base: Path, tmp_path: Path, operation: str) -> None:
    _kill_at_steps(base, tmp_path, operation, 1)


def _kill_at_steps(base: Path, tmp_path: Path, operation: str, every: int) -> None:
    before = facts(base)
    done = tmp_path / "done"
    shutil.copytree(base, done)
    OPERATIONS[operation](done)
    after = facts(done)
    passed = 0
    for step in STEPS:
        for nth in range(1, 100, every):
            root = tmp_path / f"{step}-{nth}"
            shutil.copytree(base, root)
            if not run_to_fault(operation, root, f"{step}:{nth}"):
                break
            passed += 1
            assert facts(root) in (before, after), f"{step}:{nth} left something between"
            assert warehouse.verify(root) == []
            OPERATIONS[operation](root)
            assert facts(root) == after, f"{step}:{nth}: the repeat differs"
            shutil.rmtree(root)
    assert passed >= {"gc": 1, "rebuild": 1}.get(operation, 5)


def _race(tmp_path: Path, loads: int, kills: int, seed: int) -> int:
    root = tmp_path / "w"
    reads, bad = race(root, loads, kills, seed)
    assert bad == []
    names = [f"race{i}" for i in range(loads)]
    for name in names:  # whoever was killed last may have left some undone
        load(root, name, count=2)
    assert all(warehouse.read_log(root).has_load(digest(name)) for name in names)
    assert value(root, "select count(*) from articles_all") == 2 * loads
    assert value(root, "select count(distinct version_id) from articles_all") == 2 * loads
    assert value(root, "select count(*) from events_all") == 4 * loads
    assert value(root, "select count(*) from loads where kind = 'load'") == loads
    assert warehouse.verify(root) == []
    return reads


def test_random_kills_of_racing_writers_compactor_and_collector(tmp_path: Path) -> None:
    assert _race(tmp_path, loads=40, kills=12, seed=7) > 3


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_many_random_kills(tmp_path: Path, seed: int) -> None:
    assert _race(tmp_path, loads=300, kills=60, seed=100 + seed) > 50
