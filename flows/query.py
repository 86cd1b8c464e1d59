"""What `dateline sql` does: a statement to DuckDB over the live files, its result as a table or in a format for other programs."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

FORMATS = ("table", "csv", "json", "jsonl", "parquet", "markdown")
_ROWS_SHOWN = 40
_ROWS_AT_ONCE = 1000
_BATCH_ROWS = 50_000
_REFUSED = frozenset(
    ("COPY", "EXPORT", "ATTACH", "DETACH", "COPY_DATABASE", "LOAD", "CHECKPOINT", "VACUUM", "UPDATE_EXTENSIONS")
)
"""Statements that write files or open others: the warehouse is read-only from here."""


class QueryError(Exception):
    """A statement that cannot be answered, and what to do about it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


def run(
    root: Path,
    text: str,
    form: str | None,
    output: Path | None,
    version: int | None,
    timeout: float | None = None,
    *,
    comments: bool = False,
) -> None:
    """Run statements and write the result of the last.

    Args:
        timeout: seconds after which it is given up; None waits.
        comments: whether the statement asks what columns are.
    Raises:
        QueryError: the statement, the format or the version is wrong, or the time is over.
    """
    form = form or (_by_name(output) if output else "table" if sys.stdout.isatty() else "csv")
    if form not in FORMATS:
        raise QueryError(f"--format {form}: one of {', '.join(FORMATS)}")
    if form == "parquet" and output is None and sys.stdout.isatty():
        raise QueryError("--format parquet is no text", "name a file with --output, or send it into a pipe.")
    if not text.strip():
        raise QueryError("no statement", 'try: dateline sql "from help"')
    con = connect(root, version, comments=comments)
    with _asked(con, timeout):
        _answer(con, text, form, output)


@contextlib.contextmanager
def _asked(con: duckdb.DuckDBPyConnection, timeout: float | None) -> Iterator[None]:
    """Turn every failure of a statement into a `QueryError`; interrupt it when its time is over."""
    import duckdb

    timer = threading.Timer(timeout, con.interrupt) if timeout is not None else None
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        yield
    except duckdb.InterruptException as error:
        raise QueryError(
            f"stopped after {timeout:g} seconds" if timeout is not None else "stopped",
            "bound it by date or country, or give it more --timeout.",
        ) from error
    except duckdb.Error as error:  # its messages name the place, and for a wrong name the ones that come close
        raise QueryError(
            str(error), "views, columns and macros: dateline sql --tables; dateline sql --tables events"
        ) from error
    except OSError as error:
        raise QueryError(f"{error.filename or 'output'}: {error.strerror or error}") from error
    finally:
        if timer is not None:
            timer.cancel()


def connect(root: Path, version: int | None, *, comments: bool = False) -> duckdb.DuckDBPyConnection:
    """The warehouse at a version.

    Raises:
        QueryError: there is no such version, or it cannot be read.
    """
    import duckdb

    import warehouse

    try:
        return warehouse.connect(root, version, comments=comments)
    except duckdb.Error as error:  # a damaged part may be the one a view takes its columns from
        raise QueryError(str(error), "which parts are damaged: dateline verify") from error
    except (ValueError, LookupError) as error:
        raise QueryError(str(error.args[0]), 'versions: dateline sql "from loads"') from error
    except (warehouse.CorruptFile, warehouse.NewerSchema) as error:
        raise QueryError(str(error)) from error


def columns_query(name: str) -> str:
    """A statement that lists the columns of a view, macro or table, with their meaning."""
    quoted = name.partition("(")[0].replace("'", "''")
    return (
        "select column_name as column, data_type as type, comment from duckdb_columns() "
        f"where table_name = '{quoted}' and not internal order by column_index"
    )


def _by_name(output: Path) -> str:
    endings = {
        ".csv": "csv",
        ".json": "json",
        ".jsonl": "jsonl",
        ".parquet": "parquet",
        ".md": "markdown",
        ".txt": "table",
    }
    return endings.get(output.suffix, "csv")


