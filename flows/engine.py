"""Which machines do the extraction, as the user wrote it in the workspace's dateline.toml:

    [engine]
    runner = "processes"                  # this machine's processors; "inline": one process; "dask": a Dask cluster
    workers = 4                           # processes; with "dask" the batches under way at once
    address = "tcp://scheduler:8786"      # with "dask": its scheduler

Without the table it is `processes`, as many as this process may use, at most 8. The rows are the same whoever does the work.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields
from typing import Any

from flows.config import SettingsError, Workspace, read_settings, worker_count

RUNNERS = ("processes", "inline", "dask")
MOST_WORKERS = 256

_ADDRESS = re.compile(r"(?:tcp|tls)://[^\s/]+:\d{1,5}")


@dataclass(frozen=True, slots=True)
class Engine:
    """The table `[engine]`; its fields are the keys."""

    runner: str = "processes"
    """One of RUNNERS."""
    workers: int | None = None
    """None: as many as there are."""
    address: str | None = None
    """Of the Dask scheduler, such as tcp://10.0.0.5:8786 (tls:// when it wants certificates)."""

    @property
    def processes(self) -> int:
        """Worker processes on this machine: DATELINE_WORKERS, else what the user set, else what the machine has."""
        return worker_count() if os.environ.get("DATELINE_WORKERS") else self.workers or worker_count()


def read_engine(space: Workspace) -> Engine:
    """The workspace's engine.

    Raises:
        SettingsError: names the file and the key, and says what may stand there.
    """
    table = read_settings(space).get("engine", {})

    def wrong(key: str, may: str) -> SettingsError:
        said = f" = {table[key]!r}" if isinstance(table, dict) and key in table else ""
        return SettingsError(f"{space.settings}: [engine] {key}{said}: {may}")

    if not isinstance(table, dict):
        raise SettingsError(f'{space.settings}: engine: a table [engine] with runner = "processes"')
    _check(table, wrong)
    return Engine(**table)


def _check(table: dict[str, Any], wrong: Any) -> None:
    keys = [f.name for f in fields(Engine)]
    for key in table:
        if key not in keys:
            raise wrong(key, f"no such key; there is {', '.join(keys)}")
    runner, workers, address = (table.get(key) for key in keys)
    if "runner" in table and runner not in RUNNERS:
        raise wrong("runner", f"must be one of {', '.join(RUNNERS)}")
    if "workers" in table and not (type(workers) is int and 1 <= workers <= MOST_WORKERS):
        raise wrong("workers", f"a number from 1 to {MOST_WORKERS}")
    if "address" in table and not (isinstance(address, str) and _ADDRESS.fullmatch(address)):
        raise wrong("address", 'the address of a Dask scheduler, such as "tcp://10.0.0.5:8786"')
    if runner == "dask" and not address:
        raise wrong("address", 'missing: runner = "dask" needs its scheduler, such as address = "tcp://10.0.0.5:8786"')
    if address and runner != "dask":
        raise wrong("address", 'only with runner = "dask"')
