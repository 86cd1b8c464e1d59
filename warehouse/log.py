"""The numbered log: record N+1 in `_log/` is the commit, and which parts are live follows from the records alone.

Records never change, so a process keeps what it has read and reads on from there. Every so many records a checkpoint
(live files, loads, pending superseded versions) and segments of the index are written beside them; both only save reading time.

Whoever reads sees that no number is missing, that every record from the last checkpoint on is what was written and follows the one
before it, and that the log does not end before `_log/head` says: a lower bound, written after each record and never lowered.
`check_log` reads all there is.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from warehouse.index import CHECKPOINT_EVERY, LOCK, Index, Known, damaged_segments, write_segments
from warehouse.kept import as_cut, kept_versions
from warehouse.record import (
    FORMAT,
    READER,
    REMEDY,
    WRITER,
    Commit,
    DamagedLog,
    File,
    Load,
    NewerSchema,
    load_from,
    load_key,
    load_of,
    load_record,
    read_bytes,
    read_record,
    read_sealed,
    record_name,
    record_of,
    seal,
)
from warehouse.schema import SCHEMA_VERSION
from warehouse.storage import Storage, fault, locked

_RECORD = re.compile(r"([0-9]{8}|[1-9][0-9]{8,})\.json")
_CHECKPOINT = re.compile(r"checkpoint-([0-9]{8,})\.json")
_HEAD = "_log/head"
_FAR = 1_000_000
"""So many numbers in a row no log has lost: what lies further off is none of its records, and nobody counts up to it."""
_CHECKPOINTS_COMPARED = 2
_NAMED = 5
"""So many missing records are named; of more the number is told."""
_DAWN = datetime.min


class _Unfit(Exception):
    """What is wrong with a record that is whole, but not the next one."""


@dataclass(slots=True)
class _State:
    """What a process has read of a log so far."""

    version: int = 0
    files: dict[str, File] = field(default_factory=dict)
    loads: list[Load] = field(default_factory=list)
    superseded: set[str] = field(default_factory=set)
    digest: str = ""
    """What the next record must name as `previous`."""
    sealed: bool = False
    writer: int = 1
    """The format a program must know to commit on top."""
    schema: int = 1
    """The newest schema of its parts."""
    checkpoint: int = 0
    """The version of the last checkpoint, as far as is known."""
    token: str | None = None
    index: Index = field(default_factory=Index)

    @property
    def at(self) -> datetime:
        """The time of the last record."""
        return self.loads[-1].at if self.loads else _DAWN

    def check(self, commit: Commit, *, whole: bool = True) -> None:
        """Refuse a record that is not the next one.

        Args:
            whole: whether all records before it are known; if not, only its place behind the one before it can be told.
        Raises:
            _Unfit: it follows another record, or takes out or puts in what cannot be, or its sums are wrong.
        """
        if commit.format == 1 and self.sealed:
            raise _Unfit("has no hash, though records before it have one")
        next_one = commit.version == self.version + 1 and (whole or self.sealed)
        if commit.format > 1 and commit.previous != self.digest and next_one:
            before = f"record {self.version}" if self.sealed else f"the records up to {self.version}"
            raise _Unfit(f"was not written after {before} as they are now: one of them, or this one, was exchanged")
        if not whole:
            return
        rows = Counter[str]()
        for path in commit.remove:
            file = self.files.get(path)
            if file is None:
                raise _Unfit(f"takes out {path}, which is not live")
            rows[file.table] -= file.rows
        for file in commit.add:
            if file.path in self.files:
                raise _Unfit(f"adds {file.path}, which is live already")
            rows[file.table] += file.rows
        if {t: n for t, n in rows.items() if n} != {t: n for t, n in commit.rows.items() if n}:
            raise _Unfit("says another number of rows than its parts hold")

    def apply(self, commit: Commit) -> None:
        for path in commit.remove:
            self.files.pop(path, None)
        for file in commit.add:
            self.files[file.path] = file
            self.schema = max(self.schema, file.schema)
        self.loads.append(load_of(commit))
        self.superseded.update(commit.superseded)
        self.superseded.difference_update(commit.settled)
        self.version = commit.version
        self.sealed = commit.format > 1
        self.writer = max(self.writer, commit.writer)
        self.digest = commit.known_as if self.sealed else rolled(self.digest, commit)


def rolled(before: str, commit: Commit) -> str:
    """The hash over the records of format 1 up to this one, from the hash over those before it."""
    return hashlib.sha256(f"{before}{commit.digest}".encode()).hexdigest()


class Snapshot:
    """The warehouse at one version. What it lists is gathered when it is first asked for: a commit asks for little of it."""

    def __init__(self, storage: Storage, state: _State) -> None:
        self.storage = storage
        self.version = state.version
        self.digest = state.digest
        """What the next record names as `previous`."""
        self.at = state.at
        """The time of the last record (naive UTC), the least time there is when there is none."""
        self.known = Known(storage, state.version, state.index)
        self._state = state
        self._writer, self._schema = state.writer, state.schema

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

    def with_files(self, files: Iterable[File], superseded: Iterable[str] | None = None) -> Snapshot:
        """The same version with other parts: what a repair, or going back to an older version, would make of it."""
        _, loads, pending = self._listed
        state = _State(self.version, {f.path: f for f in files}, list(loads), set(pending), self.digest)
        if superseded is not None:
            state.superseded = set(superseded)
        made = Snapshot(self.storage, state)
        made.known, made._writer, made._schema = self.known, self._writer, self._schema
        return made

    def has_load(self, load_id: str) -> bool:
        """Whether the log knows a load, and it was not forgotten."""
        return load_key(load_id) in self.known

    def is_live(self, path: str) -> bool:
        """Whether a part is live, without listing all."""
        with LOCK:
            if self._state.version == self.version:
                return path in self._state.files
        return path in self.paths

    def check_writable(self) -> None:
        """Refuse to write beside what this program does not know. To be asked before anything is written.

        Raises:
            NewerSchema: a newer program wrote some of it.
        """
        _check_known(self.storage, self._schema, self._writer)


def _check_known(storage: Storage, schema: int, writer: int) -> None:
    for what, found, known in (
        ("its parts are of schema", schema, SCHEMA_VERSION),
        ("its log wants writers of format", writer, FORMAT),
    ):
        if found > known:
            raise NewerSchema(f"{storage.root}: {what} {found}, and this Dateline knows {known}: install a newer one")


_STATES: dict[str, _State] = {}


def read_log(root: Path | str | Storage, version: int | None = None) -> Snapshot:
    """The warehouse as of a version, by default the last.

    Returns:
        The snapshot; of an empty or missing root version 0 with no files.
    Raises:
        LookupError: there is no such version.
        DamagedLog: a record is missing, changed, or cannot be read.
        NewerSchema: a record that only a newer program can read.
    """
    storage = root if isinstance(root, Storage) else Storage(root)
    if version is not None:
        then = _state_at(storage, version)
        kept = [k for k in kept_versions(storage) if k.cut]
        if kept:  # what was forgotten since is forgotten of older versions too
            then.files = {f.path: f for f in as_cut(then.files.values(), kept)}
        return Snapshot(storage, then)
    with LOCK:
        key = str(storage.root)
        head = read_head(storage)  # first: what it names was there before it
        state = _STATES.get(key)
        if state is None or (state.version and _token(storage, state.version) != state.token):
            _STATES.pop(key, None)
            state = _from_checkpoint(storage, None)  # new here, or another warehouse in its place
        _read_on(storage, state, None)
        check_end(storage, head, state.version, state.digest)
        _STATES[key] = state
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
        follows = state.index.version == state.version
        commit = read_record(storage, state.version + 1, brief=not follows)
        if commit is None:
            break
        try:
            state.check(commit)
        except _Unfit as error:
            raise DamagedLog(f"{storage.location(record_name(commit.version))}: {error}; {REMEDY}") from error
        state.apply(commit)
        if state.version % CHECKPOINT_EVERY == 0:
            state.index = Index()  # to be read anew from the segments: what it held in memory lies there now
        elif follows:
            state.index.record(commit)
    if state.version != begin:
        state.token = _token(storage, state.version)


def record_numbers(storage: Storage, names: Iterable[str] | None = None) -> list[int]:
    """The numbers of the records there are, in order.

    Args:
        names: those in `_log`, where they are known.
    Raises:
        DamagedLog: a file has a record's name and cannot be one of this log.
    """
    names = storage.names("_log") if names is None else names
    found = sorted(int(m[1]) for name in names if (m := _RECORD.fullmatch(name)))
    for before, number in pairwise([0, *found]):
        if number - before > _FAR:
            where = storage.location(record_name(number))
            raise DamagedLog(f"{where}: no record of this log, which ends far below; take it out of the folder")
    return found


def missing_numbers(storage: Storage, found: list[int]) -> list[int]:
    """Numbers without a record below the last of those found."""
    if not found or found[-1] == len(found):
        return []
    absent = sorted(set(range(1, found[-1])).difference(found))
    # A listing made during two commits may show the second without the first.
    return [n for n in absent if not any(e.name == record_name(n) for e in storage.list(record_name(n)))]


def hole(storage: Storage, missing: list[int], last: int) -> DamagedLog:
    """The error that says which records are missing below the last one."""
    names = ", ".join(f"{n:08d}.json" for n in missing[:_NAMED])
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    return DamagedLog(
        f"{storage.location('_log')}: {names}{more} missing, though the log goes on to {last:08d}.json; {REMEDY}"
    )


def read_head(storage: Storage) -> tuple[int, str]:
    """What the log is known to reach: a version and its hash. (0, '') when nothing says: a power cut may take it."""
    try:
        found = json.loads(read_bytes(storage, _HEAD) or b"")
        return int(found["version"]), str(found["sha256"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return 0, ""


def _check_near(storage: Storage, head: tuple[int, str], version: int) -> None:
    if head[0] - version > _FAR:
        raise DamagedLog(
            f"{storage.location(_HEAD)}: says that the log goes on to {head[0]}, far beyond its last record; "
            "delete it: it is written again with the next one"
        )


def check_end(storage: Storage, head: tuple[int, str], version: int, digest: str) -> None:
    """Refuse a log that ends too early, or whose last record is another one.

    Args:
        head: what `read_head` gave before the log was read.
    Raises:
        DamagedLog
    """
    _check_near(storage, head, version)
    if head[0] > version:
        missing = f"{version + 1:08d}.json" + (f" to {head[0]:08d}.json" if head[0] > version + 1 else "")
        raise DamagedLog(f"{storage.location('_log')}: {missing} missing at the end of the log; {REMEDY}")
    if head[0] == version and version and head[1] != digest:
        raise DamagedLog(
            f"{storage.location(record_name(version))}: another record than {_HEAD} knows was the last; {REMEDY}"
        )


def _raise_head(storage: Storage, version: int, digest: str) -> None:
    with locked(storage.root / "_log" / ".head.lock"):
        if read_head(storage)[0] < version:
            storage.hint(_HEAD, json.dumps({"version": version, "sha256": digest}).encode())


def publish(storage: Storage, commit: Commit) -> str | None:
    """Make a commit the record of its version, durable, or say that a rival owns the version.

    Returns:
        What the next record has to name as `previous`; None when the version is a rival's.
    """
    data, digest = seal(record_of(commit))
    if not storage.put_if_absent(record_name(commit.version), data):
        return None
    fault("before_head")
    with contextlib.suppress(OSError):  # the commit stands, and the next one says it
        _raise_head(storage, commit.version, commit.stands_for or digest)
    return commit.stands_for or digest


def commits_after(storage: Storage, version: int) -> Iterator[Commit]:
    """The commits after a version, in order."""
    while (commit := read_record(storage, version + 1)) is not None:
        yield commit
        version = commit.version


def surviving(storage: Storage, *, brief: bool = False) -> Iterator[tuple[int, Commit | DamagedLog | None]]:
    """Every number up to the last that is known of, each with its record, what is wrong with it alone, or None when it is missing.

    Args:
        brief: whether the records' items and articles may be left out.
    Raises:
        NewerSchema: a record that only a newer program can read.
        DamagedLog: where the log ends cannot be told.
    """
    numbers, head = record_numbers(storage), read_head(storage)
    last = numbers[-1] if numbers else 0
    _check_near(storage, head, last)
    for number in range(1, max(last, head[0]) + 1):
        try:
            yield number, read_record(storage, number, brief=brief)
        except DamagedLog as error:
            yield number, error
        except OSError as error:
            where = storage.location(record_name(number))
            yield number, DamagedLog(f"{where}: {error.strerror or error}; {REMEDY}")


@dataclass(slots=True)
class Checked:
    """What a log holds, and what is wrong with it."""

    storage: Storage
    version: int
    damage: list[DamagedLog]
    files: dict[str, File]
    """Live parts by path, as far as the records that are whole tell."""
    schema: int
    writer: int

    def refuse(self) -> None:
        """Refuse to write or delete where something is wrong, or where a newer program has written.

        Raises:
            DamagedLog, NewerSchema
        """
        if self.damage:
            rest = f" (and {len(self.damage) - 1} more: `dateline verify` lists them)" if len(self.damage) > 1 else ""
            raise DamagedLog(f"{self.damage[0]}{rest}")
        _check_known(self.storage, self.schema, self.writer)


def check_log(root: Path | str | Storage, seen: Callable[[Commit], object] = lambda commit: None) -> Checked:
    """Read the whole log: every record, its hash and its predecessor's, its sums, the checkpoints and the index.

    Args:
        seen: called with every whole record, in order, less its items and articles.
    Raises:
        NewerSchema: a record that only a newer program can read.
        DamagedLog: where the log ends cannot be told.
    """
    storage = root if isinstance(root, Storage) else Storage(root)
    head = read_head(storage)
    state, damage, missing = _State(), [], []  # type: _State, list[DamagedLog], list[int]
    checkpoints = sorted(int(m[1]) for name in storage.names("_log") if (m := _CHECKPOINT.fullmatch(name)))
    checkpoints = checkpoints[-_CHECKPOINTS_COMPARED:]  # older ones are for older versions only
    known_as: dict[int, str] = {}
    for number, commit in surviving(storage, brief=True):
        if commit is None:
            missing.append(number)
            continue
        if isinstance(commit, DamagedLog):
            damage.append(commit)
            continue
        try:
            state.check(commit, whole=not (damage or missing))
        except _Unfit as error:
            damage.append(DamagedLog(f"{storage.location(record_name(number))}: {error}; {REMEDY}"))
        state.apply(commit)
        seen(commit)
        if number % CHECKPOINT_EVERY == 0 or number in checkpoints:
            known_as[number] = commit.known_as
        if number in checkpoints and not (damage or missing):
            damage.extend(_wrong_checkpoint(storage, state))
    inside = [n for n in missing if n < state.version]
    if inside:
        damage.insert(0, hole(storage, inside, state.version))
    try:
        check_end(storage, head, state.version, head[1] if damage else state.digest)
    except DamagedLog as error:
        damage.append(error)
    damage.extend(damaged_segments(storage, known_as))
    return Checked(storage, state.version, damage, state.files, state.schema, state.writer)


def _wrong_checkpoint(storage: Storage, state: _State) -> list[DamagedLog]:
    """What is wrong with the checkpoint of a version, against what the records say."""
    name = _checkpoint_name(state.version)
    try:
        found = read_sealed(storage, name)
        if found is None or "record" not in found:  # gone meanwhile, or of format 1, which nobody reads
            return []
        anew = seal(_checkpoint_of(state))[0]
        if read_bytes(storage, name) == anew or json.loads(anew) == found:
            return []
        said = "does not say what the records say"
    except DamagedLog:
        if b'"record":' not in (read_bytes(storage, name) or b""):
            return []
        said = "its bytes are not those that were written"
    return [DamagedLog(f"{storage.location(name)}: {said}; delete it, it only saves reading")]


def _checkpoint_name(version: int) -> str:
    return f"_log/checkpoint-{version:08d}.json"


def _checkpoint_of(state: _State) -> dict[str, Any]:
    # No `files`: version 0.1.0 passes over such a checkpoint, reads the records and refuses them.
    return {
        "format": FORMAT,
        "reader": READER,
        "version": state.version,
        "record": state.digest,
        "writer": max(state.writer, WRITER),
        "schema": state.schema,
        "parts": list(state.files.values()),
        "loads": [load_record(load) for load in state.loads],
        "superseded": sorted(state.superseded),
    }


def keep_reading_short(storage: Storage, version: int) -> None:
    """Write a checkpoint and segments of the index when the last ones lie `CHECKPOINT_EVERY` versions back.

    So it is after every so many commits, after the first one on a log of an older format, and when files were lost.
    """
    with LOCK:
        state = _STATES.get(str(storage.root))
        if state is None or version - state.checkpoint < CHECKPOINT_EVERY:
            return
        there = [int(m[1]) for name in storage.names("_log") if (m := _CHECKPOINT.fullmatch(name))]
        state.checkpoint = max((n for n in there if n <= version and _is_whole(storage, n)), default=0)
        if version - state.checkpoint < CHECKPOINT_EVERY:
            return
        state.checkpoint = version
    write_checkpoint(storage, version)


def _is_whole(storage: Storage, version: int) -> bool:
    with contextlib.suppress(DamagedLog, NewerSchema, OSError):
        return "record" in (read_sealed(storage, _checkpoint_name(version)) or {})
    return False


def write_checkpoint(storage: Storage, version: int) -> None:
    """Write the checkpoint of a version, whose record is sealed, and the index segments that end there or are missing below it.

    Whoever writes it writes the same, so writers may overwrite each other.
    """
    state = _state_at(storage, version)
    storage.put(_checkpoint_name(version), lambda out: out.write(seal(_checkpoint_of(state))[0]))
    write_segments(storage, version)


def _from_checkpoint(storage: Storage, until: int | None) -> _State:
    """The state of the last checkpoint, once the listing shows that no record is missing."""
    names = storage.names("_log")
    numbers = record_numbers(storage, names)
    missing = missing_numbers(storage, numbers)
    if missing:
        raise hole(storage, missing, numbers[-1])
    found = sorted((int(m[1]) for name in names if (m := _CHECKPOINT.fullmatch(name))), reverse=True)
    for version in (n for n in found if until is None or n <= until):
        try:
            content = read_sealed(storage, _checkpoint_name(version)) or {}
            state = _checkpointed(storage, content)
        except (DamagedLog, KeyError, TypeError, ValueError):
            continue  # it only saves reading: the records say the same
        record = read_record(storage, version)
        if record is None or record.known_as != state.digest:
            where = storage.location(record_name(version))
            raise DamagedLog(f"{where}: not the record that {_checkpoint_name(version)} was made of; {REMEDY}")
        return state
    return _State()


def _checkpointed(storage: Storage, found: dict[str, Any]) -> _State:
    state = _State()
    state.version = state.checkpoint = found["version"]
    state.files = {f.path: f for f in map(File._make, found["parts"])}
    state.loads = [load_from(r) for r in found["loads"]]
    state.superseded = set(found["superseded"])
    state.digest, state.sealed = found["record"], True
    state.writer, state.schema = found["writer"], found["schema"]
    state.token = _token(storage, state.version)
    return state


__all__ = [
    "CHECKPOINT_EVERY",
    "Checked",
    "Snapshot",
    "check_log",
    "commits_after",
    "keep_reading_short",
    "publish",
    "read_head",
    "read_log",
    "record_numbers",
    "surviving",
    "write_checkpoint",
]
