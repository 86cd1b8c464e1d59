"""Captures by load: which loads still have the bytes they were made from, and those bytes, for making the rows again.

What a load's rows are made by is said in the log: the load itself, and whatever has replaced its rows since. Nothing is
remembered elsewhere, so work that was killed goes on where the log says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from warehouse.log import Snapshot, commits_after
from warehouse.parts import in_schema
from warehouse.record import CorruptFile, File, Load, check_schema, load_key
from warehouse.storage import Storage

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa


CUTTING = ("forget", "restore", "repair")
"""Kinds of commit that may take rows out: what was read of the rows before counts no more."""


@dataclass(slots=True)
class Held:
    """The captures of one load that are still there."""

    load_id: str
    run_id: str
    loaded_at: datetime
    """Naive UTC."""
    captures: int = 0
    bytes: int = 0
    sources: frozenset[str | None] = frozenset()
    places: tuple[tuple[File, int], ...] = ()
    """Part and row group, in order."""


def standing(snapshot: Snapshot) -> dict[str, Load]:
    """By load_id: the commit whose versions made the articles, events and mentions that the load has now."""
    made: dict[str, Load] = {}
    back = {load.versions["restores"] for load in snapshot.loads if load.kind == "restore"}
    then: dict[str, dict[str, Load]] = {"0": {}}
    for load in snapshot.loads:
        if load.kind == "restore":
            made = dict(then[load.versions["restores"]])
        made.update(dict.fromkeys((load.load_id,) if load.kind == "load" else load.replaces, load))
        if str(load.version) in back:
            then[str(load.version)] = dict(made)
    return made


def forgotten_since(root: Path | str | Storage, version: int) -> frozenset[str]:
    """Loads of which something was forgotten after a version."""
    storage = root if isinstance(root, Storage) else Storage(root)
    start = len(load_key(""))
    return frozenset(
        item[start:]
        for commit in commits_after(storage, version)
        if commit.kind in CUTTING
        for item in commit.gone
        if item.startswith(load_key(""))
    )


def captures_by_load(snapshot: Snapshot) -> dict[str, Held]:
    """Every load that has captures, in the order in which they lie. No body is read.

    Raises:
        CorruptFile: a part cannot be read.
        NewerSchema: a newer program wrote one.
    """
    files = snapshot.files.get("captures", ())
    check_schema(snapshot.storage, files)
    held: dict[str, Held] = {}
    for file in files:
        for group, rows in _group_rows(snapshot.storage, file):
            _take_in(held, file, group, rows)
    return held


def _group_rows(storage: Storage, file: File) -> Iterator[tuple[int, pa.Table]]:
    """Of every row group who its rows belong to, and how large they are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    keys = ["load_id", "run_id", "loaded_at"]
    try:
        with storage.open(file.path) as opened, pq.ParquetFile(opened) as part:
            for group in range(part.num_row_groups):
                rows = part.read_row_group(group, columns=[*keys, "source", "byte_count"])
                yield (
                    group,
                    rows.group_by(keys).aggregate(
                        [("byte_count", "count"), ("byte_count", "sum"), ("source", "distinct")]
                    ),
                )
    except (OSError, pa.ArrowException) as error:
        raise CorruptFile(f"{storage.location(file.path)}: {error}; restore it from a backup") from error


def _take_in(held: dict[str, Held], file: File, group: int, rows: pa.Table) -> None:
    for row in rows.to_pylist():
        load = held.setdefault(row["load_id"], Held(row["load_id"], row["run_id"], row["loaded_at"]))
        load.captures += row["byte_count_count"]
        load.bytes += row["byte_count_sum"]
        load.sources |= frozenset(row["source_distinct"])
        load.places = (*load.places, (file, group))


def read_captures(storage: Storage, loads: Collection[Held]) -> Iterator[tuple[Held, list[pa.Table]]]:
    """The captures of loads, load by load, each as pieces of a row group at most.

    In memory are the rows of one load and the last row group read: loads that share one read it once, if they come in order.
    Raises:
        CorruptFile: a part cannot be read.
    """
    last: tuple[tuple[File, int], pa.Table] | None = None
    for load in loads:
        pieces = []
        for place in load.places:
            if last is None or last[0] != place:
                last = place, _row_group(storage, *place)
            pieces.append(_of_load(last[1], load.load_id))
        yield load, pieces


def _row_group(storage: Storage, file: File, group: int) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with storage.open(file.path) as opened, pq.ParquetFile(opened) as part:
            return in_schema("captures", part.read_row_group(group))
    except (OSError, pa.ArrowException) as error:
        raise CorruptFile(f"{storage.location(file.path)}: {error}; restore it from a backup") from error


def _of_load(rows: pa.Table, load_id: str) -> pa.Table:
    import pyarrow.compute as pc

    return rows.filter(pc.equal(rows["load_id"], load_id))


__all__ = ["CUTTING", "Held", "captures_by_load", "forgotten_since", "read_captures", "standing"]
