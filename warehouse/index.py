"""Which items the log knows, and the newest version of every article: asked for each document of a run.

The last records are kept in dictionaries; every `CHECKPOINT_EVERY` records become two sorted files of fixed-width rows, and some of
these one larger pair, searched where they lie on disk. So neither opening nor asking costs more as the warehouse grows.
The files are derived from the records: one that is missing or cut is left aside, and the records are read.

Each row ends with a checksum that every look at it compares, so a look-up that a changed row would mislead is refused: such a row
is on its way. Each file ends with a hash over its rows and that of the last record it covers.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import mmap
import re
import struct
import threading
import zlib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from warehouse.record import REMEDY, Commit, DamagedLog, load_key, read_record, record_name
from warehouse.storage import Storage

CHECKPOINT_EVERY = 500
_TIERS = 3
_FACTOR = 4
"""A file of one tier covers so many of the tier below: few files to search at any length of the log."""

_KEY = 16
_ITEM = struct.Struct(">I?")
"""Version of the commit, and whether it made the item known (or unknown). The version comes first: the last one sorts last."""
_ARTICLE = struct.Struct(">I32sq")
"""Version of the commit, the newest version_id (empty when the article is gone), the instant by which versions are ordered."""
_CHECK = struct.Struct(">I")
_MAGIC = b"DLINDEX2"
_TRAILER = 32 + 32 + len(_MAGIC)
_SEGMENT = re.compile(r"(items|articles)-([0-9]{8,})-([0-9]+)\.idx")
LOCK = threading.RLock()
"""Held while a process reads on in a log: its snapshots and indexes are shared by its threads."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """A sorted file of rows, each a key of 16 bytes, a value and a checksum."""

    data: mmap.mmap | bytes
    """With the trailer."""
    width: int
    where: str

    def find(self, key: bytes) -> bytes | None:
        """The value of a key. Keys are digests, so evenly spread: interpolation finds one in a few steps.

        Raises:
            DamagedLog: a row it looks at is not what was written.
        """
        width, data = self.width, self.data
        low, high = 0, (len(data) - _TRAILER) // width
        wanted, least, most = int.from_bytes(key[:8]), 0, 1 << 64
        while low < high:
            middle = min(max(low + (wanted - least) * (high - low) // max(most - least, 1), low), high - 1)
            row = data[middle * width : (middle + 1) * width]
            if zlib.crc32(row[:-4]).to_bytes(4) != row[-4:]:
                raise self.damage()
            found = row[:_KEY]
            if found == key:
                return row[_KEY:-4]
            if found < key:
                low, least = middle + 1, int.from_bytes(found[:8])
            else:
                high, most = middle, int.from_bytes(found[:8])
        return None

    def __iter__(self) -> Iterator[bytes]:
        """The rows without their checksums."""
        end, width = len(self.data) - _TRAILER, self.width
        return (self.data[at : at + width - 4] for at in range(0, end, width))

    @property
    def known_as(self) -> str:
        """The hash of the last record it covers."""
        return self.data[-len(_MAGIC) - 32 : -len(_MAGIC)].hex()

    def is_whole(self) -> bool:
        """Whether all rows are what was written."""
        end = len(self.data) - _TRAILER
        with memoryview(self.data) as view:
            return hashlib.sha256(view[:end]).digest() == self.data[end : end + 32]

    def damage(self) -> DamagedLog:
        """The error that says so if not."""
        return DamagedLog(
            f"{self.where}: its bytes are not those that were written; delete it, it is made from the records again"
        )


@dataclass(slots=True)
class Index:
    """What a process knows of a root's items up to `version`. Shared by the snapshots of the root; only grows."""

    version: int = 0
    segments: list[tuple[_Rows, _Rows]] = field(default_factory=list)
    """Items and articles, newest first."""
    items: dict[str, tuple[int, bool]] = field(default_factory=dict)
    articles: dict[str, tuple[int, str, int]] = field(default_factory=dict)

    def record(self, commit: Commit) -> None:
        """Take in the next record."""
        for item in commit.gone:
            self.items[item] = (commit.version, False)
        for item in (*commit.items, load_key(commit.load_id)):
            self.items[item] = (commit.version, True)
        for article, (newest, instant) in commit.articles.items():
            self.articles[article] = (commit.version, newest, instant)
        self.version = commit.version

    def read_on(self, storage: Storage, version: int) -> None:
        """Take in what the log holds up to a version, by whole segments where there are some.

        Raises:
            DamagedLog: a record is missing.
        """
        with LOCK:
            while self.version < version:
                segment = None if self.items else _next_segment(storage, self.version, version)
                if segment is not None:
                    self.version, rows = segment
                    self.segments.insert(0, rows)
                    continue
                self.record(_existing(storage, self.version + 1))

    def brought_by(self, item: str) -> int | None:
        """Version of the commit that brought an item, None when it is not known."""
        known = self.items.get(item)
        if known is None:
            key = _key(item)
            found = next((v for rows, _ in self.segments if (v := rows.find(key)) is not None), None)
            known = _ITEM.unpack(found) if found is not None else None
        return known[0] if known is not None and known[1] else None

    def newest(self, article_id: str) -> tuple[str, int] | None:
        """The newest version_id of an article, and its instant."""
        known = self.articles.get(article_id)
        if known is None:
            key = _key(article_id)
            found = next((v for _, rows in self.segments if (v := rows.find(key)) is not None), None)
            if found is None:
                return None
            version, name, instant = _ARTICLE.unpack(found)
            known = version, name.rstrip(b"\0").decode(), instant
        return (known[1], known[2]) if known[1] else None


