"""The inbox as a Prefect flow: a batch the watcher claimed, or, as a sweep, everything that still lies there.

The sweep is what makes the watcher, the server and the events a matter of seconds only: whatever they missed, or a dead run left
behind, is taken up by the next sweep.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Annotated, Any

from prefect import flow, get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import Field

from flows import inbox as ledger
from flows import report, runner
from flows.config import Workspace, worker_count, workspace
from flows.gate import Gate
from flows.intake import Intake
from flows.locks import alone
from flows.tasks import THREADS, Carried, lock_file

LANDED = "dateline.inbox.landed"
"""Event: something was put into the inbox. It carries no orders: it starts a sweep."""
_QUEUED = 60.0
"""Seconds a batch may wait for the run its watcher asked for, before a sweep takes it."""
_LONGEST = 600.0
"""Seconds a sweep goes on looking for more."""


def _name() -> str:
    return report.run_name(["inbox" if flow_run.parameters.get("batch") else "inbox sweep"], None, datetime.now())


@flow(name="inbox", flow_run_name=_name, persist_result=False, task_runner=THREADS)
def inbox(
    batch: Annotated[
        str | None,
        Field(title="Batch", description="Id of a claimed batch. Empty: a sweep over everything in the inbox."),
    ] = None,
    root: Annotated[
        str | None, Field(title="Workspace", description="Folder of the workspace; empty: the one that is served.")
    ] = None,
) -> Any:
    """Ingest what was dropped into the inbox.

    Every file ends in `inbox/_done`, or in `inbox/_failed` with the reason beside it. A batch is held by one run at a time;
    one whose run was killed is taken up again, and what it had committed is not committed twice.
    """
    space = workspace(root)
    ledger.ensure(space.inbox)
    if batch:
        return _take(space, [batch])
    with alone(lock_file(space, "sweep")) as mine:
        if not mine:
            return Completed(name="NothingNew", message="another sweep is under way")
        return _take(space, _everything(space))


def _take(space: Workspace, batches: Iterable[str]) -> Any:
    carried: Carried | None = None
    failed = 0
    with ExitStack() as pool:
        for name in batches:
            with ledger.hold(space.inbox, name) as deaths:
                if deaths is None:
                    continue
                intake = Intake(ledger.files_of(space.inbox, name), Gate(space.root))
                if deaths >= ledger.DEATHS:
                    failed += _set_aside(space, name, intake, deaths)
                    continue
                if carried is None:
                    carried = pool.enter_context(Carried(space, _workers(intake), len(intake.files)))
                known = carried.total.known
                intake.reject(carried.carry(intake.items))
                done, bad = intake.verdict(space.root, carried.total.known - known)
                ledger.finish(space.inbox, name, done, bad)
                failed += len(bad)
    if carried is None:
        return Completed(name="NothingNew", message=f"{failed} files set aside" if failed else "nothing in the inbox")
    if failed:
        get_run_logger().warning(
            "%d files failed; each lies in %s with its reason", failed, space.inbox / ledger.FAILED
        )
    return carried.ended(["inbox"], None)


def _set_aside(space: Workspace, batch: str, intake: Intake, deaths: int) -> int:
    why = (
        f"{deaths} processes died while they read the batch of this file: one of its {len(intake.files)} files breaks them. "
        "Drop them again in smaller groups to find it."
    )
    ledger.finish(space.inbox, batch, (), dict.fromkeys(intake.files, why))
    get_run_logger().error("batch %s set aside: %s", batch, why)
    return len(intake.files)


def _workers(intake: Intake) -> int:
    size = sum(file.path.lstat().st_size for file in intake.files)
    return worker_count() if len(intake.files) >= runner.POOL_FROM_FILES or size >= runner.POOL_FROM_BYTES else 0


def _everything(space: Workspace) -> Iterator[str]:
    """Batches nobody holds any more, then whatever lies in the inbox, until it is empty."""
    began = time.monotonic()
    for name in ledger.batches(space.inbox):
        if not ledger.held(space.inbox, name) and _age(space, name) >= _QUEUED:
            yield name
    while time.monotonic() - began < _LONGEST:
        claimed = ledger.claim(space.inbox)
        if claimed:
            yield claimed
        elif ledger.is_empty(space.inbox) or time.monotonic() - began > 30:
            return
        else:
            time.sleep(0.3)


def _age(space: Workspace, batch: str) -> float:
    try:
        return time.time() - (space.inbox / ledger.CLAIMED / batch / "files").stat().st_ctime
    except OSError:
        return 0.0
