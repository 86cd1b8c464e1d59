"""What the command shows of fetching: a line a source while it runs, a table at the end, with the politeness that was in force."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flows.wording import for_name, for_terminal

if TYPE_CHECKING:
    from rich.table import Table

    from flows.fetching import Tally

_COLUMNS = ("found", "new", "unchanged", "known", "failed", "later")
_SHOWN = 30
MEANING = (
    "known: asked for a short time ago · later: left to the next run · "
    'failed attempts: dateline sql "from fetches where error is not null"'
)


def sources_table(sources: Mapping[str, Mapping[str, Any]], *, whole: bool = True) -> Table:
    """A row a source.

    Args:
        sources: by name the values of a `flows.fetching.Tally`.
        whole: with what the columns mean and what went wrong with listings.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("source")
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    table.add_column("politeness", style="dim")
    for row in source_rows(dict(list(sources.items())[:_SHOWN])):
        table.add_row(row["source"], *(f"{row[c]:,}" for c in _COLUMNS), row["politeness"])
    if len(sources) > _SHOWN:
        rest = list(sources.values())[_SHOWN:]
        table.add_row(f"{len(rest)} more", *(f"{sum(t[c] for t in rest):,}" for c in _COLUMNS))
    if whole:
        table.caption, table.caption_justify = MEANING, "left"
    return table


def source_rows(sources: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row a source as plain values: its counts, and the politeness that was in force."""
    return [
        {
            "source": for_name(name),
            **{column: tally[column] for column in _COLUMNS},
            "politeness": f"robots.txt {'obeyed' if tally['robots'] else 'not asked'}, 1 connection a host, {tally['pause']:g} s between requests",
        }
        for name, tally in sources.items()
    ]


def unread(sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The sources whose listing could not be had, each with the reason."""
    return [
        for_terminal(f"{name}: {t['notes'][0]}")
        for name, t in sources.items()
        if t["failed"] and t["notes"] and not t["found"]
    ]


def notes_of(sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What went wrong with listings, and what was left out, a line each."""
    notes = [f"{name}: {note}" for name, tally in sources.items() for note in tally["notes"][:3]]
    left = ((name, tally["forgotten"]) for name, tally in sources.items() if tally["forgotten"])
    notes += [f"{name}: {n:,} addresses were not asked for because they were forgotten" for name, n in left]
    return [for_terminal(note) for note in notes]


@contextmanager
def watched(tallies: Mapping[str, Tally], quiet: bool) -> Iterator[None]:
    """Show the tallies of a run while the block is under way, on a terminal."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    from rich.live import Live

    from flows.terminal import console

    with Live(
        get_renderable=lambda: sources_table({name: t.shown() for name, t in tallies.items()}, whole=False),
        console=console(stderr=True),
        refresh_per_second=2,
        transient=True,
    ):
        yield
