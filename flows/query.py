"""What `sql` and `status` do: a statement to DuckDB over the live files, its result as a table or in a format for other programs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

FORMATS = ("table", "csv", "json", "jsonl", "parquet", "markdown")
_ROWS_SHOWN = 40


class QueryError(Exception):
    """A statement that cannot be answered, and what to do about it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


def run(root: Path, text: str, form: str | None, output: Path | None, version: int | None) -> None:
    """Run one statement and write its result.

    Raises:
        QueryError: the statement, the format or the version is wrong.
    """
    form = form or (_by_name(output) if output else "table" if sys.stdout.isatty() else "csv")
    if form not in FORMATS:
        raise QueryError(f"--format {form}: one of {', '.join(FORMATS)}")
    if form == "parquet" and output is None and sys.stdout.isatty():
        raise QueryError("--format parquet is no text", "name a file with --output, or send it into a pipe.")
    if not text.strip():
        raise QueryError("no statement", 'try: dateline sql "from help"')
    con = _connect(root, version)
    try:
        _answer(con, text, form, output)
    except QueryError:
        raise
    except OSError as error:
        raise QueryError(f"{output}: {error.strerror or error}") from error
    except Exception as error:  # duckdb's own tree of errors; its messages name the place
        raise QueryError(str(error), 'views, columns and macros: dateline sql "from help"') from error


def _connect(root: Path, version: int | None) -> duckdb.DuckDBPyConnection:
    import warehouse

    try:
        return warehouse.connect(root, version)
    except (ValueError, LookupError) as error:
        raise QueryError(str(error), 'versions: dateline sql "from loads"') from error


def _by_name(output: Path) -> str:
    return {".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".parquet": "parquet", ".md": "markdown"}.get(
        output.suffix, "csv"
    )


def _answer(con: duckdb.DuckDBPyConnection, text: str, form: str, output: Path | None) -> None:
    if form in ("table", "parquet"):
        relation = con.sql(text)
        if relation is None:  # a statement without rows, such as COPY
            return
        if form == "parquet":
            _parquet(relation, output)
        elif output is None:
            relation.show(max_rows=_ROWS_SHOWN, max_width=_width())
        else:
            output.write_text(str(relation), encoding="utf-8")
        return
    cursor = con.execute(text)
    if cursor.description:
        with _opened(output) as out:
            _write(cursor, form, out)


def _width() -> int:
    import shutil

    return max(80, shutil.get_terminal_size((160, 40)).columns)


class _opened:
    def __init__(self, output: Path | None) -> None:
        self.output = output

    def __enter__(self) -> IO[str]:
        self.file = open(self.output, "w", encoding="utf-8", newline="") if self.output else sys.stdout
        return self.file

    def __exit__(self, *_: object) -> None:
        if self.output:
            self.file.close()


def _parquet(relation: Any, output: Path | None) -> None:
    import pyarrow.parquet as pq

    pq.write_table(relation.to_arrow_table(), output if output else sys.stdout.buffer, compression="zstd")


def _write(cursor: duckdb.DuckDBPyConnection, form: str, out: IO[str]) -> None:
    columns = [c[0] for c in cursor.description or ()]
    if form == "csv":
        import csv

        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        for row in _rows(cursor):
            writer.writerow([_cell(v) for v in row])
        return
    if form == "markdown":
        out.write("| " + " | ".join(columns) + " |\n|" + " --- |" * len(columns) + "\n")
        for row in _rows(cursor):
            out.write("| " + " | ".join(_cell(v).replace("|", "\\|").replace("\n", " ") for v in row) + " |\n")
        return
    import json

    first = True
    for row in _rows(cursor):
        line = json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, default=_plain)
        out.write((line + "\n") if form == "jsonl" else ("[" if first else ",\n") + line)
        first = False
    if form == "json":
        out.write("[]\n" if first else "]\n")


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(1000):
        yield from rows


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        import json

        return json.dumps(value, ensure_ascii=False, default=_plain)
    return _plain(value) if not isinstance(value, (int, float, str)) else str(value)


def _plain(value: object) -> str:
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def prompt(root: Path, version: int | None) -> None:
    """A prompt: statements end with a semicolon, an empty line or the end of the input; `.quit` leaves."""
    con = _connect(root, version)
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 (line editing and history, where the platform has it)
    print(f"{root}: `from help;` lists views and macros; .quit leaves")
    pending: list[str] = []
    while True:
        try:
            line = input("dateline> " if not pending else "      ...> ")
        except (EOFError, KeyboardInterrupt):
            print()
            return
        if line.strip() in (".quit", ".exit", "quit", "exit"):
            return
        pending.append(line)
        statement = "\n".join(pending).strip()
        if not statement or not (statement.endswith(";") or not line.strip()):
            continue
        pending.clear()
        try:
            _answer(con, statement, "table", None)
        except Exception as error:  # shown, and the prompt goes on
            print(error)


def show_status(root: Path) -> None:
    """Print what a workspace holds."""
    from rich.console import Console
    from rich.table import Table

    import warehouse

    console = Console()
    snapshot = warehouse.read_log(root)
    console.print(f"[bold]{root}[/]  version {snapshot.version}, {len(snapshot.loads):,} loads")
    if not snapshot.version:
        console.print("nothing is stored yet: `dateline ingest PATH` fills it, `dateline demo` shows one")
        return
    con = warehouse.connect(root)
    table = Table("table", "rows", "files", "MB", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, rows, files, size in con.execute(
        'select "table", sum(rows), count(*), sum(bytes) / 1e6 from files group by all order by 1'
    ).fetchall():
        table.add_row(name, f"{rows:,}", f"{files:,}", f"{size:,.1f}")
    console.print(table)
    for title, query in _STATUS:
        found = con.execute(query).fetchall()
        if found:
            console.print(f"{title}: " + ", ".join(" ".join(str(c) for c in row) for row in found))


_STATUS = (
    (
        "published",
        "select min(published_at)::date, '…', max(published_at)::date from articles having count(published_at) > 0",
    ),
    (
        "languages",
        "select coalesce(language, 'unknown'), count(*) n from articles group by all order by n desc limit 10",
    ),
    ("not coded", "select count(*) n, 'articles in other languages' from articles where not coded having n > 0"),
    ("event types", "select event_type, count(*) n from events group by all order by n desc limit 20"),
    ("rejects", "select reason, count(*) n from rejects group by all order by n desc limit 10"),
    ("last load", "select loaded_at, 'run', run_id from loads order by version desc limit 1"),
)
