"""The log: a hole, a cut end, an altered or exchanged record is found before anything is written or deleted."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import warehouse
from tests.warehouse.harness import replace_load, run_to_fault
from tests.warehouse.makers import digest, load, value
from warehouse import log
from warehouse.record import CorruptFile, read_record, seal
from warehouse.storage import Storage

SIX = ("one", "two", "three", "four", "five", "six")


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six loads, as long ago as no grace reaches."""
    root = tmp_path_factory.mktemp("six") / "w"
    for name in SIX:
        load(root, name, count=1)
    warehouse.rebuild(root)
    for path in root.rglob("*"):
        if path.is_file():
            os.utime(path, (1_600_000_000,) * 2)
    return root


@pytest.fixture
def root(six: Path, tmp_path: Path) -> Path:
    """A copy that may be damaged, and that no process has read yet."""
    return Path(shutil.copytree(six, tmp_path / "w"))


def _record(root: Path, number: int) -> Path:
    return root / "_log" / f"{number:08d}.json"


def _remove(*numbers: int) -> Callable[[Path], None]:
    return lambda root: [_record(root, n).unlink() for n in numbers] and None


def _flip(root: Path) -> None:
    """One bit in the name of a known item: still JSON, still a record."""
    data = _record(root, 3).read_bytes()
    assert b'"three-0"' in data
    _record(root, 3).write_bytes(data.replace(b'"three-0"', b'"thsee-0"'))


def _cut(root: Path) -> None:
    _record(root, 4).write_bytes(_record(root, 4).read_bytes()[:-100])


def _empty(root: Path) -> None:
    _record(root, 6).write_bytes(b"")


def _resealed(change: dict[str, Any], number: int = 3) -> Callable[[Path], None]:
    """A record that says something else and has the hash of what it says."""

    def damage(root: Path) -> None:
        content = json.loads(_record(root, number).read_bytes())
        del content["sha256"]
        _record(root, number).write_bytes(seal(content | change)[0])

    return damage


def _swap(root: Path) -> None:
    _record(root, 3).rename(root / "x")
    _record(root, 4).rename(_record(root, 3))
    (root / "x").rename(_record(root, 4))


def _unseal(root: Path) -> None:
    """As version 0.1.0 would have written it."""
    content = json.loads(_record(root, 6).read_bytes())
    old = {k: v for k, v in content.items() if k not in ("format", "reader", "writer", "previous", "sha256")}
    _record(root, 6).write_text(json.dumps(old | {"at": old.pop("time")}))


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "hole": (_remove(3), "00000003.json missing"),
    "holes": (_remove(1, 3, 4), "00000001.json, 00000003.json, 00000004.json missing"),
    "first": (_remove(1), "00000001.json missing"),
    "end": (_remove(6), "00000006.json missing at the end"),
    "long end": (_remove(4, 5, 6), "00000004.json to 00000006.json missing at the end"),
    "all": (_remove(1, 2, 3, 4, 5, 6), "00000001.json to 00000006.json missing"),
    "bit": (_flip, "00000003.json: its bytes"),
    "cut": (_cut, "00000004.json"),
    "empty": (_empty, "00000006.json"),
    "swapped": (_swap, "00000003.json: holds version 4"),
    "exchanged": (_resealed({"run_id": "other"}), "00000004.json: was not written after record 3"),
    "last exchanged": (_resealed({"run_id": "other"}, 6), "00000006.json: another record than _log/head knows"),
    "rows": (_resealed({"rows": {"articles": 7}}), "00000003.json: says another number of rows"),
    "removes": (_resealed({"remove": ["events/month=2026-11/x.parquet"]}), "00000003.json: takes out"),
    "unsealed": (_unseal, "00000006.json: has no hash"),
}


def _as_it_is(root: Path) -> dict[Path, int]:
    """Every file but locks, with the time of its last change."""
    return {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.suffix != ".lock" and path != root}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_named_and_nothing_writes_or_deletes(root: Path, name: str) -> None:
    damage, words = DAMAGES[name]
    damage(root)
    before = _as_it_is(root)
    works: dict[str, Callable[[], object]] = {
        "read": lambda: warehouse.read_log(root),
        "connect": lambda: warehouse.connect(root),
        "commit": lambda: load(root, "seven"),
        "repeat": lambda: load(root, "three", count=1),
        "compact": lambda: warehouse.compact(root),
        "forget": lambda: warehouse.forget(root, warehouse.by_load(digest("two"))),
        "replace": lambda: replace_load(root, "two", count=1),
        "rebuild": lambda: warehouse.rebuild(root),
        "gc": lambda: warehouse.gc(root, timedelta(0)),
    }
    for work in works.values():
        with pytest.raises(warehouse.DamagedLog) as caught:
            work()
        assert words in str(caught.value)
        assert "repair" in str(caught.value)
    assert words in " ".join(str(error) for error in warehouse.verify(root))
    assert _as_it_is(root) == before


