"""Backups: a second workspace that holds the log as of one version, with all parts it names, and what the user wrote beside them.

What is there already is not copied again. Parts come first, the log behind them, then the note that says which version is whole, so a backup
that was cut short restores as the one before; what the log names no more is deleted last, and so what was forgotten leaves the backup
with the next one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from warehouse.kept import FOLDER, keeping_lock, kept_versions
from warehouse.log import _STATES, Snapshot, check_log, read_log, surviving
from warehouse.parts import check_part
from warehouse.record import Commit, CorruptFile, File, record_name
from warehouse.schema import TABLES
from warehouse.storage import Storage, fault, locked, sync_folder
from warehouse.store import now
from warehouse.tombstones import LEDGER, bring_stones, merge_ledgers
from warehouse.upkeep import PART
from warehouse.versions import forget_again

NOTE = "backup.json"
PLACES = "backups.json"
_NUMBER = re.compile(r"[0-9]{8,}")
"""The version in the name of a file of the log."""
_BEGUN = ".unfinished"
"""Of a backup that was begun and never noted."""
BESIDE = ("dateline.toml", LEDGER, "lexicons", "sites")
"""What a backup holds beside parts, log and kept names."""


class NotABackup(Exception):
    """A folder cannot be written to, or read from, as a backup. The message says why and what to do."""


@dataclass(slots=True)
class BackedUp:
    """What a backup did."""

    version: int
    parts: int = 0
    copied: int = 0
    bytes: int = 0
    """Of the parts copied."""
    deleted: int = 0
    lost: list[str] = field(default_factory=list)
    """Of a restoration: what the workspace had and the backup has not, in words."""
    forgotten: int = 0
    """Of a restoration: rows that came with the backup and were forgotten since."""


def backup(
    root: Path | str, folder: Path | str, checked: Callable[[int, int], None] = lambda done, total: None
) -> BackedUp:
    """Bring a backup up to the workspace's present version, and compare every part it holds with its sha256.

    Raises:
        NotABackup: the folder holds something else, or the backup of another warehouse.
        CorruptFile: a part of the workspace is damaged; the backup stays as it was.
    """
    source, target = Storage(root), Storage(folder)
    if target.root == source.root or source.root in target.root.parents or target.root in source.root.parents:
        raise NotABackup(f"{target.root}: lies in the workspace, or the workspace in it; name a folder elsewhere")
    check_log(source).refuse()
    with locked(keeping_lock(source)):  # nothing is collected meanwhile
        snapshot = read_log(source)
        _check_target(source, target, snapshot)
        files = _files_of(source, snapshot)
        done = BackedUp(snapshot.version, len(files))
        _begin(target)
        total, seen = sum(f.bytes for f in files.values()), 0
        for file in files.values():
            if not _is_whole(target, file):
                check_part(source, file)
                _copy(source, target, file.path)
                check_part(target, file)
                done.copied, done.bytes = done.copied + 1, done.bytes + file.bytes
            seen += file.bytes
            checked(seen, total)
        for name in BESIDE:
            _mirror(Path(source.location(name)), Path(target.location(name)))
        _copy_log(source, target, snapshot.version)
        _STATES.pop(str(target.root), None)
        check_log(target).refuse()
        _note(target, {"version": snapshot.version, "digest": snapshot.digest, "at": now().isoformat()})
        _mirror(Path(source.location(FOLDER)), Path(target.location(FOLDER)))  # behind the versions that it names
        for entry in [e for table in TABLES for e in target.list(f"{table}/")]:
            if PART.fullmatch(entry.name) and entry.name not in files:
                target.delete(entry.name)
                done.deleted += 1
        _remember(source, target, snapshot.version)
    return done


def _files_of(storage: Storage, snapshot: Snapshot) -> dict[str, File]:
    """The parts of a version, and of all that are kept."""
    snapshots = [snapshot, *(read_log(storage, kept.version) for kept in kept_versions(storage))]
    return {f.path: f for one in snapshots for files in one.files.values() for f in files}


def _is_whole(storage: Storage, file: File) -> bool:
    try:
        check_part(storage, file)
    except CorruptFile:
        return False
    return True


def _check_target(source: Storage, target: Storage, snapshot: Snapshot) -> None:
    if not target.root.exists() or not any(target.root.iterdir()):
        return
    if not (target.root / NOTE).exists() and not (target.root / _BEGUN).exists():
        raise NotABackup(f"{target.root}: holds something that is no backup; name a new or empty folder")
    numbers = [int(n[:-5]) for n in target.names("_log") if n[:-5].isdigit()]
    last = max(numbers, default=0)
    if last > snapshot.version or (last and _bytes(source, last) != _bytes(target, last)):
        raise NotABackup(
            f"{target.root}: the backup of another warehouse, or of this one before it was restored; name another folder"
        )


def _bytes(storage: Storage, number: int) -> bytes:
    return Path(storage.location(record_name(number))).read_bytes()


def _copy(source: Storage, target: Storage, name: str) -> None:
    """Copy one file, whole and durable."""

    def write(out: BinaryIO) -> None:
        with source.open(name) as opened:
            shutil.copyfileobj(opened, out, 1 << 20)

    target.put(name, write)


def _begin(target: Storage) -> None:
    """Say that what the log will name is not all there yet."""
    if note := _noted(target):
        _note(target, note | {"coming": True})
    elif not (target.root / NOTE).exists():
        target.root.mkdir(parents=True, exist_ok=True)
        (target.root / _BEGUN).touch()


def _note(target: Storage, said: dict[str, Any]) -> None:
    target.put(NOTE, lambda out: out.write(json.dumps(said).encode()))


def _noted(storage: Storage) -> dict[str, Any]:
    """What a backup says of itself; {} when it says nothing."""
    try:
        found = json.loads((storage.root / NOTE).read_bytes())
        return found if isinstance(found["version"], int) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _whole_version(source: Storage) -> int | None:
    """The version that a backup holds whole: that of the one before if the last was cut short; None is the newest.

    Raises:
        NotABackup: there never was one.
    """
    note = _noted(source)
    if not note and (source.root / _BEGUN).exists():
        raise NotABackup(f"{source.root}: this backup was never finished: `dateline backup` finishes it")
    return note["version"] if note.get("coming") else None


def _copy_log(source: Storage, target: Storage, version: int) -> None:
    there = set(target.names("_log"))
    for number in range(1, version + 1):
        if record_name(number).rpartition("/")[2] not in there:
            _copy(source, target, record_name(number))
    head = _head_of(read_log(target, version))
    target.put("_log/head", lambda out: out.write(head))


def _head_of(snapshot: Snapshot) -> bytes:
    return json.dumps({"version": snapshot.version, "sha256": snapshot.digest}).encode()


def _beyond(names: Iterable[str], version: int) -> list[str]:
    """Of the files of a log those of later versions."""
    return [name for name in names if (m := _NUMBER.search(name)) and int(m[0]) > version]


def _mirror(source: Path, target: Path) -> None:
    """Make a file or folder of the user the same elsewhere; gone there if it is gone here."""
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.is_file() and not path.is_symlink():
                _mirror(path, target / path.relative_to(source))
        for path in sorted(target.rglob("*")) if target.is_dir() else ():
            if path.is_file() and not (source / path.relative_to(target)).is_file():
                path.unlink()
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{uuid.uuid4().hex}.tmp")
        try:
            shutil.copy2(source, unfinished)
            os.replace(unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)
        sync_folder(target.parent)
    elif target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)


def backups_of(root: Path | str) -> dict[str, int]:
    """The folders this workspace was backed up to, each with the version."""
    try:
        found = json.loads((Path(root) / PLACES).read_bytes())
        return {str(path): int(version) for path, version in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _remember(source: Storage, target: Storage, version: int) -> None:
    places = backups_of(source.root) | {str(target.root): version}
    source.put(PLACES, lambda out: out.write(json.dumps(places).encode()))


def restore(
    folder: Path | str, root: Path | str, checked: Callable[[int, int], None] = lambda done, total: None
) -> BackedUp:
    """Make a workspace what a backup says, but for what was forgotten since.

    What the workspace held and the backup does not is named; its log is put aside, its parts are left to `gc`.
    Raises:
        NotABackup: the folder is no whole backup; nothing has changed.
    """
    source, target = Storage(folder), Storage(root)
    if not (source.root / "_log").is_dir():
        raise NotABackup(f"{source.root}: no backup: it holds no log")
    log = check_log(source)
    if log.damage:
        raise NotABackup(f"{source.root}: its log is damaged: {log.damage[0]}")
    snapshot = read_log(source, _whole_version(source))
    files = _files_of(source, snapshot)
    damaged = [f.path for f in files.values() if not _is_whole(source, f)]
    if damaged:
        raise NotABackup(f"{source.root}: {len(damaged)} of its parts are damaged, such as {damaged[0]}")
    target.root.mkdir(parents=True, exist_ok=True)
    done = BackedUp(snapshot.version, len(files))
    with locked(keeping_lock(target)):
        total, seen = sum(f.bytes for f in files.values()), 0
        for file in files.values():
            if not _is_whole(target, file):
                _copy_part(source, target, file)
                done.copied, done.bytes = done.copied + 1, done.bytes + file.bytes
            seen += file.bytes
            checked(seen, total)
        done.lost = list(_only_there(target, source, snapshot))
        merge_ledgers(source, target)
        for name in BESIDE:
            if name != LEDGER and not target.root.joinpath(name).exists():
                _mirror(Path(source.location(name)), Path(target.location(name)))
        coming = _coming(source, target, snapshot)
        bring_stones(coming)
        done.forgotten = forget_again(coming)
        if (target.root / "_log").exists():
            (target.root / "_log").rename(target.root / f"_log.replaced-{now():%Y%m%dT%H%M%S%f}")
        fault("log_aside")
        (coming / "_log").rename(target.root / "_log")
        fault("log_there")
        sync_folder(target.root)
        _mirror(coming / FOLDER, Path(target.location(FOLDER)))
        shutil.rmtree(coming)
        for root in (target.root, coming):
            _STATES.pop(str(root), None)
    return done


def _coming(source: Storage, target: Storage, snapshot: Snapshot) -> Path:
    """A workspace beside the one that is restored, with the backup's log and the same parts: what was forgotten goes from it first."""
    coming = target.root / ".restoring"
    shutil.rmtree(coming, ignore_errors=True)
    shutil.copytree(source.root / "_log", coming / "_log", ignore=lambda _, found: _beyond(found, snapshot.version))
    Storage(coming).hint("_log/head", _head_of(snapshot))
    for table in TABLES:
        (target.root / table).mkdir(exist_ok=True)
        (coming / table).symlink_to(target.root / table)
    _mirror(Path(source.location(FOLDER)), coming / FOLDER)
    _mirror(Path(target.location(LEDGER)), coming / LEDGER)
    _STATES.pop(str(coming), None)
    return coming


def _copy_part(source: Storage, target: Storage, file: File) -> None:
    def write(out: BinaryIO) -> None:
        with source.open(file.path) as opened:
            shutil.copyfileobj(opened, out, 1 << 20)

    stored = target.put(file.path, write)
    if stored.sha256 != file.sha256:
        raise CorruptFile(f"{target.location(file.path)}: came out of the backup otherwise than it was written")


def _only_there(target: Storage, source: Storage, snapshot: Snapshot) -> Iterator[str]:
    """Loads of a workspace that a backup does not hold, in words."""
    if not (target.root / "_log").is_dir():
        return
    held = {load.load_id for load in snapshot.loads}
    for _, commit in surviving(target):
        if isinstance(commit, Commit) and commit.kind == "load" and commit.load_id not in held:
            rows = ", ".join(f"{n:,} {t}" for t, n in commit.rows.items() if t in ("articles", "events", "rejects"))
            yield f"load {commit.load_id} of {commit.at:%Y-%m-%d %H:%M} UTC ({rows or 'attempts only'}): the next ingest of the same input brings it back"
