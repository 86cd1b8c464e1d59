"""DuckDB over the live parts: views named by the log, never by a glob, with their comments.

`connect` makes them in memory; `rebuild` keeps the same in `catalog.duckdb` for DuckDB's own command line and BI tools. That file
is derived: it may be deleted at any time.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from warehouse import dictionary
from warehouse.dictionary import MACROS, VIEWS, help_rows, view_text
from warehouse.log import Snapshot, read_log
from warehouse.places import places_view
from warehouse.record import File, check_schema
from warehouse.schema import CODES, DERIVED, FILES, LOADS, NEWEST, RAW, SCHEMA_VERSION, TABLES
from warehouse.storage import Storage, fault, locked, sync_folder

if TYPE_CHECKING:
    import pyarrow as pa

OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


_TRIES = 5


def connect(
    root: Path | str, version: int | None = None, *, comments: bool = True, temporary: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """Open the warehouse for queries, as of a version, by default the last.

    Files under the root and the current folder may be read; the network and extensions are off, and stay off.
    Args:
        comments: whether every view, macro and column says what it is; it takes a fifth of a second.
        temporary: the folder for what does not fit into memory; by default a new one in the system's folder, made when it is needed.
    Returns:
        An in-memory connection that keeps to its version whatever is committed meanwhile.
    Raises:
        LookupError: there is no such version, or its parts were collected as garbage.
        CorruptFile: the log cannot be read.
        NewerSchema: a newer program wrote some of the parts.
    """
    storage = Storage(root)
    con = _opened(storage, version)
    try:
        if comments:
            _comment(con)
        # Else it would be `.tmp` in the current folder. Of no two connections the same: the first to close empties it.
        spills = temporary or Path(tempfile.gettempdir()) / f"dateline-{uuid.uuid4().hex}"
        con.execute(f"set temp_directory = {_quoted(str(spills))}")
        allowed = ", ".join(_quoted(str(p)) for p in dict.fromkeys([storage.root, Path.cwd()]))
        con.execute(f"set allowed_directories = [{allowed}]")
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
    except BaseException:
        con.close()
        raise
    return con


def _opened(storage: Storage, version: int | None) -> duckdb.DuckDBPyConnection:
    """All views of a version in memory. Of the last version, of a later one when its parts were collected meanwhile."""
    for attempt in range(_TRIES):
        snapshot = read_log(storage, version)
        if version is not None:
            _check_there(storage, snapshot)
        con = duckdb.connect(":memory:", config=OFFLINE)
        try:
            con.execute("set parquet_metadata_cache = true")
            _define(con, storage, snapshot)
            return con
        except duckdb.IOException:
            con.close()
            if attempt == _TRIES - 1 or version is not None or read_log(storage).version == snapshot.version:
                raise
        except BaseException:
            con.close()
            raise
    raise AssertionError("the last try returns or raises")


def _check_there(storage: Storage, snapshot: Snapshot) -> None:
    for file in (f for found in snapshot.files.values() for f in found):
        if not any(entry.name == file.path for entry in storage.list(file.path)):
            raise LookupError(
                f"version {snapshot.version}: its part {file.path} was collected; versions stay readable for as long as `gc` leaves their parts"
            )


def rebuild(root: Path | str) -> Path:
    """Make `catalog.duckdb` anew from the log and swap it in; readers that have the old one open keep it.

    Returns:
        Its path.
    Raises:
        OSError: the disk refused; the old file stands.
    """
    storage = Storage(root)
    root = storage.root
    root.mkdir(parents=True, exist_ok=True)
    final, temporary = root / "catalog.duckdb", root / f".catalog-{uuid.uuid4().hex}.tmp"
    with locked(root / ".catalog.lock"):
        for orphan in root.glob(".catalog-*"):  # of builders that were killed: nobody else builds now
            orphan.unlink(missing_ok=True)
        try:
            _build(storage, temporary)
            fault("catalogue")
            temporary.replace(final)
            sync_folder(root)
        finally:
            for leftover in root.glob(f"{temporary.name}*"):  # with its write-ahead log
                leftover.unlink(missing_ok=True)
    return final


def _build(storage: Storage, path: Path) -> None:
    """A database file with all views of the last version. Called under the lock, or an older one could replace a newer."""
    for attempt in range(_TRIES):
        snapshot = read_log(storage)
        path.unlink(missing_ok=True)
        with duckdb.connect(":memory:", config=OFFLINE) as con:
            try:
                # A file of DuckDB's own newest format is refused by last year's command line.
                con.execute(f"attach {_quoted(str(path))} as catalog (storage_version 'v1.0.0')")
                con.execute("use catalog")
                _define(con, storage, snapshot)
                _comment(con)
                con.execute("use memory")
                con.execute("detach catalog")
                return
            except duckdb.IOException as error:
                if read_log(storage).version == snapshot.version or attempt == _TRIES - 1:
                    raise OSError(f"{path}: {error}") from error


def _define(con: duckdb.DuckDBPyConnection, storage: Storage, snapshot: Snapshot) -> None:
    check_schema(storage, (f for found in snapshot.files.values() for f in found))
    for name, schema in TABLES.items():
        live = snapshot.files.get(name, ())
        con.execute(f'create view "{RAW.get(name, name)}" as {_select(storage, schema, live)}')
    for name, schema in (("loads", LOADS), ("files", FILES)):
        _table(con, name, schema, _load_rows(snapshot) if name == "loads" else _file_rows(snapshot))
    _table(con, "superseded", DERIVED["superseded"], [(v,) for v in sorted(snapshot.superseded)])
    for name, schema in CODES.items():
        _table(con, name, schema, _code_rows(name))
    for name, table in NEWEST.items():
        newest = [f for f in snapshot.files.get(table, ()) if not f.history]
        where = " anti join superseded using (version_id)" if snapshot.superseded else ""
        con.execute(f"create view {name} as select * from ({_select(storage, TABLES[table], newest)}){where}")
    for name in VIEWS:
        con.execute(places_view(view_text(name), storage.root))
    values = ", ".join("(" + ", ".join(_quoted(v) for v in row) + ")" for row in help_rows())
    con.execute(f"create view help as select * from (values {values}) as h(name, kind, comment, example)")


def _comment(con: duckdb.DuckDBPyConnection) -> None:
    columns = con.execute(
        "select table_name, column_name from duckdb_columns() where database_name = current_database()"
    ).fetchall()
    con.execute(";\n".join(f"comment on {what} is {_quoted(text)}" for what, text in dictionary.comments(columns)))


def _select(storage: Storage, schema: pa.Schema, live: Iterable[File]) -> str:
    live = list(live)
    older = any(f.schema != SCHEMA_VERSION for f in live)
    return base_select(schema, [storage.location(f.path) for f in live], mixed=older)


def base_select(schema: pa.Schema, paths: Sequence[str], *, mixed: bool = False, filename: bool = False) -> str:
    """The rows of some parts as SQL, typed also when there are none.

    Args:
        mixed: whether parts of an older schema are among them: asking all parts for their columns costs time.
        filename: adds the column `filename`, the part that holds the row.
    """
    columns = [f'null::{sql_type(f.type)} as "{f.name}"' for f in schema]
    empty = f"select {', '.join(columns + ['null::varchar as filename'] * filename)} where false"
    if not paths:
        return empty
    options = "hive_partitioning = false" + ", filename = true" * filename
    listed = ", ".join(_quoted(path) for path in paths)
    if mixed:
        return f"{empty} union all by name from read_parquet([{listed}], union_by_name = true, {options})"
    return f"from read_parquet([{listed}], {options})"


def sql_type(kind: pa.DataType) -> str:
    """DuckDB's name of a stored type."""
    import pyarrow as pa

    if pa.types.is_list(kind):
        return sql_type(kind.value_type) + "[]"
    if pa.types.is_struct(kind):
        inner = (kind.field(i) for i in range(kind.num_fields))
        return "struct(" + ", ".join(f'"{f.name}" {sql_type(f.type)}' for f in inner) + ")"
    return _SQL_TYPES[str(kind)]


