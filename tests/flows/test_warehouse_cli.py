"""The commands over what is stored, as a user meets them: sql, status, verify, compact, gc, forget, export."""

from __future__ import annotations

import csv
import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import warehouse
from flows.config import SettingsError, Workspace, captures_kept
from tests.conftest import Dateline, read_terminal
from tests.warehouse.makers import load

EXPORTED = {"articles", "events", "event_actors", "event_magnitudes", "mentions"}


@pytest.fixture
def filled(dateline: Dateline, root: Path) -> Dateline:
    load(root, "one")
    load(root, "two", count=2)
    warehouse.rebuild(root)
    return dateline


def test_wrong_column_names_close_ones(filled: Dateline) -> None:
    done = filled("sql", "select actr_country from events")
    assert done.returncode == 1
    assert "actor_country" in done.stderr
    assert "--tables" in done.stderr
    assert "event_dyads" in filled("sql", "from event_dyad").stderr


def test_tables_lists_views_and_columns(filled: Dateline) -> None:
    listed = {row["name"] for row in csv.DictReader(filled("sql", "--tables").stdout.splitlines())}
    assert listed >= {
        "events",
        "articles",
        "timeline(country)",
        "events_gdelt",
        "events_polecat",
        "sources_quality",
        "help",
    }
    columns = {
        row["column"]: row["comment"] for row in csv.DictReader(filled("sql", "--tables", "events").stdout.splitlines())
    }
    assert columns["support"] == "The words of the article that say so"
    assert all(columns.values())


@pytest.mark.parametrize(
    "statement",
    ["copy (select 1) to 'out.csv'", "attach 'x.duckdb'", "export database 'x'", "select 1; copy events to 'e.csv'"],
)
def test_sql_only_reads(filled: Dateline, tmp_path: Path, statement: str) -> None:
    done = filled("sql", statement)
    assert done.returncode == 1
    assert "only read" in done.stderr
    assert not list((tmp_path / "cwd").iterdir())


def test_own_csv_is_joined_and_files_elsewhere_are_closed(filled: Dateline, tmp_path: Path) -> None:
    (tmp_path / "cwd" / "regions.csv").write_text("code,region\nFRA,west\nDEU,centre\n")
    (tmp_path / "secret.csv").write_text("a\n1\n")
    query = "select region, count(*) n from events join 'regions.csv' on code = actor_country group by all"
    assert filled("sql", query).stdout == "region,n\nwest,5\n"
    assert filled("sql", f"from '{tmp_path}/secret.csv'").returncode == 1


def test_version_shows_the_past_and_a_missing_one_is_said(filled: Dateline) -> None:
    assert filled("sql", "--version", "1", "select count(*) n from articles").stdout == "n\n3\n"
    missing = filled("sql", "--version", "9", "select 1")
    assert missing.returncode == 1
    assert "last version" in missing.stderr


def test_timeout_stops_a_long_statement(filled: Dateline) -> None:
    began = time.monotonic()
    done = filled("sql", "--timeout", "0.5", "select count(*) from range(1000000000) a, range(1000000000) b")
    assert done.returncode == 1
    assert "stopped after 0.5 seconds" in done.stderr
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.json", "out.parquet", "out.md", "out.txt"])
def test_output_takes_its_format_from_the_ending(filled: Dateline, tmp_path: Path, name: str) -> None:
    assert filled("sql", "select event_id, lat from events", "-o", str(tmp_path / name)).returncode == 0
    data = (tmp_path / name).read_bytes()
    rows = {
        "out.csv": lambda: len(data.splitlines()) - 1,
        "out.jsonl": lambda: len([json.loads(line) for line in data.splitlines()]),
        "out.json": lambda: len(json.loads(data)),
        "out.parquet": lambda: pq.ParquetFile(tmp_path / name).metadata.num_rows,
        "out.md": lambda: len(data.splitlines()) - 2,
        "out.txt": lambda: data.decode().count("45.75"),
    }[name]()
    assert rows == 5


def test_json_stays_json_with_what_json_cannot_say(filled: Dateline) -> None:
    done = filled(
        "sql", "select 'nan'::double as a, 'inf'::double as b, '\\xAA'::blob as c, [1, null] as d", "-f", "json"
    )
    assert json.loads(done.stdout) == [{"a": None, "b": None, "c": "aa", "d": [1, None]}]


def test_prompt_answers_and_keeps_its_history(root: Path, tmp_path: Path) -> None:
    """On a real terminal: a statement over two lines, a wrong one, the list of tables; the history is kept."""
    load(root, "one")
    control, terminal = pty.openpty()
    environment = os.environ | {"DATELINE_ROOT": str(root), "TERM": "dumb", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "flows", "sql"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment,
        cwd=tmp_path,
    )
    os.close(terminal)
    for line in (
        "select count(*) as counted",
        "from events;",
        "select nope from events;",
        ".columns casualties",
        ".quit",
    ):
        os.write(control, f"{line}\n".encode())
    text = read_terminal(control)
    assert process.wait(60) == 0
    assert "counted" in text
    assert "Candidate bindings" in text
    assert "number_text" in text
    assert "from events;" in (root / ".sql_history").read_text()