class Known(Container[str]):
    """The items known at one version of the warehouse: `item_id in known`. The index is read at the first question."""

    def __init__(self, storage: Storage, version: int, index: Index) -> None:
        self._storage, self._version, self._index = storage, version, index

    def __contains__(self, item: object) -> bool:
        self._index.read_on(self._storage, self._version)
        found = self._index.brought_by(item) if isinstance(item, str) else None
        return found is not None and found <= self._version

    def value(self, item: str) -> str | None:
        """What the record that brought an item says of it (see `Commit.items`); None when it is not known.

        Raises:
            DamagedLog: the record cannot be read.
        """
        if item not in self:
            return None
        version = self._index.brought_by(item)
        return _existing(self._storage, version).items.get(item) if version is not None else None

    def brought_by(self, item: str) -> int | None:
        """Version of the commit that brought an item last, None when it is not known."""
        return self._index.brought_by(item) if item in self else None

    def newest(self, article_id: str) -> tuple[str, int] | None:
        """The newest version_id of an article and its instant; exact for the last snapshot read only."""
        self._index.read_on(self._storage, self._version)
        return self._index.newest(article_id)


def _existing(storage: Storage, version: int) -> Commit:
    commit = read_record(storage, version)
    if commit is None:
        raise DamagedLog(f"{storage.location(record_name(version))}: missing; {REMEDY}")
    return commit


def _spans() -> list[int]:
    return [CHECKPOINT_EVERY * _FACTOR**tier for tier in range(_TIERS)]


def write_segments(storage: Storage, version: int) -> None:
    """Write the sorted files that end with a version, of every tier that ends there, and those that are missing below it."""
    for span in _spans():
        for end in range(span, version + 1, span):
            if _open_segment(storage, end, span) is not None:
                continue
            last = bytes.fromhex(_existing(storage, end).known_as)
            below = _below(storage, end, span)
            for at, kind in enumerate(("articles", "items")):  # items last: a segment is there when its items are
                _write_sorted(storage, _name(kind, end, span), [rows[1 - at] for rows in below], last)


def _below(storage: Storage, version: int, span: int) -> list[tuple[Iterable[bytes], Iterable[bytes]]]:
    """The rows (items, articles) a segment is made of: the segments of the tier below, or the records themselves."""
    step = span // _FACTOR
    if span > CHECKPOINT_EVERY:
        parts = [_open_segment(storage, end, step) for end in range(version - span + step, version + 1, step)]
        if all(part is not None and part[0].is_whole() and part[1].is_whole() for part in parts):
            return [part for part in parts if part is not None]
    index = Index(version - span)
    for number in range(version - span + 1, version + 1):
        index.record(_existing(storage, number))
    items = [_key(item) + _ITEM.pack(*value) for item, value in index.items.items()]
    articles = [_key(a) + _ARTICLE.pack(v, name.encode(), t) for a, (v, name, t) in index.articles.items()]
    return [(items, articles)]


def _write_sorted(storage: Storage, name: str, parts: list[Iterable[bytes]], last: bytes) -> None:
    rows = sorted(row for part in parts for row in part)
    # Of equal keys the last is the newest.
    newest = (row for row, after in itertools.pairwise([*rows, b""]) if row[:_KEY] != after[:_KEY])
    data = b"".join(row + zlib.crc32(row).to_bytes(4) for row in newest)
    sealed = data + hashlib.sha256(data).digest() + last + _MAGIC
    storage.put(name, lambda out: out.write(sealed))


def _widths() -> dict[str, int]:
    return {"items": _KEY + _ITEM.size + _CHECK.size, "articles": _KEY + _ARTICLE.size + _CHECK.size}


def _next_segment(storage: Storage, begin: int, version: int) -> tuple[int, tuple[_Rows, _Rows]] | None:
    """The largest segment that begins behind a version and does not end behind another, and where it ends.

    Raises:
        DamagedLog: it was made of other records than there are.
    """
    for span in reversed(_spans()):
        if begin % span == 0 and begin + span <= version:
            found = _open_segment(storage, begin + span, span)
            if found is not None:
                last = _existing(storage, begin + span).known_as
                for rows in found:
                    if rows.known_as != last:
                        raise DamagedLog(f"{rows.where}: made of other records than there are; {REMEDY}")
                return begin + span, found
    return None


def _open_segment(storage: Storage, version: int, span: int) -> tuple[_Rows, _Rows] | None:
    items = _open_rows(storage, "items", version, span)
    articles = _open_rows(storage, "articles", version, span)
    return (items, articles) if items is not None and articles is not None else None


def _open_rows(storage: Storage, kind: str, version: int, span: int) -> _Rows | None:
    name, width = _name(kind, version, span), _widths()[kind]
    try:
        with storage.open(name) as file:
            size = file.seek(0, io.SEEK_END)
            if size < _TRAILER or (size - _TRAILER) % width:
                return None
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            return _Rows(data, width, storage.location(name)) if data[-len(_MAGIC) :] == _MAGIC else None
    except OSError:
        return None


def damaged_segments(storage: Storage, known_as: Mapping[int, str]) -> Iterator[DamagedLog]:
    """What is wrong with the files of the index, read in full.

    Args:
        known_as: by version the hash of its record, of every `CHECKPOINT_EVERY`th version that can be read.
    """
    for name in sorted(storage.names("_log")):
        found = _SEGMENT.fullmatch(name)
        rows = _open_rows(storage, found[1], int(found[2]), int(found[3])) if found is not None else None
        if found is None or rows is None:  # one that is cut, or of an older format, is not used
            continue
        if not rows.is_whole() or known_as.get(int(found[2]), rows.known_as) != rows.known_as:
            yield rows.damage()


def _name(kind: str, version: int, span: int) -> str:
    return f"_log/{kind}-{version:08d}-{span}.idx"


def _key(name: str) -> bytes:
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=_KEY).digest()
