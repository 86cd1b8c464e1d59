"""The numbered log: record N+1 in `_log/` is the commit, and which parts are live follows from the records alone.

Records never change, so a process keeps what it has read and reads on from there. Every so many records a checkpoint
(live files, loads, superseded versions) and a segment of the index are written beside them; both only save reading time.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from warehouse.index import LOCK, Index, Known, write_segment
from warehouse.record import (
    Commit,
    File,
    commit_of,
    log_folder,
    read_json,
    read_record,
    record_of,
    record_path,
    replace_json,
    stamp,
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The warehouse at one version."""

    version: int
    files: dict[str, tuple[File, ...]]
    """Live parts by table, in order of commit."""
    load_ids: frozenset[str]
    known: Known
    loads: tuple[Commit, ...]
    superseded: frozenset[str]
    """Article versions that a newer version has replaced."""

    @property
    def paths(self) -> frozenset[str]:
        """Paths of all live parts."""
        return frozenset(f.path for files in self.files.values() for f in files)


@dataclass(slots=True)
class _State:
    """What a process has read of a log so far."""

    version: int = 0
    files: dict[str, File] = field(default_factory=dict)
    loads: list[Commit] = field(default_factory=list)
    superseded: set[str] = field(default_factory=set)
    stamp: tuple[int, int] | None = None
    index: Index = field(default_factory=Index)
    snapshot: Snapshot | None = None


_STATES: dict[str, _State] = {}


def read_log(root: Path | str, version: int | None = None) -> Snapshot:
    """The warehouse as of a version, by default the last.

    Returns:
        The snapshot; of an empty or missing root version 0 with no files.
    Raises:
        LookupError: there is no such version.
        CorruptFile: a record cannot be read.
    """
    root = Path(root).resolve()
    if version is not None:
        return _read_at(root, version)
    with LOCK:
        state = _STATES.get(str(root))
        if state is None or (state.version and stamp(record_path(root, state.version)) != state.stamp):
            state = _STATES[str(root)] = _from_checkpoint(root, None)  # new here, or another warehouse in its place
        _read_on(root, state, None)
        if state.snapshot is None or state.snapshot.version != state.version:
            state.snapshot = _snapshot(root, state)
        return state.snapshot


def _read_at(root: Path, version: int) -> Snapshot:
    if version < 0:
        raise LookupError(f"version {version}: versions are numbered from 1, 0 is the empty warehouse")
    state = _from_checkpoint(root, version)
    _read_on(root, state, version)
    if state.version != version:
        raise LookupError(f"version {version}: the last version of {root} is {state.version}")
    return _snapshot(root, state)


def _snapshot(root: Path, state: _State) -> Snapshot:
    files: dict[str, list[File]] = {}
    for file in state.files.values():
        files.setdefault(file.table, []).append(file)
    return Snapshot(
        state.version,
        {t: tuple(fs) for t, fs in files.items()},
        frozenset(c.load_id for c in state.loads),
        Known(root, state.version, state.index),
        tuple(state.loads),
        frozenset(state.superseded),
    )


def _read_on(root: Path, state: _State, until: int | None) -> None:
    while until is None or state.version < until:
        record = read_record(root, state.version + 1)
        if record is None:
            return
        _apply(state, commit_of(record))
        state.stamp = stamp(record_path(root, state.version))
        if state.index.version == state.version - 1:
            state.index.record(record)


def _apply(state: _State, commit: Commit) -> None:
    for path in commit.remove:
        state.files.pop(path, None)
    for file in commit.add:
        state.files[file.path] = file
    state.loads.append(_light(commit))
    state.superseded.update(commit.superseded)
    state.version = commit.version


def _light(commit: Commit) -> Commit:
    return replace(commit, item_ids=(), superseded=())


def write_checkpoint(root: Path, version: int) -> None:
    """Write the checkpoint and the index segment of a version that is a multiple of `CHECKPOINT_EVERY`.

    Whoever writes it writes the same, so writers may overwrite each other.
    """
    snapshot = _read_at(root, version)
    replace_json(
        _checkpoint_path(root, version),
        {
            "version": version,
            "files": [asdict(f) for files in snapshot.files.values() for f in files],
            "loads": [record_of(c, {}) for c in snapshot.loads],
            "superseded": sorted(snapshot.superseded),
        },
    )
    write_segment(root, version)


def _checkpoint_path(root: Path, version: int) -> Path:
    return log_folder(root) / f"checkpoint-{version:08d}.json"


def _checkpoints(root: Path) -> Iterable[int]:
    """Versions with a checkpoint, newest first."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        names = [n for n in os.listdir(log_folder(root)) if n.startswith("checkpoint-") and n.endswith(".json")]
        yield from sorted((int(n[11:-5]) for n in names), reverse=True)


def _from_checkpoint(root: Path, until: int | None) -> _State:
    state = _State()
    for version in _checkpoints(root):
        if until is not None and version > until:
            continue
        found = read_json(_checkpoint_path(root, version))
        if found is None:
            continue
        state.version = version
        state.files = {f["path"]: File(**f) for f in found["files"]}
        state.loads = [commit_of(r) for r in found["loads"]]
        state.superseded = set(found["superseded"])
        state.stamp = stamp(record_path(root, version))
        break
    return state
