"""What `status`, `verify`, `compact`, `gc`, `forget` and `export` do: the warehouse's upkeep with progress and plain words."""

from __future__ import annotations

import shutil
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flows import traces
from flows.catalogue import refresh
from flows.coding import read_coding
from flows.config import Workspace, captures_kept
from flows.outfile import workspace_above
from flows.query import QueryError, connect, write_rows
from flows.terminal import console, say, warn
from flows.traces import Traces
from flows.wording import for_terminal

if TYPE_CHECKING:
    import duckdb

    import warehouse

_QUERIED_FILES = 1000
"""With more live parts than this `status` says only what the log knows: opening them all takes longer than anybody waits."""

_STATUS = (
    ("rejects", "select reason, count(*) as n from rejects group by all order by n desc limit 10"),
    (
        "languages",
        "select coalesce(language, 'unknown'), count(*) as n from articles group by all order by n desc limit 10",
    ),
    (
        "not coded",
        "select uncoded_reason, count(*) as n from articles where not coded group by all order by n desc limit 10",
    ),
    (
        "coded in part",
        "select uncoded_reason, count(*) as n from articles where coded and uncoded_reason is not null group by all order by n desc limit 10",
    ),
    ("event types", "select event_type, count(*) as n from events group by all order by n desc limit 20"),
    (
        "published",
        "select min(published_at)::date, '…', max(published_at)::date from articles having count(published_at) > 0",
    ),
)
_LESS_SURE = "select count(*) from events_newest where tellings is not null and confidence < $least"
_OF_OLD = "select count(*) from events_newest where tellings is null"


def show_status(space: Workspace) -> None:
    """Print what a workspace holds: first what the log knows, then what a few queries say."""
    root = space.root
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
    import duckdb

    con = warehouse.connect(root, comments=False)
    for title, query in _STATUS:
        try:
            found = con.execute(query).fetchall()
        except duckdb.Error as error:
            shown.print(f"{title}: unknown: {f'{error}'.splitlines()[0]}", highlight=False, markup=False)
            continue
        if found:
            shown.print(f"{title}: " + ", ".join(" ".join(str(c) for c in row) for row in found), highlight=False)
    for line in _sureness(con, read_coding(space).confidence):
        shown.print(line, highlight=False, markup=False)


def _sureness(con: duckdb.DuckDBPyConnection, least: float) -> Iterator[str]:
    """How many events the views leave out, and how many they show although nobody knows how sure they are."""
    import duckdb

    try:
        less = (con.execute(_LESS_SURE, {"least": least}).fetchone() or (0,))[0]
        old = (con.execute(_OF_OLD).fetchone() or (0,))[0]
    except duckdb.Error as error:  # a damaged part: the rest of the status stands
        yield f"confidence: unknown: {str(error).splitlines()[0]}"
        return
    if less:
        yield f"confidence: events are shown from {least:g} up ([coding] confidence); {less:,} less sure are in events_newest"
    if old:
        yield f"older coder: {old:,} events were coded before there was a tagger and are shown whatever their confidence: `dateline reextract` codes them anew"


@contextmanager
def progress(label: str) -> Iterator[_Bar]:
    """A bar of bytes on a terminal."""
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

    with progress("checking") as bar:
        bad = warehouse.verify(root, lambda done, total: bar.update(done, total))
    try:
        files = [f for found in warehouse.read_log(root).files.values() for f in found]
    except warehouse.DamagedLog:
        say("the log is damaged: no part was compared with what it says")
        return bad
    good = len(files) - sum(not isinstance(error, warehouse.DamagedLog) for error in bad)
    say(f"{good:,} of {len(files):,} parts are what was committed ({sum(f.bytes for f in files) / 1e6:,.1f} MB)")
    return bad


def compact(root: Path) -> None:
    """Merge the small parts of every month and say what came of it."""
    import warehouse

    before = warehouse.read_log(root)
    done = warehouse.compact(root)
    if not done:
        say("nothing to merge")
        return
    refresh(root)
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
    except (warehouse.CorruptFile, warehouse.NewerSchema, OSError) as error:  # what was loaded is loaded all the same
        warn(f"small parts were not merged: {error}")
        return False


