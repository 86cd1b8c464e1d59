"""Kept versions: names that hold a version of the warehouse, so that `gc` leaves its parts.

A name is a small file in `kept/`. What is forgotten is cut out of kept versions too: the parts that held it are written again
without it, and the name says which part stands for which.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from warehouse.record import CorruptFile, File, encode, read_bytes
from warehouse.storage import Storage

FOLDER = "kept"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


@dataclass(frozen=True, slots=True)
class Kept:
    """One name."""

    name: str
    version: int
    at: datetime
    """When it was kept (naive UTC)."""
    cut: dict[str, File | None] = field(default_factory=dict)
    """By path the part that stands for another since something was forgotten; None where nothing of it is left."""


def keeping_lock(storage: Storage) -> Path:
    """Held by whoever deletes parts, and by whoever relies on parts that are live no more."""
    storage.root.mkdir(parents=True, exist_ok=True)
    return storage.root / ".kept.lock"


def kept_versions(storage: Storage) -> list[Kept]:
    """All names, in order.

    Raises:
        CorruptFile: one cannot be read.
    """
    return [_read(storage, name) for name in sorted(storage.names(FOLDER)) if name.endswith(".json")]


def _read(storage: Storage, name: str) -> Kept:
    try:
        found = json.loads(read_bytes(storage, f"{FOLDER}/{name}") or b"")
        cut = {path: File(**file) if file else None for path, file in found["cut"].items()}
        return Kept(name.removesuffix(".json"), found["version"], datetime.fromisoformat(found["at"]), cut)
    except (ValueError, KeyError, TypeError) as error:
        where = storage.location(f"{FOLDER}/{name}")
        raise CorruptFile(
            f"{where}: {error}; delete it to let go of the version, or restore it from a backup"
        ) from error


def write_kept(storage: Storage, kept: Kept) -> None:
    """Write a name, whole.

    Raises:
        ValueError: it is no name.
    """
    if not _NAME.fullmatch(kept.name):
        raise ValueError(
            f"{kept.name!r}: a name has letters, digits, '.', '-' and '_', at most 60, a letter or digit first"
        )
    content = asdict(kept) | {
        "at": kept.at.isoformat(),
        "cut": {p: f._asdict() if f else None for p, f in kept.cut.items()},
    }
    storage.put(f"{FOLDER}/{kept.name}.json", lambda out: out.write(encode(content)))


def drop_kept(storage: Storage, name: str) -> bool:
    """Let go of a name; whether there was one."""
    there = f"{name}.json" in storage.names(FOLDER)
    if there:
        storage.delete(f"{FOLDER}/{name}.json")
    return there


def as_cut(files: Iterable[File], kept: Iterable[Kept]) -> list[File]:
    """The parts of an older version, with those that stand for others since."""
    instead: dict[str, File | None] = {}
    for one in kept:
        instead |= one.cut
    found = [instead.get(f.path, f) for f in files]
    return [f for f in found if f is not None]