def _answer(con: duckdb.DuckDBPyConnection, text: str, form: str, output: Path | None) -> None:
    for statement in con.extract_statements(text):
        if statement.type.name in _REFUSED:
            raise QueryError(
                f"{statement.type.name}: the warehouse is only read from here",
                "write a result with --output FILE; a copy of everything: dateline export DIR",
            )
    if form == "table":
        relation = con.sql(text)
        if relation is None:  # a statement without rows, such as a SET
            return
        if output is None:
            relation.show(max_rows=_ROWS_SHOWN, max_width=_width())
        else:
            output.write_text(str(relation), encoding="utf-8")
    elif form == "parquet":
        _parquet(con, text, output if output is not None else sys.stdout.buffer)
    else:
        cursor = con.execute(text)
        if cursor.description:
            with _opened(output) as out:
                _write(cursor, form, out)


def write_rows(con: duckdb.DuckDBPyConnection, text: str, form: str, path: Path) -> int:
    """Write the rows of a query to a file, in batches.

    Returns:
        How many.
    """
    if form == "parquet":
        return _parquet(con, text, path)
    with _opened(path) as out:
        return _write(con.execute(text), form, out)


def _width() -> int:
    return max(80, shutil.get_terminal_size((160, 40)).columns)


@contextlib.contextmanager
def _opened(output: Path | None) -> Iterator[IO[str]]:
    if output is None:
        yield sys.stdout
    else:
        with output.open("w", encoding="utf-8", newline="") as file:
            yield file


def _parquet(con: duckdb.DuckDBPyConnection, text: str, where: Any) -> int:
    import pyarrow.parquet as pq

    relation = con.sql(text)
    if relation is None:
        return 0
    batches = relation.to_arrow_reader(_BATCH_ROWS)
    rows = 0
    with pq.ParquetWriter(where, batches.schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _write(cursor: duckdb.DuckDBPyConnection, form: str, out: IO[str]) -> int:
    columns = [c[0] for c in cursor.description or ()]
    count = 0
    if form == "csv":
        import csv

        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        for row in _rows(cursor):
            writer.writerow([_cell(v) for v in row])
            count += 1
        return count
    if form == "markdown":
        out.write("| " + " | ".join(columns) + " |\n|" + " --- |" * len(columns) + "\n")
        for row in _rows(cursor):
            out.write("| " + " | ".join(_cell(v).replace("|", "\\|").replace("\n", " ") for v in row) + " |\n")
            count += 1
        return count
    for row in _rows(cursor):
        line = json.dumps(dict(zip(columns, map(_finite, row), strict=True)), ensure_ascii=False, default=_plain)
        out.write((line + "\n") if form == "jsonl" else ("[" if not count else ",\n") + line)
        count += 1
    if form == "json":
        out.write("]\n" if count else "[]\n")
    return count


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(_ROWS_AT_ONCE):
        yield from rows


def _finite(value: object) -> object:
    """JSON has no NaN and no infinity: they are null there."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    return _plain(value) if not isinstance(value, (int, float, str)) else str(value)


def _plain(value: object) -> str:
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def prompt(root: Path, version: int | None) -> None:
    """A prompt: statements end with a semicolon or an empty line; `.tables`, `.columns NAME`, `.quit`. Keeps its history."""
    con = connect(root, version, comments=True)
    with _history(root / ".sql_history"):
        print(f"{root}: .tables and .columns NAME say what there is, `from help;` with examples; .quit leaves")
        pending: list[str] = []
        while True:
            try:
                line = input("dateline> " if not pending else "      ...> ")
            except EOFError:
                print()
                return
            except KeyboardInterrupt:  # leaves the line, not the prompt
                print()
                pending.clear()
                continue
            command, _, rest = line.strip().partition(" ")
            if command in (".quit", ".exit", "quit", "exit"):
                return
            if command in (".tables", ".columns"):
                _show(con, columns_query(rest.strip()) if command == ".columns" else "from help")
                continue
            pending.append(line)
            statement = "\n".join(pending).strip()
            if statement and (statement.endswith(";") or not line.strip()):
                pending.clear()
                _show(con, statement)


def _show(con: duckdb.DuckDBPyConnection, statement: str) -> None:
    try:
        with _asked(con, None):
            _answer(con, statement, "table", None)
    except QueryError as error:
        print(error)
    except KeyboardInterrupt:
        con.interrupt()
        print("stopped")


@contextlib.contextmanager
def _history(path: Path) -> Iterator[None]:
    """Line editing with a history that outlives the prompt, where the platform has it."""
    try:
        import readline
    except ImportError:
        yield
        return
    with contextlib.suppress(OSError):
        readline.read_history_file(path)
    readline.set_history_length(1000)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            readline.write_history_file(path)
            path.chmod(0o600)
