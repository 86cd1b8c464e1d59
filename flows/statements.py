"""Which SQL may be run: statements that only read, told apart by DuckDB's own parser and binder.

DuckDB has no connection that cannot write files, and calls `with x as (copy … to 'file') from x` a SELECT. What holds: such a part is
refused below the top of a statement. So each statement is bound, not run, as the inside of another one. What a function runs that
takes SQL as a value (`json_execute_serialized_sql`, `query`) is not bound with it: of DuckDB's table functions only those are let
through that are known to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_WRITES = re.compile(r"\b(copy|insert|update|delete|merge)\b", re.IGNORECASE)
_READS = re.compile(
    r"(duckdb|parquet|pragma|read|test)_\w+|generate_series|glob|icu_calendar_names|json_each|json_tree|pg_timezone_names"
    r"|query_table|range|repeat|repeat_row|sniff_csv|summary|unnest|which_secret"
)
"""DuckDB's own table functions that do nothing but read. Not `query`: its SQL may be put together from pieces."""
_ENDS = re.compile(rb"[\s;]*\Z")


class Refused(Exception):
    """A statement that does more than read. The message names its kind, `remedy` says how to put it."""

    def __init__(self, kind: str, remedy: str = "") -> None:
        super().__init__(f"{kind}: the warehouse is only read from here")
        self.remedy = remedy or "write a result with --output FILE; a copy of everything: dateline export DIR"


def readable(con: duckdb.DuckDBPyConnection, text: str) -> list[str]:
    """Cut a text into its statements, each of which only reads. Nothing is run, but the list of values that a PIVOT asks for.

    Args:
        con: the connection they will run on.
    Raises:
        Refused: one of them does more than read.
        duckdb.Error: one of them has no meaning: an unknown name, a fault of grammar.
    """
    found = [(_bare(s.query), _kind(s)) for s in con.extract_statements(text)]
    for query, kind in found:
        _check(con, query, kind)
    return [query for query, _ in found]


def _kind(statement: duckdb.Statement) -> str:
    try:
        return str(statement.type.name)
    except ValueError:  # a kind that the parser knows and Python's side does not: UPDATE EXTENSIONS
        return "OTHER"


def _check(con: duckdb.DuckDBPyConnection, inside: str, kind: str) -> None:
    import duckdb

    if _words(inside, 1) == ["explain"]:
        _check_explained(con, inside)
        return
    if kind not in ("SELECT", "MULTI"):
        raise Refused(kind)
    if acts := _acting(con, inside):
        raise Refused(f"{acts}()")
    wrapped = f"explain select * from (\n{inside}\n)"
    if kind == "MULTI":
        # A PIVOT without its values is two statements: the first, which finds them, runs here already, with all that is in it.
        if not _parses(con, wrapped):
            raise Refused(_words(inside, 1)[0].upper())
        if said := _WRITES.search(inside):
            raise Refused(
                f"PIVOT with {said[0]}", "name the values, `pivot … on column in ('a', 'b')`, or rename the column."
            )
    try:
        con.execute(wrapped).fetchall()
    except duckdb.ParserException as error:
        raise Refused(kind) from error
    except duckdb.Error as error:
        if "must be at the top level" in str(error):
            raise Refused("WITH that writes") from error
        con.execute(f"explain {inside}").fetchall()  # without our words around it the message counts its lines right
        raise


def _acting(con: duckdb.DuckDBPyConnection, query: str) -> str | None:
    """A table function of DuckDB's own, called by its name, of which nobody knows that it only reads."""
    raw, starts = query.encode(), _tokens(query)
    called = {
        name.lower()
        for at, after in pairwise(starts)
        if raw[after : after + 1] == b"(" and not _READS.fullmatch((name := _name(raw[at:after])).lower())
    }
    found = con.execute(
        "select min(function_name) from duckdb_functions() where function_type = 'table' and internal "
        "and list_contains($called, lower(function_name))",
        {"called": sorted(called)},
    ).fetchone()
    return found[0] if found else None


def _name(token: bytes) -> str:
    """The name in a token, which ends where the next one begins: comments may follow it."""
    text = token.decode(errors="replace")
    found = re.match(r'"((?:[^"]|"")*)"|\w*', text)
    return (found[1] or found[0]).replace('""', '"') if found else ""


def _check_explained(con: duckdb.DuckDBPyConnection, query: str) -> None:
    """What stands behind EXPLAIN [ANALYZE] [(options)], which ANALYZE runs. Each way to read it must be one that only reads."""
    parsed = 0
    for inner in _explained(query):
        if _parses(con, inner):
            parsed += 1
            for statement in con.extract_statements(inner):
                _check(con, _bare(statement.query), _kind(statement))
    if not parsed:
        raise Refused("EXPLAIN of no query")


def _explained(query: str) -> Iterator[str]:
    tokens, raw = _tokens(query), query.encode()
    at = 1 + (_words(query, 2)[1:] == ["analyze"])
    if at >= len(tokens):
        return
    yield raw[tokens[at] :].decode()
    depth = 0
    for place in tokens[at:] if raw[tokens[at] :].startswith(b"(") else ():
        at += 1
        depth += {b"(": 1, b")": -1}.get(raw[place : place + 1], 0)
        if not depth:
            break
    else:
        return
    if at < len(tokens):
        yield raw[tokens[at] :].decode()


def _parses(con: duckdb.DuckDBPyConnection, query: str) -> bool:
    import duckdb

    try:
        return bool(con.extract_statements(query))
    except duckdb.ParserException:
        return False


def _tokens(query: str) -> list[int]:
    """Where each token begins, in bytes; comments are none."""
    import duckdb

    return [at for at, kind in duckdb.tokenize(query) if kind != duckdb.token_type.comment]


def _words(query: str, count: int) -> list[str]:
    """The first tokens of a statement in small letters."""
    raw, starts = query.encode(), _tokens(query)
    ends = [*starts[1:], len(raw)]
    pieces = (raw[a:b].decode(errors="replace") for a, b in zip(starts[:count], ends, strict=False))
    return [m[0].lower() if (m := re.match(r"\w+", piece)) else piece[:1] for piece in pieces]


def _bare(query: str) -> str:
    """A statement without the semicolons at its end, and what is said behind them."""
    import duckdb

    raw, last = query.encode(), len(query.encode())
    for at, kind in reversed(duckdb.tokenize(query)):
        if kind != duckdb.token_type.comment and raw[at : at + 1] != b";":
            break
        last = at
    return _ENDS.sub(b"", raw[:last]).decode()
