"""Backups: a second workspace that is whole whenever one looks, grows by what is new, and brings back all but the forgotten."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import warehouse
from flows import mending
from tests.warehouse.harness import facts
from tests.warehouse.makers import make_pair, value
from tests.warehouse.test_repair import fill, names, put, sound
from warehouse import backups, log

GONE = "https://news.example/two-1"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with settings of its own."""
    root = tmp_path / "w"
    fill(root)
    (root / "dateline.toml").write_text('[captures]\nkeep = "all"\n')
    (root / "lexicons").mkdir()
    (root / "lexicons" / "actors.tsv").write_text("own\n")
    return root


def test_a_backup_is_a_workspace_and_grows_by_what_is_new(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    first = warehouse.backup(root, folder)
    assert (first.version, first.copied) == (3, first.parts)
    assert facts(folder) == facts(root)
    assert (folder / "lexicons" / "actors.tsv").read_text() == "own\n"
    put(root, "four", [make_pair("four-0")])
    (root / "lexicons" / "actors.tsv").unlink()
    second = warehouse.backup(root, folder)
    assert 0 < second.copied == second.parts - first.parts
    assert facts(folder) == facts(root)
    assert not (folder / "lexicons" / "actors.tsv").exists()
    assert warehouse.verify(folder) == []
    assert warehouse.backups_of(root) == {str(folder.resolve()): 4}


def test_a_damaged_part_of_a_backup_is_copied_again_and_of_the_workspace_refused(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    warehouse.backup(root, folder)
    path = warehouse.read_log(root).files["events"][1].path
    (folder / path).write_bytes(b"rotten")
    assert warehouse.backup(root, folder).copied == 1
    (folder / path).unlink()
    (root / path).write_bytes(b"rotten")
    with pytest.raises(warehouse.CorruptFile, match="events"):
        warehouse.backup(root, folder)


@pytest.mark.parametrize("after", [0, 3, 9, 20])
def test_a_backup_that_is_cut_short_is_the_one_before(
    root: Path, tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "b"
    warehouse.backup(root, folder)
    before = facts(folder)
    put(root, "four", [make_pair("four-0")])
    warehouse.compact(root)
    left, real = [after], backups._copy

    def dying(*arguments: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        real(*arguments)

    with monkeypatch.context() as short:
        short.setattr(backups, "_copy", dying)
        try:
            warehouse.backup(root, folder)
            ended = True
        except KeyboardInterrupt:
            ended = False
    log._STATES.clear()
    assert ended or facts(folder, 3) == before
    warehouse.backup(root, folder)
    assert facts(folder) == facts(root)
    assert warehouse.verify(folder) == []


@pytest.mark.parametrize("what", ["files", "another", "inside"])
def test_other_folders_are_left_alone(root: Path, tmp_path: Path, what: str) -> None:
    folder = root / "b" if what == "inside" else tmp_path / "b"
    if what == "files":
        folder.mkdir()
        (folder / "mine.txt").write_text("mine")
    elif what == "another":
        put(tmp_path / "x", "other", [make_pair("other-0")])
        warehouse.backup(tmp_path / "x", folder)
    with pytest.raises(warehouse.NotABackup):
        warehouse.backup(root, folder)
    if what == "files":
        assert [p.name for p in folder.iterdir()] == ["mine.txt"]


def test_what_is_forgotten_leaves_a_backup_with_the_next_one(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    warehouse.backup(root, folder)
    warehouse.forget(root, warehouse.by_url(GONE))
    assert warehouse.forget(folder, warehouse.by_url(GONE), dry_run=True).rows["articles"] == 1
    assert warehouse.backup(root, folder).deleted > 0
    assert warehouse.forget(folder, warehouse.by_url(GONE), dry_run=True).rows == {}
    assert not any(b"two-1" in p.read_bytes() for p in (folder / "fetches").rglob("*") if p.is_file())


@pytest.mark.parametrize("state", ["new folder", "no log", "damaged", "went on"])
def test_a_backup_is_restored_less_what_was_forgotten_since(root: Path, tmp_path: Path, state: str) -> None:
    folder = tmp_path / "b"
    warehouse.keep(root, "paper")
    warehouse.backup(root, folder)
    warehouse.forget(root, warehouse.by_url(GONE))
    put(root, "four", [make_pair("four-0")])
    target = tmp_path / "new" if state == "new folder" else root
    if state == "no log":
        shutil.rmtree(root / "_log")
    elif state == "damaged":
        (root / "_log" / "00000002.json").unlink()
        for path in list((root / "articles").rglob("*.parquet"))[:2]:
            path.write_bytes(b"rotten")
    log._STATES.clear()
    done = mending.restore(target, folder)
    sound(target)
    # A new folder knows of no forgetting: what it knows is in the backup.
    assert ("two-1" in names(target)) == (state == "new folder")
    assert sum(names(target).values()) == (8 if state == "new folder" else 7)
    assert ("load" in " ".join(done.lost)) == (state in ("damaged", "went on"))
    assert [k.name for k in warehouse.kept_versions(target)] == ["paper"]
    if state == "went on":
        assert done.forgotten > 0
        put(target, "four", [make_pair("four-0")])
        assert value(target, "select count(*) from articles") == 8
    warehouse.gc(target, timedelta(0))
    assert warehouse.verify(target) == []


def test_a_damaged_backup_is_not_restored(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    warehouse.backup(root, folder)
    (folder / warehouse.read_log(root).files["events"][0].path).write_bytes(b"rotten")
    with pytest.raises(warehouse.NotABackup, match="damaged"):
        mending.restore(root, folder)
    assert facts(root)["articles"][0] == 8
