"""Upkeep: collect the garbage that kills and compactions leave, and compare the log and every part with what was committed.

Both read the whole log first: what a damaged log does not name is not garbage.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from warehouse.catalog import let_go, rebuild
from warehouse.kept import keeping_lock, kept_versions
from warehouse.log import Checked, check_log, read_log
from warehouse.parts import check_part
from warehouse.record import REMEDY, Commit, CorruptFile, File, record_name
from warehouse.schema import TABLES
from warehouse.storage import Entry, Storage, fault, locked
from warehouse.store import ORPHAN_GRACE, now

GRACE = timedelta(days=7)
"""How long a part that is live no more is kept, for readers of earlier versions."""
PART = re.compile(r"[a-z_]{1,30}/month=[0-9]{4}-[0-9]{2}/[0-9a-f-]{1,40}-[0-9a-f]{8}\.parquet")
_TEMPORARY = re.compile(r"(?:[a-z_]{1,30}/month=[0-9]{4}-[0-9]{2}|_log)/\.[0-9a-f]{32}\.tmp")
_CHECKPOINTS_KEPT = 2


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection deleted, or would."""

    files: int
    bytes: int
    kept: int
    """Parts that are live no more and still within the grace."""


def gc(root: Path | str, grace: timedelta = GRACE, *, dry_run: bool = False) -> Collected:
    """Delete parts that have not been live for longer than the grace, and what killed writers left behind.

    Nothing live is deleted, nor a part of a version that a name keeps, nor any file that a running commit may be about to publish, whatever the
    grace. A catalogue that names what goes is made anew first, or deleted where the disk has no room for that.
    Raises:
        DamagedLog: something is wrong with the log; nothing was deleted.
        NewerSchema: a newer program wrote some of it; nothing was deleted.
    """
    storage = Storage(root)
    removed: dict[str, datetime] = {}
    latest = datetime.min

    def note(commit: Commit) -> None:
        nonlocal latest
        latest = max(latest, commit.at)  # a clock that was put back made no part old
        removed.update(dict.fromkeys(commit.remove, latest))

    checked = check_log(storage, note)
    checked.refuse()
    with locked(keeping_lock(storage)):
        while read_log(storage).version != checked.version:  # what came back since is garbage no more
            removed.clear()
            checked = check_log(storage, note)
            checked.refuse()
        held = {path for kept in kept_versions(storage) for path in read_log(storage, kept.version).paths}
        garbage, spared = _garbage(storage, checked, removed, grace, held)
        if not dry_run and garbage:
            gone = let_go(storage.root, checked.version)  # or a catalogue that is older would name parts that are gone
            for entry in garbage:
                storage.delete(entry.name)
                fault("gc")
            if gone:
                with contextlib.suppress(
                    OSError
                ):  # there may be room now; whatever is committed next makes it in any case
                    rebuild(storage.root)
    return Collected(len(garbage), sum(e.bytes for e in garbage), spared)


def _garbage(
    storage: Storage, checked: Checked, removed: dict[str, datetime], grace: timedelta, held: Container[str]
) -> tuple[list[Entry], int]:
    instant, clock = now(), time.time()
    # Who was removed is in the log; anything else that is not live is an orphan, and as old as its file.
    orphans_until = clock - max(grace, ORPHAN_GRACE).total_seconds()
    garbage, kept = [], 0
    for entry in [e for table in TABLES for e in storage.list(f"{table}/")]:
        if PART.fullmatch(entry.name) and entry.name not in checked.files and entry.name not in held:
            at = removed.get(entry.name)
            # Parts beside a log that has no record at all: it is the log that is gone.
            if checked.version and (at <= instant - grace if at is not None else entry.modified <= orphans_until):
                garbage.append(entry)
            else:
                kept += 1
        elif _TEMPORARY.fullmatch(entry.name) and entry.modified <= orphans_until:
            garbage.append(entry)
    log = sorted(storage.list("_log/"), key=lambda e: e.name)
    garbage += [e for e in log if _TEMPORARY.fullmatch(e.name) and e.modified <= orphans_until]
    garbage += [e for e in log if e.name.startswith("_log/checkpoint-")][:-_CHECKPOINTS_KEPT]
    return garbage, kept


def verify(root: Path | str, checked: Callable[[int, int], None] = lambda done, total: None) -> list[CorruptFile]:
    """The whole log, and every live part against its sha256.

    Args:
        checked: called with the bytes checked so far and the bytes of all.
    Returns:
        One error for each record that is missing or damaged and each part that is missing or differs; empty when all is well.
    """
    storage = Storage(root)
    log = check_log(storage)
    bad: list[CorruptFile] = [*log.damage]
    total, done = sum(f.bytes for f in log.files.values()), 0
    for file in log.files.values():
        try:
            check_part(storage, file)
            _check_rows(storage, file)
        except CorruptFile as error:
            bad.append(error)
        done += file.bytes
        checked(done, total)
    return bad


def _check_rows(storage: Storage, file: File) -> None:
    """Compare the rows of a part that is as it was written with what its record says of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with storage.open(file.path) as opened, pq.ParquetFile(opened) as part:
            rows = part.metadata.num_rows
    except (OSError, pa.ArrowException) as error:
        raise CorruptFile(f"{storage.location(file.path)}: {error}; {REMEDY}") from error
    if rows != file.rows:
        where = storage.location(record_name(file.version))
        raise CorruptFile(f"{where}: says that {file.path} holds {file.rows} rows, and it holds {rows}; {REMEDY}")
