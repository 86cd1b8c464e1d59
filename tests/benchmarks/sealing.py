"""Benchmarks of the sealed log: reading all of it, and what a commit costs beside the version that sealed nothing.

    python -m tests.benchmarks.sealing verify [--loads 10000] [--documents 250]
    python -m tests.benchmarks.sealing commit [--before 002930b]

The second runs both versions in processes of their own, commit by commit in turn, on logs that each has written itself.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import statistics
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import warehouse
from tests.benchmarks.warehouse import folder, long_log, timed
from warehouse import log

_CHILD = """
import sys, time
from pathlib import Path
import warehouse
from tests.warehouse.makers import digest, make_pair, make_tables
root, before = Path(sys.argv[1]), int(sys.argv[2])
def load(name):
    tables = make_tables([make_pair(f"{name}-{i}") for i in range(100)], digest(name))
    items = {f"{name} item {i}": "0" * 16 for i in range(100)}
    began = time.perf_counter()
    warehouse.commit(root, digest(name), tables, items=items, run_id="r", versions={"extractor": "e1"})
    return time.perf_counter() - began
for i in range(before):
    load(f"old {i}")
print("ready", flush=True)
for line in sys.stdin:
    print(load(line.strip()), flush=True)
"""


def bench_verify(loads: int, documents: int) -> None:
    """Seconds to check a whole log, and to open it."""
    with folder(None) as root:
        with mock.patch("os.fsync"):  # it is made for the reading
            made = timed(lambda: long_log(root, loads, documents))
        size = sum(p.stat().st_size for p in (root / "_log").glob("*.json")) / 1e6
        print(
            f"log of {loads:,} loads of {documents} documents made in {made:.0f} s: {size:,.0f} MB of records",
            flush=True,
        )
        log._STATES.clear()
        print(f"read from the last checkpoint: {timed(lambda: warehouse.read_log(root)):.2f} s", flush=True)
        for _ in range(3):
            began = os.times()
            took = timed(lambda: warehouse.check_log(root).refuse())
            spent = os.times().user + os.times().system - began.user - began.system
            print(f"checked whole: {took:.1f} s, {spent:.1f} s of processor (at most 10)")


@contextlib.contextmanager
def _committer(code: Path, root: Path, before: int) -> Iterator[subprocess.Popen[str]]:
    """A process that commits a load for each line it is given, with the warehouse of a source tree."""
    command = [sys.executable, "-c", _CHILD, str(root), str(before)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=code, env=os.environ | {"PYTHONPATH": str(code)}, **pipes)  # type: ignore[call-overload]
    with process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()


def bench_commit(revision: str, before: int, times: int) -> None:
    """A commit of 100 articles into a log of some loads, now and at an earlier revision, in turn."""
    here = Path(__file__).parents[2]
    with folder(None) as base, contextlib.ExitStack() as running:
        then = base / "then"
        packed = subprocess.run(["git", "archive", revision], cwd=here, check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            tar.extractall(then, filter="data")
        sides = {"then": then, "now": here}
        run = {n: running.enter_context(_committer(code, base / f"w-{n}", before)) for n, code in sides.items()}
        taken: dict[str, list[float]] = {name: [] for name in sides}
        for i in range(times):
            for name in sorted(sides, reverse=bool(i % 2)):
                run[name].stdin.write(f"new {i}\n")  # type: ignore[union-attr]
                run[name].stdin.flush()  # type: ignore[union-attr]
                taken[name].append(float(run[name].stdout.readline()))  # type: ignore[union-attr]
        medians = {name: statistics.median(t) * 1e3 for name, t in taken.items()}
        print(f"commit into {before} loads: {medians['then']:.1f} ms at {revision}, {medians['now']:.1f} ms now")
        print(f"ratio {medians['now'] / medians['then']:.2f} (at most 1.1)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    asked = parser.add_subparsers(dest="what", required=True)
    verify = asked.add_parser("verify")
    verify.add_argument("--loads", type=int, default=10_000)
    verify.add_argument("--documents", type=int, default=250)
    commit = asked.add_parser("commit")
    commit.add_argument("--before", default="002930b", help="the revision to compare with")
    commit.add_argument("--loads", type=int, default=20)
    commit.add_argument("--times", type=int, default=80)
    args = parser.parse_args()
    if args.what == "verify":
        bench_verify(args.loads, args.documents)
    else:
        bench_commit(args.before, args.loads, args.times)


if __name__ == "__main__":
    main()
