"""The commit: immutable Parquet parts first, then one record of the log that makes them all live at once.

Nothing needs recovery after a kill: parts that no record names are garbage, and a load that is repeated writes parts of its own.
A part's name is written once and never used again, so a slow twin of a load cannot touch what is committed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import signal
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.index import CHECKPOINT_EVERY, Known
from warehouse.log import Snapshot, read_log, write_checkpoint
from warehouse.record import Articles, Commit, CorruptFile, File, publish, sync_folder
from warehouse.schema import SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    import pyarrow as pa

_LOAD_ID = re.compile(r"[0-9a-f][0-9a-f-]{0,39}")
_ROW_GROUP = {"articles": 4096}
_ROW_GROUP_DEFAULT = 122_880
_ROW_GROUP_BYTES = 16 << 20

_FEW_VALUES = (
    "source site language section wire coded uncoded_reason published_precision published_from extract_method media_type charset "
    "event_type event_mode status quad_class contexts actor_country actor_sector recipient_country recipient_sector actor_countries "
    "recipient_countries date_precision place_country admin1 place_precision precision rule_id trigger role kind qualifier unit country "
    "sector other_sectors how timex_type stage reason robots error load_id run_id extractor_version lexicon_version loaded_at"
)
_DICTIONARY = frozenset(_FEW_VALUES.split())
"""Columns with few values; elsewhere a dictionary costs time and saves nothing."""


class LoadConflict(Exception):
    """Another load holds some of these items, or a part to be removed is gone: read the log again and plan again."""


def commit(
    root: Path | str,
    load_id: str,
    tables: Mapping[str, pa.Table],
    *,
    kind: str = "load",
    item_ids: Iterable[str] = (),
    removes: Iterable[str] = (),
    run_id: str,
    versions: Mapping[str, str],
) -> Commit | None:
    """Write the tables and publish them as the next version, all or nothing.

    Args:
        load_id: hash of the load's plan, hexadecimal, at most 40 characters.
        tables: by name; each must have exactly the stored schema. Empty ones write no part.
        item_ids: what makes the load's items known; the version_ids of its articles are added to them.
        removes: paths of live parts that this commit takes out.
        versions: version hashes, such as `extractor` and `lexicons`.
    Returns:
        The commit, or None when the log has this load already; then nothing was written.
    Raises:
        LoadConflict: an item is known under another load, or a path in `removes` is not live.
        ValueError: a load_id or table that cannot be.
        OSError: the disk refused; the last version stands and the load may be repeated.
    """
    root = Path(root).resolve()
    _check(load_id, tables)
    editions = _editions(tables)
    items = tuple(dict.fromkeys([*item_ids, *(version for _, version, _ in editions)]))
    removes = tuple(removes)
    snapshot = read_log(root)
    if load_id in snapshot.load_ids:
        return None
    _check_overlap(snapshot, kind, items, removes)
    at = datetime.now(UTC).replace(tzinfo=None)
    written: list[File] = []
    try:
        for name, table in tables.items():
            if table.num_rows:
                written.append(_write_part(root, name, table, load_id, at))
        _fault("after_part")
        done = _publish(root, load_id, kind, at, run_id, written, removes, items, dict(versions), editions)
    except BaseException:
        _discard(root, written)
        raise
    if done is None:
        _discard(root, written)
    elif done.version % CHECKPOINT_EVERY == 0:
        with contextlib.suppress(OSError):  # it only saves time, and the commit stands
            write_checkpoint(root, done.version)
    return done


def _check(load_id: str, tables: Mapping[str, pa.Table]) -> None:
    if not _LOAD_ID.fullmatch(load_id):
        raise ValueError(f"load_id {load_id!r}: 1 to 40 hexadecimal characters")
    for name, table in tables.items():
        if name not in TABLES:
            raise ValueError(f"no table {name!r}: one of {', '.join(TABLES)}")
        if not table.schema.equals(TABLES[name]):
            raise ValueError(f"table {name!r} has not the stored schema: make it with build_tables")


def _editions(tables: Mapping[str, pa.Table]) -> list[tuple[str, str, int]]:
    """(article_id, version_id, instant) of the articles in a load; the instant is when it was changed or published."""
    table = tables.get("articles")
    if table is None:
        return []
    names = ("article_id", "version_id", "modified_at", "published_at")
    rows = zip(*(table[name].to_pylist() for name in names), strict=True)
    if any(len(version) > 32 for version in table["version_id"].to_pylist()):
        raise ValueError("a version_id has more than 32 characters, which the index cannot hold")
    return [(article, version, _seconds(modified or published)) for article, version, modified, published in rows]


def _seconds(instant: datetime | None) -> int:
    return int(instant.replace(tzinfo=UTC).timestamp()) if instant is not None else 0


def _resolve(editions: Iterable[tuple[str, str, int]], known: Known) -> tuple[Articles, tuple[str, ...]]:
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


def _check_overlap(snapshot: Snapshot, kind: str, items: Iterable[str], removes: Iterable[str]) -> None:
    if kind == "load":
        both = [item for item in items if item in snapshot.known]
        if both:
            raise LoadConflict(
                f"{len(both)} items are in another load already, such as {both[0]}: read the log again and plan again"
            )
    gone = [path for path in removes if path not in snapshot.paths] if removes else []
    if gone:
        raise LoadConflict(f"{gone[0]} is not live any more: read the log again and plan again")


def _publish(
    root: Path,
    load_id: str,
    kind: str,
    at: datetime,
    run_id: str,
    written: list[File],
    removes: tuple[str, ...],
    items: tuple[str, ...],
    versions: dict[str, str],
    editions: list[tuple[str, str, int]],
) -> Commit | None:
    versions = {"schema": str(SCHEMA_VERSION), **versions}
    rows = {f.table: f.rows for f in written}
    while True:
        snapshot = read_log(root)
        if load_id in snapshot.load_ids:
            return None
        _check_overlap(snapshot, kind, items, removes)
        for file in written:
            if not (root / file.path).exists():
                raise CorruptFile(f"{root / file.path}: gone before it was committed; repeat the load")
        version = snapshot.version + 1
        articles, superseded = _resolve(editions, snapshot.known)
        add = tuple(File(f.table, f.path, f.rows, f.bytes, f.sha256, load_id, version) for f in written)
        done = Commit(version, load_id, kind, at, run_id, add, removes, rows, items, versions, superseded)
        _fault("before_link")
        if publish(root, done, articles):
            _fault("after_link")
            return done


def _write_part(root: Path, name: str, table: pa.Table, load_id: str, at: datetime) -> File:
    import pyarrow.parquet as pq

    folder = root / name / f"month={at:%Y-%m}"
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    if new:
        sync_folder(folder.parent)
        sync_folder(root)
    final = folder / f"{load_id}-{uuid.uuid4().hex[:8]}.parquet"
    temporary = folder / f".{uuid.uuid4().hex}.tmp"
    try:
        with temporary.open("wb") as out:
            with pq.ParquetWriter(
                out,
                table.schema,
                compression="zstd",
                compression_level=3,
                use_dictionary=_dictionary(table.schema),
                store_schema=False,
            ) as writer:
                for piece in _row_groups(name, table):
                    writer.write_table(piece, row_group_size=max(1, piece.num_rows))
            out.flush()
            os.fsync(out.fileno())
        digest = _sha256(temporary)
        size = temporary.stat().st_size
        temporary.rename(final)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(folder)
    return File(name, final.relative_to(root).as_posix(), table.num_rows, size, digest, load_id, 0)


def _dictionary(schema: pa.Schema) -> list[str]:
    # Parquet names the leaf of a list column, and asks for that.
    return [
        f"{f.name}.list.element" if str(f.type).startswith("list") else f.name for f in schema if f.name in _DICTIONARY
    ]


def _row_groups(name: str, table: pa.Table) -> Iterable[pa.Table]:
    """Cut a table into row groups: bodies by bytes, everything else by rows."""
    if name != "captures":
        step = _ROW_GROUP.get(name, _ROW_GROUP_DEFAULT)
        for start in range(0, table.num_rows, step):
            yield table.slice(start, step)
        return
    start = size = 0
    for i, count in enumerate(table["byte_count"].to_pylist()):
        if i > start and size + count > _ROW_GROUP_BYTES:
            yield table.slice(start, i - start)
            start, size = i, 0
        size += count
    yield table.slice(start)


def _sha256(path: Path) -> str:
    with path.open("rb") as part:
        return hashlib.file_digest(part, "sha256").hexdigest()


def _discard(root: Path, written: Iterable[File]) -> None:
    """Delete own parts that no record names. The names are ours alone; after a doubtful publication they stay for gc."""
    with contextlib.suppress(OSError, CorruptFile):
        live = read_log(root).paths
        for file in written:
            if file.path not in live:
                (root / file.path).unlink(missing_ok=True)


def verify(root: Path | str) -> list[CorruptFile]:
    """Every live part against its sha256.

    Returns:
        One error for each part that is missing or differs; empty when all is well.
    """
    root = Path(root).resolve()
    bad = []
    for files in read_log(root).files.values():
        for file in files:
            try:
                if _sha256(root / file.path) != file.sha256:
                    bad.append(
                        CorruptFile(
                            f"{root / file.path}: differs from what was committed; restore it, or reextract {file.load_id}"
                        )
                    )
            except OSError as error:
                bad.append(
                    CorruptFile(f"{root / file.path}: {error.strerror}; restore it, or reextract load {file.load_id}")
                )
    return bad


def _fault(point: str) -> None:
    """For the tests of a sudden end: die here if the environment says so."""
    if os.environ.get("DATELINE_FAULT") == point:
        os.kill(os.getpid(), signal.SIGKILL)
