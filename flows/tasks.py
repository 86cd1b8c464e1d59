"""The Prefect side of ingest: the flow with its name and artifact, and its one task, a batch.

A task is a batch of documents (seconds of work), never one article: every task run costs the server more than an article costs us.
No result is cached: the warehouse's log is the only truth about what is done.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

import warehouse
from flows import ingest as job_of
from flows import pipeline, report, runner
from flows.config import workspace
from flows.pipeline import Batch, Counts, Run


class _Work:
    """A batch on its way to a task. A plain object: Prefect would walk through a dataclass, page by page, looking for futures."""

    def __init__(self, run: Run, batch: Batch, pool: runner.Pool) -> None:
        self.run = run
        self.batch: Batch | None = batch
        self.pool = pool


@task(
    name="batch",
    task_run_name="batch-{number}-{documents}docs",
    cache_policy=NO_CACHE,
    persist_result=False,
    tags=["stage:extract"],
)
def run_batch(number: int, documents: int, work: _Work) -> dict[str, Any]:
    """Extract one batch in the shared process pool and commit it."""
    batch, work.batch = work.batch, None
    assert batch is not None, "a batch is handed over once"
    outcomes, seconds = work.pool.submit(batch).result()
    counts = pipeline.commit_batch(work.run, batch, outcomes)
    counts.extract_seconds = seconds
    get_run_logger().info("batch %d: %s in %.1f s", number, report.summary_text(counts), seconds)
    return job_of.counts_of(counts)


_THREADS: Any = ThreadPoolTaskRunner(max_workers=8)


def _name() -> str:
    given = flow_run.parameters
    return report.run_name(list(given.get("inputs") or given.get("sources") or []), given.get("source"), datetime.now())


@flow(name="ingest", flow_run_name=_name, persist_result=False, task_runner=_THREADS)
def ingest(
    inputs: list[str] = [],  # noqa: B006 (the run's form shows what may stand here)
    root: str | None = None,
    source: str | None = None,
    sources: list[str] = [],  # noqa: B006
) -> Any:
    """Read, clean, code and commit: files, folders and URLs, and the configured sources named, into the workspace.

    What is in the warehouse already is left alone, so a run may be repeated at any time.
    """
    started = job_of.started()
    space = workspace(root)
    job = job_of.plan(inputs, source, sources, space)
    total = Counts()
    run = pipeline.new_run(space.root, runner.rules_version(space.own_lexicons, space.own_sites))
    workers = job_of.pool_size(job)
    waiting: deque[PrefectFuture[dict[str, Any]]] = deque()
    with runner.Pool(workers, space.own_lexicons, space.own_sites) as pool:
        items = job_of.items_of(job, space, total, lambda _: None)
        for batch in pipeline.cut_batches(items, warehouse.read_log(space.root).known, run, total):
            waiting.append(run_batch.submit(batch.number, len(batch.items), _Work(run, batch, pool)))
            if len(waiting) > max(workers, 1):
                total += Counts(**waiting.popleft().result())
        while waiting:
            total += Counts(**waiting.popleft().result())
    job_of.finish(space.root, total)
    _publish(total, job_of.started() - started, space.root)
    return _state(total)


def _publish(total: Counts, seconds: float, root: Path) -> None:
    text = f"{report.summary_text(total)}. Warehouse version {warehouse.read_log(root).version}."
    create_table_artifact(key="run-summary", table=report.summary_rows(total, seconds), description=text)
    get_run_logger().info(text)


def _state(total: Counts) -> Any:
    data, text = job_of.counts_of(total), report.summary_text(total)
    if total.read and total.rejects == total.read:
        return Failed(message=f"nothing was taken: {text}", data=data)
    if total.read == total.known:
        return Completed(name="NothingNew", message=text, data=data)
    return Completed(name="Degraded" if total.rejects else "Completed", message=text, data=data)
