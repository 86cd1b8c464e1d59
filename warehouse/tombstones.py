"""Tombstones: what was forgotten on purpose stays away, and nothing that is stored says in clear what it was.

A tombstone is the keyed hash of an address, an article or a source, and an item of the log like any other: a record brings it, a
`recall` takes it back, and asking for one costs a look into the index. The key lies in `forgotten.json` beside the tables, with a
second copy of the tombstones for the day on which a record of the log is lost.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.index import Known
from warehouse.log import Snapshot, read_log
from warehouse.record import CorruptFile
from warehouse.storage import Storage, locked, sync_folder
from warehouse.store import Draft, now, publish_draft

if TYPE_CHECKING:
    import pyarrow as pa

LEDGER = "forgotten.json"
URL, ARTICLE, SOURCE = "url", "article", "source"
MARK = "@forgotten"
"""Item of a log in which anything was ever forgotten for good: without it nobody asks further."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What `forgotten.json` holds."""

    key: bytes = b""
    stones: dict[str, str] = field(default_factory=dict)
    """By keyed hash the kind of what stays away; it may hold some that no record brought, of a forget that was killed."""

    def holds(self, kind: str, value: str) -> bool:
        """Whether it says that something stays away."""
        return bool(self.stones) and _digest(self.key, kind, value) in self.stones

    def items(self) -> list[str]:
        """Its tombstones as a log names them."""
        return [MARK, *(f"{MARK} {stone}" for stone in self.stones)] if self.stones else []


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is to stay away, as of one version."""

    key: bytes
    known: Known

    def item(self, kind: str, value: str) -> str:
        """The item by which the log knows a tombstone."""
        return f"{MARK} {_digest(self.key, kind, value)}"

    def items(
        self, urls: Iterable[str | None] = (), sources: Iterable[str | None] = (), article: str | None = None
    ) -> list[str]:
        """The tombstones that would keep a document away, as items.

        Args:
            urls: all its addresses that are known.
            sources: all names of its source that are known.
            article: its article_id, where the text was read.
        """
        said = {(URL, url) for url in urls if url} | {(SOURCE, source) for source in sources if source}
        said |= {(ARTICLE, article)} if article else set()
        return [self.item(kind, value) for kind, value in sorted(said)]

    def binds(
        self, urls: Iterable[str | None] = (), sources: Iterable[str | None] = (), article: str | None = None
    ) -> list[str]:
        """The tombstones that keep a document away; empty when it may come. As `items`."""
        return [item for item in self.items(urls, sources, article) if item in self.known]


def forgotten(snapshot: Snapshot) -> Forgotten | None:
    """What was forgotten, None when nothing ever was.

    Raises:
        CorruptFile: the key is gone.
    """
    if MARK not in snapshot.known:
        return None
    return Forgotten(_key(_read(snapshot.storage), snapshot), snapshot.known)


def put_stones(snapshot: Snapshot, values: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Write tombstones into the ledger, and return the items that a commit has to bring for them to bind.

    Args:
        values: by kind what is to stay away.
    Raises:
        CorruptFile: the key is gone.
    """
    storage = snapshot.storage
    with locked(_lock(storage)):
        found = _read(storage)
        key = _key(found, snapshot) if MARK in snapshot.known else found.key or secrets.token_bytes(32)
        stones = {_digest(key, kind, value): kind for kind, some in values.items() for value in some}
        _write(storage, Ledger(key, found.stones | stones))
    return {f"{MARK} {stone}": f"@{kind}" for stone, kind in sorted(stones.items())} | {MARK: "@"}


def recall(root: Path | str, items: Collection[str], *, run_id: str = "recall") -> None:
    """Take tombstones back, in one commit: what they kept away may come again."""
    storage = Storage(root)
    wanted = sorted(set(items))
    at = now()
    name = hashlib.sha256("\0".join([f"recall {at}", *wanted]).encode()).hexdigest()[:32]
    publish_draft(storage, Draft(name, "recall", run_id, {}, gone=tuple(wanted)), at)
    gone = {item.removeprefix(f"{MARK} ") for item in wanted}
    with locked(_lock(storage)):
        found = _read(storage)
        _write(storage, Ledger(found.key, {stone: kind for stone, kind in found.stones.items() if stone not in gone}))


