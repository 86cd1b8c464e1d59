"""The same batches on a Dask cluster: its workers extract, the run that asked commits.

A worker is handed a batch's documents and gives back what they say; it writes nothing and needs to see neither the tables nor the
Prefect server. It reads them in a watched process of its own, as a run on one machine does, so that a document costs itself and not the
Dask worker. One that is killed all the same is Dask's to replace: its batch goes to another, and after four deaths the run ends, since a
cluster that kills whatever it is given must not make rejects of good documents. What it must have is the same Dateline: this is checked when a run begins, and again with every batch, since
a worker may join later. Only `distributed` is used, not a Prefect task runner: so a direct run and a flow use a cluster alike,
and a batch stays one task run of its flow.
"""

from __future__ import annotations

import logging
import multiprocessing
import platform
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import runner
from flows.config import SettingsError
from flows.pipeline import Batch, Outcome
from flows.workers import Bounds

if TYPE_CHECKING:
    from distributed import Client
    from distributed import Future as Pending

    from flows.engine import Engine

PATIENCE = 10.0
"""Seconds to wait for the scheduler to answer and for a first worker."""
ALONE = 60.0
"""Seconds without any worker after which a batch is not waited for."""
_COMPARED = ("distributed", "dask", "cloudpickle")


class ClusterError(SettingsError):
    """The cluster named in dateline.toml cannot be used. The message says why and what helps."""


class ClusterPool(runner.Pool):
    """A pool on a Dask cluster; `workers` is the number of batches under way at once."""

    def __init__(
        self,
        engine: Engine,
        own: Path | None,
        sites: Path | None = None,
        patience: float = PATIENCE,
        device: str = "cpu",
        bounds: Bounds | None = None,
    ) -> None:
        super().__init__(0, own, sites, device=device)
        self.address, self.bounds = str(engine.address), bounds or Bounds()
        self.version = _version(own, sites)
        self.client = _connect(self.address, patience)
        try:
            _compare(self.client, self.address, (own, sites, self.version))
        except BaseException:
            self.client.close()
            raise
        threads = sum(self.client.nthreads().values())
        self.workers = engine.workers or threads

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def submit(self, batch: Batch) -> _Far:
        """Hand a batch to the cluster."""
        how = _How(self.own, self.sites, self.version, self.device, self.bounds)
        return _Far(self.client.submit(_work, batch, how, pure=False), self.address)


class _Far:
    """A batch at the cluster."""

    def __init__(self, pending: Pending, address: str) -> None:
        self.pending, self.address = pending, address

    def result(self) -> tuple[list[Outcome], float]:
        """What it came to.

        Raises:
            ClusterError: the cluster was lost, or a worker with another Dateline took the batch.
        """
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        try:
            done = self._waited_for()
        except (CancelledError, KilledWorker, ImportError, OSError) as error:
            raise ClusterError(
                f"the Dask cluster at {self.address} lost a batch ({_first_line(error)}): "
                "see its log and repeat the command; what was committed before stays"
            ) from error
        self.pending.release()
        return done

    def _waited_for(self) -> tuple[list[Outcome], float]:
        seen = time.monotonic()
        while True:
            try:
                done: tuple[list[Outcome], float] = self.pending.result(timeout=min(PATIENCE, ALONE))
                return done
            except TimeoutError:
                if self.pending.done():
                    raise
                if self.pending.client.nthreads():
                    seen = time.monotonic()
                elif time.monotonic() - seen >= ALONE:
                    raise ClusterError(
                        f"the Dask scheduler at {self.address} has no workers any more: start some with "
                        f"`dask worker {self.address} --nthreads 1` and repeat the command; what was committed before stays"
                    ) from None


def _connect(address: str, patience: float) -> Client:
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise ClusterError(
            f'[engine] runner = "dask" needs the extra `dask` ({error}): pip install "dateline[dask]", here and on the workers'
        ) from error
    # What goes wrong with the connection is told by our errors; its own log would be a traceback on the user's terminal.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    # A batch is megabytes, and meant to be.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})
    try:
        client = Client(address, timeout=patience, set_as_default=False, name="dateline")
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address} ({_first_line(error)}): start one with `dask scheduler`, or mend [engine] address"
        ) from error
    try:
        client.wait_for_workers(1, timeout=patience)
    except TimeoutError as error:
        client.close()
        raise ClusterError(
            f"the Dask scheduler at {address} has no workers: start some with `dask worker {address} --nthreads 1`"
        ) from error
    return client


def _compare(client: Client, address: str, ours: tuple[Path | None, Path | None, str]) -> None:
    """Ask every worker for its Dateline, and scheduler and workers for their Dask."""
    here = _packages(client.get_versions())
    for where, packages in here.items():
        for name, version in packages.items():
            if version != here["client"][name]:
                raise ClusterError(
                    f"{name} is {version} at the Dask {where} of {address} and {here['client'][name]} here: install the same on both"
                )
    for worker, answer in client.run(_differs, *ours, on_error="return").items():
        if isinstance(answer, Exception):
            answer = f"{_first_line(answer)}; install the same dateline there"
        if answer:
            raise ClusterError(f"the Dask worker {worker} cannot take our batches: {answer}")


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _packages(versions: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Versions that must agree, by where they are."""
    given = {"client": versions["client"], "scheduler": versions["scheduler"]}
    given |= {f"worker {address}": told for address, told in versions["workers"].items()}
    return {
        where: {name: str(told["packages"].get(name)) for name in _COMPARED}
        | {"python": ".".join(str(told["packages"].get("python")).split(".")[:2])}
        for where, told in given.items()
    }


def _differs(own: Path | None, sites: Path | None, version: str) -> str:
    """On a worker: in what its Dateline differs from that of the run; '' when it does not."""
    for folder in (own, sites):
        if folder is not None and not folder.is_dir():
            return f"it does not see {folder}, the workspace's own rules: workers need the workspace at the same path"
    if _version(own, sites) == version:
        return ""
    # A worker lives long: the user may have changed a rule since it read them.
    runner.forget()
    found = _version(own, sites)
    if found == version:
        return ""
    return f"its extractors and rules are version {found}, here they are {version}: install the same dateline (and the same extras) there"


def _version(own: Path | None, sites: Path | None) -> str:
    from extractors import VERSION

    return f"{VERSION} {runner.rules_version(own, sites)}"


@dataclass(frozen=True, slots=True)
class _How:
    """All that a batch is read by."""

    own: Path | None
    sites: Path | None
    version: str
    device: str
    bounds: Bounds


_reading = threading.local()


def _work(batch: Batch, how: _How) -> tuple[list[Outcome], float]:
    """On a worker: extract a batch."""
    if differs := _differs(how.own, how.sites, how.version):
        raise ImportError(f"{platform.node()}: {differs}")
    return _reader(how).submit(batch).result()


def _reader(how: _How) -> runner.Pool:
    """On a worker: the watched process that reads for this thread; another one when something else is wanted of it."""
    if getattr(_reading, "how", None) != how:
        if (old := getattr(_reading, "pool", None)) is not None:
            old.__exit__()
        # Those of a nanny are daemons, which may have no children lest these outlive them. Ours end with their parent by themselves.
        this: Any = multiprocessing.current_process()
        this._config["daemon"] = False
        _reading.how, _reading.pool = None, None
        _reading.pool = runner.Pool(1, how.own, how.sites, how.bounds, how.device)
        _reading.how = how
    pool: runner.Pool = _reading.pool
    return pool
