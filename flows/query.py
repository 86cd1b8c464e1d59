"""What `dateline sql` does: a statement to DuckDB over the live files, its result as a table or in a format for other programs."""

from __future__ import annotations

import contextlib
import io
import json
import math
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from flows.landlock import confine
from flows.outfile import NotWritten, whole_file
from flows.statements import Refused, readable
from flows.wording import for_cell, for_json, for_markdown, for_terminal

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")

FORMATS = ("table", "csv", "json", "jsonl", "parquet", "markdown")
_ROWS_SHOWN = 40
_ROWS_AT_ONCE = 1000
_BATCH_ROWS = 50_000


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
    raw: bool = False,
    replace: Callable[[Path], bool] = lambda _: False,
) -> None:
    """Run statements that only read, and write the result of the last.

    Args:
        timeout: seconds after which it is given up; None waits.
        comments: whether the statement asks what columns are.
        raw: CSV cells as they are stored, also those that a spreadsheet would run.
        replace: asked whether a file that is there may be replaced.
    Raises:
        QueryError: the statement, the format, the file or the version is wrong, or the time is over.
    """
    form = form or (_by_name(output) if output else "table" if sys.stdout.isatty() else "csv")
    if form not in FORMATS:
        raise QueryError(f"--format {form}: one of {', '.join(FORMATS)}")
    if form == "parquet" and output is None and sys.stdout.isatty():
        raise QueryError("--format parquet is no text", "name a file with --output, or send it into a pipe.")
    if text != text.encode(errors="replace").decode():
        raise QueryError("the statement is not UTF-8", "the terminal or the file has another encoding.")
    if not text.strip():
        raise QueryError("no statement", 'try: dateline sql "from help"')
    try:
        # The file is opened and moved to its place out here: behind the wall nothing can be written but what is open.
        with _opened(output, root, form, replace) as out, _walled(root, version, comments) as asking:
            asking(lambda con: _answer(con, text, form, out, raw), timeout)
    except NotWritten as error:
        raise QueryError(str(error), error.remedy) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        raise QueryError(f"{error.filename or output or 'output'}: {error.strerror or error}") from error


@contextlib.contextmanager
def _opened(output: Path | None, root: Path, form: str, replace: Callable[[Path], bool]) -> Iterator[IO[Any]]:
    if output is None:
        yield sys.stdout.buffer if form == "parquet" else sys.stdout
    else:
        with whole_file(output, root, binary=form == "parquet", replace=replace) as file:
            yield file


Asking = Callable[..., Any]


@contextlib.contextmanager
def _walled(root: Path, version: int | None, comments: bool) -> Iterator[Asking]:
    """The warehouse in a thread that can write nothing but what DuckDB spills, where the kernel sees to that.

    Yields:
        A function that runs another one there, with the connection and a time limit in seconds, and returns what it returns.
    """
    with (
        tempfile.TemporaryDirectory(prefix="dateline-") as spills,
        ThreadPoolExecutor(1, "sql", confine, ([spills],)) as pool,
    ):
        con = pool.submit(connect, root, version, comments=comments, temporary=Path(spills)).result()

        def asking(do: Callable[[duckdb.DuckDBPyConnection], T], timeout: float | None = None) -> T:
            with _asked(con, timeout):
                try:
                    return pool.submit(do, con).result()
                except KeyboardInterrupt:
                    con.interrupt()
                    raise

        try:
            yield asking
        finally:
            pool.submit(con.close).result()


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
    except Refused as error:
        raise QueryError(str(error), error.remedy) from error
    except duckdb.Error as error:  # its messages name the place, and for a wrong name the ones that come close
        raise QueryError(
            str(error), "views, columns and macros: dateline sql --tables; dateline sql --tables events"
        ) from error
    finally:
        if timer is not None:
            timer.cancel()


