"""DuckDB over the live parts: views named by the log, never by a glob, with their comments.

`connect` makes them in memory; `rebuild` keeps the same in `catalog.duckdb` for DuckDB's own command line and BI tools. That file
is derived: it may be deleted at any time.

It is a link to a file of its own name for each rebuild, in `.catalog`: so what another program writes into the one it has open (its
write-ahead log lies beside the file) never meets the next one. The name says of which version it is and for which folder: its views
name parts by absolute paths, and a copied or moved workspace must not answer with the rows of the original.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import re
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
from warehouse.schema import CODES, DERIVED, FILES, LOADS, NEWEST, RAW, TABLES
from warehouse.storage import Storage, fault, locked, sync_folder
from warehouse.threshold import shown_view

if TYPE_CHECKING:
    import pyarrow as pa

OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


_TRIES = 5
_MADE = re.compile(r"([0-9]{8,})-([0-9a-f]{8})-[0-9a-f]{8}\.duckdb")
_NO_SYMLINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES)


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
    with contextlib.suppress(OSError):  # what other programs read is made anew where it can be
        _rebuild_if_moved(storage)
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
            _define(con, storage, snapshot, newest=version is None)
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
        DamagedLog: something is wrong with the log; the old file stands.
    """
    storage = Storage(root)
    read_log(storage)
    storage.root.mkdir(parents=True, exist_ok=True)
    with locked(storage.root / ".catalog.lock"):
        return _rebuild(storage)


def _rebuild(storage: Storage) -> Path:
    """Called under the lock, or an older one could replace a newer."""
    final, folder = storage.root / "catalog.duckdb", storage.root / ".catalog"
    folder.mkdir(exist_ok=True)
    _clear(storage.root)  # of builders that were killed: nobody else builds now
    try:
        made = _build(storage, folder)
        fault("catalogue")
        _swap(made, final)
        sync_folder(storage.root)
    finally:
        _clear(storage.root)
    return final


def _swap(made: Path, final: Path) -> None:
    link = made.with_suffix(".link")
    try:
        link.symlink_to(Path(".catalog") / made.name)
    except OSError as error:
        if error.errno not in _NO_SYMLINKS:
            raise
        made.replace(final)  # a file system without links: the name is kept beside it
        made.with_suffix(".duckdb.name").touch()
        return
    link.replace(final)


def _made(root: Path) -> str | None:
    """The name under which the catalogue was made, '' of one that an older version made, None when there is none."""
    final = root / "catalog.duckdb"
    try:
        if final.is_symlink():
            return final.readlink().name if final.exists() else None
        if not final.exists():
            return None
        return max((p.stem for p in (root / ".catalog").glob("*.duckdb.name")), default="")
    except OSError:
        return ""


def _clear(root: Path) -> None:
    """Delete what is not the catalogue: earlier ones, with their write-ahead logs, and what was left half made."""
    kept = _made(root)
    for path in (*(root / ".catalog").glob("*"), *root.glob(".catalog-*")):
        if path.name not in (kept, f"{kept}.wal", f"{kept}.name"):
            path.unlink(missing_ok=True)


def _here(root: Path) -> str:
    return hashlib.sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:8]


def catalogue_version(root: Path) -> int | None:
    """The version that `catalog.duckdb` shows, None when there is none; -1 when it was made elsewhere, or by an older program."""
    made = _made(root)
    if made is None:
        return None
    found = _MADE.fullmatch(made)
    return int(found[1]) if found is not None and found[2] == _here(root) else -1


def _rebuild_if_moved(storage: Storage) -> None:
    if catalogue_version(storage.root) == -1:
        rebuild(storage.root)


def let_go(root: Path, version: int) -> bool:
    """See to it that the catalogue names no part that was taken out up to a version: to be called before such parts are deleted.

    Returns:
        Whether there is no catalogue any more: it was too old, and the disk had no room for another one.
    Raises:
        OSError: it is too old, and cannot be deleted either.
    """
    shown = catalogue_version(root)
    if shown is None or shown >= version:
        return False
    try:
        rebuild(root)
    except OSError:
        with locked(root / ".catalog.lock"):
            (root / "catalog.duckdb").unlink(missing_ok=True)
            _clear(root)
        return True
    return False


def _build(storage: Storage, folder: Path) -> Path:
    """A database file with all views of the last version, made in one transaction."""
    for attempt in range(_TRIES):
        snapshot = read_log(storage)
        path = folder / f"{snapshot.version:08d}-{_here(storage.root)}-{uuid.uuid4().hex[:8]}.duckdb"
        with duckdb.connect(":memory:", config=OFFLINE) as con:
            try:
                # A file of DuckDB's own newest format is refused by last year's command line.
                con.execute(f"attach {_quoted(str(path))} as catalog (storage_version 'v1.0.0')")
                con.execute("use catalog")
                con.execute("begin")
                _define(con, storage, snapshot, _only_here(storage.root, path), probe=attempt > 0)
                _comment(con)
                con.execute("commit")
                con.execute("use memory")
                con.execute("detach catalog")
                return path
            except duckdb.Error as error:
                same = read_log(storage).version == snapshot.version
                if (same and attempt) or attempt == _TRIES - 1:
                    raise OSError(f"{path}: {error}") from error
    raise AssertionError("the last try returns or raises")


