"""The numbered log: record N+1 in `_log/` is the commit, and which parts are live follows from the records alone.

Records never change, so a process keeps what it has read and reads on from there. Every `CHECKPOINT_EVERY` records a checkpoint
(live files, loads, superseded versions) and a segment of the item index are written beside them; both only save reading time.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from warehouse.record import (
    Commit,
    CorruptFile,
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

CHECKPOINT_EVERY = 500


@dataclass(slots=True)
class _Index:
    """Which items, and which version of which article, came with which commit. Shared by the snapshots of a root; only grows."""

    items: dict[str, int] = field(default_factory=dict)
    articles: dict[str, tuple[str, int]] = field(default_factory=dict)
    version: int = 0


class Known(Container[str]):
    """The items known at one version of the warehouse: `item_id in known`. The index is read at the first question."""

    def __init__(self, root: Path, version: int, index: _Index | None = None) -> None:
        self._root, self._version, self._index = root, version, index

    def __contains__(self, item: object) -> bool:
        if self._version == 0:
            return False
        found = self._loaded().items.get(item)  # type: ignore[call-overload]
        return found is not None and found <= self._version

    def __len__(self) -> int:
        return sum(v <= self._version for v in self._loaded().items.values()) if self._version else 0

    def newest(self, article_id: str) -> tuple[str, int] | None:
        """The newest version_id of an article and its instant; exact for the last snapshot read only."""
        return self._loaded().articles.get(article_id) if self._version else None

    def _loaded(self) -> _Index:
        if self._index is None:
            self._index = _Index()
        with _LOCK:
            _read_items(self._root, self._index, self._version)
        return self._index


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
    index: _Index = field(default_factory=_Index)
    snapshot: Snapshot | None = None


_LOCK = threading.RLock()
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
    with _LOCK:
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
            _index_record(state.index, record)


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


def _index_record(index: _Index, record: dict[str, Any]) -> None:
    for item in record["items"]:
        index.items.setdefault(item, record["version"])
    _newer(index, record["articles"])
    index.version = record["version"]


def _newer(index: _Index, articles: dict[str, list[Any]]) -> None:
    for article, (version, instant) in articles.items():
        if article not in index.articles or instant >= index.articles[article][1]:
            index.articles[article] = (version, instant)


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
    segment = _Index(version=version - CHECKPOINT_EVERY)
    for number in range(version - CHECKPOINT_EVERY + 1, version + 1):
        record = read_record(root, number)
        if record is None:
            raise CorruptFile(f"{record_path(root, number)}: missing; restore it from a backup")
        _index_record(segment, record)
    replace_json(_segment_path(root, version), {"items": segment.items, "articles": segment.articles})


def _checkpoint_path(root: Path, version: int) -> Path:
    return log_folder(root) / f"checkpoint-{version:08d}.json"


def _segment_path(root: Path, version: int) -> Path:
    return log_folder(root) / f"items-{version:08d}.json"


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


def _read_items(root: Path, index: _Index, version: int) -> None:
    """Bring the index up to a version, by whole segments where there are some."""
    while index.version < version:
        end = index.version + CHECKPOINT_EVERY
        segment = (
            read_json(_segment_path(root, end)) if index.version % CHECKPOINT_EVERY == 0 and end <= version else None
        )
        if segment is not None:
            for item, number in segment["items"].items():
                index.items.setdefault(item, number)
            _newer(index, segment["articles"])
            index.version = end
            continue
        record = read_record(root, index.version + 1)
        if record is None:
            raise CorruptFile(f"{record_path(root, index.version + 1)}: missing; restore it from a backup")
        _index_record(index, record)
