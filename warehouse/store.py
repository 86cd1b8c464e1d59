"""The commit: immutable Parquet parts first, then one record of the log that makes them all live at once.

Nothing needs recovery after a kill: parts that no record names are garbage, and a load that is repeated writes parts of its own.
A part's name is written once and never used again, so a slow twin of a load cannot touch what is committed.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.index import Known
from warehouse.log import Snapshot, keep_reading_short, publish, read_log
from warehouse.parts import write_part
from warehouse.record import Commit, CorruptFile, File
from warehouse.schema import SCHEMA_VERSION, TABLES
from warehouse.storage import Storage

if TYPE_CHECKING:
    import pyarrow as pa

_LOAD_ID = re.compile(r"[0-9a-f][0-9a-f-]{0,39}")
ORPHAN_GRACE = timedelta(hours=1)
"""A part that no record names is garbage only when it is older than this."""
_PUBLISH_WITHIN = ORPHAN_GRACE / 2
"""A commit gives up when its parts are older than this: garbage collection must never meet a part about to be published."""


class LoadConflict(Exception):
    """Another load holds some of these items, or a part to be removed is gone: read the log again and plan again."""


@dataclass(slots=True)
class Draft:
    """A commit before it has a version. `check` may refuse it, `resolve` settles which article versions are newest."""

    load_id: str
    kind: str
    run_id: str
    versions: Mapping[str, str]
    written: list[File] = field(default_factory=list)
    """Parts of its own, deleted when it comes to nothing."""
    revives: tuple[File, ...] = ()
    """Parts that are there already, and live no more or not yet."""
    removes: tuple[File, ...] = ()
    items: Mapping[str, str] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    articles: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    superseded: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    editions: tuple[tuple[str, str, int], ...] = ()
    """(article_id, version_id, instant) of the articles it adds, to be ordered against the versions there are."""
    check: Callable[[Snapshot], None] = lambda _: None


def commit(
    root: Path | str,
    load_id: str,
    tables: Mapping[str, pa.Table],
    *,
    items: Mapping[str, str] | Iterable[str] = (),
    run_id: str,
    versions: Mapping[str, str],
    unless: Iterable[str] = (),
) -> Commit | None:
    """Write the tables of a load and publish them as the next version, all or nothing.

    Args:
        load_id: hash of the load's plan, hexadecimal, at most 40 characters.
        tables: by name; each must have exactly the stored schema. Empty ones write no part.
        items: what makes the load's items known, each with the capture_id it was read from where there is one; the version_ids
            of its articles are added to them.
        versions: version hashes, such as `extractor` and `lexicons`.
        unless: items that nobody may have brought meanwhile, such as tombstones of what is loaded.
    Returns:
        The commit, or None when the log has this load already; then nothing was written.
    Raises:
        LoadConflict: an item is known under another load.
        ValueError: a load_id or table that cannot be.
        OSError: the disk refused; the last version stands and the load may be repeated.
        DamagedLog: something is wrong with the log; nothing was written.
        NewerSchema: a newer program wrote some of the warehouse; nothing was written.
    """
    storage = Storage(root)
    check_tables(load_id, tables)
    editions = editions_of(tables)
    known = items if isinstance(items, Mapping) else dict.fromkeys(items, "")
    barred = tuple(unless)
    known = {item: capture[:16] for item, capture in known.items()} | {version: "" for _, version, _ in editions}
    snapshot = read_log(storage)
    if snapshot.has_load(load_id):
        return None
    _check_overlap(snapshot, (*known, *barred))
    at = now()
    draft = Draft(load_id, "load", run_id, versions, items=known, editions=editions)
    draft.check = lambda last: _check_overlap(last, (*known, *barred)) if last.version != snapshot.version else None
    with discarding(storage, draft):
        for name, table in tables.items():
            if table.num_rows:
                draft.written.append(write_part(storage, name, table, load_id, at))
        return publish_draft(storage, draft, at)


def item_key(digest: str, address: str | None) -> str:
    """The key by which the log knows a document again.

    A page's address belongs to its identity, a file's path does not: a file moved or copied is the same document.
    """
    return hashlib.sha256(f"{digest}\0{address or ''}".encode()).hexdigest()[:32]


def now() -> datetime:
    """Naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def check_tables(load_id: str, tables: Mapping[str, pa.Table]) -> None:
    """Refuse what no commit may hold.

    Raises:
        ValueError: a load_id that is no name, an unknown table, another schema than the stored one.
    """
    if not _LOAD_ID.fullmatch(load_id):
        raise ValueError(f"load_id {load_id!r}: 1 to 40 hexadecimal characters")
    for name, table in tables.items():
        if name not in TABLES:
            raise ValueError(f"no table {name!r}: one of {', '.join(TABLES)}")
        if not table.schema.equals(TABLES[name]):
            raise ValueError(f"table {name!r} has not the stored schema: make it with build_tables")


