"""How fast pages are fetched and captured, how flat memory stays, and how polite we are as the server sees it.

    python -m tests.benchmarks.fetching [ARTICLES] [HOSTS]

The server is a process of its own on loopback, where 127.0.0.1, 127.0.0.2 … are the hosts. "Fetched and captured" is one process that
fetches every page of one feed and commits it with its attempts to `captures` and `fetches`, without extraction; "ingest" is the
whole command. The peer in the same run is httpx with as many connections, which only downloads.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.flows.newsserver import NewsServer, rss, story


def serve(pipe: Connection, articles: int, hosts: int) -> None:
    """Serve one feed of stories spread over hosts; answer `count` with what was seen, end at `stop`."""
    padding = b"<!-- " + os.urandom(10_000).hex().encode() + b" -->"
    with NewsServer() as server:
        links = [server.url(f"/a/{n}", 1 + n % hosts) for n in range(articles)]
        for n in range(articles):
            server.pages[f"/a/{n}"] = story(n) + padding
        server.pages["/feed.xml"] = rss(links)
        server.pages["/short.xml"] = rss(links[: 3 * hosts])
        pipe.send((server.port, links))
        while pipe.recv() == "count":
            pages = [s for s in server.seen if s.path.startswith("/a/")]
            span = pages[-1].at - pages[0].at if len(pages) > 1 else 0.0
            pipe.send({"requests": len(server.seen), "pages": len(pages), "page seconds": round(span, 2),
                       "bodies": sum(server.bodies.values()), "most open a host": max(server.most_open.values(), default=0)})  # fmt: skip
            server.seen.clear()
            server.bodies.clear()
            server.most_open.clear()


def capture(root: str, name: str) -> None:
    """Fetch a configured source and commit captures and attempts; what `ingest` does but for the extraction."""
    import warehouse
    from flows import pipeline
    from flows.config import Workspace
    from flows.configured import source_named
    from flows.fetching import Gathering

    space = Workspace(Path(root))
    run = pipeline.Run(space.root, "bench", pipeline.datetime.now(pipeline.UTC), "none", "none")
    counts = pipeline.Counts()
    began = time.perf_counter()
    with Gathering(space, (source_named(space, name),)) as gathering:
        items = pipeline.fetched_items(gathering, counts, lambda _: None)
        for batch in pipeline.cut_batches(items, warehouse.read_log(space.root).known, run, counts):
            outcomes = [pipeline.Outcome(item, None, None) for item in batch.items]
            counts += pipeline.commit_batch(run, batch, outcomes)
        run.closing.extend(gathering.closing)
    counts += pipeline.close_run(run)
    say(counts.read, time.perf_counter() - began)


def ingest(root: str, name: str) -> None:
    """The whole job: fetch, clean, code, commit."""
    from flows import ingest as job_of
    from flows.config import Workspace

    space = Workspace(Path(root))
    began = time.perf_counter()
    counts = job_of.ingest_direct(job_of.plan([], None, [name], space), space, lambda _: None, lambda _: None)
    say(counts.articles, time.perf_counter() - began)


def peer(_: str, links: str) -> None:
    """httpx with 20 connections, bodies thrown away."""
    import httpx

    urls = json.loads(Path(links).read_text())

    async def download() -> None:
        many = asyncio.Semaphore(20)
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=20)) as client:

            async def one(url: str) -> None:
                async with many:
                    (await client.get(url)).raise_for_status()

            await asyncio.gather(*map(one, urls))

    began = time.perf_counter()
    asyncio.run(download())
    say(len(urls), time.perf_counter() - began)


def say(pages: int, seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"pages": pages, "seconds": round(seconds, 2), "pages/s": round(pages / seconds),
                      "pages per CPU second": round(pages / (used.ru_utime + used.ru_stime)), "most MB": used.ru_maxrss // 1024}))  # fmt: skip


def step(title: str, what: str, root: Path, argument: str, pipe: Connection) -> None:
    """Run one measurement in a process of its own, and ask the server what it saw."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.fetching", what, str(root), argument], capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    pipe.send("count")
    print(f"{title:34} {done.stdout.strip()}  server: {pipe.recv()}", flush=True)


def main(articles: int, hosts: int) -> None:
    """Measure."""
    from flows.config import Workspace
    from flows.configured import add_source

    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, articles, hosts))
    server.start()
    port, links = ours.recv()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "links.json").write_text(json.dumps(links))
        for name in ("a", "b", "c"):
            table: dict[str, Any] = {"kind": "feed", "address": f"http://127.0.0.1:{port}/feed.xml", "allow_private": True, "limit": 100_000}  # fmt: skip
            table |= {"pause": 0, "fresh": 0} if name != "c" else {"address": f"http://127.0.0.1:{port}/short.xml"}
            add_source(Workspace(root / name), "news", table)
        step("httpx alone, bodies thrown away", "peer", root, str(root / "links.json"), ours)
        step("fetched and captured", "capture", root / "a", "news", ours)
        step("again, nothing changed", "capture", root / "a", "news", ours)
        step("ingest: fetch, clean, code", "ingest", root / "b", "news", ours)
        step("default politeness, 3 a host", "capture", root / "c", "news", ours)
    ours.send("stop")
    server.join()


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in ("peer", "capture", "ingest"):
        {"peer": peer, "capture": capture, "ingest": ingest}[sys.argv[1]](*sys.argv[2:4])
    else:
        main(*(int(n) for n in (*sys.argv[1:3], *("2000", "20")[len(sys.argv) - 1 :])))
