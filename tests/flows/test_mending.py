"""The commands for the bad day, on rows that a real ingest made: shown first, done with --yes, and every answer as before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import warehouse
from flows.cli import app
from tests.warehouse.harness import facts
from warehouse import log


def dateline(root: Path, *arguments: str) -> Result:
    """The command in this process."""
    log._STATES.clear()
    return CliRunner().invoke(app, [*arguments, "--root", str(root)], env={"COLUMNS": "200"})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two loads of two articles each."""
    root = tmp_path / "w"
    for load in range(2):
        lines = [
            {
                "url": f"https://paper.example/{load}{n}",
                "source": f"paper-{load}",
                "text": f"Kenya and Ethiopia signed a treaty on the border on Monday in Nairobi, officials said in part {load}{n}.",
            }
            for n in range(2)
        ]
        path = tmp_path / f"{load}.jsonl"
        path.write_text("\n".join(json.dumps(line) for line in lines))
        assert dateline(root, "ingest", "--direct", "-q", str(path)).exit_code == 0
    return root


@pytest.mark.parametrize("table", ["articles", "events"])
def test_repair_shows_first_then_makes_the_rows_again_from_the_captures(root: Path, table: str) -> None:
    tables = (
        "select count(*), bit_xor(hash(a.text)) from articles a",
        "select count(*), bit_xor(hash(e.event_id)) from events e",
    )

    def rows() -> list[object]:
        with warehouse.connect(root, comments=False) as con:
            return [con.execute(query).fetchone() for query in tables]

    before = rows()
    path = root / warehouse.read_log(root).files[table][0].path
    path.write_bytes(path.read_bytes()[:50])
    assert dateline(root, "verify").exit_code == 1
    status = dateline(root, "status")
    assert status.exit_code == 0, status.output
    shown = dateline(root, "repair")
    assert shown.exit_code == 1
    assert f"would do: takes {table}/" in shown.output
    assert "1 loads made again from their captures" in shown.output
    assert warehouse.read_log(root).version == 2
    done = dateline(root, "repair", "--yes")
    assert done.exit_code == 0, done.output
    assert rows() == before
    assert dateline(root, "verify").exit_code == 0
    assert "nothing is damaged" in dateline(root, "repair").output


def test_repair_of_a_hole_in_the_log(root: Path) -> None:
    before = facts(root)["articles_all"][0]
    (root / "_log" / "00000001.json").unlink()
    refused = dateline(root, "gc", "--grace", "0")
    assert refused.exit_code == 1
    assert dateline(root, "verify").exit_code == 1
    done = dateline(root, "repair", "--yes")
    assert done.exit_code == 0, done.output
    assert "in doubt" in done.output
    assert facts(root)["articles_all"][0] == before
    assert dateline(root, "verify").exit_code == 0


def test_forget_names_kept_versions_and_backups_that_hold_it(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    assert "version 2" in dateline(root, "keep", "paper").output
    assert "version 2" in dateline(root, "backup", str(folder)).output
    shown = dateline(root, "forget", "paper-1", "--dry-run")
    assert "kept version paper" in shown.output
    assert str(folder) in shown.output
    assert dateline(root, "forget", "paper-1", "--yes").exit_code == 0
    with warehouse.connect(root, 2, comments=False) as con:
        assert con.execute("select distinct source from articles").fetchall() == [("paper-0",)]
    back = dateline(root, "restore", str(folder), "--yes")
    assert back.exit_code == 0, back.output
    assert "left out because they were forgotten" in back.output
    with warehouse.connect(root, comments=False) as con:
        assert con.execute("select distinct source from articles").fetchall() == [("paper-0",)]
    assert "let go" in dateline(root, "keep", "paper", "--release").output
    assert dateline(root, "keep", "paper", "--release").exit_code == 1


def test_an_older_version_comes_back_by_the_command(root: Path) -> None:
    before = facts(root, 1)
    assert dateline(root, "restore", "--version", "9").exit_code == 1
    done = dateline(root, "restore", "--version", "1")
    assert done.exit_code == 0, done.output
    assert facts(root) == before
    assert dateline(root, "restore").exit_code == 2
