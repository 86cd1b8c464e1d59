"""Which items the log knows, and the newest version of every article: asked for each document of a run.

The last records are kept in dictionaries; every `CHECKPOINT_EVERY` records become two sorted files of fixed-width rows, searched
by halving where they lie on disk. So neither opening nor asking costs more memory as the warehouse grows.
The files are derived from the records: one that is missing or of a wrong size is left aside, and the records are read.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
import threading
import uuid
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warehouse.record import CorruptFile, log_folder, read_record, record_path

CHECKPOINT_EVERY = 500

_KEY = 16
_ITEM = struct.Struct(">I")
"""Version of the commit that brought the item."""
_ARTICLE = struct.Struct(">32sq")
"""The newest version_id, and the instant by which versions are ordered."""
LOCK = threading.RLock()
"""Held while a process reads on in a log: its snapshots and indexes are shared by its threads."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """A sorted file of rows, each a key of 16 bytes and a value."""

    data: mmap.mmap | bytes
    width: int

    def find(self, key: bytes) -> bytes | None:
        """The value of a key."""
        low, high, width, data = 0, len(self.data) // self.width, self.width, self.data
        while low < high:
            middle = (low + high) // 2
            found = data[middle * width : middle * width + _KEY]
            if found < key:
                low = middle + 1
            elif found > key:
                high = middle
            else:
                return data[middle * width + _KEY : (middle + 1) * width]
        return None


@dataclass(slots=True)
class Index:
    """What a process knows of a root's items up to `version`. Shared by the snapshots of the root; only grows."""

    version: int = 0
    segments: list[tuple[_Rows, _Rows]] = field(default_factory=list)
    items: dict[str, int] = field(default_factory=dict)
    articles: dict[str, tuple[str, int]] = field(default_factory=dict)

    def record(self, record: dict[str, Any]) -> None:
        """Take in the next record."""
        for item in record["items"]:
            self.items.setdefault(item, record["version"])
        for article, (version, instant) in record["articles"].items():
            if article not in self.articles or instant >= self.articles[article][1]:
                self.articles[article] = (version, instant)
        self.version = record["version"]

    def read_on(self, root: Path, version: int) -> None:
        """Take in what the log holds up to a version, by whole segments where there are some.

        Raises:
            CorruptFile: a record is missing.
        """
        with LOCK:
            while self.version < version:
                end = self.version + CHECKPOINT_EVERY
                whole = self.version % CHECKPOINT_EVERY == 0 and end <= version
                segment = _open_segment(root, end) if whole else None
                if segment is not None:
                    self.segments.append(segment)
                    self.version = end
                    continue
                record = read_record(root, self.version + 1)
                if record is None:
                    raise CorruptFile(f"{record_path(root, self.version + 1)}: missing; restore it from a backup")
                self.record(record)

    def brought_by(self, item: str) -> int | None:
        """Version of the commit that brought an item."""
        key = _key(item)
        for items, _ in self.segments:
            if (found := items.find(key)) is not None:
                return int(_ITEM.unpack(found)[0])
        return self.items.get(item)

    def newest(self, article_id: str) -> tuple[str, int] | None:
        """The newest version_id of an article, and its instant."""
        key = _key(article_id)
        best: tuple[str, int] | None = None
        for _, articles in self.segments:
            if (found := articles.find(key)) is not None:
                version, instant = _ARTICLE.unpack(found)
                if best is None or instant >= best[1]:
                    best = (version.rstrip(b"\0").decode(), instant)
        last = self.articles.get(article_id)
        return last if best is None or (last is not None and last[1] >= best[1]) else best


class Known(Container[str]):
    """The items known at one version of the warehouse: `item_id in known`. The index is read at the first question."""

    def __init__(self, root: Path, version: int, index: Index) -> None:
        self._root, self._version, self._index = root, version, index

    def __contains__(self, item: object) -> bool:
        self._index.read_on(self._root, self._version)
        found = self._index.brought_by(item) if isinstance(item, str) else None
        return found is not None and found <= self._version

    def newest(self, article_id: str) -> tuple[str, int] | None:
        """The newest version_id of an article and its instant; exact for the last snapshot read only."""
        self._index.read_on(self._root, self._version)
        return self._index.newest(article_id)


def write_segment(root: Path, version: int) -> None:
    """Write the sorted files of the `CHECKPOINT_EVERY` records that end with a version."""
    part = Index(version=version - CHECKPOINT_EVERY)
    for number in range(part.version + 1, version + 1):
        record = read_record(root, number)
        if record is None:
            raise CorruptFile(f"{record_path(root, number)}: missing; restore it from a backup")
        part.record(record)
    items = (_key(item) + _ITEM.pack(number) for item, number in part.items.items())
    articles = (_key(a) + _ARTICLE.pack(v.encode(), instant) for a, (v, instant) in part.articles.items())
    _write_sorted(_segment_path(root, "articles", version), articles)
    _write_sorted(_segment_path(root, "items", version), items)  # last: a segment is there when its items are


def _write_sorted(path: Path, rows: Iterable[bytes]) -> None:
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("wb") as out:
            out.write(b"".join(sorted(rows)))
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _open_segment(root: Path, version: int) -> tuple[_Rows, _Rows] | None:
    items = _open_rows(_segment_path(root, "items", version), _KEY + _ITEM.size)
    articles = _open_rows(_segment_path(root, "articles", version), _KEY + _ARTICLE.size)
    return (items, articles) if items is not None and articles is not None else None


def _open_rows(path: Path, width: int) -> _Rows | None:
    try:
        with path.open("rb") as rows:
            size = os.fstat(rows.fileno()).st_size
            if size % width:
                return None
            return _Rows(mmap.mmap(rows.fileno(), 0, access=mmap.ACCESS_READ) if size else b"", width)
    except OSError:
        return None


def _segment_path(root: Path, kind: str, version: int) -> Path:
    return log_folder(root) / f"{kind}-{version:08d}.idx"


def _key(name: str) -> bytes:
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=_KEY).digest()
