"""Compaction: a month's small parts become few large ones, sorted and with bloom filters, in one record. No answer changes.

Parts of `FULL` bytes are left alone, so that a row is rewritten a few times at most however long the warehouse lives. Superseded
wordings move into parts of their own on the way: from then on the newest ones need no looking up.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.log import Snapshot, read_log
from warehouse.parts import SORTED_BY, check_part, read_groups, row_group_rows, row_groups, write_part
from warehouse.record import Commit, CorruptFile, File, check_schema
from warehouse.schema import TABLES
from warehouse.storage import Storage, fault
from warehouse.store import Draft, LoadConflict, discarding, now, publish_draft

if TYPE_CHECKING:
    import pyarrow as pa

FULL = 64 << 20
"""Bytes from which a part is never rewritten."""
_INPUT = 2 * FULL
"""Bytes of parts that become one part."""
DUE = 64
"""Live parts of one table in one month from which compaction is due."""
BY_VERSION = tuple(name for name, schema in TABLES.items() if "version_id" in schema.names)
"""Tables whose rows belong to one wording of an article."""


def due_months(snapshot: Snapshot) -> list[str]:
    """Months in which a table has more than `DUE` live parts that are worth merging."""
    counts = Counter((f.table, f.month) for files in snapshot.files.values() for f in files if f.bytes < FULL)
    return sorted({month for (_, month), count in counts.items() if count > DUE})


def compact(root: Path | str, months: Iterable[str] | None = None, *, run_id: str = "compact") -> list[Commit]:
    """Merge the small parts of months, by default of all, one commit a month.

    Returns:
        The commits; a month that has nothing to merge, or that somebody else changed meanwhile, gives none.
    Raises:
        CorruptFile: an input is not what was committed; nothing has changed.
    """
    storage = Storage(root)
    snapshot = read_log(storage)
    every = sorted({f.month for files in snapshot.files.values() for f in files})
    done = []
    for month in every if months is None else months:
        commit = _compact_month(storage, read_log(storage), month, run_id)
        if commit is not None:
            done.append(commit)
    return done


def _compact_month(storage: Storage, snapshot: Snapshot, month: str, run_id: str) -> Commit | None:
    groups = [
        group
        for table in TABLES
        for group in _groups(_small(snapshot, table, month))
        if len(group) > 1 or _superseded_in(storage, snapshot, group[0])
    ]
    if not groups:
        return None
    merged = tuple(f for group in groups for f in group)
    check_schema(storage, merged)
    load_id = hashlib.sha256("\0".join(f.path for f in merged).encode()).hexdigest()[:32]
    draft = Draft(load_id, "compact", run_id, {}, removes=merged)
    work = _Work(storage, snapshot.superseded, draft, month)
    try:
        with discarding(storage, draft):
            for group in groups:
                work.merge(group)
            draft.settled = tuple(sorted(work.moved - _elsewhere(storage, snapshot, month, draft)))
            fault("compact")
            return publish_draft(storage, draft, work.began)
    except LoadConflict:
        return None


def _small(snapshot: Snapshot, table: str, month: str) -> list[File]:
    return [f for f in snapshot.files.get(table, ()) if f.month == month and f.bytes < FULL]


def _groups(files: list[File]) -> Iterator[list[File]]:
    """Inputs that become one part each, bounded in bytes; superseded wordings stay among themselves."""
    for history in (False, True):
        group: list[File] = []
        for file in (f for f in files if f.history is history):
            if group and sum(f.bytes for f in group) + file.bytes > _INPUT:
                yield group
                group = []
            group.append(file)
        if group:
            yield group


class _Work:
    """One month on its way: writes parts into the draft and remembers which superseded articles it set apart."""

    def __init__(self, storage: Storage, superseded: frozenset[str], draft: Draft, month: str) -> None:
        self.storage, self.superseded, self.draft, self.month = storage, superseded, draft, month
        self.began = now()
        self.moved: set[str] = set()

    def merge(self, files: list[File]) -> None:
        table = files[0].table
        for file in files:
            check_part(self.storage, file)
        if table == "captures":
            written = [self._write(table, _joined(self.storage, files), False)]
        else:
            written = list(self._sorted(table, files))
        if sum(f.rows for f in written) != sum(f.rows for f in files):
            raise CorruptFile(f"{table}, {self.month}: rows were lost in merging; nothing was changed")
        self.draft.written.extend(f for f in written if f.rows)

    def _sorted(self, table: str, files: list[File]) -> Iterator[File]:
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = pa.concat_tables(piece for file in files for piece in read_groups(self.storage, file))
        history = files[0].history
        if history or table not in BY_VERSION or not self.superseded:
            yield self._write(table, _in_order(table, rows), history)
            return
        old = pc.is_in(rows["version_id"], pa.array(sorted(self.superseded), pa.string()))
        if table == "articles":
            self.moved.update(rows["version_id"].filter(old).to_pylist())
        for part, superseded in ((rows.filter(pc.invert(old)), False), (rows.filter(old), True)):
            if part.num_rows:
                yield self._write(table, _in_order(table, part), superseded)

    def _write(self, table: str, pieces: Iterator[pa.Table], history: bool) -> File:
        return write_part(
            self.storage,
            table,
            pieces,
            self.draft.load_id,
            self.began,
            month=self.month,
            compacted=True,
            history=history,
        )


def _in_order(table: str, rows: pa.Table) -> Iterator[pa.Table]:
    """The rows sorted, a row group at a time: never a second copy of all."""
    import pyarrow.compute as pc

    order = pc.sort_indices(rows, sort_keys=[(column, "ascending") for column in SORTED_BY[table]])
    step = row_group_rows(table)
    for start in range(0, rows.num_rows, step):
        yield rows.take(order.slice(start, step)).combine_chunks()


def _joined(storage: Storage, files: list[File]) -> Iterator[pa.Table]:
    """The captures of several parts, small row groups joined."""
    import pyarrow as pa

    waiting: list[pa.Table] = []
    size = 0
    for file in files:
        for piece in read_groups(storage, file):
            if waiting and size + piece.nbytes > FULL // 4:
                yield from row_groups("captures", pa.concat_tables(waiting))
                waiting, size = [], 0
            waiting.append(piece)
            size += piece.nbytes
    if waiting:
        yield from row_groups("captures", pa.concat_tables(waiting))


def _elsewhere(storage: Storage, snapshot: Snapshot, month: str, draft: Draft) -> set[str]:
    """Superseded versions with rows in parts of the month that are not rewritten: they stay pending."""
    merged = {f.path for f in draft.removes}
    rest = (f for t in BY_VERSION for f in snapshot.files.get(t, ()) if f.month == month and f.path not in merged)
    return {version for file in rest for version in _superseded_in(storage, snapshot, file)}


def _superseded_in(storage: Storage, snapshot: Snapshot, file: File) -> set[str]:
    """Versions with rows among the newest in a part that are the newest no more."""
    if not snapshot.superseded or file.history or file.table not in BY_VERSION:
        return set()
    import pyarrow.parquet as pq

    with storage.open(file.path) as opened, pq.ParquetFile(opened) as part:
        column = part.read(columns=["version_id"])["version_id"]
    return set(column.unique().to_pylist()) & snapshot.superseded
