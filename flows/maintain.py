"""Upkeep and roll-up as Prefect flows: the first by schedule at night, the second whenever a run has committed something."""

from __future__ import annotations

import io
import time
from contextlib import redirect_stdout
from datetime import datetime
from typing import Annotated, Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.states import Completed
from pydantic import Field

from flows import keeping, rollup
from flows.config import Workspace
from flows.confine import workspace_of_run
from flows.locks import alone
from flows.tasks import lock_file, shown

Root = Annotated[
    str | None, Field(title="Workspace", description="Folder of the workspace; empty: the one that is served.")
]


@flow(name="maintain", flow_run_name=lambda: f"maintain {datetime.now():%Y-%m-%d %H:%M}", persist_result=False)
def maintain(
    root: Root = None,
    grace_days: Annotated[
        float, Field(title="Grace", description="Days a replaced part is kept for readers of older versions.", ge=0)
    ] = 7.0,
) -> Any:
    """Merge small parts, delete what was replaced longer ago than the grace, apply `[captures] keep`, bring the roll-up up to date.

    No answer changes by it, and it may run beside any ingest.
    """
    space = workspace_of_run(root)
    said = io.StringIO()
    with alone(lock_file(space, "maintain")) as mine, redirect_stdout(said):
        if not mine:
            return Completed(name="NothingNew", message="another run of it is under way")
        keeping.compact(space.root)
        keeping.collect(space, grace_days, False)
    lines = said.getvalue().strip().splitlines()
    for line in lines:
        get_run_logger().info(line)
    _roll_up(root)
    return Completed(message="; ".join(lines))


@flow(name="roll-up", flow_run_name=lambda: f"roll-up {datetime.now():%Y-%m-%d %H:%M}", persist_result=False)
def roll_up(root: Root = None) -> Any:
    """Bring `rollups/events_daily.parquet` and the table `daily-roll-up` up to the warehouse's present version.

    A trigger starts it after each run that committed something.
    """
    if not _roll_up(root):
        return Completed(name="NothingNew", message="the roll-up is of the warehouse's present version")
    return Completed(message=f"rolled up version {rollup.rolled_version(workspace_of_run(root).root)}")


def _roll_up(root: str | None) -> bool:
    """Roll up in turn: a run that finds another at it waits, since that one may have begun before the last load."""
    space = workspace_of_run(root)
    for _ in range(120):
        with alone(lock_file(space, "roll-up")) as mine:
            if mine:
                return _roll_up_alone(space)
        time.sleep(0.5)
    return False


def _roll_up_alone(space: Workspace) -> bool:
    days = rollup.roll_up(space.root)
    if days is None:
        return False
    text = f"Events by day at version {rollup.rolled_version(space.root)}; all of it: {space.root / 'rollups' / 'events_daily.parquet'}"
    shown(lambda: create_table_artifact(key="daily-roll-up", table=days, description=text))
    return True