def merge_ledgers(source: Storage, target: Storage) -> None:
    """Let what either workspace forgot be forgotten in the target, as far as one key tells both.

    The key of the source's log is kept: it is what that log was written with.
    Raises:
        CorruptFile: both forgot something under keys of their own.
    """
    theirs = _read(source)
    with locked(_lock(target)):
        mine = _read(target)
        if mine.stones and theirs.stones and mine.key != theirs.key:
            raise CorruptFile(
                f"{target.location(LEDGER)}: what was forgotten here and what {source.root} forgot are told by different keys; "
                "restore into a new folder"
            )
        if theirs.stones or mine.stones:
            key = mine.key if mine.stones else theirs.key
            _write(target, Ledger(key, theirs.stones | mine.stones))


def bring_stones(root: Path | str) -> bool:
    """Make a log know all tombstones of its ledger, in one commit; whether any was new."""
    storage = Storage(root)
    snapshot = read_log(storage)
    items = {item: "@" for item in _read(storage).items() if item not in snapshot.known}
    if not items:
        return False
    at = now()
    name = hashlib.sha256("\0".join([f"stones {at}", *items]).encode()).hexdigest()[:32]
    publish_draft(storage, Draft(name, "recall", "restore", {}, items=items), at)
    return True


def may_come(tables: Mapping[str, pa.Table], snapshot: Snapshot) -> dict[str, pa.Table]:
    """The tables less the wordings, and the rejects, that tombstones keep away."""
    import pyarrow as pa
    import pyarrow.compute as pc

    bound = forgotten(snapshot)
    if bound is None:
        return dict(tables)
    kept = dict(tables)
    if (articles := tables.get("articles")) is not None:
        names = ("version_id", "url", "canonical_url", "source", "article_id")
        rows = zip(*(articles[name].to_pylist() for name in names), strict=True)
        away = [version for version, *urls, source, article in rows if bound.binds(urls, [source], article)]
        for name, table in tables.items() if away else ():
            if "version_id" in table.column_names:
                kept[name] = table.filter(pc.invert(pc.is_in(table["version_id"], pa.array(away, pa.string()))))
    if (rejects := tables.get("rejects")) is not None:
        rows = zip(rejects["url"].to_pylist(), rejects["source"].to_pylist(), strict=True)
        kept["rejects"] = rejects.filter(
            pa.array([not bound.binds([url], [source]) for url, source in rows], pa.bool_())
        )
    return kept


def read_ledger(storage: Storage) -> Ledger:
    """What `forgotten.json` holds; empty when there is none.

    Raises:
        CorruptFile: it cannot be read.
    """
    return _read(storage)


def _digest(key: bytes, kind: str, value: str) -> str:
    return hashlib.blake2b(f"{kind}\0{value}".encode("utf-8", "surrogatepass"), key=key, digest_size=16).hexdigest()


def _key(found: Ledger, snapshot: Snapshot) -> bytes:
    """The key of a ledger that must have one."""
    if not found.key:
        raise CorruptFile(
            f"{snapshot.storage.location(LEDGER)}: holds no key, so nobody can tell what was forgotten and must stay away; "
            "restore it from a backup"
        )
    return found.key


def _lock(storage: Storage) -> Path:
    storage.root.mkdir(parents=True, exist_ok=True)
    return storage.root / ".forgotten.lock"


def _read(storage: Storage) -> Ledger:
    path = Path(storage.location(LEDGER))
    try:
        found = json.loads(path.read_bytes())
        return Ledger(bytes.fromhex(found["key"]), dict(found["stones"]))
    except FileNotFoundError:
        return Ledger()
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptFile(
            f"{path}: {error}; restore it from a backup: it holds the key to what was forgotten"
        ) from error


def _write(storage: Storage, ledger: Ledger) -> None:
    """Replace the ledger, whole and readable by its owner alone."""
    path = Path(storage.location(LEDGER))
    unfinished = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            json.dump({"key": ledger.key.hex(), "stones": ledger.stones}, out)
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    sync_folder(path.parent)


__all__ = [
    "ARTICLE",
    "LEDGER",
    "SOURCE",
    "URL",
    "Forgotten",
    "bring_stones",
    "forgotten",
    "may_come",
    "merge_ledgers",
    "put_stones",
    "read_ledger",
    "recall",
]