def editions_of(tables: Mapping[str, pa.Table]) -> tuple[tuple[str, str, int], ...]:
    """(article_id, version_id, instant) of the articles in a load; the instant is when it was changed or published."""
    table = tables.get("articles")
    if table is None:
        return ()
    names = ("article_id", "version_id", "modified_at", "published_at")
    rows = list(zip(*(table[name].to_pylist() for name in names), strict=True))
    if any(len(version) > 32 for _, version, _, _ in rows):
        raise ValueError("a version_id has more than 32 characters, which the index cannot hold")
    return tuple((article, version, seconds(modified or published)) for article, version, modified, published in rows)


def seconds(instant: datetime | None) -> int:
    """Seconds since 1970 of a naive UTC instant, 0 when unknown."""
    return int(instant.replace(tzinfo=UTC).timestamp()) if instant is not None else 0


def _check_overlap(snapshot: Snapshot, items: Iterable[str]) -> None:
    both = [item for item in items if item in snapshot.known]
    if both:
        raise LoadConflict(
            f"{len(both)} items are in another load already, such as {both[0]}: read the log again and plan again"
        )


def _newest(
    editions: Iterable[tuple[str, str, int]], known: Known
) -> tuple[dict[str, tuple[str, int]], tuple[str, ...]]:
    """The newest version of every article, and the versions that are so no more: ours, or those of earlier loads."""
    newest: dict[str, tuple[str, int]] = {}
    superseded: dict[str, None] = {}
    for article, version, instant in editions:
        rival = newest.get(article) or known.newest(article)
        if rival is not None and rival[0] != version:
            if rival[1] > instant:
                superseded[version] = None
                continue
            superseded[rival[0]] = None
        newest[article] = (version, instant)
    return newest, tuple(superseded)


@contextlib.contextmanager
def discarding(storage: Storage, draft: Draft) -> Iterator[None]:
    """Delete the draft's own parts when it comes to nothing. Their names are ours alone; after a doubtful publication they stay for gc.

    Raises:
        NewerSchema: a newer program wrote some of the warehouse; nothing was written.
        DamagedLog: likewise.
    """
    read_log(storage).check_writable()
    try:
        yield
    finally:
        with contextlib.suppress(OSError, CorruptFile):
            snapshot = read_log(storage)
            for file in draft.written:
                if not snapshot.is_live(file.path):
                    storage.delete(file.path)


def publish_draft(storage: Storage, draft: Draft, began: datetime) -> Commit | None:
    """Make a draft the next version, planning its place again as often as a rival is faster.

    Returns:
        The commit, or None when the log has the load already.
    Raises:
        LoadConflict: the draft does not fit what was committed meanwhile.
        CorruptFile: its own parts are gone, or so old that they may be collected as garbage.
    """
    rows: dict[str, int] = {}
    for sign, files in ((1, draft.written), (1, draft.revives), (-1, draft.removes)):
        for file in files:
            rows[file.table] = rows.get(file.table, 0) + sign * file.rows
    waiting = time.monotonic()
    while True:
        snapshot = read_log(storage)
        snapshot.check_writable()
        if draft.kind in ("load", "replace") and snapshot.has_load(draft.load_id):
            return None
        gone = next((f.path for f in draft.removes if not snapshot.is_live(f.path)), None)
        if gone is not None:
            raise LoadConflict(f"{gone} is not live any more: read the log again and plan again")
        taken = next((f.path for f in draft.written if snapshot.is_live(f.path)), None)
        if taken is not None:
            raise LoadConflict(f"{taken} is live already: a repair found it first; read the log again and plan again")
        draft.check(snapshot)
        _check_written(storage, draft, began)
        version = snapshot.version + 1
        newest, superseded = _newest(draft.editions, snapshot.known)
        done = Commit(
            version,
            draft.load_id,
            draft.kind,
            max(now(), snapshot.at),
            draft.run_id,
            {"schema": str(SCHEMA_VERSION), **draft.versions},
            tuple(_live(file, draft.load_id, version) for file in (*draft.written, *draft.revives)),
            tuple(file.path for file in draft.removes),
            {table: count for table, count in rows.items() if count},
            dict(draft.items),
            draft.gone,
            newest | dict(draft.articles),
            (*superseded, *draft.superseded),
            draft.settled,
            draft.replaces,
            snapshot.digest,
        )
        if publish(storage, done):
            break
        if time.monotonic() - waiting > _PUBLISH_WITHIN.total_seconds():
            raise LoadConflict("other commits were faster for half an hour; repeat the load")
    with contextlib.suppress(OSError, CorruptFile):  # it only saves time, and the commit stands
        keep_reading_short(storage, done.version)
    return done


def _live(file: File, load_id: str, version: int) -> File:
    return file._replace(load_id=load_id, version=version)


def _check_written(storage: Storage, draft: Draft, began: datetime) -> None:
    if now() - began > _PUBLISH_WITHIN:
        raise CorruptFile(f"load {draft.load_id}: its parts were written too long ago to be published; repeat the load")
    for file in (*draft.written, *draft.revives):
        if not any(entry.name == file.path for entry in storage.list(file.path)):
            raise CorruptFile(f"{storage.location(file.path)}: gone before it was committed; repeat the load")
