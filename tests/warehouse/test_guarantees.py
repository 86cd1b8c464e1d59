"""The thirteen guarantees of the warehouse, a test each; sudden ends are in `test_faults.py`, random histories in `test_model.py`."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import warehouse
from tests.warehouse.harness import OPERATIONS, facts, replace_load, run_to_fault
from tests.warehouse.makers import MOMENT, digest, load, make_pair, make_tables, value
from warehouse import log
from warehouse.storage import Storage


def _correct(root: Path, name: str) -> None:
    pair = make_pair(name, " Corrected.", modified_at=MOMENT.replace(day=24))
    warehouse.commit(root, digest(f"fix {name}"), make_tables([pair], digest("fix")), run_id="r", versions={})


def test_1_after_a_kill_readers_see_whole_loads(tmp_path: Path) -> None:
    load(tmp_path / "w", "one")
    before = facts(tmp_path / "w")
    assert run_to_fault("load", tmp_path / "w", "before_link")
    assert facts(tmp_path / "w") == before
    assert run_to_fault("load", tmp_path / "w", "after_link")
    assert value(tmp_path / "w", "select count(*) || ' ' || (select count(*) from events_all) from articles") == "6 12"


def test_2_repeating_plans_in_any_order_gives_the_same_rows(tmp_path: Path) -> None:
    names = [f"n{i}" for i in range(6)]
    for where, order in (("a", names), ("b", [*names[::-1], *names, *names[::2]])):
        for name in order:
            load(tmp_path / where, name)
    assert facts(tmp_path / "a") == facts(tmp_path / "b")
    assert warehouse.read_log(tmp_path / "a").version == warehouse.read_log(tmp_path / "b").version == 6


def test_3_no_two_committers_own_a_version_and_no_row_is_lost(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        done = [d for d in pool.map(lambda i: load(tmp_path, f"load{i}", count=1), range(24)) if d]
    assert sorted(d.version for d in done) == list(range(1, 25))
    assert value(tmp_path, "select count(*) from articles_all") == 24
    storage = Storage(tmp_path)
    assert not storage.put_if_absent("_log/00000007.json", b"{}")
    assert warehouse.read_log(tmp_path).version == 24


@pytest.mark.parametrize("damage", ["bit", "cut", "empty", "missing"])
def test_4_verify_names_the_part_that_changed(tmp_path: Path, damage: str) -> None:
    load(tmp_path, "one")
    done = load(tmp_path, "two")
    assert done is not None
    part = tmp_path / done.add[1].path
    data = part.read_bytes()
    assert warehouse.verify(tmp_path) == []
    middle = len(data) // 2
    changed = {"bit": data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :], "cut": data[:-100], "empty": b""}
    if damage == "missing":
        part.unlink()
    else:
        part.write_bytes(changed[damage])
    (bad,) = warehouse.verify(tmp_path)
    assert part.name in str(bad)
    with pytest.raises(warehouse.CorruptFile, match=part.name):  # and what is damaged is never built upon
        warehouse.compact(tmp_path)
    assert warehouse.read_log(tmp_path).version == 2


def test_5_a_reader_keeps_its_answers_through_commits_compaction_and_collection(tmp_path: Path) -> None:
    load(tmp_path, "one")
    load(tmp_path, "two")
    at_two = facts(tmp_path)
    question = "select count(*), sum(hash(e)) from events_all as e"
    with warehouse.connect(tmp_path) as con:
        first = con.execute(question).fetchall()
        load(tmp_path, "three")
        _correct(tmp_path, "one-1")
        warehouse.compact(tmp_path)
        warehouse.forget(tmp_path, warehouse.by_load(digest("two")))
        warehouse.gc(tmp_path)
        assert con.execute(question).fetchall() == first
    assert facts(tmp_path, version=2) == at_two


def test_6_compaction_changes_no_answer(tmp_path: Path) -> None:
    for i in range(5):
        load(tmp_path, f"load{i}")
    _correct(tmp_path, "load1-0")
    _correct(tmp_path, "load3-2")
    before = facts(tmp_path)
    (done,) = warehouse.compact(tmp_path)
    assert facts(tmp_path) == before
    assert not any(done.rows.values())
    snapshot = warehouse.read_log(tmp_path)
    assert {(f.table, f.history) for fs in snapshot.files.values() for f in fs if f.table == "events"} == {
        ("events", False),
        ("events", True),
    }
    assert snapshot.superseded == frozenset()
    assert warehouse.compact(tmp_path) == []
    _correct(tmp_path, "load2-0")  # what comes after a compaction is looked up again until the next
    assert value(tmp_path, "select count(*) from articles where text like '%Corrected.'") == 3
    assert value(tmp_path, "select count(*) from articles") == 15


def _fails(call: int, code: int, real: Callable[..., Any]) -> Callable[..., Any]:
    """The real system call, but its nth use fails."""
    count = 0

    def called(*arguments: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        if count == call:
            raise OSError(code, os.strerror(code))
        return real(*arguments, **named)

    return called


def _loaded(root: Path, code: int, name: str = "two") -> bool:
    """Try a load. It may fail with an error code, and no other way."""
    try:
        load(root, name)
    except OSError as error:
        if error.errno != code:
            raise
        return False
    return True


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("what", ["fsync", "link", "rename"])
def test_7_a_failing_write_leaves_the_last_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, code: int
) -> None:
    load(tmp_path, "one")
    before, names = facts(tmp_path), sorted(tmp_path.rglob("*"))
    where, name = ("warehouse.storage.Path", "rename") if what == "rename" else ("warehouse.storage.os", what)
    real = Path.rename if what == "rename" else getattr(os, what)
    for call in range(1, 100):
        with monkeypatch.context() as patched:
            patched.setattr(f"{where}.{name}", _fails(call, code, real))
            if _loaded(tmp_path, code):
                break
        if warehouse.read_log(tmp_path).version == 1:
            assert facts(tmp_path) == before
            assert sorted(tmp_path.rglob("*")) == names
    assert call > 1
    load(tmp_path, "two")
    assert value(tmp_path, "select count(*) from articles") == 6
    assert warehouse.verify(tmp_path) == []


def test_7_a_full_disk_leaves_the_last_version(tmp_path: Path) -> None:
    """Files may grow to ever larger sizes, as on a disk with ever more room."""
    root = tmp_path / "w"
    load(root, "one")
    before = facts(root)
    failed = 0
    for limit in (200, 2_000, 4_000, 6_000, 8_000, 1_000_000):
        code = (
            "import resource, signal, sys; from pathlib import Path; from tests.warehouse.makers import load\n"
            f"signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
            "load(Path(sys.argv[1]), 'two')"
        )
        done = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, timeout=60)
        if done.returncode:
            assert "File too large" in done.stderr, done.stderr
            assert facts(root) == before
            failed += 1
    assert failed >= 2
    assert value(root, "select count(*) from articles") == 6
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    where = tmp_path / "disk"
    where.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(where)], capture_output=True, timeout=20
    )
    if not mounted or mounted.returncode:
        pytest.skip("a small file system can be mounted by root only; the file size limit is tried in any case")
    yield where
    subprocess.run(["umount", str(where)], check=True, timeout=20)


def test_7_a_really_full_disk_keeps_every_committed_load(small_disk: Path) -> None:
    done = 0
    while _loaded(small_disk, errno.ENOSPC, f"load{done}"):
        done += 1
    assert done > 3
    assert value(small_disk, "select count(*) from articles") == 3 * done
    assert warehouse.verify(small_disk) == []
    assert not list(small_disk.rglob("*.tmp"))


def test_8_the_catalogue_is_derived_and_never_goes_back(tmp_path: Path) -> None:
    load(tmp_path, "one")
    path = warehouse.rebuild(tmp_path)
    path.unlink()
    assert value(tmp_path, "select count(*) from articles") == 3
    path.write_bytes(b"not a database")
    load(tmp_path, "two")
    versions: list[int] = []

    def build(i: int) -> None:
        load(tmp_path, f"load{i}", count=1)
        warehouse.rebuild(tmp_path)

    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(build, i) for i in range(6)]
        while not all(w.done() for w in waiting):
            versions.append(_catalogue_version(path))
    for built in waiting:
        built.result()
    assert versions == sorted(versions)
    assert _catalogue_version(path) == 8
    assert len(list(tmp_path.glob(".catalog*/**/*"))) == 1


def _catalogue_version(path: Path) -> int:
    try:
        with duckdb.connect(":memory:") as con:
            con.execute(f"attach '{path}' as c (read_only)")
            return int((con.execute("select max(version) from c.loads").fetchone() or [0])[0])
    except duckdb.Error:  # the bytes that are no database
        return 0


def test_9_collection_deletes_nothing_live_or_young(tmp_path: Path) -> None:
    done = load(tmp_path, "one")
    load(tmp_path, "two")
    assert done is not None
    warehouse.compact(tmp_path)
    orphan, temporary = (
        tmp_path / "events/month=2026-11" / f"{'ab' * 16}-00000001.parquet",
        tmp_path / "_log" / f".{'c' * 32}.tmp",
    )
    others = tmp_path / "events" / "notes.txt"
    for path in (orphan, temporary, others):
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(b"x")
    live = [tmp_path / p for p in warehouse.read_log(tmp_path).paths]
    replaced = [tmp_path / f.path for f in done.add]
    assert warehouse.gc(tmp_path).files == 0
    assert warehouse.gc(tmp_path, timedelta(0), dry_run=True).files == 12
    assert all(p.exists() for p in (*replaced, orphan))
    # No grace at all: what was replaced goes, what a running commit may be about to publish stays.
    assert warehouse.gc(tmp_path, timedelta(0)).files == 12
    assert not any(p.exists() for p in replaced)
    assert orphan.exists()
    assert temporary.exists()
    for path in (orphan, temporary, others, *live):
        os.utime(path, (time.time() - 86400,) * 2)
    assert warehouse.gc(tmp_path, timedelta(hours=1)).files == 2
    assert not orphan.exists()
    assert not temporary.exists()
    assert others.exists()
    assert all(p.exists() for p in live)
    with pytest.raises(LookupError, match="collected"):
        warehouse.connect(tmp_path, version=1)


def test_9_collection_spares_parts_between_their_rename_and_their_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collection without grace once deleted a part that was about to be committed."""
    load(tmp_path, "one")
    real = Storage.put_if_absent

    def collect_first(self: Storage, name: str, data: bytes) -> bool:
        warehouse.gc(tmp_path, timedelta(0))
        return real(self, name, data)

    monkeypatch.setattr(Storage, "put_if_absent", collect_first)
    load(tmp_path, "two")
    assert warehouse.verify(tmp_path) == []
    assert value(tmp_path, "select count(*) from articles") == 6


