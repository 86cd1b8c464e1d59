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
from flows import mishaps, report, runner
from flows.config import Workspace, worker_count
from flows.confine import workspace_of_run
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
    space = workspace_of_run(root)
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
    broken: list[str] = []
    halves: list[str] = []
    with ExitStack() as pool:
        for name in _with_halves(batches, halves):
            with ledger.hold(space.inbox, name) as deaths:
                if deaths is None:
                    continue
                intake = Intake(ledger.files_of(space.inbox, name), Gate(space.root))
                if deaths >= ledger.DEATHS:
                    failed += _parted(space, name, f"{deaths} processes died while they read it", halves, deaths)
                    continue
                if carried is None:
                    carried = pool.enter_context(Carried(space, _workers(intake), len(intake.files)))
                known = carried.total.known
                try:
                    intake.reject(carried.carry(intake.items))
                    done, bad = intake.verdict(space.root, carried.total.known - known)
                except Exception as error:  # whatever one batch does to a run, the others are taken
                    tries = mishaps.note(space.inbox, name, error)
                    if mishaps.is_machines(error):
                        raise
                    broken.append(f"{type(error).__name__}: {error}"[:300])
                    get_run_logger().error("batch %s broke: %s", name, broken[-1], exc_info=error)
                    if tries >= mishaps.TRIES:
                        failed += _parted(space, name, broken[-1], halves)
                    continue
                ledger.finish(space.inbox, name, done, bad)
                failed += len(bad)
    if carried is None:
        return Completed(name="NothingNew", message=f"{failed} files set aside" if failed else "nothing in the inbox")
    if failed:
        get_run_logger().warning(
            "%d files failed; each lies in %s with its reason", failed, space.inbox / ledger.FAILED
        )
    state = carried.ended(["inbox"], None)
    if broken:
        text = f"{len(broken)} batches broke, each is tried again later or in halves ({broken[-1]}). {state.message}"
        return Completed(name="Degraded", message=text, data=state.data)
    return state


def _with_halves(batches: Iterable[str], halves: list[str]) -> Iterator[str]:
    """The batches, and after each what it was halved into."""
    for name in batches:
        yield name
        while halves:
            yield halves.pop()


def _parted(space: Workspace, batch: str, why: str, halves: list[str], deaths: int = 0) -> int:
    """Halve a batch, or set its only file aside; returns how many files were set aside."""
    found = mishaps.part(space.inbox, batch, deaths)
    halves.extend(found)
    what = "halved to find the file that does it" if found else "its file is set aside"
    get_run_logger().error("batch %s: %s; %s", batch, why, what)
    return 0 if found else 1


def _workers(intake: Intake) -> int:
    size = sum(file.path.lstat().st_size for file in intake.files)
    return worker_count() if len(intake.files) >= runner.POOL_FROM_FILES or size >= runner.POOL_FROM_BYTES else 0


def _everything(space: Workspace) -> Iterator[str]:
    """Batches nobody holds any more, then whatever lies in the inbox, until it is empty."""
    began = time.monotonic()
    for name in ledger.batches(space.inbox):
        waits = ledger.held(space.inbox, name) or mishaps.paused(space.inbox, name)
        if not waits and _age(space, name) >= _QUEUED:
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
