"""What `dateline sql` runs, and what it refuses: `statements.txt` against each wall alone, and where the answers may go."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

import warehouse
import warehouse.catalog
from flows import query
from flows.query import QueryError
from flows.statements import Refused, readable
from tests.conftest import Dateline
from tests.warehouse.makers import load

_LINES = (Path(__file__).parent / "statements.txt").read_text().splitlines()
CASES = [line.split("\t") for line in _LINES if line and line[0] != "#"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a file of the user's own, and a workspace in it; a secret beside it."""
    above = tmp_path_factory.mktemp("sql")
    (above / "secret.txt").write_text("secret\n")
    here = above / "here"
    here.mkdir()
    (here / "own.csv").write_text("code,region\nFRA,west\n")
    load(here / "data", "one")
    warehouse.rebuild(here / "data")
    before = Path.cwd()
    os.chdir(here)
    yield here
    os.chdir(before)


def answers(con: duckdb.DuckDBPyConnection, text: str) -> list[list[Any]]:
    return [con.execute(one).fetchall() for one in readable(con, text)]


def put(statement: str, place: Path) -> str:
    part = next((place / "data" / "events").rglob("*.parquet"))
    record = place / "data" / "_log" / "00000001.json"
    return statement.replace("PART", str(part)).replace("RECORD", str(record)).replace("\\n", "\n")


def state(place: Path) -> dict[str, tuple[int, int]]:
    found = (p for p in place.parent.rglob("*"))
    return {str(p): (p.stat().st_size, p.stat().st_mtime_ns) for p in found if p.is_file()}


@pytest.fixture(scope="module")
def con(place: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse.connect(place / "data", comments=False) as con:
        yield con


@pytest.mark.parametrize(("kind", "statement"), CASES, ids=[c[1] for c in CASES])
def test_only_reads(place: Path, con: duckdb.DuckDBPyConnection, kind: str, statement: str) -> None:
    """The first wall alone: nothing is written and nothing outside is read, and what reads is answered."""
    before = state(place)
    if kind == "reads":
        assert all(answers(con, put(statement, place)))
    else:
        with pytest.raises((Refused, duckdb.Error)):
            answers(con, put(statement, place))
    assert state(place) == before


def test_nothing_can_be_written_behind_the_second_wall(place: Path) -> None:
    """Run without the first wall, by threads of DuckDB's own too; spilled data can be."""
    before = state(place)
    refused = 0
    with query._walled(place / "data", None, comments=False) as asking:
        for kind, statement in CASES:
            if kind == "writes" and "../" not in statement:
                text = put(statement, place)
                try:
                    asking(lambda con, text=text: con.execute(text).fetchall())
                except QueryError as error:
                    refused += "Permission denied" in str(error)
        if not refused:
            pytest.skip("the kernel has no Landlock")
        many = "copy (select * from range(1000000)) to 'new' (format parquet, per_thread_output)"
        with pytest.raises(QueryError, match="Permission denied"):
            asking(lambda con: con.execute(many).fetchall())
    assert state(place) == before
    assert refused > 20


def test_what_does_not_fit_into_memory_goes_to_the_systems_folder(con: duckdb.DuckDBPyConnection) -> None:
    (spills,) = con.execute("select current_setting('temp_directory')").fetchone() or ("",)
    assert Path(spills).parent == Path(tempfile.gettempdir())


def test_spilling_works_behind_the_wall(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 60 MB of memory a sort of 5 million rows writes files, into a folder that is gone afterwards."""
    opened = query.connect

    def small(*args: Any, **named: Any) -> duckdb.DuckDBPyConnection:
        monkeypatch.setattr(
            warehouse.catalog, "OFFLINE", warehouse.catalog.OFFLINE | {"memory_limit": "60MB", "threads": 1}
        )
        return opened(*args, **named)

    monkeypatch.setattr(query, "connect", small)
    text = "select i, hash(i) as h, repeat('x', 20) from range(5000000) t(i) order by h"
    seen: list[Path] = []

    def look(con: duckdb.DuckDBPyConnection) -> int:
        cursor = con.execute(text)
        seen.extend(
            Path(row[0]) for row in con.cursor().execute("select path from duckdb_temporary_files()").fetchall()
        )
        return len(cursor.fetchmany(10))

    with query._walled(place / "data", None, comments=False) as asking:
        assert asking(look) == 10
    assert seen
    assert not any(path.parent.exists() for path in seen)


@pytest.mark.parametrize(
    "output", ["workspace/_log/00000001.json", "workspace/inbox/new.csv", "workspace/dateline.toml"]
)
def test_output_never_goes_into_a_workspace(dateline: Dateline, root: Path, output: str) -> None:
    load(root, "one")
    (root / "inbox").mkdir()
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
    done = dateline("sql", "select 1 a", "--yes", "-o", str(root.parent / output))
    assert done.returncode == 1
    assert "inside the workspace" in done.stderr
    other = dateline(
        "sql", "select 1 a", "--yes", "-o", str(root.parent / output), DATELINE_ROOT=str(root.parent / "other")
    )
    assert "inside the workspace" in other.stderr
    assert {p: p.read_bytes() for p in root.rglob("*") if p.is_file()} == before


def test_output_replaces_a_file_only_when_asked_to(dateline: Dateline, root: Path, tmp_path: Path) -> None:
    load(root, "one")
    mine = tmp_path / "mine.csv"
    mine.write_text("years of work\n")
    refused = dateline("sql", "select 1 a", "-o", str(mine))
    assert refused.returncode == 1
    assert "--yes" in refused.stderr
    assert mine.read_text() == "years of work\n"
    assert dateline("sql", "select 1 a", "-o", str(mine), "--yes").returncode == 0
    assert mine.read_text() == "a\n1\n"
    link = tmp_path / "link.csv"
    link.symlink_to(mine)
    assert dateline("sql", "select 2 a", "-o", str(link), "--yes").returncode == 0
    assert (link.is_symlink(), mine.read_text()) == (True, "a\n2\n")


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_output_is_whole_or_not_there(place: Path, tmp_path: Path, form: str) -> None:
    """A statement that fails after a hundred thousand rows leaves the file that was there, and nothing beside it."""
    mine = tmp_path / "mine"
    mine.write_text("before")
    fails = "select case when i < 120000 then i else error('broken') end as a from range(200000) t(i)"
    with pytest.raises(QueryError, match="broken"):
        query.run(place / "data", fails, form, mine, None, replace=lambda _: True)
    assert (mine.read_text(), [p.name for p in tmp_path.iterdir()]) == ("before", ["mine"])


def test_a_full_disk_leaves_no_cut_file(place: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk."""
    code = (
        "import resource, signal; from pathlib import Path; from flows import query\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        f"query.run(Path({str(place / 'data')!r}), 'from range(1000000)', 'csv', Path({str(tmp_path / 'cut.csv')!r}), None)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []
