"""Every command on a log with a hole: which file, what to do, no traceback, and nothing changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from tests.warehouse.makers import load
from warehouse import log

COMMANDS = {
    "status": ["status"],
    "verify": ["verify"],
    "sql": ["sql", "select count(*) from articles"],
    "compact": ["compact"],
    "gc": ["gc", "--grace", "0"],
    "forget": ["forget", "https://news.example/one-0", "--yes"],
    "ingest": ["ingest", "--direct", "page.txt"],
    "export": ["export", "out"],
    "reextract": ["reextract"],
    "doctor": ["doctor"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_hole_is_said_by_every_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    root = tmp_path / "w"
    for load_name in ("one", "two", "three"):
        load(root, load_name, count=1)
    (root / "_log" / "00000002.json").unlink()
    log._STATES.clear()
    monkeypatch.chdir(tmp_path)
    Path("page.txt").write_text(
        "date 2024-03-05\n\nFrance's foreign minister met the prime minister of Kenya on Tuesday.\n"
    )
    before = sorted(
        (path, path.stat().st_mtime_ns) for path in root.rglob("*.*") if path.suffix in (".json", ".parquet")
    )
    done = CliRunner().invoke(app, [*COMMANDS[name], "--root", str(root)], env={"COLUMNS": "300"})
    assert done.exit_code == 1, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert "00000002.json" in done.output + (done.stderr or "")
    after = sorted(
        (path, path.stat().st_mtime_ns) for path in root.rglob("*.*") if path.suffix in (".json", ".parquet")
    )
    assert after == before