_SQL_TYPES = {
    "string": "varchar",
    "timestamp[us]": "timestamp",
    "date32[day]": "date",
    "int32": "integer",
    "int64": "bigint",
    "double": "double",
    "bool": "boolean",
    "binary": "blob",
}


def _load_rows(snapshot: Snapshot) -> list[tuple[object, ...]]:
    return [
        (
            c.version,
            c.load_id,
            c.kind,
            c.at,
            c.run_id,
            c.versions.get("extractor"),
            c.versions.get("lexicons"),
            *(c.rows.get(t, 0) for t in TABLES),
            c.bytes,
        )
        for c in snapshot.loads
    ]


def _file_rows(snapshot: Snapshot) -> list[tuple[object, ...]]:
    return [
        (f.table, f.path, f.rows, f.bytes, f.sha256, f.load_id, f.version, f.history)
        for found in snapshot.files.values()
        for f in found
    ]


def _code_rows(name: str) -> list[tuple[object, ...]]:
    text = (files("warehouse") / "codes" / f"{name}.tsv").read_text(encoding="utf-8")
    return [tuple(cell or None for cell in line.split("\t")) for line in text.splitlines()[1:]]


def _table(con: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema, rows: Sequence[tuple[object, ...]]) -> None:
    """A small table of its own: what it holds comes from the log or from the package, not from parts."""
    import pyarrow as pa

    con.execute(f'create table "{name}" (' + ", ".join(f'"{f.name}" {sql_type(f.type)}' for f in schema) + ")")
    if rows:
        columns = zip(*rows, strict=True)
        made = pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
        con.register("_rows", made)
        con.execute(f'insert into "{name}" select * from _rows')
        con.unregister("_rows")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


__all__ = ["MACROS", "OFFLINE", "VIEWS", "base_select", "connect", "rebuild", "sql_type"]
