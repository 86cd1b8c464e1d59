"""Records of the log: one record is one commit, and what it says is all that readers need to know of it.

A record is plain JSON. `items` and `articles` feed the index of what is known; `superseded` and `settled` say which wordings of
articles are the newest no more, and which need no looking up any longer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, NamedTuple

from warehouse.schema import SCHEMA_VERSION
from warehouse.storage import Storage

Articles = Mapping[str, tuple[str, int]]
"""By article_id: its newest version_id and the instant by which versions are ordered (seconds since 1970, 0 when unknown).
An empty version_id says that the article is gone."""


class CorruptFile(Exception):
    """A log record or a part is not what was written. The message names the file and what to do."""


class NewerSchema(Exception):
    """A part was written by a newer Dateline than this one. The message names it and what to do."""


class File(NamedTuple):
    """One committed Parquet part."""

    table: str
    path: str
    """Under the root, with forward slashes."""
    rows: int
    bytes: int
    sha256: str
    load_id: str
    """The commit that wrote it; a compacted part holds rows of many loads."""
    version: int
    schema: int = 1
    """The schema version it was written under."""
    history: bool = False
    """Whether it holds superseded wordings only."""

    @property
    def month(self) -> str:
        """The month of its folder, such as 2026-11."""
        return self.path.split("/")[1].removeprefix("month=")


@dataclass(frozen=True, slots=True)
class Commit:
    """One record of the log."""

    version: int
    load_id: str
    kind: str
    """load, replace, compact or forget."""
    at: datetime
    """Naive UTC."""
    run_id: str
    versions: dict[str, str]
    add: tuple[File, ...] = ()
    remove: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)
    """Rows by table, added less removed."""
    items: dict[str, str] = field(default_factory=dict)
    """What is known from now on: item → the beginning of the capture_id it was read from, '' without one; or, beginning
    with @, what the item's owner wants to find again."""
    gone: tuple[str, ...] = ()
    """Items known no more."""
    articles: dict[str, tuple[str, int]] = field(default_factory=dict)
    superseded: tuple[str, ...] = ()
    """Article versions that are not the newest from now on."""
    settled: tuple[str, ...] = ()
    """Superseded versions that now lie in parts of their own or are gone, or are the newest again."""
    replaces: tuple[str, ...] = ()
    """The loads whose derived rows it puts anew."""


@dataclass(frozen=True, slots=True)
class Load:
    """What snapshots keep of a commit: a row of `loads`."""

    version: int
    load_id: str
    kind: str
    at: datetime
    run_id: str
    versions: dict[str, str]
    rows: dict[str, int]
    bytes: int
    """Of the parts added."""
    replaces: tuple[str, ...] = ()


def check_schema(storage: Storage, files: Iterable[File]) -> None:
    """Refuse parts of a schema this program does not know.

    Raises:
        NewerSchema: the first such part.
    """
    for file in files:
        if file.schema > SCHEMA_VERSION:
            raise NewerSchema(
                f"{storage.location(file.path)}: written under schema {file.schema}, and this Dateline knows {SCHEMA_VERSION}: install a newer one"
            )


def load_of(commit: Commit) -> Load:
    """The summary of a commit."""
    c = commit
    return Load(
        c.version, c.load_id, c.kind, c.at, c.run_id, c.versions, c.rows, sum(f.bytes for f in c.add), c.replaces
    )


def record_name(version: int) -> str:
    """The name of one record."""
    return f"_log/{version:08d}.json"


def load_key(load_id: str) -> str:
    """The item by which a load itself is known."""
    return f"load {load_id}"


def encode(content: Mapping[str, Any]) -> bytes:
    """JSON, compact."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def read_json(storage: Storage, name: str) -> dict[str, Any] | None:
    """The object in a file, None when there is no file.

    Raises:
        CorruptFile: it is no JSON object.
    """
    try:
        with storage.open(name) as file:
            data = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    where = storage.location(name)
    try:
        found = json.loads(data)
    except ValueError as error:
        raise CorruptFile(f"{where}: {error}; restore this file from a backup, later loads rest on it") from error
    if not isinstance(found, dict):
        raise CorruptFile(f"{where}: not a record; restore this file from a backup, later loads rest on it")
    return found


def read_record(storage: Storage, version: int) -> Commit | None:
    """One record, None when the log ends before it.

    Raises:
        CorruptFile: it is not that record.
    """
    record = read_json(storage, record_name(version))
    if record is None:
        return None
    try:
        commit = commit_of(record)
    except (KeyError, TypeError, ValueError) as error:
        where = storage.location(record_name(version))
        raise CorruptFile(f"{where}: not a whole record ({error!r}); restore it from a backup") from error
    if commit.version != version:
        where = storage.location(record_name(version))
        raise CorruptFile(f"{where}: holds version {commit.version}; restore it from a backup")
    return commit


def file_of(found: Mapping[str, Any], load_id: str, version: int) -> File:
    """A part as a record or checkpoint names it."""
    return File(**{"load_id": load_id, "version": version, **found})


def commit_of(record: Mapping[str, Any]) -> Commit:
    """The commit that a record tells of."""
    version, load_id = record["version"], record["load_id"]
    return Commit(
        version,
        load_id,
        record["kind"],
        datetime.fromisoformat(record["at"]),
        record["run_id"],
        dict(record["versions"]),
        tuple(file_of(f, load_id, version) for f in record["add"]),
        tuple(record["remove"]),
        dict(record["rows"]),
        dict(record["items"]),
        tuple(record.get("gone", ())),
        {article: (newest, instant) for article, (newest, instant) in record["articles"].items()},
        tuple(record["superseded"]),
        tuple(record.get("settled", ())),
        tuple(record.get("replaces", ())),
    )


def record_of(commit: Commit) -> dict[str, Any]:
    """The record of a commit."""
    found = {f.name: getattr(commit, f.name) for f in fields(commit)}
    found["at"] = commit.at.isoformat()
    found["add"] = [{k: v for k, v in f._asdict().items() if k not in ("load_id", "version")} for f in commit.add]
    return found


def load_record(load: Load) -> dict[str, Any]:
    """A load as a checkpoint holds it."""
    return asdict(load) | {"at": load.at.isoformat()}


def load_from(record: Mapping[str, Any]) -> Load:
    """The load that a checkpoint tells of."""
    times = {"at": datetime.fromisoformat(record["at"]), "replaces": tuple(record.get("replaces", ()))}
    return Load(**(dict(record) | times))
