"""The wall: whatever reading one document does to a worker, its neighbours are read, and no worker outlives who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.bounds import read_bounds
from flows.config import SettingsError, Workspace
from flows.workers import Bounds, Lost, Workers, WorkersFailed, memory_of
from tests.flows import poison

BOUNDS = Bounds(memory=250_000_000, seconds=1, patience=2)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(2, BOUNDS)
    yield pool
    pool.close()


def test_each_argument_has_its_result_in_order(workers: Workers) -> None:
    futures = [workers.submit(poison.do, [str(n), "x", str(n + 1)]) for n in range(20)]
    for n, future in enumerate(futures):
        first, error, last = future.result(60)
        assert (first, str(error), last) == (2 * n, "x", 2 * n + 2)
        assert isinstance(error, ValueError)


@pytest.mark.parametrize(
    ("what", "reason", "said"),
    [
        ("eat", "too_costly", "more than 250 MB of memory"),
        ("sleep", "too_costly", "more than 2 seconds"),
        ("hold", "too_costly", "seconds"),
        ("killed", "worker_died", "was ended by SIGKILL"),
        ("exit", "worker_died", "ended with status 7"),
    ],
)
def test_what_ends_a_worker_is_alone_lost(workers: Workers, what: str, reason: str, said: str) -> None:
    first, lost, *rest = workers.submit(poison.do, ["1", what, "3", "4"]).result(60)
    assert (first, rest) == (2, [6, 8])
    assert isinstance(lost, Lost)
    assert lost.reason == reason
    assert said in lost.message


def test_a_worker_that_dies_for_another_reason_costs_one_try_only(workers: Workers, tmp_path: Path) -> None:
    assert workers.submit(poison.do, ["1", f"once {tmp_path}/mark", "3"]).result(60) == [2, "done", 6]


@pytest.mark.parametrize(("prepare", "error"), [(poison.unready, LookupError), (poison.stillborn, WorkersFailed)])
def test_workers_that_cannot_begin_say_why(prepare: object, error: type[Exception]) -> None:
    pool = Workers(1, BOUNDS, prepare)  # type: ignore[arg-type]
    with pytest.raises(error):
        pool.submit(poison.do, ["1"]).result(60)
    pool.close()


def test_closing_ends_the_work_and_the_workers() -> None:
    pool = Workers(1, Bounds())
    (pid,) = pool.submit(poison.do, ["pid"]).result(60)
    waiting = pool.submit(poison.do, ["sleep"])
    pool.close()
    with pytest.raises(WorkersFailed):
        waiting.result(5)
    with pytest.raises(WorkersFailed):
        pool.submit(poison.do, ["1"])
    assert not alive(pid)


PARENT = """
import sys
from flows.workers import Bounds, Workers
from tests.flows import poison
if __name__ == "__main__":
    pool = Workers(2, Bounds(seconds=20))
    pids = [pool.submit(poison.do, ["pid"]).result(60)[0]]
    work = [pool.submit(poison.do, [what]) for what in sys.argv[1:]]
    print(*pids, flush=True)
    [w.result() for w in work]
"""


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if parent == str(pid):
            found.append(int(stat.parent.name))
    return found


def gone(pids: list[int], within: float) -> list[int]:
    """Those that are still there after so many seconds."""
    deadline = time.monotonic() + within
    while (left := [pid for pid in pids if alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_workers_do_not_outlive_their_parent(tmp_path: Path, number: signal.Signals) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    started = subprocess.Popen(
        [sys.executable, str(script), "sleep", "sleep"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert started.stdout is not None
    assert started.stdout.readline()
    below = children(started.pid)
    assert len(below) >= 2
    started.send_signal(number)
    assert started.wait(30) != 0
    assert gone(below, 30) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limits = 3", "limits is a table"),
        ("[limits]\nmemory = '2 GB'", "memory = '2 GB': MB, from 400"),
        ("[limits]\nseconds = 0", "seconds = 0: seconds, from 0.1"),
        ("[limits]\nseconds = true", "seconds = True"),
        ("[limits]\nfiles = 3", "files: no such key; there is memory, seconds"),
    ],
)
def test_wrong_limits(root: Path, text: str, said: str) -> None:
    root.mkdir()
    (root / "dateline.toml").write_text(text)
    with pytest.raises(SettingsError, match=said.replace("[", "\\[")):
        read_bounds(Workspace(root))


def test_limits(root: Path) -> None:
    assert read_bounds(Workspace(root)) == Bounds(1_500_000_000, 60)
    root.mkdir()
    (root / "dateline.toml").write_text("[limits]\nmemory = 800\nseconds = 5")
    assert read_bounds(Workspace(root)) == Bounds(800_000_000, 5)


def test_memory_of_this_process() -> None:
    assert 5_000_000 < memory_of(os.getpid()) < 10**11
    assert memory_of(2**22 + 1) == 0


def test_a_batch_without_documents_is_done_at_once() -> None:
    """A URL that is refused gives a batch of one failure: its run waited for ever."""
    pool = Workers(1, BOUNDS)
    try:
        assert pool.submit(len, []).result(timeout=30) == []
    finally:
        pool.close()
