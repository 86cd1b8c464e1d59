"""Children that may die: one operation on a warehouse in a process of its own, and racing roles that are killed at random.

Processes come from a fork server that has imported everything, so that one starts in a few milliseconds.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.compute
import pyarrow.parquet  # noqa: F401

import warehouse
from tests.warehouse.makers import digest, load, make_pair, make_tables

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.warehouse.harness", "flows.mending"])

STEPS = ("put_written", "put_renamed", "before_link", "after_link", "catalogue", "gc", "compact", "rewrite")
PER_ARTICLE = {"articles_all": 1, "events_all": 2, "event_actors": 6, "event_magnitudes": 2, "mentions": 2}


def replace_load(root: Path, name: str, count: int = 3, wording: str = " Better.") -> warehouse.Commit | None:
    """Replace what a load of `makers.load` gave by another wording of the same articles."""
    tables = make_tables([make_pair(f"{name}-{i}", wording) for i in range(count)], digest(name))
    derived = {table: rows for table, rows in tables.items() if table != "captures"}
    return warehouse.replace(root, [digest(name)], derived, run_id="run-2", versions={"extractor": "e2"})


OPERATIONS: dict[str, Callable[[Path], Any]] = {
    "load": lambda root: load(root, "next"),
    "replace": lambda root: replace_load(root, "one"),
    "forget": lambda root: warehouse.forget(root, warehouse.by_url("https://news.example/one-1")),
    "compact": lambda root: warehouse.compact(root),
    "gc": lambda root: warehouse.gc(root, timedelta(0)),
    "rebuild": lambda root: warehouse.rebuild(root),
}


def _child(operation: str, root: str, fault: str) -> None:
    os.environ["DATELINE_FAULT"] = fault
    OPERATIONS[operation](Path(root))


def run_to_fault(operation: str, root: Path, fault: str) -> bool:
    """Run an operation in a process that dies at a step. Returns whether it died there; it may end well instead."""
    child = _start(_child, operation, str(root), fault)
    child.join(60)
    assert child.exitcode in (0, -signal.SIGKILL), f"{operation} at {fault}: {child.exitcode}"
    return child.exitcode != 0


def _mend(operation: str, root: str, folder: str, fault: str) -> None:
    from flows import mending

    os.environ["DATELINE_FAULT"] = fault

    {
        "backup": lambda: warehouse.backup(root, folder),
        "restore": lambda: mending.restore(Path(root), Path(folder)),
        "repair": lambda: warehouse.repair(root),
    }[operation]()


def mend_and_kill(operation: str, root: Path, folder: Path, after: float | None = None, fault: str = "") -> bool:
    """Back up to a folder, restore from it or repair, in a process that is killed after some seconds or at a step. Returns whether it was."""
    child = _start(_mend, operation, str(root), str(folder), fault)
    child.join(120 if after is None else after)
    if child.is_alive():
        assert after is not None, f"{operation} does not end"
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
    assert child.exitcode in (0, -signal.SIGKILL), f"{operation}: {child.exitcode}"
    return child.exitcode != 0


def _start(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    child = _CONTEXT.Process(target=target, args=arguments, daemon=True)
    child.start()
    return child


def facts(root: Path, version: int | None = None) -> dict[str, Any]:
    """What every table and the main views answer, as counts and order-free digests of all columns."""
    with warehouse.connect(root, version, comments=False) as con:
        return {
            name: con.execute(f"select count(*), bit_xor(hash(t)), sum(hash(t)) from {name} as t").fetchone()
            for name in (*PER_ARTICLE, "captures", "articles", "events", "rejects")
        }


def whole(con: duckdb.DuckDBPyConnection) -> tuple[int, str]:
    """The version a connection sees, and what is torn in it ('' when all tables hold the same loads)."""
    version, articles = con.execute(
        "select max(version), (select count(*) from articles_all) from loads"
    ).fetchone() or (0, 0)
    counts = {t: con.execute(f"select count(*) from {t}").fetchone() for t in PER_ARTICLE}
    torn = {t: c for t, c in counts.items() if c is None or c[0] != PER_ARTICLE[t] * articles}
    return version or 0, f"version {version}: {articles} articles, {torn}" if torn else ""


def _writer(root: str, names: list[str], seed: int) -> None:
    order = random.Random(seed).sample(names, len(names))
    for name in order:
        load(Path(root), name, count=2)
    warehouse.rebuild(root)


def _compactor(root: str, *_: Any) -> None:
    while True:
        warehouse.compact(root)
        warehouse.rebuild(root)
        time.sleep(0.05)


def _collector(root: str, *_: Any) -> None:
    while True:
        warehouse.gc(root, timedelta(seconds=2))
        time.sleep(0.02)


def _reader(root: str, report: str) -> None:
    """Read through the log and through the catalogue, for ever; write down whatever is torn or goes back."""
    seen = {"log": 0, "catalogue": 0}
    with open(report, "a", encoding="utf-8") as out:
        while True:
            for way in seen:
                try:
                    version, torn = _read(way, root)
                except duckdb.IOException as error:
                    # With hardly any grace a part may be collected under a reader: an error, never wrong rows.
                    gone = any(words in str(error) for words in ("No files found", "No such file"))
                    version, torn = seen[way], "" if gone else str(error)
                if version < seen[way]:
                    torn += f"{way} went back from {seen[way]} to {version}"
                seen[way] = version
                out.write(f"{'BAD ' + torn if torn else 'ok'} {way}\n")
                out.flush()


def _read(way: str, root: str) -> tuple[int, str]:
    if way == "log":
        with warehouse.connect(root, comments=False) as con:
            return whole(con)
    if not (Path(root) / "catalog.duckdb").exists():
        return 0, ""
    # One process keeps one instance of a file it has open: a fresh name each time, as a fresh process would see it.
    with duckdb.connect(":memory:") as con:
        con.execute(f"attach '{root}/catalog.duckdb' as c (read_only)")
        con.execute("use c")
        return whole(con)


def race(root: Path, loads: int, kills: int, seed: int) -> tuple[int, list[str]]:
    """Two writers with overlapping plans, a compactor, a collector and a reader, killed and started again at random.

    Returns:
        How many reads there were, and what the reader found wrong.
    """
    chance = random.Random(seed)
    names = [f"race{i}" for i in range(loads)]
    report = root.parent / f"{root.name}-reads.txt"
    roles: dict[str, tuple[Callable[..., None], tuple[Any, ...]]] = {
        "writer-1": (_writer, (str(root), names, seed)),
        "writer-2": (_writer, (str(root), names, seed + 1)),
        "compactor": (_compactor, (str(root),)),
        "collector": (_collector, (str(root),)),
        "reader": (_reader, (str(root), str(report))),
    }
    running = {role: _start(target, *arguments) for role, (target, arguments) in roles.items()}
    done = 0
    while done < kills:
        time.sleep(chance.uniform(0.05, 1.0))
        role = chance.choice([r for r in roles if r != "reader"])
        if running[role].is_alive():
            os.kill(running[role].pid or 0, signal.SIGKILL)
            done += 1
        elif running[role].exitcode not in (0, -signal.SIGKILL):
            break
        running[role].join()
        target, arguments = roles[role]
        running[role] = _start(target, *arguments)
    for role in ("writer-1", "writer-2"):
        running[role].join(300)
    failed = [f"BAD {role} ended with {p.exitcode}" for role, p in running.items() if p.exitcode not in (0, None, -9)]
    for process in running.values():
        if process.is_alive():
            os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
    lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
    return len(lines), failed + [line for line in lines if line.startswith("BAD")]