def test_a_process_that_has_read_the_log_notices_too(root: Path) -> None:
    warehouse.read_log(root)
    _record(root, 6).unlink()
    with pytest.raises(warehouse.DamagedLog, match="00000006"):
        load(root, "seven")
    with pytest.raises(warehouse.DamagedLog, match="00000006"):
        warehouse.read_log(root)


def test_a_record_that_lies_about_the_rows_of_a_part_is_found_by_verify(root: Path) -> None:
    content = json.loads(_record(root, 6).read_bytes())
    del content["sha256"]
    articles = next(f for f in content["add"] if f["table"] == "articles")
    articles["rows"] = content["rows"]["articles"] = 5
    data, sha256 = seal(content)
    _record(root, 6).write_bytes(data)
    (root / "_log" / "head").write_text(json.dumps({"version": 6, "sha256": sha256}))
    (bad,) = warehouse.verify(root)
    assert "00000006.json: says that articles/" in str(bad)
    assert "5 rows, and it holds 1" in str(bad)


def test_parts_whose_log_is_gone_are_not_garbage(root: Path) -> None:
    shutil.rmtree(root / "_log")
    assert warehouse.gc(root, timedelta(0)).files == 0
    assert len(list(root.glob("*/month=*/*.parquet"))) == 36


def test_the_head_is_a_lower_bound_that_is_never_lowered(root: Path) -> None:
    head = root / "_log" / "head"
    assert json.loads(head.read_text())["version"] == 6
    log._raise_head(Storage(root), 4, "f" * 64)
    assert json.loads(head.read_text())["version"] == 6
    for broken in (None, b"", b"{", b"[]", b'{"version": "x"}'):  # as after a power cut: nothing waits for it
        head.unlink()
        if broken is not None:
            head.write_bytes(broken)
        assert warehouse.read_log(root).version >= 6
        assert load(root, f"after {broken!r}", count=1) is not None
        assert json.loads(head.read_text())["version"] == warehouse.read_log(root).version


@pytest.mark.parametrize("broken", ["[" * 100_000, '{"version": 1e999}', '{"version": ' + "9" * 5000 + "}"])
def test_a_head_that_says_nothing_is_none(root: Path, broken: str) -> None:
    (root / "_log" / "head").write_text(broken)
    assert warehouse.read_log(root).version == 6
    assert warehouse.verify(root) == []


@pytest.mark.parametrize("name", ["20261127.json", "99999999999999.json", "head"])
def test_a_number_far_off_is_no_record(root: Path, name: str) -> None:
    """A file from elsewhere among the records, or a damaged head: nothing counts up to it."""
    (root / "_log" / name).write_text('{"version": 1000000000000, "sha256": ""}')
    before = {p: p.read_bytes() for p in root.rglob("*.*") if p.is_file()}
    for do in (warehouse.read_log, warehouse.verify, partial(warehouse.gc, grace=timedelta(0)), warehouse.repair):
        with pytest.raises(warehouse.DamagedLog, match=name):
            do(root)
    assert {p: p.read_bytes() for p in root.rglob("*.*") if p.is_file() and p.name != ".kept.lock"} == before
    (root / "_log" / name).unlink()
    assert warehouse.verify(root) == []


def test_one_number_has_one_name(root: Path) -> None:
    """A second file of a number does not make up for a hole."""
    _record(root, 3).with_name("000000003.json").write_bytes(_record(root, 3).read_bytes())
    assert warehouse.verify(root) == []
    _record(root, 5).unlink()
    with pytest.raises(warehouse.DamagedLog, match=r"00000005\.json missing"):
        warehouse.read_log(root)


def test_a_kill_between_record_and_head_leaves_a_good_log(root: Path) -> None:
    assert run_to_fault("load", root, "before_head")
    assert json.loads((root / "_log" / "head").read_text())["version"] == 6
    assert warehouse.read_log(root).version == 7
    assert warehouse.verify(root) == []
    assert load(root, "eight") is not None
    assert json.loads((root / "_log" / "head").read_text())["version"] == 8


def test_each_record_names_the_one_before_it_and_itself(root: Path) -> None:
    before = ""
    for number in range(1, 7):
        commit = read_record(Storage(root), number)
        assert commit is not None
        assert commit.previous == before
        before = commit.digest
        content = json.loads(_record(root, number).read_bytes())
        assert content.pop("sha256") == before == seal(content)[1]
        assert "at" not in content  # version 0.1.0 looks for it


def test_a_record_made_anew_stands_for_the_lost_one(root: Path) -> None:
    """What `repair` does: one file put where nothing is, and the records behind it hold on to it."""
    storage = Storage(root)
    lost, after = read_record(storage, 3), read_record(storage, 4)
    assert lost is not None
    assert after is not None
    _record(root, 3).unlink()
    anew = warehouse.Commit(
        **{name: getattr(lost, name) for name in ("version", "load_id", "kind", "at", "versions", "add", "rows")},
        run_id="repair",
        previous=lost.previous,
        stands_for=after.previous,
    )
    assert log.publish(storage, anew) == lost.digest
    assert warehouse.read_log(root).version == 6
    assert warehouse.verify(root) == []
    assert value(root, "select count(*) from articles") == 6


