"""Records of the log: one record is one commit, and what it says is all that readers need to know of it.

A record is plain JSON. `items` and `articles` feed the index of what is known; `superseded` and `settled` say which wordings of
articles are the newest no more, and which need no looking up any longer.

Since format 2 a record is sealed: its last key is the sha256 of all before it, and `previous` is the hash of the record before it
(of the first sealed one: a hash over all older ones). So a record that was changed, lost or put there from elsewhere shows.
`reader` and `writer` are the least formats a program must know to read it, and to commit on top of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, NamedTuple

from warehouse.schema import SCHEMA_VERSION
from warehouse.storage import Storage

FORMAT = 2
"""The newest format of the log this program knows, and the one it writes. 1 is that of version 0.1.0: nothing is sealed."""
READER = WRITER = 2
"""What a program must know to read what this one writes, and to write on top of it."""
REMEDY = "restore it from a backup, or see what `dateline repair` can rebuild; nothing is written or deleted meanwhile"
_SEAL = b',"sha256":"'
_LAST = b',"items":{'
"""Where the bulk of a record begins."""
_SEALED = len(_SEAL) + 64 + len(b'"}')

Articles = Mapping[str, tuple[str, int]]
"""By article_id: its newest version_id and the instant by which versions are ordered (seconds since 1970, 0 when unknown).
An empty version_id says that the article is gone."""


class CorruptFile(Exception):
    """A log record or a part is not what was written. The message names the file and what to do."""


class DamagedLog(CorruptFile):
    """A record is missing, changed, or does not fit the ones before it. Nothing that writes or deletes runs on such a log."""


class NewerSchema(Exception):
    """A part or a record was written by a newer Dateline than this one. The message names it and what to do."""


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
    """load, replace, compact, forget, recall (of what was forgotten), restore or repair."""
    at: datetime
    """Naive UTC; never before that of the record before it."""
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
    previous: str = ""
    """`known_as` of the record before it; of the first sealed one a hash over all older ones; '' of the very first."""
    stands_for: str = ""
    """Of a record that `repair` made anew: what the record after it knows the lost one by."""
    digest: str = ""
    """sha256 of the record itself, filled in when it is read."""
    format: int = FORMAT
    writer: int = WRITER

    @property
    def known_as(self) -> str:
        """The hash by which the next record, checkpoints and index segments name it."""
        return self.stands_for or self.digest


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


def seal(content: Mapping[str, Any]) -> tuple[bytes, str]:
    """JSON whose last key is its own hash, and that hash (sha256 of the JSON without it)."""
    body = encode(content)
    digest = hashlib.sha256(body).hexdigest()
    return body[:-1] + _SEAL + digest.encode() + b'"}', digest


def broken_seal(data: bytes) -> bool:
    """Whether bytes are not those that were sealed."""
    end = len(data) - _SEALED
    if end < 0 or data[end : end + len(_SEAL)] != _SEAL:
        return True
    digest = hashlib.sha256(memoryview(data)[:end])
    digest.update(b"}")
    return data[end + len(_SEAL) : -2] != digest.hexdigest().encode()


def read_bytes(storage: Storage, name: str) -> bytes | None:
    """What a file holds, None when there is no file."""
    try:
        with storage.open(name) as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_sealed(storage: Storage, name: str) -> dict[str, Any] | None:
    """The object in a sealed file, None when there is no file.

    Raises:
        DamagedLog: it is not what was sealed.
        NewerSchema: only a newer program can read it.
    """
    data = read_bytes(storage, name)
    return None if data is None else _unsealed(storage, name, data, sealed=True)


def _unsealed(storage: Storage, name: str, data: bytes, *, sealed: bool = False) -> dict[str, Any]:
    where = storage.location(name)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DamagedLog(f"{where}: {error}; {REMEDY}") from error
    if not isinstance(found, dict):
        raise DamagedLog(f"{where}: not a record; {REMEDY}")
    if (sealed or "format" in found) and broken_seal(data):
        raise DamagedLog(f"{where}: its bytes are not those that were written; {REMEDY}")
    if isinstance(reader := found.get("reader"), int) and reader > FORMAT:
        raise NewerSchema(
            f"{where}: written in format {found.get('format')} of the log, and this Dateline reads {FORMAT}: install a newer one"
        )
    return found


def read_record(storage: Storage, version: int, *, brief: bool = False) -> Commit | None:
    """One record, None when the log ends before it.

    Args:
        brief: whether its items and articles, nine tenths of it, may be left out; its hash is over all of it in any case.
    Raises:
        DamagedLog: it is not that record, or not as it was written.
        NewerSchema: only a newer program can read it.
    """
    name = record_name(version)
    data = read_bytes(storage, name)
    if data is None:
        return None
    try:
        commit = _brief(data) if brief else None
        if commit is None:
            commit = commit_of(_unsealed(storage, name, data), data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedLog(f"{storage.location(name)}: not a whole record ({error!r}); {REMEDY}") from error
    if commit.version != version:
        raise DamagedLog(f"{storage.location(name)}: holds version {commit.version}; {REMEDY}")
    return commit


def _brief(data: bytes) -> Commit | None:
    """A sealed record less what stands last in it; None of one that has to be read whole, whatever it is."""
    # A quotation mark inside a string is escaped: unescaped it is that of the key.
    end = data.find(_LAST)
    if end < 0 or broken_seal(data):
        return None
    try:
        found = json.loads(data[:end] + b"}")
        if found["reader"] > FORMAT:
            return None
        return commit_of(found | {"items": {}, "articles": {}, "sha256": data[-66:-2].decode()}, data)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def file_of(found: Mapping[str, Any], load_id: str, version: int) -> File:
    """A part as a record or checkpoint names it."""
    return File(**{"load_id": load_id, "version": version, **found})


def commit_of(record: Mapping[str, Any], data: bytes) -> Commit:
    """The commit that a record tells of; `data` are its bytes."""
    version, load_id, form = record["version"], record["load_id"], record.get("format", 1)
    return Commit(
        version,
        load_id,
        record["kind"],
        datetime.fromisoformat(record["time" if form > 1 else "at"]),
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
        record["previous"] if form > 1 else "",
        record.get("stands_for", ""),
        record["sha256"] if form > 1 else hashlib.sha256(data).hexdigest(),
        form,
        record["writer"] if form > 1 else 1,
    )


_APART = frozenset(["at", "digest", "format", "writer", "previous", "stands_for", "items", "gone", "articles"])


def record_of(commit: Commit) -> dict[str, Any]:
    """The record of a commit, to be sealed. It has no `at`, so that version 0.1.0 refuses it rather than commits on top."""
    found: dict[str, Any] = {"format": FORMAT, "reader": READER, "writer": WRITER, "previous": commit.previous}
    if commit.stands_for:
        found["stands_for"] = commit.stands_for
    found["time"] = commit.at.isoformat()
    found |= {f.name: getattr(commit, f.name) for f in fields(commit) if f.name not in _APART}
    found["add"] = [{k: v for k, v in f._asdict().items() if k not in ("load_id", "version")} for f in commit.add]
    return found | {"items": commit.items, "gone": commit.gone, "articles": commit.articles}


def load_record(load: Load) -> dict[str, Any]:
    """A load as a checkpoint holds it."""
    return asdict(load) | {"at": load.at.isoformat()}


def load_from(record: Mapping[str, Any]) -> Load:
    """The load that a checkpoint tells of."""
    times = {"at": datetime.fromisoformat(record["at"]), "replaces": tuple(record.get("replaces", ()))}
    return Load(**(dict(record) | times))
