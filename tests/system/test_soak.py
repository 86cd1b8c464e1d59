"""Five minutes of `dateline serve` under load, while its parts are killed at random: nothing lost, nothing twice, nothing left behind."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from flows import inbox
from flows.serve import resident
from tests.flows.serving import Served, article, processes, wait_for

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc to see what lives"),
]
SECONDS = float(os.environ.get("DATELINE_SOAK_SECONDS", "300"))
SEED = int(os.environ.get("DATELINE_SOAK_SEED", "15"))
A_SECOND = 2
"""Files dropped in a second."""
BACKLOG = 300
"""Files that wait before no more are dropped: a busy machine gets the load it can bear."""
STILL = 300.0
"""Seconds without another file done after which all is taken to stand still."""


def settle(served: Served, names: set[str]) -> None:
    """Wait until all files are done, however long it takes as long as more and more are."""
    left, changed = len(names), time.monotonic()
    while now_left := len(names - served.resting("_done").keys()):
        if now_left < left:
            left, changed = now_left, time.monotonic()
        assert time.monotonic() - changed < STILL, f"{left} of {len(names)} files are not done"
        time.sleep(1)


def worn(served: Served) -> bool:
    """Whether a batch has lost a run already: after a few more deaths it would be set aside, which is another test's subject."""
    locks = (served.space.inbox / inbox.CLAIMED).glob("*/lock")
    return any(lock.read_bytes().count(b"\n") >= inbox.DEATHS - 1 for lock in locks if lock.exists())


def runs_of(served: Served) -> list[int]:
    """The processes of the runs under way."""
    found = []
    for pid, command in processes():
        if "prefect.engine" in command:
            try:
                text = Path(f"/proc/{pid}/environ").read_bytes()
            except OSError:
                continue
            if f"DATELINE_SERVED={served.root}\0".encode() in text:
                found.append(pid)
    return found


def test_a_soak_with_kills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(SEED)
    served = Served(tmp_path)
    served.start()
    dropped, kills, sizes = 0, [], []
    began = next_kill = time.monotonic()
    next_kill += 15
    try:
        while (now := time.monotonic() - began) < SECONDS:
            for _ in range(A_SECOND if dropped - len(served.resting("_done")) < BACKLOG else 0):
                served.drop(f"soak/{dropped:05}.html", article(20_000 + dropped))
                dropped += 1
            if time.monotonic() >= next_kill:
                next_kill = time.monotonic() + chance.uniform(15, 30)
                what = chance.choice(["server", "watcher"] if worn(served) else ["server", "server", "runner", "watcher", "run", "run", "run", "all"])  # fmt: skip
                parts = served.parts()
                victims = {"run": runs_of(served)[:1], "all": [served.process.pid] if served.process else []}.get(what) or [pid for name, pid in parts.items() if name == what]  # fmt: skip
                for pid in victims:
                    os.kill(pid, signal.SIGKILL)
                    kills.append(what)
                if what == "all" and served.process:
                    served.process.wait()
                    wait_for(
                        lambda: not served.leftovers(), 30, f"all parts end with their parent: {served.leftovers()}"
                    )
                    served.start()
                    began += time.monotonic() - began - now  # the load stood still
            if server := served.parts().get("server"):
                sizes.append((now, server, resident(server)))
            time.sleep(max(0.0, 1 - (time.monotonic() - began - now)))
        settle(served, {f"soak/{n:05}.html" for n in range(dropped)})
        wait_for(lambda: not inbox.batches(served.space.inbox), 60, "nothing claimed")
        assert inbox.is_empty(served.space.inbox)
        assert not served.resting("_failed")
        assert len(served.resting("_done")) == dropped
        counted = "select count(*), count(distinct version_id), count(distinct canonical_url) from articles_all"
        assert served.sql(counted) == f"{dropped},{dropped},{dropped}"
        assert served.sql("select count(*) - count(distinct event_id) from events_all") == "0"
        assert served.run("verify").returncode == 0
        assert served.run("doctor").returncode == 0
    finally:
        if served.process and served.process.poll() is None:
            assert served.stop() == 0
    assert not served.leftovers()
    with capsys.disabled():
        lives: dict[int, list[tuple[float, int]]] = {}
        for at, pid, size in sizes:
            lives.setdefault(pid, []).append((at, size))
        print(f"\nsoak: {dropped} files in {SECONDS:.0f} s, {len(kills)} kills ({', '.join(kills)})")
        for pid, told in lives.items():
            (first, small), (last, large) = told[min(60, len(told) - 1)], told[-1]
            grown = (large - small) / 1e6 / max(1e-9, (last - first) / 60)
            print(
                f"  server {pid}: {small / 1e6:.0f} MB at {first:.0f} s, {large / 1e6:.0f} MB at {last:.0f} s: {grown:+.1f} MB a minute"
            )
