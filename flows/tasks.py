"""The Prefect side of ingest: the flow, its one task, a batch, and what a run shows of itself.

A task is a batch of documents (seconds of work), never one article: every task run costs the server more than an article costs us.
No result is cached: the warehouse's log is the only truth about what is done. Whatever is only shown (artifacts, events, names)
may fail with the server away, and the run goes on.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from prefect import flow, get_run_logger, task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.futures import PrefectFuture
from prefect.runtime import deployment, flow_run
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

import warehouse
from flows import fetchview, pipeline, quality, report, runner
from flows import ingest as job_of
from flows.config import Workspace
from flows.confine import check_again, check_inputs, confined, workspace_of_run
from flows.intake import Rejected
from flows.locks import alone
from flows.pipeline import Attempts, Batch, Counts, Item, Run
from flows.wording import for_markdown, for_name

LOAD_COMMITTED = "dateline.load.committed"
"""Event: one load is in the warehouse. Payload: load_id, run_id, version, rows by table, versions."""
INGEST_COMMITTED = "dateline.ingest.committed"
"""Event: a run that committed anything has ended. Payload: run_id, version, loads, articles, events, rejects."""


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
)  # no tags: before each task that has some the server is asked for a slot, and with the server away the run fails
def run_batch(number: int, documents: int, work: _Work) -> dict[str, Any]:
    """Extract one batch in the shared process pool and commit it."""
    batch, work.batch = work.batch, None
    assert batch is not None, "a batch is handed over once"
    outcomes, seconds = work.pool.submit(batch).result()
    counts = pipeline.commit_batch(work.run, batch, outcomes)
    counts.extract_seconds = seconds
    said = (number, documents, counts.articles, counts.events, counts.rejects, seconds)
    get_run_logger().info("batch %d, %d documents: %d articles, %d events, %d rejects in %.1f s", *said)
    rejected = [(o.reject.input, o.reject.reason, o.reject.message) for o in outcomes if o.reject is not None]
    return {"counts": job_of.counts_of(counts), "rejected": rejected}


THREADS: Any = ThreadPoolTaskRunner(max_workers=64)
"""Each waits for one batch: more threads than any engine has batches under way cost nothing, they start when they are needed."""


def _name() -> str:
    given = flow_run.parameters
    inputs = list(given.get("inputs") or given.get("sources") or [])
    return report.run_name(inputs, given.get("source"), datetime.now())


@flow(name="ingest", flow_run_name=_name, persist_result=False, task_runner=THREADS)
def ingest(
    inputs: Annotated[
        list[str],
        Field(title="Files, folders, URLs", description="Paths on the machine that runs the flow, and web addresses."),
    ] = [],  # noqa: B006 (the run's form shows what may stand here)
    root: Annotated[
        str | None, Field(title="Workspace", description="Folder of the workspace; empty: the one that is served.")
    ] = None,
    source: Annotated[
        str | None, Field(title="Label", description="Name of the source, stored with what is given above.")
    ] = None,
    sources: Annotated[
        list[str],
        Field(title="Configured sources", description="Names from dateline.toml (`dateline sources list`) to fetch."),
    ] = [],  # noqa: B006
    allow_private: Annotated[
        bool,
        Field(title="Private addresses", description="Let URLs given above be of this machine or a local network."),
    ] = False,
    again: Annotated[
        bool,
        Field(
            title="Again",
            description="Take what was forgotten of the configured sources once more; by hand only, not through a server.",
        ),
    ] = False,
) -> Any:
    """Read, clean, code and commit: files, folders and URLs, and the configured sources named, into the workspace.

    What is in the warehouse already is left alone, so a run may be repeated at any time. A source that another run is
    fetching is left to it.
    """
    space = workspace_of_run(root)
    check_inputs(space, inputs, allow_private)
    by_hand = not confined() and deployment.id is None
    check_again(again, by_hand)
    with ExitStack() as held:
        mine = [name for name in sources if held.enter_context(alone(source_lock(space, name)))]
        if sources and not mine and not inputs:
            text = f"{', '.join(sources)}: another run of it is under way"
            return Completed(name="NothingNew", message=text, data=job_of.counts_of(Counts()))
        job = job_of.plan(inputs, source, mine, space, allow_private, again, by_hand)
        _spread(max((s.jitter.total_seconds() for s in job.sources if s.cron), default=0.0))
        carried = Carried(space, job_of.pool_size(job), job.units)
        with carried:
            carried.carry(lambda counts, advance: job_of.items_of(job, space, carried.run, counts, advance))
        return carried.ended(list(inputs) or list(sources), source)


def source_lock(space: Workspace, name: str) -> Path:
    """The file whose lock a run of this source holds, whatever the name: a lock is emptied, so it must lead nowhere else."""
    return lock_file(space, f"source-{quote(name, safe='')}")


def lock_file(space: Workspace, name: str) -> Path:
    """The file whose lock a run holds that must be alone."""
    return space.prefect_home / "locks" / name


def _spread(jitter: float) -> None:
    """Let runs that a cron schedule starts at one moment begin apart (those of an interval are set apart by their schedule)."""
    if jitter and "auto-scheduled" in flow_run.tags:
        pause = random.uniform(0, min(jitter, 3600))
        get_run_logger().info("beginning in %.0f s (jitter)", pause)
        time.sleep(pause)


class Carried:
    """A run under way inside a flow: batches out to tasks, counts back, and at the end what the operator sees."""

    def __init__(self, space: Workspace, workers: int, units: int) -> None:
        self.space, self.units = space, units
        self.total = Counts()
        self.began, self.at = job_of.started(), datetime.now()
        self.pool = runner.open_pool(space, workers)
        self.run = pipeline.new_run(space.root, runner.rules_version(space.own_lexicons, space.own_sites))
        self.read_units = 0
        self.number = 0
        self.progress: Any = None

    def __enter__(self) -> Carried:
        self.pool.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.pool.__exit__(*error)

    def carry(self, items_of: Callable[[Counts, Callable[[int], None]], Iterator[Item | Attempts]]) -> list[Rejected]:
        """Cut the items into batches, run each as a task and commit it; returns the rejected documents."""
        rejected: list[Rejected] = []
        waiting: deque[PrefectFuture[dict[str, Any]]] = deque()
        known = warehouse.read_log(self.space.root).known
        for batch in pipeline.cut_batches(items_of(self.total, self._advance), known, self.run, self.total):
            self.number += 1
            waiting.append(run_batch.submit(self.number, len(batch.items), _Work(self.run, batch, self.pool)))
            if len(waiting) > max(self.pool.workers, 1):
                rejected += self._take(waiting.popleft())
        while waiting:
            rejected += self._take(waiting.popleft())
        self.total += pipeline.close_run(self.run)
        return rejected

    def _advance(self, units: int) -> None:
        self.read_units += units

    def _take(self, future: PrefectFuture[dict[str, Any]]) -> list[Rejected]:
        result = future.result()
        counts = Counts(**result["counts"])
        self.total += counts
        for load in counts.committed:
            payload = load | {"run_id": self.run.run_id, "root": str(self.space.root)}
            shown(lambda load=load, payload=payload: _emit(LOAD_COMMITTED, f"dateline.load.{load['load_id']}", payload))  # type: ignore[misc]
        if self.number > 2 and self.units > 1:
            shown(self._progress)
        return [tuple(one) for one in result["rejected"]]

    def _progress(self) -> None:
        done = min(100.0, 100.0 * self.read_units / self.units)
        text = f"{self.total.articles} articles and {self.total.events} events in {self.total.loads} loads"
        if self.progress is None:
            self.progress = create_progress_artifact(done, key="progress", description=text)
        else:
            update_progress_artifact(self.progress, done, description=text)

    def ended(self, inputs: list[str], source: str | None) -> Any:
        """Tidy up, publish the summary and the quality of each source, and say how the run ended."""
        root, total = self.space.root, self.total
        job_of.finish(root, total)
        version = warehouse.read_log(root).version
        text = f"{report.summary_text(total)}. Warehouse version {version}."
        rows = report.summary_rows(total, job_of.started() - self.began)
        shown(lambda: create_table_artifact(key="run-summary", table=rows, description=text))
        if total.sources:
            by_source = fetchview.source_rows(total.sources)
            shown(lambda: create_table_artifact(key="run-sources", table=by_source, description=fetchview.MEANING))
            for row in by_source:
                get_run_logger().info(" ".join(f"{key} {value}" for key, value in row.items()))
        shown(lambda: _rename(report.run_name(inputs, source, self.at, total.read)))
        drops = self._qualities() if total.loads else []
        if total.loads:
            counts = {
                "loads": total.loads,
                "articles": total.articles,
                "events": total.events,
                "rejects": total.rejects,
            }
            payload = counts | {"run_id": self.run.run_id, "version": version, "root": str(root)}
            shown(lambda: _emit(INGEST_COMMITTED, f"dateline.run.{self.run.run_id}", payload))
        get_run_logger().info(text)
        return _state(total, drops)

    def _qualities(self) -> list[str]:
        drops: list[str] = []

        def publish() -> None:
            for found in quality.qualities(self.space.root, self.run.run_id):
                if found.drop:
                    drops.append(f"{for_name(found.source or 'no source named')}: {found.drop}")
                create_markdown_artifact(found.markdown, key=found.key, description=_of(found))

        shown(publish)
        return drops


def _of(found: quality.SourceQuality) -> str:
    return f"Quality of {for_markdown(found.source or 'articles without a source')}: {found.drop or 'as before'}"


def shown(show: Callable[[], Any]) -> None:
    """Do what is only for showing; a server that is away costs a line in the log, never the run."""
    try:
        show()
    except Exception as error:  # whatever the server or the way to it does: the rows are committed
        get_run_logger().warning("not shown in Prefect: %s: %s", type(error).__name__, str(error)[:200])


def _emit(event: str, resource: str, payload: dict[str, Any]) -> None:
    labels = {"prefect.resource.id": resource, "prefect.resource.name": event, "dateline.root": payload["root"]}
    emit_event(event, labels, payload=payload)


def _rename(name: str) -> None:
    if flow_run.id:
        with get_client(sync_client=True) as client:
            client.update_flow_run(flow_run.id, name=name)


def _state(total: Counts, drops: list[str]) -> Any:
    data, text = job_of.counts_of(total), report.summary_text(total)
    unread = fetchview.unread(total.sources)
    if total.sources and len(unread) == len(total.sources):
        return Failed(message=f"no source could be read: {'; '.join(unread)}", data=data)
    if total.read and total.rejects == total.read and not total.sources:
        return Failed(message=f"nothing was taken: {text}", data=data)
    if total.read == total.known + total.forgotten and not unread:
        return Completed(name="NothingNew", message=text, data=data)
    why = "; ".join(x for x in (*unread, report.degraded(total, quality.REJECTED_SHARE), *drops) if x)
    if why:
        return Completed(name="Degraded", message=f"{why}. {text}", data=data)
    return Completed(message=text, data=data)
