"""Clocks that go back, workspaces that are copied or moved, catalogues that are old, held open or without room."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

import warehouse
from tests.conftest import Dateline
from tests.warehouse.makers import load, value
from warehouse import log
from warehouse.record import seal
from warehouse.store import now

CLI = Path(sys.executable).with_name("duckdb")


def _aged(root: Path) -> None:
    """No part looks young."""
    for path in root.glob("*/month=*/*.parquet"):
        os.utime(path, (1_600_000_000,) * 2)


@pytest.mark.parametrize("days", [-40, 40])
def test_a_clock_that_is_put_back_or_forth_costs_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    load(tmp_path, "one")
    load(tmp_path, "two")
    for module in ("store", "compaction"):
        monkeypatch.setattr(f"warehouse.{module}.now", lambda: now() + timedelta(days=days))
    (done,) = warehouse.compact(tmp_path)
    monkeypatch.undo()
    load(tmp_path, "three")
    times = [load.at for load in warehouse.read_log(tmp_path).loads]
    assert times == sorted(times)
    _aged(tmp_path)
    assert warehouse.gc(tmp_path).files == 0
    assert value(tmp_path, "select count(*) from articles", version=2) == 6
    assert warehouse.gc(tmp_path, timedelta(0)).files == (len(done.remove) if days < 0 else 0)


def test_an_older_log_with_times_that_go_back_keeps_its_grace(tmp_path: Path) -> None:
    """Version 0.1.0 took the clock as it was: collection stopped at the first early record, or took it at its word."""
    for name in ("one", "two"):
        load(tmp_path, name)
    warehouse.compact(tmp_path)
    load(tmp_path, "three")
    long_ago, previous = (now() - timedelta(days=40)).isoformat(), ""
    for number in range(1, 5):
        path = tmp_path / "_log" / f"{number:08d}.json"
        content = json.loads(path.read_bytes()) | {"previous": previous}
        del content["sha256"]
        data, previous = seal(content | ({"time": long_ago} if number > 2 else {}))
        path.write_bytes(data)
    (tmp_path / "_log" / "head").unlink()
    _aged(tmp_path)
    assert warehouse.gc(tmp_path).files == 0
    assert warehouse.gc(tmp_path).kept == 12


def test_many_commits_without_an_article(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The 500th in a row raised after it had committed."""
    for module in ("warehouse.index", "warehouse.log"):
        monkeypatch.setattr(f"{module}.CHECKPOINT_EVERY", 2)
    for number in range(1, 10):
        done = warehouse.commit(tmp_path, f"{number:02x}", {}, items=[f"i{number}"], run_id="r", versions={})
        assert done is not None
        assert done.version == number
    log._STATES.clear()
    known = warehouse.read_log(tmp_path).known
    assert all(f"i{number}" in known for number in range(1, 10))
    assert warehouse.verify(tmp_path) == []
    assert (tmp_path / "_log" / "checkpoint-00000008.json").exists()


def _count(root: Path, query: str = "select count(*) from events") -> int:
    """What another program is told, in a process of its own."""
    code = f"import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).sql({query!r}).fetchall()[0][0])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(root / "catalog.duckdb")], capture_output=True, text=True, timeout=60
    )
    if done.returncode:
        raise duckdb.Error(done.stderr)
    return int(done.stdout)


@pytest.mark.parametrize("way", ["copied", "copied with links followed", "moved"])
def test_the_catalogue_of_another_place_does_not_answer(tmp_path: Path, way: str) -> None:
    root, other = tmp_path / "w", tmp_path / "other"
    load(root, "one")
    warehouse.rebuild(root)
    if way == "moved":
        root.rename(other)
    else:
        shutil.copytree(root, other, symlinks=way == "copied")
        load(root, "two")
        warehouse.rebuild(root)
    with pytest.raises(duckdb.Error, match="No files found" if way == "moved" else "run `dateline status`"):
        _count(other)
    warehouse.connect(other).close()
    assert _count(other) == 3
    if way != "moved":
        assert _count(root) == 6


