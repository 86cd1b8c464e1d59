"""Guarantee 18: an ingest that dies, however, leaves neither processes nor half rows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Timer

import duckdb
import pytest

import warehouse
from flows import cli
from tests.conftest import Dateline
from tests.flows.test_ingest import rows, write_articles
from tests.flows.test_workers import children, gone

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def started(root: Path, folder: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """An ingest that has committed something, and the processes below it."""
    command = [sys.executable, "-m", "flows", "ingest", "--direct", str(folder), "--root", str(root)]
    env = os.environ | {"DATELINE_WORKERS": "2"}
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True, env=env)
    deadline = time.monotonic() + 90
    while not list((root / "_log").glob("*.json")) and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    below = children(run.pid)
    assert run.poll() is not None or len(below) >= 2
    return run, below


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.long), signal.SIGKILL]
)
def test_no_process_is_left(root: Path, tmp_path: Path, number: signal.Signals) -> None:
    write_articles(tmp_path / "in", 700)
    run, below = started(root, tmp_path / "in")
    run.send_signal(number)
    _, errors = run.communicate(timeout=90)
    assert run.returncode in (-number, 128 + number)
    assert number == signal.SIGKILL or (run.returncode == 128 + number and "no half load" in errors), errors
    assert "Traceback" not in errors
    assert gone(below, 30) == []
    assert all(n in (250, 200) for _, n in rows(root, "select load_id, count(*) from articles group by all"))


def test_ctrl_c_twice_ends_at_once(root: Path, tmp_path: Path) -> None:
    write_articles(tmp_path / "in", 700)
    run, below = started(root, tmp_path / "in")
    os.killpg(run.pid, signal.SIGINT)
    time.sleep(0.05)
    os.killpg(run.pid, signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    assert run.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in errors
    assert gone(below, 30) == []
    assert rows(root, "select count(*) > 0 from articles") == [(True,)]


def test_a_killed_worker_costs_nothing(root: Path, tmp_path: Path) -> None:
    write_articles(tmp_path / "in", 700)
    run, below = started(root, tmp_path / "in")
    # One: on a busy machine a second kill could meet the document that the first was reading, which is then set aside.
    os.kill(next(p for p in below if b"spawn_main" in Path(f"/proc/{p}/cmdline").read_bytes()), signal.SIGKILL)
    _, errors = run.communicate(timeout=120)
    assert run.returncode == 0, errors
    assert rows(root, "select count(*) from articles") == [(700,)]
    assert rows(root, "select count(*) from rejects") == [(0,)]


def test_a_document_that_takes_too_long_is_set_aside(dateline: Dateline, root: Path, tmp_path: Path) -> None:
    write_articles(tmp_path / "in", 12)
    line = "Gunmen killed {} soldiers in Mali on Tuesday, and ministers of Latvia and Estonia met in Riga on May {}, 2024. "
    (tmp_path / "in" / "long.txt").write_text("\n\n".join(line.format(n, n % 28 + 1) for n in range(4_000)))
    root.mkdir()
    (root / "dateline.toml").write_text("[limits]\nseconds = 1\n")
    done = dateline.alone("ingest", str(tmp_path / "in"), "--direct")
    assert done.returncode == 0, done.stderr
    assert "long.txt: too_costly: it took more than" in done.stderr
    assert rows(root, "select count(*) from articles") == [(12,)]
    assert rows(root, "select reason, stage from rejects") == [("too_costly", "clean")]
    version = warehouse.read_log(root).version
    assert dateline.alone("ingest", str(tmp_path / "in"), "--direct").returncode == 0
    assert warehouse.read_log(root).version == version  # known, until a later version tries again


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_that_meets_a_query_ends_the_command_quietly(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals, status: int
) -> None:
    def asks() -> None:
        Timer(0.05, os.kill, (os.getpid(), number)).start()
        until = time.monotonic() + 30
        with duckdb.connect() as con:
            while time.monotonic() < until:
                con.execute("select range % 1000, count(*) from range(300_000) group by 1 order by 2")

    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored where the tests themselves run under `nohup`
    signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(cli, "app", asks)
    monkeypatch.setattr(cli, "_ENDED_BY", [])
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main()
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert ended.value.code == status
