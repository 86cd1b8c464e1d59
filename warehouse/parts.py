"""Parts: immutable Parquet files, one a table and load, or one for many loads after compaction.

zstd level 3 is the knee of size against time; dictionaries go to columns with few values only; row groups are small where single rows
are looked up. Compacted parts are sorted and carry bloom filters, so that looking up an address opens one row group.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO

from warehouse.record import CorruptFile, File
from warehouse.schema import SCHEMA_VERSION, TABLES
from warehouse.storage import Storage

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP_BYTES = 16 << 20
"""Of bodies, before compression."""
_ROW_GROUP = {"articles": 4096}
_ROW_GROUP_DEFAULT = 122_880

_FEW_VALUES = (
    "source site language section genre wire coded uncoded_reason published_precision published_from extract_method media_type charset "
    "event_type event_mode status quad_class contexts actor_name recipient_name place_name actor_country actor_sector recipient_country recipient_sector actor_countries "
    "recipient_countries date_precision place_country admin1 place_precision precision rule_id trigger role kind qualifier unit country "
    "sector other_sectors how timex_type stage reason robots error load_id run_id extractor_version lexicon_version loaded_at"
)
_DICTIONARY = frozenset(_FEW_VALUES.split())
"""Columns whose values recur; elsewhere a dictionary costs time and saves nothing. Names that recur are counted by code, not by letter:
counting the actors of a type over five million rows took 60 ms instead of 160."""

SORTED_BY = {
    "articles": ("published_at", "article_id"),
    "events": ("date_start", "article_id", "char_start"),
    "event_actors": ("version_id", "event_id", "role", "ordinal"),
    "event_magnitudes": ("version_id", "event_id", "ordinal"),
    "mentions": ("version_id", "char_start"),
    "fetches": ("at",),
    "rejects": ("at",),
}
"""The order of rows in a compacted part; captures keep the order of their loads."""
_BLOOMS = {"articles": ("article_id", "version_id", "url"), "events": ("article_id", "version_id", "event_id", "url")}


def write_part(
    storage: Storage,
    name: str,
    tables: pa.Table | Iterable[pa.Table],
    load_id: str,
    at: datetime,
    *,
    month: str | None = None,
    compacted: bool = False,
    history: bool = False,
) -> File:
    """Write rows of one table under a name that was never used.

    Args:
        tables: a table, or the row groups themselves one by one, all in the stored schema.
        month: the folder; by default that of `at`.
        compacted: whether the rows are sorted, and long-lived enough for bloom filters.
    Returns:
        The part, not live before a record names it (`version` 0).
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    groups = row_groups(name, tables) if isinstance(tables, pa.Table) else tables
    path = f"{name}/month={month or f'{at:%Y-%m}'}/{load_id}-{uuid.uuid4().hex[:8]}.parquet"
    rows = 0

    def write(out: BinaryIO) -> None:
        nonlocal rows
        schema = TABLES[name]
        options = _options(name, schema, compacted)
        with pq.ParquetWriter(out, schema, use_dictionary=_dictionary(schema), **options) as writer:
            for piece in groups:
                writer.write_table(piece, row_group_size=max(1, piece.num_rows))
                rows += piece.num_rows

    stored = storage.put(path, write)
    return File(name, path, rows, stored.bytes, stored.sha256, load_id, 0, SCHEMA_VERSION, history)


def _options(name: str, schema: pa.Schema, compacted: bool) -> dict[str, object]:
    import pyarrow.parquet as pq

    options: dict[str, object] = {"compression": "zstd", "compression_level": 3, "store_schema": False}
    if compacted:
        blooms = {c: {"ndv": row_group_rows(name), "fpp": 0.01} for c in _BLOOMS.get(name, ())}
        if blooms:
            options["bloom_filter_options"] = blooms
        columns = [pq.SortingColumn(_leaf_of(schema, c)) for c in SORTED_BY.get(name, ())]
        if columns:
            options["sorting_columns"] = columns
    return options


def _leaf_of(schema: pa.Schema, column: str) -> int:
    """The number of a flat column in a Parquet file, where a nested one counts for as many as it has leaves."""
    return sum(_leaves(field.type) for field in list(schema)[: schema.get_field_index(column)])


def _leaves(kind: pa.DataType) -> int:
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return sum(_leaves(field.type) for field in kind)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _leaves(kind.value_type)
    return 1


def _dictionary(schema: pa.Schema) -> list[str]:
    # Parquet names the leaf of a list column, and asks for that.
    return [
        f"{f.name}.list.element" if str(f.type).startswith("list") else f.name for f in schema if f.name in _DICTIONARY
    ]


def row_group_rows(name: str) -> int:
    """How many rows of a table make a row group."""
    return _ROW_GROUP.get(name, _ROW_GROUP_DEFAULT)


def row_groups(name: str, table: pa.Table) -> Iterator[pa.Table]:
    """Cut a table into row groups: bodies by bytes, everything else by rows."""
    if name != "captures":
        step = row_group_rows(name)
        for start in range(0, table.num_rows, step):
            yield table.slice(start, step)
        return
    start = size = 0
    for i, count in enumerate(table["byte_count"].to_pylist()):
        if i > start and size + count > ROW_GROUP_BYTES:
            yield table.slice(start, i - start)
            start, size = i, 0
        size += count
    if table.num_rows:
        yield table.slice(start)


def check_part(storage: Storage, file: File) -> None:
    """Compare a part with what was committed.

    Raises:
        CorruptFile: it is missing or differs; the message names it and the remedy.
    """
    import hashlib

    where = storage.location(file.path)
    remedy = "restore it from a backup, or see what `dateline repair` can make of the rest"
    try:
        with storage.open(file.path) as part:
            digest = hashlib.file_digest(part, "sha256").hexdigest()
    except OSError as error:
        raise CorruptFile(f"{where}: {error.strerror}; {remedy}") from error
    if digest != file.sha256:
        raise CorruptFile(f"{where}: differs from what was committed; {remedy}")


def read_groups(storage: Storage, file: File) -> Iterator[pa.Table]:
    """The row groups of a part in today's schema: columns that it is older than are null.

    Raises:
        CorruptFile: it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with storage.open(file.path) as opened, pq.ParquetFile(opened) as part:
            for n in range(part.num_row_groups):
                yield in_schema(file.table, part.read_row_group(n))
    except (OSError, pa.ArrowException) as error:
        raise CorruptFile(f"{storage.location(file.path)}: {error}; restore it from a backup") from error


def is_sorted(storage: Storage, file: File) -> bool:
    """Whether a part says that its rows are in the order of compacted parts."""
    import pyarrow.parquet as pq

    with storage.open(file.path) as opened, pq.ParquetFile(opened) as part:
        return part.num_row_groups > 0 and bool(part.metadata.row_group(0).sorting_columns)


def in_schema(name: str, table: pa.Table) -> pa.Table:
    """A table with exactly the stored columns, missing ones null."""
    import pyarrow as pa

    schema = TABLES[name]
    arrays = [
        table[f.name].cast(f.type) if f.name in table.column_names else pa.nulls(table.num_rows, f.type) for f in schema
    ]
    return pa.table(arrays, schema=schema)


__all__ = [
    "ROW_GROUP_BYTES",
    "SORTED_BY",
    "check_part",
    "in_schema",
    "is_sorted",
    "read_groups",
    "row_group_rows",
    "row_groups",
    "write_part",
]
