"""Who does the extraction: this process for a handful of documents, a pool of spawned processes or a Dask cluster for more. Same
batches, same rows.

Starting a pool costs about a second, so it starts only when there is more than a second of work. Batches are handed out
a few ahead, so that memory stays that of a few batches however long the run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from flows.coding import read_coding
from flows.config import Workspace
from flows.engine import read_engine
from flows.pipeline import Batch, Outcome, extract_batch

if TYPE_CHECKING:
    from extractors.doors import Cleaning
    from extractors.lexicon import Lexicons

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


def _start(own: Path | None, device: str) -> None:
    import signal

    # Ctrl-C reaches every process of the terminal: the workers leave it to the parent, which ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lexicons_for(own)


def work(batch: Batch, own: Path | None, sites: Path | None, device: str = "cpu") -> tuple[list[Outcome], float]:
    """Extract a batch in this process.

    Args:
        device: where the tagger works, one of `coding.DEVICES`.
    """
    return extract_batch(batch, lexicons_for(own), cleaning_for(sites))


def open_pool(space: Workspace, workers: int) -> Pool:
    """The pool that the workspace's `[engine]` names.

    Args:
        workers: 0 for a job that this process does sooner than any pool starts.
    Raises:
        SettingsError: the settings are wrong, or the cluster they name cannot be used.
    """
    engine, device = read_engine(space), read_coding(space).device
    if not workers or engine.runner == "inline":
        return Pool(0, space.own_lexicons, space.own_sites, device)
    if engine.runner == "dask":
        from flows.cluster import ClusterPool

        return ClusterPool(engine, space.own_lexicons, space.own_sites, device=device)
    return Pool(engine.processes, space.own_lexicons, space.own_sites, device)


class Pool:
    """A process pool whose workers hold the lexicons; `workers` 0 means this process itself."""

    def __init__(self, workers: int, own: Path | None, sites: Path | None = None, device: str = "cpu") -> None:
        self.workers = workers
        self.own, self.sites, self.device = own, sites, device
        self._pool: ProcessPoolExecutor | None = None
        if workers:
            self._pool = ProcessPoolExecutor(workers, get_context("spawn"), _start, (own, device))

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def submit(self, batch: Batch) -> Pending:
        """Extract a batch; without a pool it is done before this returns."""
        if self._pool is not None:
            return self._pool.submit(work, batch, self.own, self.sites, self.device)
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
