"""The numbered log: record N+1 in `_log/` is the commit, and which parts are live follows from the records alone.

Records never change, so a process keeps what it has read and reads on from there. Every so many records a checkpoint
(live files, loads, pending superseded versions) and segments of the index are written beside them; both only save reading time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from warehouse.index import CHECKPOINT_EVERY, LOCK, Index, Known, write_segments
from warehouse.record import (
    Commit,
    CorruptFile,
    File,
    Load,
    encode,
    load_from,
    load_key,
    load_of,
    load_record,
    read_json,
    read_record,
    record_name,
    record_of,
)
from warehouse.storage import Storage


@dataclass(slots=True)
class _State:
    """What a process has read of a log so far."""

    version: int = 0
    files: dict[str, File] = field(default_factory=dict)
    loads: list[Load] = field(default_factory=list)
    superseded: set[str] = field(default_factory=set)
    token: str | None = None
    index: Index = field(default_factory=Index)

    def apply(self, commit: Commit) -> None:
        for path in commit.remove:
            self.files.pop(path, None)
        for file in commit.add:
            self.files[file.path] = file
        self.loads.append(load_of(commit))
        self.superseded.update(commit.superseded)
        self.superseded.difference_update(commit.settled)
        self.version = commit.version


class Snapshot:
    """The warehouse at one version. What it lists is gathered when it is first asked for: a commit asks for little of it."""

    def __init__(self, storage: Storage, state: _State) -> None:
        self.storage = storage
        self.version = state.version
        self.known = Known(storage, state.version, state.index)
        self._state = state

    @cached_property
    def _listed(self) -> tuple[dict[str, tuple[File, ...]], tuple[Load, ...], frozenset[str]]:
        with LOCK:
            state = self._state if self._state.version == self.version else _state_at(self.storage, self.version)
            files: dict[str, list[File]] = {}
            for file in state.files.values():
                files.setdefault(file.table, []).append(file)
            return (
                {table: tuple(found) for table, found in files.items()},
                tuple(state.loads),
                frozenset(state.superseded),
            )

    @property
    def files(self) -> dict[str, tuple[File, ...]]:
        """Live parts by table, in order of commit."""
        return self._listed[0]

    @property
    def loads(self) -> tuple[Load, ...]:
        """Every commit so far, in order."""
        return self._listed[1]

    @property
    def superseded(self) -> frozenset[str]:
        """Article versions that a newer one has replaced and whose rows still lie among the newest."""
        return self._listed[2]

    @property
    def paths(self) -> frozenset[str]:
        """Paths of all live parts."""
        return frozenset(f.path for files in self.files.values() for f in files)

    def has_load(self, load_id: str) -> bool:
        """Whether the log knows a load, and it was not forgotten."""
        return load_key(load_id) in self.known

    def is_live(self, path: str) -> bool:
        """Whether a part is live, without listing all."""
        with LOCK:
            if self._state.version == self.version:
                return path in self._state.files
        return path in self.paths


_STATES: dict[str, _State] = {}


def read_log(root: Path | str | Storage, version: int | None = None) -> Snapshot:
    """The warehouse as of a version, by default the last.

    Returns:
        The snapshot; of an empty or missing root version 0 with no files.
    Raises:
        LookupError: there is no such version.
        CorruptFile: a record cannot be read.
    """
    storage = root if isinstance(root, Storage) else Storage(root)
    if version is not None:
        return Snapshot(storage, _state_at(storage, version))
    with LOCK:
        key = str(storage.root)
        state = _STATES.get(key)
        if state is None or (state.version and _token(storage, state.version) != state.token):
            state = _STATES[key] = _from_checkpoint(storage, None)  # new here, or another warehouse in its place
        _read_on(storage, state, None)
        return Snapshot(storage, state)


def _token(storage: Storage, version: int) -> str | None:
    return next((e.token for e in storage.list(record_name(version)) if e.name == record_name(version)), None)


def _state_at(storage: Storage, version: int) -> _State:
    if version < 0:
        raise LookupError(f"version {version}: versions are numbered from 1, 0 is the empty warehouse")
    state = _from_checkpoint(storage, version)
    _read_on(storage, state, version)
    if state.version != version:
        raise LookupError(f"version {version}: the last version of {storage.root} is {state.version}")
    return state


def _read_on(storage: Storage, state: _State, until: int | None) -> None:
    begin = state.version
    while until is None or state.version < until:
        commit = read_record(storage, state.version + 1)
        if commit is None:
            break
        state.apply(commit)
        if state.version % CHECKPOINT_EVERY == 0:
            state.index = Index()  # to be read anew from the segments: what it held in memory lies there now
        elif state.index.version == state.version - 1:
            state.index.record(commit)
    if state.version != begin:
        state.token = _token(storage, state.version)


def publish(storage: Storage, commit: Commit) -> bool:
    """Make a commit the record of its version, durable, or say that a rival owns the version."""
    return storage.put_if_absent(record_name(commit.version), encode(record_of(commit)))


def commits_after(storage: Storage, version: int) -> Iterator[Commit]:
    """The commits after a version, in order."""
    while (commit := read_record(storage, version + 1)) is not None:
        yield commit
        version = commit.version


def commits_since(storage: Storage, version: int, instant: datetime) -> Iterator[Commit]:
    """The commits up to a version, last first, back to an instant (naive UTC)."""
    while version > 0:
        commit = read_record(storage, version)
        if commit is None:
            raise CorruptFile(f"{storage.location(record_name(version))}: missing; restore it from a backup")
        if commit.at < instant:
            return
        yield commit
        version -= 1


def write_checkpoint(storage: Storage, version: int) -> None:
    """Write the checkpoint and the index segments of a version that is a multiple of `CHECKPOINT_EVERY`.

    Whoever writes it writes the same, so writers may overwrite each other.
    """
    state = _state_at(storage, version)
    content = {
        "version": version,
        "files": list(state.files.values()),
        "loads": [load_record(load) for load in state.loads],
        "superseded": sorted(state.superseded),
    }
    storage.put(f"_log/checkpoint-{version:08d}.json", lambda out: out.write(encode(content)))
    write_segments(storage, version)


def _from_checkpoint(storage: Storage, until: int | None) -> _State:
    names = [e.name for e in storage.list("_log/checkpoint-") if e.name.endswith(".json")]
    for name in sorted(names, reverse=True):
        if until is not None and int(name[-13:-5]) > until:
            continue
        try:
            return _checkpointed(storage, read_json(storage, name) or {})
        except (CorruptFile, KeyError, TypeError, ValueError):
            continue  # it only saves reading: the records say the same
    return _State()


def _checkpointed(storage: Storage, found: dict[str, Any]) -> _State:
    state = _State()
    state.version = found["version"]
    state.files = {f.path: f for f in map(File._make, found["files"])}
    state.loads = [load_from(r) for r in found["loads"]]
    state.superseded = set(found["superseded"])
    state.token = _token(storage, state.version)
    return state


__all__ = [
    "CHECKPOINT_EVERY",
    "Snapshot",
    "commits_after",
    "commits_since",
    "publish",
    "read_log",
    "write_checkpoint",
]
