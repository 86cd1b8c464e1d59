"""What a run says of itself: its name in the Prefect UI, the `run-summary` artifact, the table at the end of the command."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.pipeline import Counts
from flows.wording import for_name

if TYPE_CHECKING:
    from rich.table import Table


def run_name(inputs: list[str], source: str | None, at: datetime, documents: int | None = None) -> str:
    """A name that tells one run from another in a list.

    Args:
        documents: how many were read; None when the run begins.

    >>> run_name(["news/june"], None, datetime(2024, 6, 19, 8, 5))
    'ingest june 2024-06-19 08:05'
    >>> run_name(["a", "b"], None, datetime(2024, 6, 19, 8, 5), 312)
    'ingest a +1 2024-06-19 08:05 312 documents'
    """
    first = source or (Path(inputs[0].rstrip("/")).name if inputs else "") or "inputs"
    more = f" +{len(inputs) - 1}" if len(inputs) > 1 and not source else ""
    count = "" if documents is None else f" {documents} document{'s' * (documents != 1)}"
    return f"ingest {for_name(first)[:60]}{more} {at:%Y-%m-%d %H:%M}{count}"


def summary_rows(counts: Counts, seconds: float) -> list[dict[str, Any]]:
    """The stages of a run: documents in, out and rejected, and the seconds each took (summed over processes).

    Coding happens in the seconds of `extract`. The `read` stage's "out" are the documents that were new; everything read is articles + rejects + known + same text.
    """
    new = counts.read - counts.known
    return [
        {"stage": "read", "in": counts.read, "out": new, "rejected": 0, "events": None, "seconds": round(counts.read_seconds, 2)},
        {"stage": "extract", "in": new, "out": counts.articles + counts.same_text, "rejected": counts.rejects, "events": None, "seconds": round(counts.extract_seconds, 2)},
        {"stage": "code", "in": counts.articles, "out": counts.articles - counts.uncoded, "rejected": 0, "events": counts.events, "seconds": None},
        {"stage": "commit", "in": counts.articles, "out": counts.articles, "rejected": 0, "events": counts.events, "seconds": round(counts.commit_seconds, 2)},
        {"stage": "whole run", "in": counts.read, "out": counts.articles, "rejected": counts.rejects, "events": counts.events, "seconds": round(seconds, 2)},
    ]  # fmt: skip


def summary_text(counts: Counts) -> str:
    """The run in one line."""
    parts = [f"{counts.articles} articles", f"{counts.events} events", f"{counts.rejects} rejects"]
    if counts.known:
        parts.append(f"{counts.known} known already")
    if counts.forgotten:
        parts.append(f"{counts.forgotten} left out as forgotten")
    if counts.same_text:
        parts.append(f"{counts.same_text} with a text stored already")
    if counts.uncoded:
        parts.append(f"{counts.uncoded} not coded ({_by_count(counts.uncoded_reasons)})")
    if counts.left_out:
        parts.append(f"{sum(counts.left_out.values())} coded in part ({_by_count(counts.left_out)})")
    if counts.own_source:
        parts.append(f"{counts.own_source} with a source of their own")
    return f"{counts.read} documents: " + ", ".join(parts) + f"; {counts.loads} loads"


def degraded(counts: Counts, share: float) -> str:
    """Why a run is not as good as it should be: more than this share of the new documents was rejected; '' when not."""
    new = counts.read - counts.known
    if not new or counts.rejects <= share * new:
        return ""
    return f"{counts.rejects} of {new} new documents rejected ({_by_count(counts.reasons, 5)})"


def summary_table(counts: Counts, seconds: float, root: Path, version: int) -> Table:
    """The table the command ends with."""
    from rich.table import Table

    table = Table(title=None, show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(style="dim")
    rate = f"{counts.read / seconds:,.0f} documents/s" if seconds > 0 else ""
    table.add_row("documents", f"{counts.read:,}", f"{counts.byte_count / 1e6:,.1f} MB in {seconds:.1f} s, {rate}")
    if counts.known:
        table.add_row("known already", f"{counts.known:,}", "nothing done for them")
    if counts.same_text:
        table.add_row("same text", f"{counts.same_text:,}", "address and text are stored already")
    if counts.own_source:
        said = "documents name a source themselves: theirs is stored, not the one of --source"
        table.add_row("own source", f"{counts.own_source:,}", said)
    table.add_row("articles", f"{counts.articles:,}", "")
    if counts.uncoded:
        said = f"{_by_count(counts.uncoded_reasons)}; stored all the same"
        table.add_row("not coded", f"{counts.uncoded:,}", said)
    if counts.left_out:
        table.add_row("coded in part", f"{sum(counts.left_out.values()):,}", f"left out: {_by_count(counts.left_out)}")
    table.add_row(
        "events",
        f"{counts.events:,}",
        f"in {counts.articles - counts.uncoded:,} coded articles; {counts.mentions:,} mentions",
    )
    if counts.rejects:
        table.add_row("rejects", f"{counts.rejects:,}", f'{_by_count(counts.reasons)} (dateline sql "from rejects")')
    table.add_row("loads", f"{counts.loads:,}", f"warehouse version {version} in {root}")
    return table


def _by_count(reasons: dict[str, int], most: int = 8) -> str:
    """
    >>> _by_count({"language fr": 2, "language de": 11})
    'language de 11, language fr 2'
    """
    return ", ".join(f"{reason} {n:,}" for reason, n in sorted(reasons.items(), key=lambda kv: -kv[1])[:most])
