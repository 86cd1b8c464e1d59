"""DuckDB over the live parts: views named by the log, never by a glob, with their comments.

`connect` makes them in memory; `rebuild` keeps the same in `catalog.duckdb` for DuckDB's own command line and BI tools. That file
is derived: it may be deleted at any time.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from warehouse.log import Snapshot, read_log
from warehouse.record import locked, sync_folder
from warehouse.schema import DERIVED, FILES, LOADS, SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    import pyarrow as pa

VIEWS = (
    "articles",
    "events",
    "event_dyads",
    "event_evidence",
    "casualties",
    "timeline",
    "dyad",
    "article",
    "search",
)
"""The files of `views/`, in the order in which they build on each other; `help` comes last."""

MACROS = {"timeline": "timeline(country)", "dyad": "dyad(a, b)", "article": "article(id)", "search": "search(pattern)"}

_RAW = {"articles": "articles_all", "events": "events_all"}
"""Stored tables whose own name belongs to a view over them."""

_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


def connect(root: Path | str, version: int | None = None) -> duckdb.DuckDBPyConnection:
    """Open the warehouse for queries, as of a version, by default the last.

    Files under the root and the current folder may be read; the network and extensions are off, and stay off.
    Returns:
        An in-memory connection that keeps to its version whatever is committed meanwhile.
    Raises:
        LookupError: there is no such version.
        CorruptFile: the log cannot be read.
    """
    root = Path(root).resolve()
    snapshot = read_log(root, version)
    con = duckdb.connect(":memory:", config=_OFFLINE)
    try:
        con.execute("set parquet_metadata_cache = true")
        _define(con, root, snapshot)
        allowed = ", ".join(_quoted(str(p)) for p in dict.fromkeys([root, Path.cwd()]))
        con.execute(f"set allowed_directories = [{allowed}]")
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
    except BaseException:
        con.close()
        raise
    return con


def rebuild(root: Path | str) -> Path:
    """Make `catalog.duckdb` anew from the log and swap it in; readers that have the old one open keep it.

    Returns:
        Its path.
    Raises:
        OSError: the disk refused; the old file stands.
    """
    root = Path(root).resolve()
    root.mkdir(parents=True, exist_ok=True)
    final, temporary = root / "catalog.duckdb", root / f".catalog-{uuid.uuid4().hex}.tmp"
    with locked(root / ".catalog.lock"):
        for orphan in root.glob(".catalog-*"):  # of builders that were killed: nobody else builds now
            orphan.unlink(missing_ok=True)
        snapshot = read_log(root)  # inside the lock, or an older catalogue could replace a newer one
        con = duckdb.connect(":memory:", config=_OFFLINE)
        try:
            # A file of DuckDB's own newest format is refused by last year's command line.
            con.execute(f"attach {_quoted(str(temporary))} as catalog (storage_version 'v1.0.0')")
            con.execute("use catalog")
            _define(con, root, snapshot)
            con.execute("use memory")
            con.execute("detach catalog")
            con.close()
            temporary.replace(final)
            sync_folder(root)
        finally:
            con.close()
            for leftover in root.glob(f"{temporary.name}*"):  # with its write-ahead log
                leftover.unlink(missing_ok=True)
    return final


def view_text(name: str) -> str:
    """The SQL of one view or macro, with its head comment."""
    return (files("warehouse") / "views" / f"{name}.sql").read_text(encoding="utf-8")


def head(name: str) -> dict[str, str]:
    """The head comment of a view by key: grain, key, clock, example."""
    found: dict[str, str] = {}
    for line in view_text(name).splitlines():
        if not line.startswith("-- "):
            break
        key, _, rest = line[3:].partition(": ")
        found[key] = rest.strip()
    return found


def _define(con: duckdb.DuckDBPyConnection, root: Path, snapshot: Snapshot) -> None:
    for name, schema in TABLES.items():
        _base_view(con, root, snapshot, name, schema)
    _log_tables(con, snapshot)
    for name in VIEWS:
        con.execute(view_text(name))
    _help(con)
    _comments(con)


def _base_view(con: duckdb.DuckDBPyConnection, root: Path, snapshot: Snapshot, table: str, schema: pa.Schema) -> None:
    view = _RAW.get(table, table)
    live = snapshot.files.get(table, ())
    empty = "select " + ", ".join(f'null::{_sql_type(f.type)} as "{f.name}"' for f in schema) + " where false"
    body = empty
    if live:
        paths = ", ".join(_quoted(str(root / f.path)) for f in live)
        body = f"from read_parquet([{paths}], hive_partitioning = false)"
        if any(load.versions.get("schema") != str(SCHEMA_VERSION) for load in snapshot.loads):
            # Parts of an older schema answer like new ones; asking all parts for their columns costs time, so only then.
            body = f"{empty} union all by name from read_parquet([{paths}], hive_partitioning = false, union_by_name = true)"
    con.execute(f'create view "{view}" as {body}')


def _sql_type(kind: pa.DataType) -> str:
    import pyarrow as pa

    if pa.types.is_list(kind):
        return _sql_type(kind.value_type) + "[]"
    if pa.types.is_struct(kind):
        return (
            "struct("
            + ", ".join(f'"{kind.field(i).name}" {_sql_type(kind.field(i).type)}' for i in range(kind.num_fields))
            + ")"
        )
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


def _log_tables(con: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> None:
    """`loads`, `files` and `superseded` as small tables of their own: they come from the log, not from parts."""
    loads = [
        (
            c.version,
            c.load_id,
            c.kind,
            c.at,
            c.run_id,
            c.versions.get("extractor"),
            c.versions.get("lexicons"),
            *(c.rows.get(t, 0) for t in TABLES),
            sum(f.bytes for f in c.add),
        )
        for c in snapshot.loads
    ]
    live = [
        (f.table, f.path, f.rows, f.bytes, f.sha256, f.load_id, f.version) for fs in snapshot.files.values() for f in fs
    ]
    for name, schema, rows in (("loads", LOADS, loads), ("files", FILES, live)):
        con.execute(f'create table "{name}" (' + ", ".join(f'"{f.name}" {_sql_type(f.type)}' for f in schema) + ")")
        _insert(con, name, rows, schema)
    con.execute("create table superseded (version_id varchar)")
    _insert(con, "superseded", [(v,) for v in sorted(snapshot.superseded)], None)


def _insert(
    con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]], schema: pa.Schema | None
) -> None:
    if not rows:
        return
    import pyarrow as pa

    columns = list(zip(*rows, strict=True))
    schema = schema or pa.schema([("version_id", pa.string())])
    made = pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
    con.register("_rows", made)
    con.execute(f'insert into "{table}" select * from _rows')
    con.unregister("_rows")


_COMMENTS = {f.name: f.metadata[b"comment"].decode() for s in (*TABLES.values(), *DERIVED.values()) for f in s}


def _comments(con: duckdb.DuckDBPyConnection) -> None:
    """Say of every view, table, macro and column what it is."""
    schemas = {_RAW.get(n, n): s for n, s in TABLES.items()} | DERIVED
    said = [("view" if n in TABLES or n in _RAW.values() else "table", n, _about(s)) for n, s in schemas.items()]
    said += [("macro table" if n in MACROS else "view", n, head(n)["grain"]) for n in VIEWS]
    said += [("table", "superseded", "Wordings of articles that a newer wording has replaced")]
    said += [("view", "help", "Every view, macro and table, with an example")]
    statements = [f'comment on {kind} "{name}" is {_quoted(text)}' for kind, name, text in said]
    columns = con.execute(
        "select table_name, column_name from duckdb_columns() where database_name = current_database()"
    ).fetchall()
    for view, column in columns:
        of = TABLES.get(view) or schemas.get(view)  # the view `articles` has the columns of its table
        field = of.field(column) if of is not None and column in of.names else None
        text = field.metadata[b"comment"].decode() if field is not None else _COMMENTS.get(column)
        if text:
            statements.append(f'comment on column "{view}"."{column}" is {_quoted(text)}')
    con.execute(";\n".join(statements))


def _about(schema: pa.Schema) -> str:
    return str(schema.metadata[b"comment"].decode())


def _help(con: duckdb.DuckDBPyConnection) -> None:
    rows = []
    for name in VIEWS:
        top = head(name)
        rows.append((MACROS.get(name, name), "macro" if name in MACROS else "view", top["grain"], top["example"]))
    for name, schema in (*TABLES.items(), *DERIVED.items()):
        view = _RAW.get(name, name)
        example = f"select * from {view} limit 5"
        rows.append((view, "log" if name in DERIVED else "table", _about(schema), example))
    rows.append(("help", "view", "One view, table or macro of the warehouse", "from help"))
    values = ", ".join("(" + ", ".join(_quoted(v) for v in row) + ")" for row in rows)
    con.execute(f"create view help as select * from (values {values}) as h(name, kind, comment, example)")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