def test_status_verify_compact_and_gc_say_what_they_did(filled: Dateline, root: Path) -> None:
    shown = filled("status").stdout
    assert "version 2, 2 loads" in shown
    assert "last run" in shown
    assert "12 of 12 parts" in filled("verify").stdout
    assert "12 parts became 6" in filled("compact").stdout
    assert "nothing to merge" in filled("compact").stdout
    assert "would delete 12 files" in filled("gc", "--grace", "0", "--dry-run").stdout
    assert "within the grace" in filled("gc").stdout
    assert "deleted 12 files" in filled("gc", "--grace", "0").stdout
    assert filled("sql", "select count(*) n from articles").stdout == "n\n5\n"
    part = next((root / "events").rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-9])
    done = filled("verify")
    assert done.returncode == 1
    assert part.name in done.stderr


def test_damage_is_said_with_its_remedy(filled: Dateline, root: Path) -> None:
    part = next((root / "events").rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-9])
    for command in (("compact",), ("forget", "example", "--yes"), ("sql", "select sum(killed) from events")):
        done = filled(*command)
        assert done.returncode == 1, command
        assert part.name in done.stderr
        assert "Traceback" not in done.stderr
    (root / "_log" / "00000001.json").write_text("{")
    for command in (("status",), ("verify",), ("compact",), ("gc",), ("forget", "x"), ("sql", "select 1")):
        done = filled.alone(*command)
        assert done.returncode == 1, command
        assert "00000001.json" in done.stderr
        assert "Traceback" not in done.stderr


def test_forget_asks_takes_out_and_can_be_undone_by_loading_again(filled: Dateline, root: Path) -> None:
    url = "https://news.example/one-1"
    assert "would take out 1 articles" in filled("forget", url, "--dry-run").stdout
    unasked = filled("forget", url)
    assert unasked.returncode == 1
    assert "--yes" in unasked.stderr
    assert "took out 1 articles" in filled("forget", url, "--yes").stdout
    assert filled("sql", "select count(*) n from articles").stdout == "n\n4\n"
    assert filled("forget", url, "--yes").returncode == 1


def test_forgotten_input_comes_back_when_ingested_again(dateline: Dateline, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text("date 2024-03-06\nGhana recalled its ambassador from Togo on Monday. " * 3)
    given = ("ingest", "-q", str(tmp_path / "story.txt"), "--source", "mine")
    assert dateline(*given).returncode == 0
    count = ("sql", "select count(*) n from articles")
    assert dateline(*count).stdout == "n\n1\n"
    assert dateline("forget", "mine", "--yes").returncode == 0
    assert dateline(*count).stdout == "n\n0\n"
    assert dateline(*given).returncode == 0
    assert dateline(*count).stdout == "n\n1\n"


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_export_is_a_clean_copy(filled: Dateline, tmp_path: Path, form: str) -> None:
    target = tmp_path / "release" / "one"
    assert filled("export", str(target), "--format", form).returncode == 0
    assert {p.stem for p in target.glob(f"*.{form}")} == EXPORTED
    assert "| `support` |" in (target / "DICTIONARY.md").read_text()
    if form == "parquet":
        assert {p.stem: pq.ParquetFile(p).metadata.num_rows for p in target.glob("*.parquet")} == {
            "articles": 5, "events": 10, "event_actors": 30, "event_magnitudes": 10, "mentions": 10}  # fmt: skip
    refused = filled("export", str(target), "--format", form)
    assert refused.returncode == 1
    assert "not empty" in refused.stderr
    assert not list(target.parent.glob(".*.tmp"))
    old = tmp_path / "old"
    assert filled("export", str(old), "--version", "1").returncode == 0
    assert pq.ParquetFile(old / "articles.parquet").metadata.num_rows == 3


@pytest.mark.parametrize(
    ("written", "days"),
    [
        (None, None),
        ('[captures]\nkeep = "all"', None),
        ('[captures]\nkeep = "30 days"', 30),
        ('[captures]\nkeep = "none"', 0),
    ],
)
def test_how_long_captures_are_kept(tmp_path: Path, written: str | None, days: int | None) -> None:
    if written is not None:
        (tmp_path / "dateline.toml").write_text(written)
    kept = captures_kept(Workspace(tmp_path))
    assert (kept.days if kept is not None else None) == days


@pytest.mark.parametrize("written", ['[captures]\nkeep = "soon"', '[captures]\nkeep = "0 days"', "[captures"])
def test_a_wrong_setting_is_said(dateline: Dateline, root: Path, written: str) -> None:
    root.mkdir()
    (root / "dateline.toml").write_text(written)
    with pytest.raises(SettingsError, match=r"dateline\.toml"):
        captures_kept(Workspace(root))
    done = dateline("gc")
    assert done.returncode == 2
    assert "dateline.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_captures_go_when_they_are_not_kept(dateline: Dateline, root: Path, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text("date 2024-03-06\nGhana recalled its ambassador from Togo on Monday. " * 3)
    root.mkdir()
    (root / "dateline.toml").write_text('[captures]\nkeep = "none"\n')
    assert dateline("ingest", "-q", str(tmp_path / "story.txt")).returncode == 0
    both = "select (select count(*) from captures) || ' ' || count(*) as n from articles"
    assert dateline("sql", both).stdout == "n\n0 1\n"
    load(root, "one")
    (root / "dateline.toml").write_text('[captures]\nkeep = "1 day"\n')
    assert "took out 3 captures" in dateline("gc").stdout
    assert dateline("sql", both).stdout == "n\n0 4\n"