def test_reading_makes_no_catalogue_where_there_is_none(tmp_path: Path) -> None:
    load(tmp_path, "one")
    warehouse.connect(tmp_path).close()
    assert not (tmp_path / "catalog.duckdb").exists()
    assert not (tmp_path / ".catalog").exists()


def test_collection_leaves_no_catalogue_that_names_what_it_deletes(tmp_path: Path) -> None:
    """After a kill between a commit and the catalogue."""
    for name in ("one", "two"):
        load(tmp_path, name)
    warehouse.rebuild(tmp_path)
    warehouse.compact(tmp_path)
    assert warehouse.gc(tmp_path, timedelta(0)).files == 12
    assert _count(tmp_path) == 6


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_catalogue_that_is_open_for_writing_does_not_spoil_the_next(tmp_path: Path, when: str) -> None:
    """What the other program wrote lay in the write-ahead log of the name, and met the new file."""
    load(tmp_path, "one")
    path = warehouse.rebuild(tmp_path)
    with duckdb.connect(str(path)) as writer:
        if when == "before":
            writer.execute("create table own as select 1 as n")
        load(tmp_path, "two")
        warehouse.rebuild(tmp_path)
        if when == "after":
            writer.execute("create table own as select 1 as n")
        assert _count(tmp_path) == 6
        assert _count(tmp_path, "select count(*) from duckdb_tables() where table_name = 'own'") == 0
        command = [str(CLI), "-readonly", "-csv", "-noheader", str(path), "select count(*) from events"]
        assert subprocess.run(command, capture_output=True, text=True, timeout=60).stdout == "6\n"
        assert writer.execute("select count(*) from own").fetchall() == [(1,)]
    assert _count(tmp_path) == 6
    warehouse.rebuild(tmp_path)
    assert len(list((tmp_path / ".catalog").iterdir())) == 1


def test_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "symlink_to", refuse)
    for name in ("one", "two"):
        load(tmp_path, name)
        path = warehouse.rebuild(tmp_path)
    assert not path.is_symlink()
    assert _count(tmp_path) == 6
    before = path.stat().st_ino
    warehouse.connect(tmp_path).close()
    assert path.stat().st_ino == before  # it is known to be of this place
    warehouse.compact(tmp_path)
    warehouse.gc(tmp_path, timedelta(0))
    assert _count(tmp_path) == 6


def test_what_is_forgotten_is_said_though_the_catalogue_cannot_be_written(dateline: Dateline, root: Path) -> None:
    load(root, "one")
    warehouse.rebuild(root)
    shutil.rmtree(root / ".catalog")
    (root / ".catalog").write_text("in the way")
    done = dateline("forget", "https://news.example/one-1", "--yes")
    assert done.returncode == 0
    assert "took out" in done.stdout
    assert "nothing has changed" not in done.stderr
    assert "catalog.duckdb" in done.stderr
    assert value(root, "select count(*) from articles") == 2
    # Loads, too, are committed whatever becomes of the catalogue.
    page = root.parent / "cwd" / "page.txt"
    page.write_text(
        "date 2024-03-05\n\nFrance's foreign minister met the prime minister of Kenya in Nairobi on Tuesday.\n"
    )
    done = dateline("ingest", "--direct", str(page))
    assert done.returncode == 0, done.stderr
    assert "catalog.duckdb" in done.stderr


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB."""
    where = tmp_path / "disk"
    where.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(where)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, timeout=20).returncode:
        pytest.skip("a small file system can be mounted by root only")
    yield where
    subprocess.run(["umount", str(where)], check=True, timeout=20)


def test_collection_makes_room_on_a_full_disk(disk: Path) -> None:
    for name in ("one", "two"):
        load(disk, name)
    warehouse.rebuild(disk)
    warehouse.compact(disk)
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as out, contextlib.suppress(OSError):
        while out.write(bytes(4096)):
            pass
    assert shutil.disk_usage(disk).free == 0
    assert warehouse.gc(disk, timedelta(0)).files == 12
    assert value(disk, "select count(*) from articles") == 6
    catalogue = disk / "catalog.duckdb"
    assert not catalogue.exists() or _count(disk) == 6
    filler.unlink()
    warehouse.rebuild(disk)
    assert _count(disk) == 6
