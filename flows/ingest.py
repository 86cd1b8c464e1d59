"""The main job as one function, and the same as a Prefect flow: inputs → batches → extract and commit → summary.

Both engines run the same batches through the same functions of `pipeline.py` and give the same rows. Prefect adds a run
with a name, a task a batch, states and the `run-summary` artifact.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from extractors.links import without_userinfo
from flows import pipeline, runner
from flows.catalogue import refresh
from flows.config import Workspace, worker_count, workspace
from flows.configured import LOCAL, Source, source_named
from flows.fetching import Gathering, Tally
from flows.fetchstate import tried
from flows.gate import Gate
from flows.keeping import compact_if_due
from flows.pipeline import Attempts, Counts, Item, Run
from flows.readers.files import Inputs, find_inputs
from flows.readers.http import is_url


@dataclass(frozen=True, slots=True)
class Job:
    """What the user asked for, resolved to files and URLs."""

    given: tuple[str, ...]
    inputs: Inputs
    urls: tuple[str, ...]
    source: str | None
    sources: tuple[Source, ...] = ()
    """Configured sources, by the names the user gave."""
    allow_private: bool = False
    """Whether the URLs may be addresses that are not public."""
    again: bool = False
    """Whether the sources bring what was forgotten of them."""
    by_hand: bool = True
    """Whether the user's own command named all this, and so brings back what was forgotten of it; what a server starts does not."""
    tallies: dict[str, Tally] = field(default_factory=dict)
    """What fetching has come to so far, by source; filled while it runs."""

    @property
    def units(self) -> int:
        """Files, URLs, streams and sources: what progress counts."""
        return len(self.inputs.files) + len(self.urls) + self.inputs.stdin + len(self.sources)


_FORGOTTEN = "it was forgotten, so nothing of it is taken; `dateline ingest --source {} --again` brings it back"
Extracted = Callable[[Counts], None]


def plan(
    given: list[str],
    source: str | None = None,
    sources: Iterable[str] = (),
    space: Workspace | None = None,
    allow_private: bool = False,
    again: bool = False,
    by_hand: bool = True,
) -> Job:
    """Resolve the arguments; nothing is read yet.

    Args:
        source: the label of what is given.
        sources: names of configured sources of the workspace.
        again: whether they may bring what was forgotten of them.
        by_hand: False for what a server starts: then nothing that was forgotten comes back.
    Raises:
        SettingsError: no such source, or dateline.toml is wrong.
    """
    given = [without_userinfo(g) if is_url(g) else g for g in given]  # passwords are not used, and not to be shown
    urls = tuple(g for g in given if is_url(g))
    named = tuple(source_named(space or workspace(), name) for name in sources)
    inputs = find_inputs(g for g in given if not is_url(g))
    return Job(tuple(given), inputs, urls, source, named, allow_private, again and by_hand, by_hand)


def items_of(
    job: Job, space: Workspace, run: Run, counts: Counts, advance: Callable[[int], None]
) -> Iterator[Item | Attempts]:
    """Every document of a job, one at a time: files first, then what is fetched as it arrives.

    Args:
        run: its `closing` is filled when all is fetched.
        counts, advance: as of `pipeline.read_items`; `counts.sources` holds the tallies of fetching at the end.
    """
    yield from pipeline.read_items(job.inputs, job.source, counts, advance, asked=job.by_hand)
    gate = Gate(space.root, counts.recalled)
    for source in job.sources:
        if not gate.passes_source(source.name, job.again):
            counts.sources[source.name] = Tally(notes=[_FORGOTTEN.format(source.name)]).shown()
    sources = tuple(s for s in job.sources if s.name not in counts.sources)
    tried(space, sources, datetime.now(UTC))
    for source in sources:
        if source.kind in LOCAL:
            found = find_inputs(str(path) for path in source.paths(space))
            yield from pipeline.read_items(found, source.name, counts, lambda _: None, asked=job.again)
            advance(1)
    fetched = tuple(s for s in sources if s.kind not in LOCAL)
    if not fetched and not job.urls:
        return
    given = Source(job.source or "", "urls", job.urls, fresh=timedelta(0), limit=10**9, allow_private=job.allow_private)
    with Gathering(space, fetched, given, gate=gate, again=job.again, by_hand=job.by_hand) as gathering:
        job.tallies.update(gathering.tallies)
        yield from pipeline.fetched_items(gathering, counts, advance, asked=job.again or (job.by_hand and not fetched))
        counts.read += gathering.given.forgotten
        counts.forgotten += gathering.given.forgotten
        run.closing.extend(gathering.closing)
        counts.sources.update({name: tally.shown() for name, tally in gathering.tallies.items()})


def pool_size(job: Job) -> int:
    """0 for a job that one worker does sooner than others start, else the number of worker processes."""
    workers = worker_count()
    files = job.inputs.files
    if len(files) >= runner.POOL_FROM_FILES or job.inputs.stdin or any(map(_many, job.sources)):
        return workers
    total = 0
    for path in files:
        try:
            total += path.stat().st_size * (4 if path.suffix == ".gz" else 1)
        except OSError:
            continue
    return workers if total >= runner.POOL_FROM_BYTES else 0


def _many(source: Source) -> bool:
    """Whether a source may bring more than this process extracts meanwhile: with a pause a host gives a page in two seconds."""
    return source.kind in LOCAL or (source.pause < timedelta(seconds=0.2) and source.limit >= runner.POOL_FROM_FILES)


def ingest_direct(job: Job, space: Workspace, advance: Callable[[int], None], done: Extracted) -> Counts:
    """Run a job in this process and its pool, without Prefect.

    Args:
        advance: called with 1 for every file or URL read.
        done: called with the counts of every batch committed.
    Raises:
        KeyboardInterrupt: batches committed so far stay; the next run takes up the rest.
    """
    import warehouse

    total = Counts()
    with runner.open_pool(
        space, pool_size(job)
    ) as pool:  # first: its worker starts while this process reads its lexicons
        run = pipeline.new_run(space.root, runner.rules_version(space.own_lexicons, space.own_sites))
        known = warehouse.read_log(space.root).known
        items = items_of(job, space, run, total, advance)
        for batch, outcomes, seconds in pool.extract(pipeline.cut_batches(items, known, run, total)):
            counts = pipeline.commit_batch(run, batch, outcomes)
            counts.extract_seconds = seconds
            total += counts
            done(counts)
    total += pipeline.close_run(run)
    return finish(space.root, total)


def finish(root: Path, total: Counts) -> Counts:
    """After the last load: small parts are merged where there are many, the catalogue for other programs is brought up to date."""
    if total.loads:
        compact_if_due(root)
        refresh(root)
    return total


def ingest_flow(job: Job, space: Workspace) -> Counts:
    """Run a job as the Prefect flow, in this process.

    Raises:
        SettingsError: as the direct run; whatever else broke the flow.
    """
    from flows.tasks import ingest

    state: Any = ingest(
        list(job.given),
        str(space.root),
        job.source,
        [s.name for s in job.sources],
        job.allow_private,
        job.again,
        return_state=True,
    )
    result = state.result(raise_on_failure=False)
    if isinstance(result, Exception):
        raise result
    return Counts(**result)


def counts_of(total: Counts) -> dict[str, object]:
    """Counts as plain values, to cross Prefect's state without its records; examples of rejects stay behind."""
    values = asdict(total)
    values["examples"] = []
    return values


def started() -> float:
    """Now, for durations, in seconds."""
    return time.perf_counter()


__all__ = ["Job", "ingest_direct", "ingest_flow", "plan", "pool_size", "workspace"]
