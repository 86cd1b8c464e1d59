"""Workspaces that earlier versions made: opened as they are, everything done with them, and from then on closed to those versions.

`tests/data/save_workspaces.py` makes them; a version that is released adds its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

import warehouse
from flows.cli import app
from tests.warehouse.makers import digest, load, value
from warehouse import log
from warehouse.record import read_record
from warehouse.storage import Storage

DATA = Path(__file__).parents[1] / "data"
VERSIONS = sorted(path.name.removesuffix(".tar.xz") for path in DATA.glob("*.tar.xz"))
SHORT = 3
"""The saved long log has a checkpoint after so many records."""


@pytest.fixture(scope="module", params=VERSIONS)
def unpacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The saved workspaces of a version and its warehouse package."""
    folder = tmp_path_factory.mktemp("saved") / request.param
    with tarfile.open(DATA / f"{request.param}.tar.xz") as tar:
        tar.extractall(folder, filter="data")
    return folder


@pytest.fixture
def saved(unpacked: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of one of them, by name."""
    return lambda name: Path(shutil.copytree(unpacked / name, tmp_path / name))


def _answers(unpacked: Path, name: str) -> dict[str, int]:
    return dict(json.loads((DATA / f"{unpacked.name}.json").read_text())[name])


@pytest.fixture
def dated(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("warehouse.index", "warehouse.log"):
        monkeypatch.setattr(f"{module}.CHECKPOINT_EVERY", SHORT)


def _old(unpacked: Path, root: Path, statement: str) -> subprocess.CompletedProcess[str]:
    """Run the earlier version's warehouse on a workspace."""
    code = f"import sys, warehouse; from datetime import timedelta; root = sys.argv[1]; {statement}"
    environment = os.environ | {"PYTHONPATH": str(unpacked / "code")}
    return subprocess.run(
        [sys.executable, "-c", code, str(root)],
        cwd=unpacked,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _dateline(root: Path, *arguments: str) -> str:
    done = CliRunner().invoke(app, [*arguments, "--root", str(root)], env={"DATELINE_ROOT": str(root)})
    assert done.exit_code == 0, f"{arguments}: {done.output} {done.exception!r}"
    return done.output


@pytest.mark.parametrize("name", ["workspace", "long"])
def test_it_answers_as_it_did_and_is_sound(unpacked: Path, saved: Callable[[str], Path], name: str) -> None:
    root = saved(name)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*.*") if "catalog" not in str(path)}
    for view, count in _answers(unpacked, name).items():
        assert value(root, f"select count(*) from {view}") == count, view
    assert warehouse.verify(root) == []
    # To look changes nothing, but for the catalogue, which was made in another place.
    now = {path: path.stat().st_mtime_ns for path in root.rglob("*.*") if "catalog" not in str(path)}
    assert now == before
    assert (root / "catalog.duckdb").is_symlink() == (name == "workspace")


@pytest.mark.usefixtures("dated")
def test_everything_is_done_with_it(unpacked: Path, saved: Callable[[str], Path]) -> None:
    root = saved("long")
    articles = _answers(unpacked, "long")["articles"]
    for i in range(7):
        assert load(root, f"load{i}", count=2) is None  # it is known
    with pytest.raises(warehouse.LoadConflict):
        load(root, "other", items=["load3-1"])
    assert warehouse.read_log(root).version == 8
    assert load(root, "new", count=2) is not None
    assert value(root, "select count(*) from articles") == articles + 2
    warehouse.forget(root, warehouse.by_url("https://news.example/load2-0"))
    warehouse.compact(root)
    warehouse.gc(root, timedelta(0))
    warehouse.rebuild(root)
    log._STATES.clear()
    known = warehouse.read_log(root).known
    assert value(root, "select count(*) from articles") == articles + 1
    assert digest("load2-0/") not in known
    assert {f"load{i}-1" in known for i in range(7)} == {True}
    assert warehouse.verify(root) == []
    # The first commit made what saves reading: nothing is read from the first record on for ever.
    assert log._STATES[str(root)].checkpoint >= 9
    assert all((root / "_log" / f"items-{n:08d}-{SHORT}.idx").stat().st_size > 72 for n in (3, 6, 9))


def test_the_first_sealed_record_closes_what_is_older(saved: Callable[[str], Path]) -> None:
    root = saved("long")
    load(root, "new", count=1)
    first = read_record(Storage(root), 9)
    assert first is not None
    assert len(first.previous) == 64
    old = root / "_log" / "00000002.json"
    whole = old.read_text()
    for damaged in (whole.replace("load1-0", "load9-0"), whole + " "):
        old.write_text(damaged)
        log._STATES.clear()
        with pytest.raises(warehouse.DamagedLog, match=r"00000009.json: was not written after the records up to 8"):
            load(root, "newer")
        assert len(warehouse.verify(root)) == 1
    old.unlink()
    with pytest.raises(warehouse.DamagedLog, match=r"00000002.json missing"):
        load(root, "newer")


@pytest.mark.parametrize("cut", [5, 6])
def test_a_hole_is_found_before_anything_is_sealed(saved: Callable[[str], Path], cut: int) -> None:
    """Version 0.1.0 said nothing of a lost end, but a hole shows, and so does what the records behind it take out."""
    root = saved("workspace")
    (root / "_log" / f"{cut - 2:08d}.json").unlink()
    with pytest.raises(warehouse.DamagedLog, match=f"{cut - 2:08d}.json missing"):
        load(root, "new")
    assert not (root / "_log" / "head").exists()


def test_the_earlier_version_refuses_what_this_one_wrote(unpacked: Path, saved: Callable[[str], Path]) -> None:
    work = {
        "commit": 'warehouse.commit(root, "ab", {}, run_id="r", versions={})',
        "read": "warehouse.read_log(root)",
        "gc": "warehouse.gc(root, timedelta(0))",
        "compact": "warehouse.compact(root)",
        "rebuild": "warehouse.rebuild(root)",
    }
    root = saved("long")
    assert _old(unpacked, root, work["commit"]).returncode == 0  # it works on its own
    load(root, "new")
    before = {
        path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file() and "catalog" not in path.name
    }
    for what, statement in work.items():
        done = _old(unpacked, root, statement)
        assert done.returncode == 1, what
        assert "CorruptFile" in done.stderr
        assert "00000010.json" in done.stderr
    assert before == {path: path.stat().st_mtime_ns for path in before}


@pytest.mark.usefixtures("dated")
def test_a_checkpoint_of_this_version_is_none_to_the_earlier_one(unpacked: Path, saved: Callable[[str], Path]) -> None:
    """It would take the checkpoint for the end of the log and commit on top of it."""
    root = saved("long")
    load(root, "new")
    assert (root / "_log" / "checkpoint-00000009.json").exists()
    done = _old(unpacked, root, 'warehouse.commit(root, "ab", {}, run_id="r", versions={})')
    assert done.returncode == 1
    assert "00000009.json" in done.stderr


def test_every_command_works_on_it(unpacked: Path, saved: Callable[[str], Path], tmp_path: Path) -> None:
    root = saved("workspace")
    count = _answers(unpacked, "workspace")["articles"]
    assert "rejects" in _dateline(root, "status")
    assert "parts are what was committed" in _dateline(root, "verify")
    page = tmp_path / "new.html"
    page.write_text(
        "<html lang=en><head><title>Cabinet resigns</title><meta property='article:published_time' content='2024-05-01T10:00:00Z'></head>"
        "<body><article><h1>Cabinet resigns</h1><p>The cabinet of Peru resigned on Tuesday after the president of Chile met the "
        "foreign minister of Peru in Lima.</p><p>Police arrested 12 protesters outside parliament, the ministry said.</p></article></body></html>"
    )
    _dateline(root, "ingest", "--direct", str(page))
    assert value(root, "select count(*) from articles") == count + 1
    _dateline(root, "reextract")
    _dateline(root, "forget", "https://news.example/strike", "--yes")
    assert value(root, "select count(*) from articles") == count
    _dateline(root, "compact")
    _dateline(root, "gc", "--grace", "0")
    _dateline(root, "export", str(tmp_path / "export"))
    assert str(count) in _dateline(root, "sql", "select count(*) as n from articles", "--format", "csv")
    assert "warehouse" in CliRunner().invoke(app, ["doctor", "--root", str(root)]).output
    assert warehouse.verify(root) == []
