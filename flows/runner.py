"""Who does the extraction: a watched process for a handful of documents, a pool of them or a Dask cluster for more. Same batches, same rows.

A document is read where it can hurt nothing but itself: see `flows.workers`. One worker starts beside this process while it reads
its lexicons; the others cost about a second, so they start only when there is more than a second of work. Batches are handed
out a few ahead, so that memory stays that of a few batches however long the run.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from extractors.records import Capture, Extraction
from flows.bounds import read_bounds
from flows.coding import read_coding
from flows.config import Workspace
from flows.engine import read_engine
from flows.pipeline import Batch, Outcome, extract_batch, outcome_of, read_capture
from flows.workers import Bounds, Lost, Workers

if TYPE_CHECKING:
    from extractors.doors import Cleaning
    from extractors.lexicon import Lexicons
    from extractors.tagger.session import Session

_lexicons: dict[Path | None, Lexicons] = {}
_cleaning: dict[Path | None, Cleaning] = {}

POOL_FROM_BYTES = 8 * 1024 * 1024
POOL_FROM_FILES = 150


def lexicons_for(own: Path | None) -> Lexicons:
    """The lexicons of this process, read once for every folder of the user's own."""
    if own not in _lexicons:
        from flows.gazetteer import read_lexicons

        _lexicons[own] = read_lexicons(own)
    return _lexicons[own]


def cleaning_for(sites: Path | None) -> Cleaning:
    """How this process cleans pages: the site rules with the user's own, and a second opinion where the extra is installed.

    Raises:
        RuleError: a file in `sites` cannot be used.
    """
    if sites not in _cleaning:
        from importlib.util import find_spec

        from extractors.doors import Cleaning
        from extractors.siterules import load_site_rules

        _cleaning[sites] = Cleaning(load_site_rules(sites), find_spec("trafilatura") is not None)
    return _cleaning[sites]


def rules_version(own: Path | None, sites: Path | None) -> str:
    """One word that changes whenever a lexicon, a rule or the user's site rules do."""
    import hashlib

    cleaning = cleaning_for(sites)
    version = lexicons_for(own).version
    if sites is None and not cleaning.second_opinion:
        return version
    return hashlib.sha256(f"{version} {cleaning.sites.version} {cleaning.second_opinion}".encode()).hexdigest()[:16]


def forget() -> None:
    """Let go of what this process has read, so that it is read again: the user's rules may have changed."""
    _lexicons.clear()
    _cleaning.clear()


class Pending(Protocol):
    """A batch that somebody works on."""

    def result(self) -> tuple[list[Outcome], float]:
        """Its outcomes in order and the seconds they took, once they are there."""


_FIRST = "Latvia and Estonia signed an agreement in Riga on Wednesday, officials of the two ministries said. " * 3


def tagger_for(device: str) -> Session:
    """The tagger of this process, loaded once for every device."""
    from extractors.tagger.session import load

    return load(device=device)


def _prepare(own: Path | None, sites: Path | None, device: str) -> None:
    """Load all that reading needs, also what is loaded late: the time it takes is no document's."""
    first = Capture(_FIRST.encode(), "", "text/plain")
    read_capture(first, lexicons_for(own), cleaning_for(sites), tagger_for(device))


def _read(
    own: Path | None, sites: Path | None, device: str, capture: Capture
) -> tuple[Extraction | tuple[str, str], float]:
    """In a worker: what one document says, and the seconds that took."""
    began = time.perf_counter()
    found = read_capture(capture, lexicons_for(own), cleaning_for(sites), tagger_for(device))
    return found, time.perf_counter() - began


class _Coming:
    """A batch in the pool."""

    def __init__(self, batch: Batch, captures: list[int], future: Future[list[object]]) -> None:
        self.batch, self.captures, self.future = batch, captures, future

    def result(self) -> tuple[list[Outcome], float]:
        """Its outcomes, with a reject for a document that ended its readers."""
        seconds = 0.0
        found: dict[int, Extraction | tuple[str, str]] = {}
        for number, told in zip(self.captures, self.future.result(), strict=True):
            if isinstance(told, Lost):
                found[number] = (told.reason, told.message)
            elif isinstance(told, tuple):
                found[number], took = told
                seconds += took
            else:
                found[number] = ("internal_error", f"{type(told).__name__}: {told}")
        return [outcome_of(item, found.get(number)) for number, item in enumerate(self.batch.items)], seconds


def work(batch: Batch, own: Path | None, sites: Path | None, device: str = "cpu") -> tuple[list[Outcome], float]:
    """Extract a batch in this process.

    Args:
        device: where the tagger works, one of `coding.DEVICES`.
    """
    return extract_batch(batch, lexicons_for(own), cleaning_for(sites), tagger_for(device))


def open_pool(space: Workspace, workers: int) -> Pool:
    """The pool that the workspace's `[engine]` names.

    Args:
        workers: 0 for a job that one worker does sooner than others start.
    Raises:
        SettingsError: the settings are wrong, or the cluster they name cannot be used.
    """
    engine, device = read_engine(space), read_coding(space).device
    if engine.runner == "inline" or os.environ.get("DATELINE_WORKERS") == "0":
        return Pool(0, space.own_lexicons, space.own_sites, device=device)
    if workers and engine.runner == "dask":
        from flows.cluster import ClusterPool

        return ClusterPool(engine, space.own_lexicons, space.own_sites, device=device, bounds=read_bounds(space))
    processes = engine.processes if workers else 1
    return Pool(processes, space.own_lexicons, space.own_sites, read_bounds(space), device)


class Pool:
    """A process pool whose workers hold the lexicons; `workers` 0 means this process itself, and then nothing is watched."""

    def __init__(
        self,
        workers: int,
        own: Path | None,
        sites: Path | None = None,
        bounds: Bounds | None = None,
        device: str = "cpu",
    ) -> None:
        self.workers = workers
        self.own, self.sites, self.device = own, sites, device
        self._pool = Workers(workers, bounds, partial(_prepare, own, sites, device)) if workers else None

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.close()

    def submit(self, batch: Batch) -> Pending:
        """Extract a batch; without a pool it is done before this returns."""
        if self._pool is not None:
            captures = {n: item.content for n, item in enumerate(batch.items) if isinstance(item.content, Capture)}
            reading = partial(_read, self.own, self.sites, self.device)
            return _Coming(batch, list(captures), self._pool.submit(reading, list(captures.values())))
        done: Future[tuple[list[Outcome], float]] = Future()
        done.set_result(work(batch, self.own, self.sites, self.device))
        return done

    def extract(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, list[Outcome], float]]:
        """The batches with their outcomes, in order, at most one more than there are workers in flight."""
        waiting: deque[tuple[Batch, Pending]] = deque()
        for batch in batches:
            waiting.append((batch, self.submit(batch)))
            if len(waiting) > self.workers:
                yield self._first(waiting)
        while waiting:
            yield self._first(waiting)

    @staticmethod
    def _first(waiting: deque[tuple[Batch, Pending]]) -> tuple[Batch, list[Outcome], float]:
        batch, future = waiting.popleft()
        outcomes, seconds = future.result()
        return batch, outcomes, seconds
