"""Other programs read the same data: DuckDB's own command line of last year, Polars, pandas and pyarrow, each the real one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import warehouse
from tests.warehouse.makers import load, value

CLI = shutil.which("duckdb", path=str(Path(sys.executable).parent))


@pytest.fixture(scope="module", params=["small parts", "compacted"])
def root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("doors")
    load(root, "one")
    load(root, "two")
    if request.param == "compacted":
        warehouse.compact(root)
    warehouse.rebuild(root)
    return root


def live(root: Path, table: str) -> list[str]:
    return [str(root / f.path) for f in warehouse.read_log(root).files[table]]


def command_line(root: Path, statement: str) -> list[dict[str, object]]:
    assert CLI is not None, "the environment of the tests brings duckdb-cli"
    done = subprocess.run(
        [CLI, "-readonly", "-json", str(root / "catalog.duckdb"), statement],
        capture_output=True,
        text=True,
        timeout=60,
        cwd="/",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_the_duckdb_command_line_reads_the_catalogue(root: Path) -> None:
    assert command_line(root, "select count(*) as n from events") == [{"n": 6}]
    assert command_line(root, "select count(*) as n from timeline('ITA')") == [{"n": 6}]
    (about,) = command_line(
        root, "select comment from duckdb_columns() where table_name = 'events' and column_name = 'support'"
    )
    assert about["comment"] == "The words of the article that say so"
    for row in command_line(root, "select name, example from help"):
        assert command_line(root, f"select count(*) as n from ({str(row['example']).rstrip(';')})") is not None


def test_the_duckdb_command_line_never_waits_for_a_flow(root: Path, tmp_path: Path) -> None:
    """It holds the catalogue open while loads are committed and the catalogue is swapped, and neither notices."""
    shutil.copytree(root, tmp_path / "w")
    own = tmp_path / "w"
    warehouse.rebuild(own)
    assert CLI is not None
    session = subprocess.Popen(
        [CLI, "-readonly", "-csv", "-noheader", str(own / "catalog.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert session.stdin is not None
    assert session.stdout is not None
    session.stdin.write("begin; select count(*) from events;\n")
    session.stdin.flush()
    assert session.stdout.readline() == "6\n"
    load(own, "three")
    warehouse.rebuild(own)
    out, _ = session.communicate("select count(*) from events;\n", timeout=60)
    assert out == "6\n"
    assert command_line(own, "select count(*) as n from events") == [{"n": 9}]


def test_polars_reads_the_parts(root: Path) -> None:
    frame = pl.scan_parquet(live(root, "events"), hive_partitioning=False)
    counted = frame.filter(pl.col("status") == "actual").select(pl.len(), pl.col("injured").sum()).collect()
    assert counted.row(0) == (6, 18)
    with warehouse.connect(root) as con:
        assert con.sql("from event_dyads").pl().height == 12


def test_pandas_reads_the_parts(root: Path) -> None:
    frame = pd.concat(pd.read_parquet(path, partitioning=None) for path in live(root, "articles"))
    assert sorted(frame["title"]) == sorted(f"About {n}-{i}" for n in ("one", "two") for i in range(3))
    with warehouse.connect(root) as con:
        assert len(con.sql("from events").df()) == 6


def test_pyarrow_reads_the_parts(root: Path) -> None:
    table = ds.dataset(live(root, "event_actors"), partitioning=None).to_table(filter=ds.field("role") == "actor")
    assert table.num_rows == 12
    assert set(table["country"].to_pylist()) == {"FRA"}
    for name in warehouse.read_log(root).files:
        for path in live(root, name):
            assert pq.ParquetFile(path).schema_arrow.names == warehouse.TABLES[name].names


def test_compacted_parts_are_sorted_and_carry_bloom_filters(root: Path) -> None:
    (path,) = live(root, "events") if len(live(root, "events")) == 1 else (None,)
    if path is None:
        assert value(root, "select count(*) from files where \"table\" = 'events'") == 2
        return
    group = pq.ParquetFile(path).metadata.row_group(0)
    names = [group.column(i).path_in_schema for i in range(group.num_columns)]
    assert [names[s.column_index] for s in group.sorting_columns] == ["date_start", "article_id", "char_start"]
    with warehouse.connect(root) as con:
        probe = con.execute(
            "select bool_or(bloom_filter_excludes) from parquet_bloom_probe(?, 'url', 'https://news.example/elsewhere')",
            [path],
        ).fetchone()
    assert probe == (True,)
