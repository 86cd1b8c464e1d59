"""Reextraction as a Prefect flow: a task a group of loads, which is one record of the log, and a summary among the artifacts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from prefect.states import Completed

from flows import reextraction
from flows.changes import Changes
from flows.confine import workspace_of_run
from flows.reextract_cli import rows
from flows.reextraction import Plan, Reextraction


class _Work:
    """A group on its way to its task. A plain object: Prefect would walk through a dataclass, looking for futures."""

    def __init__(self, work: Reextraction, group: Any) -> None:
        self.work, self.group = work, group
        self.changes = Changes()


@task(
    name="reextract-group",
    task_run_name="group-{number}-{captures}captures",
    cache_policy=NO_CACHE,
    persist_result=False,
)
def run_group(number: int, captures: int, work: _Work) -> None:
    """Make some loads again and replace their rows in one record."""
    work.changes = work.work.run_group(work.group)
    get_run_logger().info("group %d: %s", number, summary(work.changes))


def _through(work: Reextraction, number: int, group: Any) -> Changes:
    handed = _Work(work, group)
    run_group(number, sum(load.captures for load in group), handed)
    return handed.changes


def summary(changes: Changes) -> str:
    """A reextraction in one line."""
    c = changes
    return (
        f"{c.loads} loads, {c.captures} captures, {c.events_after} events where there were {c.events_before}: "
        f"{c.events_gone} gone, {c.events_new} new, {c.events_changed} told otherwise"
    )


def _name() -> str:
    source = flow_run.parameters.get("source")
    return f"reextract-{f'{source}-' if source else ''}{datetime.now():%Y-%m-%dT%H:%M}"


@flow(name="reextract", flow_run_name=_name, persist_result=False)
def reextract(root: str | None = None, since: str | None = None, source: str | None = None) -> Any:
    """Make the rows again with today's extractors, lexicons and rules, from the captures kept.

    Args:
        root: the workspace.
        since: only loads made on this day (YYYY-MM-DD, UTC) or later.
        source: only loads that hold articles of this source.
    """
    space = workspace_of_run(root)
    plans: list[Plan] = []
    total = reextraction.reextract(
        space, date.fromisoformat(since) if since else None, source, planned=plans.append, through=_through
    )
    left = plans[0].bare_articles + total.kept
    text = summary(total) + (f"; {left} articles without captures stay as they are" if left else "")
    table = [{"table": t, "before": before, "after": after, "change": words} for t, before, after, words in rows(total)]
    create_table_artifact(key="reextract-summary", table=table, description=text)
    get_run_logger().info(text)
    return Completed(name=None if total.loads else "NothingNew", message=text)