def connect(
    root: Path, version: int | None, *, comments: bool = False, temporary: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """The warehouse at a version.

    Args:
        temporary: the folder for what does not fit into memory; None lets one be chosen.
    Raises:
        QueryError: there is no such version, or it cannot be read.
    """
    import duckdb

    import warehouse

    try:
        return warehouse.connect(root, version, comments=comments, temporary=temporary)
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


def _answer(con: duckdb.DuckDBPyConnection, text: str, form: str, out: IO[Any], raw: bool = False) -> None:
    statements = readable(con, text)
    if not statements:
        raise QueryError("no statement", 'try: dateline sql "from help"')
    for statement in statements[:-1]:
        con.execute(statement)
    if form == "table":
        out.write(_drawn(con.sql(statements[-1]), whole=out is not sys.stdout))
    elif form == "parquet":
        _parquet(con, statements[-1], out)
    else:
        _write(con.execute(statements[-1]), form, out, raw)


def _drawn(relation: duckdb.DuckDBPyRelation, whole: bool) -> str:
    """A result as a table of characters; DuckDB shows escape characters of cells, but no other ones that a terminal obeys."""
    with contextlib.redirect_stdout(io.StringIO()) as drawn:
        if whole:
            print(relation)
        else:
            relation.show(max_rows=_ROWS_SHOWN, max_width=_width())
    return for_terminal(drawn.getvalue(), lines=True)


def write_rows(con: duckdb.DuckDBPyConnection, text: str, form: str, path: Path, *, raw: bool = False) -> int:
    """Write the rows of a query to a new file, in batches.

    Args:
        raw: as of `run`.
    Returns:
        How many.
    """
    if form == "parquet":
        return _parquet(con, text, path)
    with path.open("w", encoding="utf-8", newline="") as out:
        return _write(con.execute(text), form, out, raw)


def _width() -> int:
    return max(80, shutil.get_terminal_size((160, 40)).columns)


def _parquet(con: duckdb.DuckDBPyConnection, text: str, where: Any) -> int:
    import pyarrow.parquet as pq

    batches = con.sql(text).to_arrow_reader(_BATCH_ROWS)
    rows = 0
    with pq.ParquetWriter(where, batches.schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _write(cursor: duckdb.DuckDBPyConnection, form: str, out: IO[str], raw: bool) -> int:
    columns = [c[0] for c in cursor.description or ()]
    count = 0
    if form == "csv":
        import csv

        writer = csv.writer(out, lineterminator="\n")
        kept: Callable[[str], str] = str if raw else for_cell
        writer.writerow([kept(c) for c in columns])
        for row in _rows(cursor):
            writer.writerow([kept(_cell(v)) if _is_text(v) else _cell(v) for v in row])
            count += 1
        return count
    if form == "markdown":
        out.write("| " + " | ".join(map(for_markdown, columns)) + " |\n|" + " --- |" * len(columns) + "\n")
        for row in _rows(cursor):
            cells = (for_markdown(_cell(v).replace("\n", " ")) if _is_text(v) else _cell(v) for v in row)
            out.write("| " + " | ".join(cells) + " |\n")
            count += 1
        return count
    for row in _rows(cursor):
        line = for_json(dict(zip(columns, map(_finite, row), strict=True)), _plain)
        out.write((line + "\n") if form == "jsonl" else ("[" if not count else ",\n") + line)
        count += 1
    if form == "json":
        out.write("]\n" if count else "[]\n")
    return count


def _is_text(value: object) -> bool:
    """Whether a cell holds what strangers wrote: a text, or a list or structure of such."""
    return isinstance(value, (str, list, dict, tuple))


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
    with _history(root / ".sql_history"), _walled(root, version, comments=True) as asking:
        print(
            for_terminal(
                f"{root}: .tables and .columns NAME say what there is, `from help;` with examples; .quit leaves"
            )
        )
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
                _show(asking, columns_query(rest.strip()) if command == ".columns" else "from help")
                continue
            pending.append(line)
            statement = "\n".join(pending).strip()
            if statement and (statement.endswith(";") or not line.strip()):
                pending.clear()
                _show(asking, statement)


def _show(asking: Asking, statement: str) -> None:
    try:
        asking(lambda con: _answer(con, statement, "table", sys.stdout))
    except QueryError as error:
        print(for_terminal(error, lines=True))
    except KeyboardInterrupt:
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
