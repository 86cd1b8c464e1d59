"""What `status`, `verify`, `compact`, `gc`, `forget` and `export` do: the warehouse's upkeep with progress and plain words."""

from __future__ import annotations

import shutil
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flows.config import Workspace, captures_kept
from flows.outfile import workspace_above
from flows.query import QueryError, connect, write_rows
from flows.terminal import console, say, warn
from flows.wording import for_terminal

if TYPE_CHECKING:
    import warehouse

_QUERIED_FILES = 1000
"""With more live parts than this `status` says only what the log knows: opening them all takes longer than anybody waits."""

_STATUS = (
    ("rejects", "select reason, count(*) as n from rejects group by all order by n desc limit 10"),
    (
        "languages",
        "select coalesce(language, 'unknown'), count(*) as n from articles group by all order by n desc limit 10",
    ),
    ("not coded", "select count(*) as n, 'articles in other languages' from articles where not coded having n > 0"),
    ("event types", "select event_type, count(*) as n from events group by all order by n desc limit 20"),
    (
        "published",
        "select min(published_at)::date, '…', max(published_at)::date from articles having count(published_at) > 0",
    ),
)


def show_status(root: Path) -> None:
    """Print what a workspace holds: first what the log knows, then what a few queries say."""
    from rich.table import Table
    from rich.text import Text

    import warehouse

    shown = console()
    snapshot = warehouse.read_log(root)
    loads = [load for load in snapshot.loads if load.kind == "load"]
    said = f"  version {snapshot.version}, {len(loads):,} loads"
    shown.print(Text.assemble((for_terminal(root), "bold"), said), soft_wrap=True)
    if not snapshot.version:
        shown.print("nothing is stored yet: `dateline ingest PATH` fills it, `dateline demo` shows one")
        return
    table = Table("table", "rows", "parts", "MB", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, files in sorted(snapshot.files.items()):
        size = sum(f.bytes for f in files) / 1e6
        table.add_row(name, f"{sum(f.rows for f in files):,}", f"{len(files):,}", f"{size:,.1f}")
    every = [f for files in snapshot.files.values() for f in files]
    table.add_row(Text("all", "bold"), "", f"{len(every):,}", f"{sum(f.bytes for f in every) / 1e6:,.1f}")
    shown.print(table)
    if loads:
        last = loads[-1]
        run = Counter()  # type: Counter[str]
        for load in loads:
            if load.run_id == last.run_id:
                run.update(load.rows)
        said = ", ".join(f"{run[t]:,} {t}" for t in ("articles", "events", "rejects") if run[t])
        shown.print(
            f"last run: {last.at:%Y-%m-%d %H:%M} UTC, {said or 'nothing new'} (run {last.run_id})", highlight=False
        )
    if len(every) > _QUERIED_FILES:
        shown.print("many small parts: `dateline compact` makes queries faster, and status say more")
        return
    con = warehouse.connect(root, comments=False)
    for title, query in _STATUS:
        found = con.execute(query).fetchall()
        if found:
            shown.print(f"{title}: " + ", ".join(" ".join(str(c) for c in row) for row in found), highlight=False)


@contextmanager
def _progress(label: str) -> Iterator[_Bar]:
    if not sys.stderr.isatty():
        yield _Bar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(label), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(label, total=None)
        bar = _Bar()
        bar.update = lambda done, total: shown.update(task, completed=done, total=total)  # type: ignore[method-assign]
        yield bar


class _Bar:
    """Where progress goes; nowhere by default."""

    def update(self, done: int, total: int) -> None:
        """So many bytes of so many."""


def verify(root: Path) -> list[warehouse.CorruptFile]:
    """Check every part, say how many, and return what is wrong."""
    import warehouse

    with _progress("checking") as bar:
        bad = warehouse.verify(root, lambda done, total: bar.update(done, total))
    files = [f for found in warehouse.read_log(root).files.values() for f in found]
    say(
        f"{len(files) - len(bad):,} of {len(files):,} parts are what was committed ({sum(f.bytes for f in files) / 1e6:,.1f} MB)"
    )
    return bad


def compact(root: Path) -> None:
    """Merge the small parts of every month and say what came of it."""
    import warehouse

    before = warehouse.read_log(root)
    done = warehouse.compact(root)
    if not done:
        say("nothing to merge")
        return
    warehouse.rebuild(root)
    parts = (len(before.paths), len(warehouse.read_log(root).paths))
    say(
        f"{parts[0]:,} parts became {parts[1]:,}; no answer has changed. `dateline gc` deletes the old ones after the grace"
    )


def compact_if_due(root: Path) -> bool:
    """Merge the months that have more than 64 parts of a table. Returns whether any was merged."""
    import warehouse

    try:
        due = warehouse.due_months(warehouse.read_log(root))
        return bool(due and warehouse.compact(root, due))
    except (warehouse.CorruptFile, warehouse.NewerSchema) as error:  # what was loaded is loaded all the same
        warn(f"small parts were not merged: {error}")
        return False


def collect(space: Workspace, grace_days: float, dry_run: bool) -> None:
    """Take out captures past their time, delete garbage, and say what came of it."""
    import warehouse

    keep = captures_kept(space)
    if keep is not None:
        before = datetime.now(UTC).replace(tzinfo=None) - keep
        taken = warehouse.forget(space.root, warehouse.captures_before(before), dry_run=dry_run)
        if taken.rows:
            said = "would take out" if dry_run else "took out"
            say(f"{said} {taken.rows['captures']:,} captures older than {keep.days} days")
    if not dry_run and warehouse.read_log(space.root).version:
        warehouse.rebuild(space.root)  # or an old catalogue would name parts that are gone
    found = warehouse.gc(space.root, timedelta(days=grace_days), dry_run=dry_run)
    said = "would delete" if dry_run else "deleted"
    kept = f"; {found.kept:,} replaced parts are within the grace of {grace_days:g} days" if found.kept else ""
    say(f"{said} {found.files:,} files, {found.bytes / 1e6:,.1f} MB{kept}")


def forget(root: Path, what: str, *, dry_run: bool) -> dict[str, int]:
    """Take out a load, else a source, else the article at an address.

    Returns:
        Rows taken out, by table; empty when nothing goes by that name.
    """
    import warehouse

    for choose in (warehouse.by_load, warehouse.by_source, warehouse.by_url):
        taken = warehouse.forget(root, choose(what), dry_run=dry_run)
        if taken.rows:
            if not dry_run:
                warehouse.rebuild(root)
            return taken.rows
    return {}


_EXPORTED = {
    "articles": "from articles",
    "events": "from events_newest",
    "event_actors": "from event_actors semi join articles using (version_id)",
    "event_magnitudes": "from event_magnitudes semi join articles using (version_id)",
    "mentions": "from mentions semi join articles using (version_id)",
}


def export(root: Path, folder: Path, form: str, version: int | None, *, raw: bool = False) -> dict[str, int]:
    """Write the newest wordings and what was coded from them, one file a table, with the data dictionary beside them; or the captures as `warc`.

    Returns:
        Rows or records by file name.
    Raises:
        QueryError: the format, the folder or the version cannot be used.
    """
    from flows.warcout import write_archives
    from warehouse import dictionary

    if form not in ("parquet", "csv", "warc"):
        raise QueryError(f"--format {form}: parquet, csv or warc")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise QueryError(f"{folder} is not empty", "name a new folder: nothing is overwritten.")
    if space := workspace_above(folder, root):
        raise QueryError(f"{folder}: inside the workspace {space}", "name a folder elsewhere.")
    con = connect(root, version)
    written: dict[str, int] = {}
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.parent / f".{folder.name}-{uuid.uuid4().hex[:8]}.tmp"
    unfinished.mkdir()
    try:
        if form == "warc":
            written = write_archives(root, unfinished, version)
        else:
            for name, query in _EXPORTED.items():
                written[f"{name}.{form}"] = write_rows(con, query, form, unfinished / f"{name}.{form}", raw=raw)
            (unfinished / "DICTIONARY.md").write_text("# Data dictionary\n\n" + dictionary.page(), encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return written