@pytest.mark.parametrize(
    ("change", "reads", "words"),
    [
        ({"format": 3, "writer": 3}, True, "its log wants writers of format 3"),
        ({"format": 3, "reader": 3, "writer": 3}, False, "00000006.json: written in format 3"),
        ({"schema": 99}, False, "schema 99"),
    ],
)
def test_what_a_newer_program_wrote_is_refused_before_anything_is_written(
    root: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, int], reads: bool, words: str
) -> None:
    """A newer schema was noticed when the catalogue was made, after the commit."""
    content = json.loads(_record(root, 6).read_bytes())
    del content["sha256"]
    if "schema" in change:
        content["add"][0] |= change
    else:
        content |= change
    data, sha256 = seal(content)
    _record(root, 6).write_bytes(data)
    (root / "_log" / "head").write_text(json.dumps({"version": 6, "sha256": sha256}))
    before = _as_it_is(root)
    monkeypatch.setattr(Storage, "put", lambda *_: pytest.fail("something was written"))
    works: dict[str, Callable[[], object]] = {
        "commit": lambda: load(root, "seven"),
        "compact": lambda: warehouse.compact(root),
        "forget": lambda: warehouse.forget(root, warehouse.by_load(digest("two"))),
        "replace": lambda: replace_load(root, "two", count=1),
        "gc": lambda: warehouse.gc(root, timedelta(0)),
    }
    for name, work in works.items():
        with pytest.raises(warehouse.NewerSchema, match=words):
            work()
        assert _as_it_is(root) == before, name
    if reads:
        assert value(root, "select count(*) from articles") == 6
    else:
        with pytest.raises(warehouse.NewerSchema, match=words):
            warehouse.connect(root)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint after every second record."""
    for module in ("warehouse.index", "warehouse.log"):
        monkeypatch.setattr(f"{module}.CHECKPOINT_EVERY", 2)


@pytest.mark.usefixtures("short")
def test_every_byte_of_a_segment_counts(tmp_path: Path) -> None:
    """A changed row would make a known item unknown, and its rows double: either it plays no part, or it is refused."""
    root = tmp_path / "w"
    for name in ("one", "two", "three"):
        load(root, name, count=1)
    segment = root / "_log" / "items-00000002-2.idx"
    whole, refused = segment.read_bytes(), 0
    for at in range(0, len(whole), 3):
        segment.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        log._STATES.clear()
        try:
            known = warehouse.read_log(root).known
            assert all(f"{name}-0" in known for name in ("one", "two", "three"))
            assert "four-0" not in known
        except warehouse.DamagedLog as error:
            refused += segment.name in str(error)
        # A file that is no segment any more (its last bytes say so) is not used, so there is nothing to say of it.
        assert warehouse.verify(root) or at >= len(whole) - 8
    assert refused > 20
    segment.unlink()
    log._STATES.clear()
    assert "one-0" in warehouse.read_log(root).known


@pytest.mark.usefixtures("short")
def test_a_damaged_checkpoint_is_passed_over_and_named(tmp_path: Path) -> None:
    root = tmp_path / "w"
    for name in (*SIX, "seven"):
        load(root, name, count=1)
    path = root / "_log" / "checkpoint-00000006.json"
    paths, whole = warehouse.read_log(root).paths, path.read_bytes()
    for damaged in (whole.replace(b'"articles"', b'"articies"', 1), whole[:-10], b"{"):
        path.write_bytes(damaged)
        log._STATES.clear()
        assert warehouse.read_log(root).paths == paths
        assert any(path.name in str(error) for error in warehouse.verify(root)) or damaged == b"{"
    content = json.loads(whole)
    del content["sha256"], content["parts"][0]
    path.write_bytes(seal(content)[0])
    (bad,) = warehouse.verify(root)
    assert "does not say what the records say" in str(bad)
    path.write_bytes(whole)
    assert warehouse.verify(root) == []


@pytest.mark.usefixtures("short")
def test_behind_a_checkpoint_nothing_is_built_on_another_record(tmp_path: Path) -> None:
    root = tmp_path / "w"
    for name in SIX:
        load(root, name, count=1)
    _resealed({"run_id": "other"}, 6)(root)
    (root / "_log" / "head").unlink()
    with pytest.raises(CorruptFile, match=r"not the record that _log/checkpoint-00000006.json was made of"):
        load(root, "seven")
    assert warehouse.verify(root)


@pytest.mark.usefixtures("short")
def test_an_old_record_that_changed_is_found_by_verify_and_gc(tmp_path: Path) -> None:
    root = tmp_path / "w"
    for name in SIX:
        load(root, name, count=1)
    _flip(root)
    log._STATES.clear()
    assert warehouse.read_log(root).version == 6  # it rests on the checkpoint
    (bad,) = warehouse.verify(root)
    assert "00000003.json: its bytes" in str(bad)
    with pytest.raises(warehouse.DamagedLog, match="00000003"):
        warehouse.gc(root, timedelta(0))
