"""The commit: whole loads or nothing, whatever ends or races."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import warehouse
from tests.warehouse.makers import digest, load, make_pair, make_tables, value
from warehouse import log

HERE = Path(__file__).parent
COUNTS = "select (select count(*) from articles_all) || ' ' || (select count(*) from events_all) || ' ' || (select count(*) from mentions)"


def test_rows_written_are_rows_read(tmp_path: Path) -> None:
    tables = make_tables([make_pair("a"), make_pair("b")], "00ff")
    warehouse.commit(tmp_path, "00ff", tables, run_id="r", versions={})
    con = warehouse.connect(tmp_path)
    for name, table in tables.items():
        view = {"articles": "articles_all", "events": "events_all"}.get(name, name)
        assert con.sql(f"from {view}").to_arrow_table().to_pylist() == table.to_pylist()


def test_repeated_load_is_a_no_op(tmp_path: Path) -> None:
    first = load(tmp_path, "one")
    assert first is not None
    assert first.version == 1
    before = sorted(p for p in tmp_path.rglob("*"))
    assert load(tmp_path, "one") is None
    assert sorted(p for p in tmp_path.rglob("*")) == before


def test_known_item_is_a_conflict_and_leaves_nothing(tmp_path: Path) -> None:
    load(tmp_path, "one", items=["x", "y"])
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(warehouse.LoadConflict, match="y"):
        load(tmp_path, "two", items=["y", "z"])
    assert sorted(tmp_path.rglob("*")) == before
    known = warehouse.read_log(tmp_path).known
    assert "x" in known
    assert "z" not in known


def test_version_is_never_live_twice_even_without_item_ids(tmp_path: Path) -> None:
    tables = make_tables([make_pair("a")], "aa")
    warehouse.commit(tmp_path, "aa", tables, run_id="r", versions={})
    with pytest.raises(warehouse.LoadConflict):
        warehouse.commit(tmp_path, "bb", make_tables([make_pair("a")], "bb"), run_id="r", versions={})


@pytest.mark.parametrize("load_id", ["", "../up", "AB", "a" * 41, "a/b", "-a", "ab\n"])
def test_load_id_cannot_leave_the_folder(tmp_path: Path, load_id: str) -> None:
    with pytest.raises(ValueError, match="load_id"):
        warehouse.commit(tmp_path, load_id, {}, run_id="r", versions={})


def test_empty_tables_write_no_part(tmp_path: Path) -> None:
    load(tmp_path, "one")
    assert not (tmp_path / "rejects").exists()
    assert set(warehouse.read_log(tmp_path).files) == {
        "captures",
        "articles",
        "events",
        "event_actors",
        "event_magnitudes",
        "mentions",
    }


def test_captures_are_cut_into_row_groups_by_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.parts.ROW_GROUP_BYTES", 30)
    done = load(tmp_path, "one", count=4)  # bodies of 12 bytes
    assert done is not None
    part = next(tmp_path / f.path for f in done.add if f.table == "captures")
    assert pq.ParquetFile(part).metadata.num_row_groups == 2


def _racer(root: Path, names: list[str], start: Barrier) -> None:
    start.wait(60)
    for name in names:
        load(root, name, count=1)


def test_racing_processes_commit_everything_once(tmp_path: Path) -> None:
    names = [f"load{i}" for i in range(12)]
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    racers = [context.Process(target=_racer, args=(tmp_path, order, start)) for order in (names, names[::-1])]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(60)
        assert racer.exitcode == 0
    snapshot = warehouse.read_log(tmp_path)
    assert snapshot.version == 12
    assert all(snapshot.has_load(digest(name)) for name in names)
    assert value(tmp_path, COUNTS) == "12 24 24"
    live = {tmp_path / p for p in snapshot.paths}
    assert set(tmp_path.rglob("*.parquet")) == live
    assert not list(tmp_path.rglob("*.tmp"))


def test_racing_threads_commit_everything_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda i: load(tmp_path, f"load{i % 8}", count=1), range(16)))
    assert sorted(d.version for d in done if d is not None) == list(range(1, 9))
    assert value(tmp_path, COUNTS) == "8 16 16"
    assert {tmp_path / p for p in warehouse.read_log(tmp_path).paths} == set(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize(
    ("point", "survives"),
    [("put_written", False), ("put_renamed", False), ("before_link", False), ("after_link", True)],
)
def test_killed_load_is_whole_or_absent_and_may_be_repeated(tmp_path: Path, point: str, survives: bool) -> None:
    load(tmp_path, "before")
    code = "import sys; from pathlib import Path; from tests.warehouse.makers import load; load(Path(sys.argv[1]), 'killed')"
    environment = os.environ | {
        "DATELINE_FAULT": point,
        "PYTHONPATH": str(HERE.parents[1]),
    }
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=environment, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert value(tmp_path, COUNTS) == ("6 12 12" if survives else "3 6 6")
    assert (load(tmp_path, "killed") is None) == survives
    assert value(tmp_path, COUNTS) == "6 12 12"
    assert warehouse.verify(tmp_path) == []


def test_verify_names_a_part_that_changed(tmp_path: Path) -> None:
    done = load(tmp_path, "one")
    assert done is not None
    part = tmp_path / done.add[0].path
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    (bad,) = warehouse.verify(tmp_path)
    assert part.name in str(bad)


def test_failed_write_leaves_the_last_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path, "one")
    before = sorted(tmp_path.rglob("*"))
    with monkeypatch.context() as patched:
        patched.setattr("warehouse.storage.os.link", _no_space)
        with pytest.raises(OSError, match="No space"):
            load(tmp_path, "two")
    assert sorted(tmp_path.rglob("*")) == before
    assert load(tmp_path, "two") is not None


def _no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_damaged_record_says_which(tmp_path: Path) -> None:
    load(tmp_path, "one")
    (tmp_path / "_log" / "00000001.json").write_text("{")
    with pytest.raises(warehouse.CorruptFile, match="00000001"):
        warehouse.read_log(tmp_path)


def test_checkpoints_change_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("warehouse.index", "warehouse.log"):
        monkeypatch.setattr(f"{module}.CHECKPOINT_EVERY", 2)
    for i in range(5):
        load(tmp_path, f"load{i}", count=1)
    through = [_facts(tmp_path, v) for v in range(6)]
    assert (tmp_path / "_log" / "checkpoint-00000004.json").exists()
    segment = tmp_path / "_log" / "items-00000002-2.idx"
    segment.write_bytes(segment.read_bytes()[:-1])
    assert [_facts(tmp_path, v) for v in range(6)] == through
    (tmp_path / "_log" / "checkpoint-00000004.json").write_text("{")
    assert [_facts(tmp_path, v) for v in range(6)] == through
    for path in (tmp_path / "_log").glob("checkpoint-*"):
        path.unlink()
    for path in (tmp_path / "_log").glob("*.idx"):
        path.unlink()
    assert [_facts(tmp_path, v) for v in range(6)] == through
    log._STATES.clear()
    assert "load4-0" in warehouse.read_log(tmp_path).known


def _facts(root: Path, version: int) -> tuple[object, ...]:
    log._STATES.clear()
    found = warehouse.read_log(root, version)
    return (
        found.paths,
        [found.has_load(digest(f"load{i}")) for i in range(5)],
        [f"load{i}-0" in found.known for i in range(5)],
        [c.version for c in found.loads],
        found.superseded,
    )


def test_newest_version_does_not_depend_on_the_order_of_loads(tmp_path: Path) -> None:
    later = {"modified_at": make_pair("a")[0].article.published_at.replace(day=24)}  # type: ignore[union-attr]
    pairs = [make_pair("a", " Corrected.", **later), make_pair("a")]
    for number, order in enumerate((pairs, pairs[::-1])):
        root = tmp_path / str(number)
        for i, pair in enumerate(order):
            warehouse.commit(root, f"{i:02x}", make_tables([pair], f"{i:02x}"), run_id="r", versions={})
        assert value(root, "select string_agg(right(text, 10)) from articles") == "Corrected."
        assert value(root, "select count(*) from events") == 1
    both = tmp_path / "both"
    warehouse.commit(both, "aa", make_tables(pairs, "aa"), run_id="r", versions={})
    assert value(both, "select string_agg(right(text, 10)) from articles") == "Corrected."


def test_log_is_plain_json(tmp_path: Path) -> None:
    load(tmp_path, "one")
    record = json.loads((tmp_path / "_log" / "00000001.json").read_text())
    assert record["version"] == 1
    assert record["rows"]["articles"] == 3
    assert {f["table"] for f in record["add"]} >= {"articles", "events"}


def test_another_warehouse_in_the_same_place_is_seen(tmp_path: Path) -> None:
    import shutil

    load(tmp_path / "w", "one")
    warehouse.read_log(tmp_path / "w")
    shutil.rmtree(tmp_path / "w")
    assert warehouse.read_log(tmp_path / "w").version == 0
    load(tmp_path / "w", "two")
    assert warehouse.read_log(tmp_path / "w").has_load(digest("two"))
