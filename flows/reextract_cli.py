"""`dateline reextract`: the command, its progress and its summary."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from flows.terminal import Root, console, fail, say, space_of, warn

if TYPE_CHECKING:
    from flows.changes import Changes
    from flows.config import Workspace
    from flows.reextraction import Plan

app = typer.Typer()


@app.command()
def reextract(
    root: Root = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="Only loads made on this day or later, YYYY-MM-DD (UTC).", show_default=False),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Only loads that hold articles of this source.", show_default=False)
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change: counts, and some events before and after.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Make the rows again with today's extractors, lexicons and rules, from the captures kept: nothing is fetched.

    Loads whose rows these versions made already are left alone, so it may be stopped and repeated at any time. Where captures were
    not kept (`[captures] keep` in dateline.toml), the rows stay as they are.

    Examples:

        dateline reextract --dry-run

        dateline reextract --since 2026-11-01 --source wire
    """
    from extractors.siterules import RuleError
    from flows import reextraction
    from flows.warehouse_cli import in_words

    space = space_of(root)
    if not (space.root / "_log").is_dir():
        raise fail(
            f"{space.root} holds no warehouse", "name another with --root, or fill it with `dateline ingest PATH`."
        )
    began = reextraction.started()
    try:
        with in_words(), _progress(quiet) as (planned, done):
            plans: list[Plan] = []

            def begin(plan: Plan) -> None:
                plans.append(plan)
                planned(plan)

            total = reextraction.reextract(space, _day(since), source, dry_run=dry_run, planned=begin, done=done)
    except RuleError as error:
        raise fail(str(error), "mend the rule, or move its file out of the workspace's `sites` folder.") from error
    except (KeyboardInterrupt, SystemExit):
        warn("stopped: what was replaced is committed; the same command takes up the rest.")
        raise
    if not quiet:
        _show(plans[0], total, reextraction.started() - began, dry_run)


def _day(given: str | None) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError as error:
        raise fail(f"--since {given}: {error}", "write the day as YYYY-MM-DD.", code=2) from error


def hint(space: Workspace) -> None:
    """Say so when rows that are stored were made by other versions than today's."""
    from flows import pipeline, reextraction, runner

    run = pipeline.new_run(space.root, runner.rules_version(space.own_lexicons, space.own_sites))
    stale = reextraction.stale_loads(space, reextraction.versions_of(run))
    if stale:
        say(
            f"{stale:,} loads were made by other extractors, lexicons or rules than today's: `dateline reextract` makes them again",
            err=True,
        )


@contextmanager
def _progress(quiet: bool) -> Iterator[tuple[Callable[[Plan], None], Callable[[Changes], None]]]:
    if quiet or not sys.stderr.isatty():
        yield lambda _: None, lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("captures"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        bar = shown.add_task("captures", total=None)
        yield (
            lambda plan: shown.update(bar, total=plan.captures, completed=0),
            lambda changes: shown.advance(bar, changes.captures),
        )


def _show(plan: Plan, total: Changes, seconds: float, dry_run: bool) -> None:
    from rich.table import Table

    shown = console()
    if plan.loads:
        title = "would change" if dry_run else "replaced"
        table = Table(f"{title}", "before", "after", "", box=None, pad_edge=False)
        for column in table.columns[1:3]:
            column.justify = "right"
        for row in rows(total):
            table.add_row(*row)
        shown.print(table)
        rate = f", {total.captures / seconds:,.0f} a second" if seconds > 0 else ""
        shown.print(f"{total.loads:,} loads, {total.captures:,} captures in {seconds:.1f} s{rate}", highlight=False)
    else:
        shown.print("nothing to do: every load with captures was made by these versions", highlight=False)
    if plan.current:
        shown.print(f"{plan.current:,} loads were made by these versions already")
    if plan.bare_loads:
        shown.print(
            f"{plan.bare_loads:,} loads with {plan.bare_articles:,} articles have no captures any more: their rows stay as they are"
        )
    if total.kept:
        shown.print(f"{total.kept:,} articles stay as they are: their capture is gone")
    if total.examples and dry_run:
        shown.print("for example:")
        for change in total.examples:
            mark = {"gone": "-", "new": "+", "changed": "~"}[change.kind]
            shown.print(
                f"{mark} {change.said}",
                style={"-": "red", "+": "green", "~": "yellow"}[mark],
                soft_wrap=True,
            )
            shown.print(f"    “{change.support}” {change.url or ''}", style="dim", highlight=False, soft_wrap=True)


def rows(total: Changes) -> list[tuple[str, str, str, str]]:
    """What becomes of each table, for the summary: name, rows before, rows after, in words."""
    t = total
    articles = f"{t.articles_before - t.articles_same:,} gone, {t.articles_after - t.articles_same:,} new"
    events = f"{t.events_gone:,} gone, {t.events_new:,} new, {t.events_changed:,} told otherwise"
    counts = (
        ("articles", t.articles_before, t.articles_after, articles),
        ("events", t.events_before, t.events_after, events),
        ("mentions", t.mentions_before, t.mentions_after, ""),
        ("rejects", t.rejects_before, t.rejects_after, ""),
    )
    return [(name, f"{before:,}", f"{after:,}", words) for name, before, after, words in counts]