def test_9_a_commit_whose_parts_grew_old_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.store._PUBLISH_WITHIN", timedelta(seconds=-1))
    with pytest.raises(warehouse.CorruptFile, match="too long ago"):
        load(tmp_path, "one")
    monkeypatch.undo()
    assert not list(tmp_path.rglob("*.parquet"))
    assert load(tmp_path, "one") is not None


def test_10_open_readers_and_flows_never_wait_for_each_other(tmp_path: Path) -> None:
    load(tmp_path, "one")
    path = warehouse.rebuild(tmp_path)
    reader = (
        "import duckdb, sys\n"
        f"con = duckdb.connect({str(path)!r}, read_only=True)\n"
        "con.execute('begin')\n"
        "count = con.execute('select count(*) from events').fetchone()[0]\n"
        "print('open', flush=True); sys.stdin.readline()\n"
        "assert con.execute('select count(*) from events').fetchone()[0] == count\n"
        "print(count)"
    )
    process = subprocess.Popen([sys.executable, "-c", reader], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    for name in ("two", "three"):
        load(tmp_path, name)
        warehouse.rebuild(tmp_path)
    warehouse.compact(tmp_path)
    warehouse.rebuild(tmp_path)
    assert _catalogue_version(path) == 4
    out, _ = process.communicate("go\n", timeout=60)
    assert (out, process.returncode) == ("3\n", 0)


def test_11_nothing_reaches_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener on loopback sees no connection, and Python may open no socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        monkeypatch.setattr(socket.socket, "connect", _no_socket)
        load(tmp_path, "one")
        warehouse.compact(tmp_path)
        warehouse.rebuild(tmp_path)
        with warehouse.connect(tmp_path) as con:
            for statement in (
                f"from 'http://127.0.0.1:{port}/x.csv'",
                f"from read_parquet('http://127.0.0.1:{port}/x.parquet')",
                f"attach 'http://127.0.0.1:{port}/x.duckdb'",
                "install httpfs",
                "load httpfs",
            ):
                with pytest.raises(duckdb.Error):
                    con.execute(statement)
        with pytest.raises(TimeoutError):
            listener.accept()


def _no_socket(*_: object) -> None:
    raise AssertionError("a socket was opened")


def test_12_a_commit_does_no_more_work_in_a_larger_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("warehouse.index", "warehouse.log"):
        monkeypatch.setattr(f"{module}.CHECKPOINT_EVERY", 4)
    work: list[str] = []
    for verb in ("open", "list", "put", "put_if_absent"):
        real = getattr(Storage, verb)
        monkeypatch.setattr(
            Storage, verb, lambda self, name, *a, _real=real: (work.append(name), _real(self, name, *a))[1]
        )
    seen = []
    for i in range(51):
        work.clear()
        load(tmp_path, f"load{i}", count=1)
        seen.append(len(work))
    assert max(seen[45:46]) <= seen[5] + 2  # 45 and 5 are as far from the last checkpoint
    assert seen[49] <= seen[9] + 2
    assert log.read_log(tmp_path).version == 51


def test_13_no_version_is_live_twice_under_overlapping_plans(tmp_path: Path) -> None:
    def overlapping(i: int) -> str:
        pairs = [make_pair(f"shared-{n}") for n in range(i, i + 3)]
        load_id = digest(f"plan {i}")
        try:
            warehouse.commit(tmp_path, load_id, make_tables(pairs, load_id), run_id="r", versions={})
        except warehouse.LoadConflict:
            return "conflict"
        return "done"

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(overlapping, range(12)))
    assert outcomes.count("done") >= 1
    assert outcomes.count("conflict") >= 1
    assert value(tmp_path, "select count(*) = count(distinct version_id) from articles_all")


def test_replacing_and_forgetting_pass_the_record_test_too(tmp_path: Path) -> None:
    """What is killed in the middle of a replacement is the old or the new, never both."""
    load(tmp_path, "one")
    assert run_to_fault("replace", tmp_path, "rewrite")
    assert value(tmp_path, "select count(*) from articles where text like '%Better.'") == 0
    replace_load(tmp_path, "one")
    assert value(tmp_path, "select count(*) from articles_all where text like '%Better.'") == 3
    assert value(tmp_path, "select count(*) from articles_all") == 3
    assert set(OPERATIONS) >= {"load", "replace", "forget", "compact", "gc", "rebuild"}
    assert signal.SIGKILL == 9
