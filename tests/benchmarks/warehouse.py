"""Benchmarks of the warehouse: commit latency in a short and a long log, write and compaction rate, queries beside a native .duckdb file.

    python -m tests.benchmarks.warehouse commit [--loads 10000]
    python -m tests.benchmarks.warehouse queries [--articles 100000]

Every figure that is a claim is a ratio of two things measured in this run, interleaved. Read the milliseconds as this machine's.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

import warehouse
from tests.benchmarks import rows
from warehouse import log
from warehouse.record import Commit, File
from warehouse.storage import Storage


def timed(work: Callable[[], Any]) -> float:
    """Seconds a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def folder(keep: Path | None) -> Any:
    """A folder that goes at the end, unless it is to be kept."""
    made = keep or Path(tempfile.mkdtemp(prefix="dateline-bench-"))
    made.mkdir(parents=True, exist_ok=True)
    try:
        yield made
    finally:
        if keep is None:
            shutil.rmtree(made)


def long_log(root: Path, loads: int, documents: int = 100) -> None:
    """A log of many loads, written without their parts: a commit never opens another load's parts."""
    storage = Storage(root)
    previous = ""
    for version in range(1, loads + 1):
        load_id = rows.digest(f"old {version}")
        versions = [rows.digest(f"v{-version * documents - i}") for i in range(documents)]
        files = tuple(
            File(t, f"{t}/month=2026-11/{load_id}-0000000{n}.parquet", documents, 9000, "0" * 64, load_id, version)
            for n, t in enumerate(warehouse.TABLES)
        )
        commit = Commit(
            version,
            load_id,
            "load",
            datetime(2026, 11, 1),
            "bench",
            {"schema": "1", "extractor": "e1", "lexicons": "l1"},
            files,
            rows=dict.fromkeys(warehouse.TABLES, documents),
            items={rows.digest(f"i{version}-{i}"): "0" * 16 for i in range(documents)} | dict.fromkeys(versions, ""),
            articles={rows.digest(f"a{v}"): (v, 0) for v in versions},
            previous=previous,
        )
        previous = log.publish(storage, commit) or ""
        if version % log.CHECKPOINT_EVERY == 0:
            log.write_checkpoint(storage, version)


def bench_commit(loads: int, times: int = 60) -> None:
    """Latency of a commit of 100 articles and 500 events into a log of 10 and of many loads, interleaved."""
    with folder(None) as base:
        roots = {10: base / "short", loads: base / "long"}
        for count, root in roots.items():
            took = timed(lambda count=count, root=root: long_log(root, count))
            print(f"log of {count:,} loads made in {took:.1f} s")
        fresh = {n: [] for n in roots}  # type: dict[int, list[float]]
        taken = {n: [] for n in roots}  # type: dict[int, list[float]]
        for n, root in roots.items():
            log._STATES.clear()
            fresh[n].append(timed(lambda root=root: "x" in warehouse.read_log(root).known))
        for i in range(times):
            for n, root in roots.items():
                load_id = rows.digest(f"new {i}")
                tables = rows.tables(10_000_000 + i * 100, 100, load_id, 20_000_000)
                items = {f"item {i} {k}": "0" * 16 for k in range(100)}
                args: dict[str, Any] = {"items": items, "run_id": "bench", "versions": {}}
                taken[n].append(timed(lambda a=(root, load_id, tables), k=args: warehouse.commit(*a, **k)))
        medians = {n: statistics.median(t) * 1e3 for n, t in taken.items()}
        for n, median in medians.items():
            print(
                f"commit into {n:,} loads: median {median:.1f} ms, p95 {sorted(taken[n])[int(times * 0.95)] * 1e3:.1f} ms; a fresh process reads the log in {fresh[n][0] * 1e3:.0f} ms"
            )
        print(f"ratio {medians[loads] / medians[10]:.2f} (at most 1.5)")


QUERIES = {
    "dyad by month, all rows": "select actor_country, recipient_country, date_trunc('month', date_start) as m, count(*) from events_all group by all",
    "top actors of a type": "select actor_name, count(*) as n from events_all where event_type = 'PROTEST' group by all order by n desc, actor_name limit 20",
    "one country, 30 days": "select event_type, count(*) from events_all where actor_country = 'UKR' and date_start between date '2025-09-01' and date '2025-09-30' group by all",
    "article by id": "select length(text) from articles_all where article_id = '{article}'",
    "article by url": "select title, length(text) from articles_all where url = '{url}'",
    "events of one article": "select event_type, support from events_all where article_id = '{article}'",
    "join and filter, no text": "select a.source, count(*) from events_all e join articles_all a using (version_id) where e.event_type = 'ASSAULT' and e.killed > 5 group by all",
    "regexp over all text": "select count(*) from articles_all where regexp_matches(text, 'tranor [a-z]+ stenan')",
}
SELECTIVE = ("one country, 30 days", "article by id", "article by url", "events of one article")


