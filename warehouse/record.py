"""Files of the log: one record is one commit, published under its number only if nobody has that number yet."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

Articles = Mapping[str, tuple[str, int]]
"""By article_id: its newest version_id and the instant by which versions are ordered (seconds since 1970, 0 when unknown)."""


class CorruptFile(Exception):
    """A log record or a part is not what was written. The message names the file and what to do."""


@dataclass(frozen=True, slots=True)
class File:
    """One committed Parquet part."""

    table: str
    path: str
    """Under the root, with forward slashes."""
    rows: int
    bytes: int
    sha256: str
    load_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Commit:
    """One record of the log. Snapshots hold them without the items, which may be many."""

    version: int
    load_id: str
    kind: str
    at: datetime
    """Naive UTC."""
    run_id: str
    add: tuple[File, ...]
    remove: tuple[str, ...]
    rows: dict[str, int]
    """Rows added by table."""
    item_ids: tuple[str, ...]
    versions: dict[str, str]
    superseded: tuple[str, ...] = ()
    """Article versions that this commit's articles replace."""


def log_folder(root: Path) -> Path:
    """Where the records lie."""
    return root / "_log"


def record_path(root: Path, version: int) -> Path:
    """The file of one record."""
    return log_folder(root) / f"{version:08d}.json"


def stamp(path: Path) -> tuple[int, int] | None:
    """What changes when another file takes a name; None when there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a file, None when there is no file.

    Raises:
        CorruptFile: it is no JSON object.
    """
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        found = json.loads(data)
    except ValueError as error:
        raise CorruptFile(f"{path}: {error}; restore this file from a backup, later loads rest on it") from error
    if not isinstance(found, dict):
        raise CorruptFile(f"{path}: not a record; restore this file from a backup, later loads rest on it")
    return found


def read_record(root: Path, version: int) -> dict[str, Any] | None:
    """One record, None when the log ends before it.

    Raises:
        CorruptFile: it is not that record.
    """
    record = read_json(record_path(root, version))
    if record is not None and record.get("version") != version:
        raise CorruptFile(
            f"{record_path(root, version)}: holds version {record.get('version')}; restore it from a backup"
        )
    return record


def commit_of(record: dict[str, Any]) -> Commit:
    """The commit that a record tells of."""
    version, load_id = record["version"], record["load_id"]
    return Commit(
        version,
        load_id,
        record["kind"],
        datetime.fromisoformat(record["at"]),
        record["run_id"],
        tuple(File(load_id=load_id, version=version, **f) for f in record["add"]),
        tuple(record["remove"]),
        dict(record["rows"]),
        tuple(record["items"]),
        dict(record["versions"]),
        tuple(record["superseded"]),
    )


def record_of(commit: Commit, articles: Articles) -> dict[str, Any]:
    """The record of a commit."""
    return {
        "version": commit.version,
        "load_id": commit.load_id,
        "kind": commit.kind,
        "at": commit.at.isoformat(),
        "run_id": commit.run_id,
        "versions": commit.versions,
        "rows": commit.rows,
        "add": [{k: v for k, v in asdict(f).items() if k not in ("load_id", "version")} for f in commit.add],
        "remove": list(commit.remove),
        "superseded": list(commit.superseded),
        "items": list(commit.item_ids),
        "articles": {article: list(version) for article, version in articles.items()},
    }


def publish(root: Path, commit: Commit, articles: Articles) -> bool:
    """Make a commit the record of its version, or say that the version is taken.

    Args:
        articles: the newest versions it adds.
    Returns:
        Whether it is published; then it is durable.
    """
    folder = log_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    target = record_path(root, commit.version)
    temporary = folder / f".{uuid.uuid4().hex}.tmp"
    try:
        _write_durably(temporary, record_of(commit, articles))
        _put_if_absent(temporary, target)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(folder)
    return True


def _put_if_absent(temporary: Path, target: Path) -> None:
    """Give a file its name unless a rival has it: a plain rename would silently overwrite the rival's commit."""
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        with locked(target.parent / ".lock"):  # a file system without hard links
            if target.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
            temporary.rename(target)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock against every other process and thread; the kernel lets go of it when the holder dies."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write_durably(path: Path, record: dict[str, Any]) -> None:
    with path.open("w", encoding="utf-8") as out:
        json.dump(record, out, ensure_ascii=False, separators=(",", ":"))
        out.flush()
        os.fsync(out.fileno())


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_json(path: Path, content: dict[str, Any]) -> None:
    """Put an object in a file, whole or not at all."""
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        _write_durably(temporary, content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
