"""What Prefect costs an ingest: the same documents directly and as a flow under a real server on loopback, in turn, in one run.

    python -m tests.benchmarks.orchestration [--documents 10000] [--rounds 2] [--html] [--words 350]

A run is the whole `dateline ingest` command into a fresh workspace, its start and imports included; the server runs on the same
processors, so that what it uses is taken from the extraction. Order within the rounds: direct flow, flow direct, and so on.

- wall ratio: seconds of all flow runs over seconds of all direct runs. Other work on the machine moves it: `others` is the share of the
  processor time spent meanwhile that was neither the run's nor the server's.
- processor ratio: processor seconds of the flow's processes and of the server (until it has drained its queue), over those of the
  direct run. It hardly depends on what else runs.
- growth: bytes that the server's SQLite database gained by a run.

Not run by pytest. The tables of every run are compared: they must be the same.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import warehouse
from flows.config import quiet_prefect
from tests.benchmarks import documents

TICKS = os.sysconf("SC_CLK_TCK")
TABLES = ("articles_all", "events_all", "event_actors", "event_magnitudes", "mentions")


@dataclass(frozen=True, slots=True)
class Server:
    """A Prefect server started by us, with everything it starts in one process group."""

    url: str
    group: int
    home: Path

    def cpu(self) -> float:
        """Processor seconds it has used so far."""
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                after = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(after[2]) == self.group:
                total += int(after[11]) + int(after[12])
        return total / TICKS

    def drained(self, limit: float = 120) -> float:
        """Processor seconds once it has gone quiet: three seconds in which it used less than an idle server does in ten."""
        before, ends = self.cpu(), time.monotonic() + limit
        while time.monotonic() < ends:
            time.sleep(3)
            now = self.cpu()
            if now - before < 0.3:
                return now
            before = now
        return before

    def database(self) -> int:
        """Bytes of the pages its SQLite database uses, those still in its log included."""
        with closing(sqlite3.connect(f"file:{self.home / 'prefect.db'}?mode=ro", uri=True)) as con:
            pages, free, size = (
                con.execute(f"pragma {p}").fetchone()[0] for p in ("page_count", "freelist_count", "page_size")
            )
        return int((pages - free) * size)


@contextmanager
def server(home: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    """A server with a fresh database, on loopback; its log lies beside `home`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (home.parent / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, env={**environment, "PREFECT_API_URL": url}, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait(url + "/health", process)
        yield Server(url, process.pid, home)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 120
    while time.monotonic() < ends and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    raise SystemExit(f"the server did not answer at {url}")


def _busy() -> float:
    """Processor seconds used by everything on this machine."""
    user, nice, system, _idle, _io, irq, softirq, *_ = (
        int(n) for n in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + irq + softirq) / TICKS


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of the command."""

    wall: float
    cpu: float
    """Processor seconds of the command and all its processes."""
    server_cpu: float
    growth: int
    others: float
    digest: tuple[int, ...]


def measure(given: Path, folder: Path, under: Server, flow: bool) -> Measured:
    """Run the command once into a fresh workspace, which is removed."""
    root = folder / "workspace"
    command = [sys.executable, "-m", "flows", "ingest", "--quiet", "--root", str(root), str(given)]
    command.append("--flow" if flow else "--direct")
    environment = os.environ | ({"PREFECT_API_URL": under.url} if flow else {})
    used, size, busy = under.drained(), under.database(), _busy()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = _busy() - busy
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    meanwhile = under.cpu() - used
    served = under.drained() - used
    digest = tuple(_digest(root, table) for table in TABLES)
    shutil.rmtree(root)
    return Measured(wall, cpu, served, under.database() - size, 1 - (cpu + meanwhile) / max(busy, 0.01), digest)


def _digest(root: Path, table: str) -> int:
    """One number for all rows of a table but what differs between any two runs, whatever their order."""
    query = (
        f"select coalesce(sum(hash(t)::hugeint), 0) from (select * exclude (load_id, run_id, loaded_at) from {table}) t"
    )
    found = warehouse.connect(root).execute(query).fetchone()
    assert found is not None
    return int(found[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--html", action="store_true", help="web pages instead of plain texts")
    parser.add_argument("--words", type=int, default=documents.WORDS, help="of a document, at least")
    given = parser.parse_args()
    runs: dict[bool, list[Measured]] = {False: [], True: []}
    with tempfile.TemporaryDirectory(prefix="orchestration-") as name:
        folder = Path(name)
        source = documents.write(folder / "given", given.documents, given.html, least=given.words)[0]
        home = folder / "prefect"
        home.mkdir()
        quiet_prefect(home)
        with server(home, os.environ) as under:
            for number in range(given.rounds):
                for flow in (False, True) if number % 2 == 0 else (True, False):
                    run = measure(source, folder, under, flow)
                    runs[flow].append(run)
                    _say(number, flow, run)
            idle = under.cpu()
            time.sleep(10)
            idle = (under.cpu() - idle) / 10
    _report(runs, given.documents, idle)


def _say(number: int, flow: bool, run: Measured) -> None:
    what = "flow" if flow else "direct"
    server = f"  server {run.server_cpu:5.1f} s  database +{run.growth / 1e6:.2f} MB" if flow else ""
    print(
        f"{number + 1} {what:6}  wall {run.wall:6.1f} s  processor {run.cpu:6.1f} s  others {run.others:4.0%}{server}",
        flush=True,
    )


def _report(runs: dict[bool, list[Measured]], count: int, idle: float) -> None:
    direct, flow = runs[False], runs[True]
    same = len({r.digest for r in (*direct, *flow)}) == 1
    wall = sum(r.wall for r in flow) / sum(r.wall for r in direct)
    cpu = sum(r.cpu + r.server_cpu for r in flow) / sum(r.cpu for r in direct)
    growth = statistics.median(r.growth for r in flow) * 10_000 / count
    print(f"tables of all runs: {'the same' if same else 'DIFFERENT'}")
    print(f"wall ratio flow/direct      {wall:.3f}  ({', '.join(_ratios(direct, flow))} by round)")
    print(f"processor ratio             {cpu:.3f}  (an idle server uses {idle:.3f} of a processor, included)")
    print(f"database per 10,000 documents  {growth / 1e6:.2f} MB")
    if not same:
        raise SystemExit(1)


def _ratios(direct: list[Measured], flow: list[Measured]) -> list[str]:
    return [f"{f.wall / d.wall:.3f}" for d, f in zip(direct, flow, strict=True)]


if __name__ == "__main__":
    main()