def bench_queries(articles: int, per_load: int, keep: Path | None, repeats: int) -> None:
    """Write, compact and query so many articles and five times as many events, beside a native file of the same rows."""
    with folder(keep) as base:
        root = base / "parts"
        made = [range(n, min(n + per_load, articles)) for n in range(0, articles, per_load)]
        write = generate = 0.0
        for load in made:
            load_id = rows.digest(f"load {load.start}")
            began = time.perf_counter()
            tables = rows.tables(load.start, len(load), load_id, articles)
            generate += time.perf_counter() - began
            write += timed(lambda a=(root, load_id, tables): warehouse.commit(*a, run_id="bench", versions={}))
        size = sum(f.bytes for fs in warehouse.read_log(root).files.values() for f in fs)
        print(
            f"{articles:,} articles in {len(made):,} loads committed in {write:.1f} s: {articles / write:,.0f} articles/s (rows made in {generate:.0f} s), {size / 1e6:,.0f} MB"
        )
        native = base / "native.duckdb"
        small = warehouse.connect(root, comments=False)
        with duckdb.connect(str(native)) as con:
            load_native = timed(lambda: _copy(con, root))
        compacted_root = base / "compacted"
        shutil.copytree(root, compacted_root, copy_function=_link)
        took = timed(lambda: warehouse.compact(compacted_root))
        files = [f for fs in warehouse.read_log(compacted_root).files.values() for f in fs]
        print(
            f"compacted in {took:.1f} s: {articles / took:,.0f} articles/s, {len(files)} parts, {sum(f.bytes for f in files) / 1e6:,.0f} MB; native file {native.stat().st_size / 1e6:,.0f} MB, loaded in {load_native:.1f} s"
        )
        compacted = warehouse.connect(compacted_root, comments=False)
        with duckdb.connect(str(native), read_only=True) as con:
            _compare({"small parts": small, "compacted": compacted, "native": con}, articles, repeats)
        print(
            f"opening: small parts {timed(lambda: warehouse.connect(root, comments=False)) * 1e3:.0f} ms, compacted {timed(lambda: warehouse.connect(compacted_root, comments=False)) * 1e3:.0f} ms"
        )


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _copy(con: duckdb.DuckDBPyConnection, root: Path) -> None:
    for table in ("articles", "events"):
        paths = ", ".join(f"'{root / f.path}'" for f in warehouse.read_log(root).files[table])
        con.execute(f"create table {table}_all as from read_parquet([{paths}], hive_partitioning = false)")


def _compare(ways: dict[str, duckdb.DuckDBPyConnection], articles: int, repeats: int) -> None:
    some = articles // 3
    (url,) = ways["native"].execute(
        f"select url from articles_all where article_id = '{rows.digest(f'a{some}')}'"
    ).fetchone() or ("",)
    print(f"{'query, ms (median)':28}" + "".join(f"{way:>13}" for way in ways) + "  compacted / native")
    for name, query in QUERIES.items():
        statement = query.format(article=rows.digest(f"a{some}"), url=url)
        taken: dict[str, list[float]] = {way: [] for way in ways}
        answers = {way: sorted(map(str, con.execute(statement).fetchall())) for way, con in ways.items()}
        assert len({str(a) for a in answers.values()}) == 1, f"{name}: the answers differ"
        for _ in range(repeats):
            for way, con in ways.items():
                taken[way].append(timed(lambda con=con, s=statement: con.execute(s).fetchall()))
        medians = {way: statistics.median(t) * 1e3 for way, t in taken.items()}
        bar = "3x or 20 ms" if name in SELECTIVE else "2x"
        print(
            f"{name:28}"
            + "".join(f"{ms:13.1f}" for ms in medians.values())
            + f"  {medians['compacted'] / medians['native']:.2f} ({bar})"
        )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    choose = parser.add_subparsers(dest="what", required=True)
    commit = choose.add_parser("commit")
    commit.add_argument("--loads", type=int, default=10_000)
    queries = choose.add_parser("queries")
    queries.add_argument("--articles", type=int, default=100_000)
    queries.add_argument("--per-load", type=int, default=500)
    queries.add_argument("--repeats", type=int, default=5)
    queries.add_argument("--keep", type=Path, help="folder for the data, kept")
    given = parser.parse_args()
    if given.what == "commit":
        bench_commit(given.loads)
    else:
        bench_queries(given.articles, given.per_load, given.keep, given.repeats)


if __name__ == "__main__":
    main()