def collect(space: Workspace, grace_days: float, dry_run: bool) -> None:
    """Take out captures past their time, delete garbage, and say what came of it."""
    import warehouse

    keep = captures_kept(space)
    if keep is not None:
        _drop_captures(space, keep, dry_run)
    found = warehouse.gc(space.root, timedelta(days=grace_days), dry_run=dry_run)
    said = "would delete" if dry_run else "deleted"
    kept = f"; {found.kept:,} replaced parts are within the grace of {grace_days:g} days" if found.kept else ""
    say(f"{said} {found.files:,} files, {found.bytes / 1e6:,.1f} MB{kept}")


def _drop_captures(space: Workspace, keep: timedelta, dry_run: bool) -> None:
    """Take out captures older than `keep`; on a full disk say so: what is garbage goes all the same, and makes room."""
    import warehouse

    before = datetime.now(UTC).replace(tzinfo=None) - keep
    try:
        taken = warehouse.forget(space.root, warehouse.captures_before(before), dry_run=dry_run)
    except OSError as error:
        warn(f"captures older than {keep.days} days were not taken out ({error.strerror or error}): run gc again")
        return
    if taken.rows:
        said = "would take out" if dry_run else "took out"
        say(f"{said} {taken.rows['captures']:,} captures older than {keep.days} days")
        if not dry_run:
            refresh(space.root)


@dataclass(frozen=True, slots=True)
class Gone:
    """What a forget took out, or would."""

    rows: dict[str, int]
    """By table."""
    beside: Traces
    kept: tuple[str, ...] = ()
    """Names of kept versions that hold it."""
    backups: tuple[str, ...] = ()
    """Backups that hold it, or that could not be looked at."""

    def __bool__(self) -> bool:
        return bool(self.rows or self.beside or self.kept)

    def words(self) -> str:
        """All of it, in one line."""
        rows = [f"{n:,} {table}" for table, n in self.rows.items()]
        named = [f"what the kept version {name} holds of it" for name in self.kept]
        return ", ".join([*rows, *filter(None, [self.beside.words()]), *named])


def forget(space: Workspace, what: str, *, dry_run: bool) -> Gone:
    """Take out a load, else a source, else the article at an address, with what lies of it beside the tables.

    Returns:
        What went; empty when nothing goes by that name.
    """
    import warehouse

    for choose in (warehouse.by_load, warehouse.by_source, warehouse.by_url):
        chosen = choose(what)
        found = warehouse.forget(space.root, chosen, dry_run=True)
        source, urls = (what, found.urls) if chosen.kind == "source" else (None, found.urls | {what})
        marks = traces.Marks(source, urls, found.captures, found.inputs)
        beside = traces.find(space, marks) if chosen.kind else Traces()
        kept = warehouse.holding(space.root, chosen)
        if not found.rows and not beside and not kept:
            continue
        if not dry_run:
            # Files first: by the rows they are known, and who is killed in between can say it again.
            if chosen.kind:
                traces.clear(space, marks, beside)
            found = warehouse.forget(space.root, chosen, always=True)
            _after_forgetting(space.root)
            warehouse.cut_kept(space.root, chosen)
        return Gone(found.rows, beside, tuple(kept), tuple(_backups_with(space.root, chosen)))
    return Gone({}, Traces())


def _backups_with(root: Path, chosen: warehouse.Chosen) -> Iterator[str]:
    """The backups of a workspace that hold rows that are chosen."""
    import warehouse

    for folder in sorted(warehouse.backups_of(root)):
        try:
            there = (Path(folder) / "_log").is_dir()
            if there and warehouse.forget(folder, chosen, dry_run=True).rows:
                yield folder
            elif not there:
                yield f"{folder} (not there now, so it was not looked at)"
        except (OSError, warehouse.CorruptFile, warehouse.NewerSchema) as error:
            yield f"{folder} (not looked at: {error})"


def _after_forgetting(root: Path) -> None:
    """What is made from the tables is made anew; the rows are gone also where that fails."""
    from flows import rollup

    refresh(root)
    try:
        if rollup.rolled_version(root) is not None:
            rollup.roll_up(root)
    except OSError as error:
        warn(
            f"{error.filename or root}: {error.strerror or error}: the rows are gone, but the roll-up still counts them"
        )


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
