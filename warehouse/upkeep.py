"""Upkeep: collect the garbage that kills and compactions leave, and compare every part with what was committed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from warehouse.log import Snapshot, commits_since, read_log
from warehouse.parts import check_part
from warehouse.record import CorruptFile
from warehouse.schema import TABLES
from warehouse.storage import Entry, Storage, fault
from warehouse.store import ORPHAN_GRACE, now

GRACE = timedelta(days=7)
"""How long a part that is live no more is kept, for readers of earlier versions."""
_PART = re.compile(r"[a-z_]{1,30}/month=[0-9]{4}-[0-9]{2}/[0-9a-f-]{1,40}-[0-9a-f]{8}\.parquet")
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

    Nothing live is deleted, nor any file that a running commit may be about to publish, whatever the grace.
    """
    storage = Storage(root)
    snapshot = read_log(storage)
    garbage, kept = _garbage(storage, snapshot, grace)
    if not dry_run:
        for entry in garbage:
            storage.delete(entry.name)
            fault("gc")
    return Collected(len(garbage), sum(e.bytes for e in garbage), kept)


def _garbage(storage: Storage, snapshot: Snapshot, grace: timedelta) -> tuple[list[Entry], int]:
    instant, clock = now(), time.time()
    live = snapshot.paths
    # Who was removed lately is in the log; anything else that is not live is an orphan, and as old as its file.
    removed = {
        path: commit.at
        for commit in commits_since(storage, snapshot.version, instant - max(grace, 2 * ORPHAN_GRACE))
        for path in commit.remove
    }
    orphans_until = clock - max(grace, ORPHAN_GRACE).total_seconds()
    garbage, kept = [], 0
    for entry in [e for table in TABLES for e in storage.list(f"{table}/")]:
        if _PART.fullmatch(entry.name) and entry.name not in live:
            at = removed.get(entry.name)
            if at <= instant - grace if at is not None else entry.modified <= orphans_until:
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
    """Every live part against its sha256.

    Args:
        checked: called with the bytes checked so far and the bytes of all.
    Returns:
        One error for each part that is missing or differs; empty when all is well.
    """
    storage = Storage(root)
    files = [f for found in read_log(storage).files.values() for f in found]
    total, done, bad = sum(f.bytes for f in files), 0, []
    for file in files:
        try:
            check_part(storage, file)
        except CorruptFile as error:
            bad.append(error)
        done += file.bytes
        checked(done, total)
    return bad