def _only_here(root: Path, path: Path) -> str:
    """A condition that is true in the file of that path and an error in a copy. A relative path, as old programs give it, tells nothing."""
    places = ", ".join(_quoted(str(p)) for p in (path, root / "catalog.duckdb"))
    said = f"made in {root}, and copied or moved since: run `dateline status` on the workspace it lies in now"
    return (
        f"(select case when count(*) filter (path in ({places}) or path not like '/%') > 0 then true "
        f"else error({_quoted(f'catalog.duckdb: {said}')}) end from duckdb_databases())"
    )


def _define(
    con: duckdb.DuckDBPyConnection,
    storage: Storage,
    snapshot: Snapshot,
    condition: str = "",
    *,
    newest: bool = True,
    probe: bool = False,
) -> None:
    """All views and macros of a snapshot.

    Args:
        condition: that all views with rows of parts have.
        newest: whether it was the last version when it was read: then a part may be gone because the log went on.
        probe: whether each view is tried beside the connection's transaction, which a view that fails would end.
    """

    def view(name: str, schema: pa.Schema, live: Sequence[File], joins: str = "") -> None:
        body = f"select * from ({_select(storage, schema, live)}){joins}"
        try:
            if probe:
                with con.cursor() as beside:
                    beside.execute(f"select * from ({_select(storage, schema, live)}) limit 0")
            con.execute(f'create view "{name}" as {body}{where if live else ""}')
        except duckdb.Error as error:
            if newest and read_log(storage).version != snapshot.version:
                raise
            # Else one damaged part, if it is the first of its table, would take every answer with it.
            con.execute(f'create view "{name}" as {_broken(schema, f"{error}".splitlines()[0])}')

    check_schema(storage, (f for found in snapshot.files.values() for f in found))
    where = f" where {condition}" if condition else ""
    for name, schema in TABLES.items():
        live = snapshot.files.get(name, ())
        view(RAW.get(name, name), schema, live)
    for name, schema in (("loads", LOADS), ("files", FILES)):
        _table(con, name, schema, _load_rows(snapshot) if name == "loads" else _file_rows(snapshot))
    _table(con, "superseded", DERIVED["superseded"], [(v,) for v in sorted(snapshot.superseded)])
    for name, schema in CODES.items():
        _table(con, name, schema, _code_rows(name))
    for name, table in NEWEST.items():
        current = [f for f in snapshot.files.get(table, ()) if not f.history]
        joins = " anti join superseded using (version_id)" if snapshot.superseded else ""
        view(name, TABLES[table], current, joins)
    for name in VIEWS:
        con.execute(shown_view(places_view(view_text(name), storage.root), storage.root))
    values = ", ".join("(" + ", ".join(_quoted(v) for v in row) + ")" for row in help_rows())
    con.execute(f"create view help as select * from (values {values}) as h(name, kind, comment, example)")


def _comment(con: duckdb.DuckDBPyConnection) -> None:
    columns = con.execute(
        "select table_name, column_name from duckdb_columns() where database_name = current_database()"
    ).fetchall()
    con.execute(";\n".join(f"comment on {what} is {_quoted(text)}" for what, text in dictionary.comments(columns)))


def _select(storage: Storage, schema: pa.Schema, live: Iterable[File]) -> str:
    live = list(live)
    older = any(f.schema < int(schema.metadata[b"since"]) for f in live)
    return base_select(schema, [storage.location(f.path) for f in live], mixed=older)


def _broken(schema: pa.Schema, why: str) -> str:
    """A table that says why when it is asked, and not before."""
    said = _quoted(f"{why}; `dateline verify` names the damaged parts, `dateline repair` what can be done")
    # Each column is the error and so is the condition: what is constant, or asked for by nobody, is not evaluated.
    columns = ", ".join(f'error({said})::{sql_type(f.type)} as "{f.name}"' for f in schema)
    return f"select {columns} from range(1) as broken(n) where error({said} || n) is null"


def _nulls(schema: pa.Schema) -> list[str]:
    return [f'null::{sql_type(f.type)} as "{f.name}"' for f in schema]


def base_select(schema: pa.Schema, paths: Sequence[str], *, mixed: bool = False, filename: bool = False) -> str:
    """The rows of some parts as SQL, typed also when there are none.

    Args:
        mixed: whether parts of an older schema are among them: asking all parts for their columns costs time.
        filename: adds the column `filename`, the part that holds the row.
    """
    columns = _nulls(schema)
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


__all__ = ["MACROS", "OFFLINE", "VIEWS", "base_select", "catalogue_version", "connect", "let_go", "rebuild", "sql_type"]
