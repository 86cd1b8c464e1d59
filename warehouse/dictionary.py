"""The data dictionary: what every table, view, macro and column is, from `schema.py` and the heads of the `.sql` files.

One source for three readers: the comments inside DuckDB, `from help`, and the pages in the documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from warehouse.schema import CODES, DERIVED, NEWEST, PROVENANCE, RAW, TABLES

if TYPE_CHECKING:
    import pyarrow as pa

VIEWS = (
    "articles",
    "events",
    "event_dyads",
    "events_daily",
    "event_evidence",
    "events_gdelt",
    "events_polecat",
    "casualties",
    "actors",
    "sources_quality",
    "timeline",
    "dyad",
    "article",
    "search",
    "places",
)
"""The files of `views/`, in the order in which they build on each other; `help` comes last."""

MACROS = {"timeline": "timeline(country)", "dyad": "dyad(a, b)", "article": "article(id)", "search": "search(pattern)"}

_HELP = "Every view, macro and table, with an example"
_HELP_COLUMNS = {
    "name": "How it is called",
    "kind": "view, macro, table (stored) or log (derived)",
    "comment": "What one row is",
    "example": "A statement that runs",
}


@cache
def view_text(name: str) -> str:
    """The SQL of one view or macro, with its head comment."""
    return (files("warehouse") / "views" / f"{name}.sql").read_text(encoding="utf-8")


@cache
def head(name: str) -> dict[str, str]:
    """The head comment of a view by key: grain, key, clock, example; where needed null, note, columns and `column X`."""
    found: dict[str, str] = {}
    for line in view_text(name).splitlines():
        if not line.startswith("-- "):
            break
        key, _, rest = line[3:].partition(": ")
        found[key] = rest.strip()
    return found


def help_rows() -> list[tuple[str, str, str, str]]:
    """(name, kind, comment, example) of everything that can be asked: views first, then what they are made of."""
    rows = []
    for name in VIEWS:
        top = head(name)
        rows.append((MACROS.get(name, name), "macro" if name in MACROS else "view", top["grain"], top["example"]))
    for name, table in NEWEST.items():
        rows.append((name, "view", _newest_comment(table), f"select * from {name} limit 5"))
    for name, schema in (*TABLES.items(), *DERIVED.items(), *CODES.items()):
        stored = RAW.get(name, name)
        kind = "table" if name in TABLES else "log" if name in DERIVED else "codes"
        rows.append((stored, kind, schema.metadata[b"comment"].decode(), f"select * from {stored} limit 5"))
    rows.append(("help", "view", _HELP, "from help"))
    return rows


def _newest_comment(table: str) -> str:
    return f"{TABLES[table].metadata[b'comment'].decode()}; of every article the newest wording only"


def comments(columns: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """What to comment on and with which words.

    Args:
        columns: (table or view, column) of everything there is.
    Yields:
        Pairs such as ('column "events"."support"', 'The words of the article that say so').
    """
    for name, kind, comment, _ in help_rows():
        bare = name.partition("(")[0]
        what = "macro table" if kind == "macro" else "table" if kind in ("log", "codes") else "view"
        yield f'{what} "{bare}"', comment
    for view, column in columns:
        text = column_comment(view, column)
        if text:
            yield f'column "{view}"."{column}"', text


def column_comment(view: str, column: str) -> str | None:
    """What a column is: said by its own view, else by its table, else by any table that has a column of that name."""
    if view in VIEWS:
        top = head(view)
        said = top.get(f"column {column}") or top.get("columns")
        if said:
            return said
    if view == "help":
        return _HELP_COLUMNS.get(column)
    of = {**TABLES, **DERIVED, **CODES, **{raw: TABLES[n] for n, raw in RAW.items()}}
    own = of.get(NEWEST.get(view, view))
    schemas = [own] if own is not None and column in own.names else list(of.values())
    field = next((s.field(column) for s in schemas if column in s.names), None)
    return field.metadata[b"comment"].decode() if field is not None else None


def page() -> str:
    """The data dictionary as Markdown: every view and macro with its grain and example, every stored column."""
    parts = ["### Views and macros\n", "| name | one row is | key | clock | example |\n| --- | --- | --- | --- | --- |"]
    for name in VIEWS:
        top = head(name)
        called = MACROS.get(name, name)
        parts.append(
            f"| `{called}` | {_cell(top['grain'])} | {_cell(top['key'])} | {_cell(top['clock'])} | `{_cell(top['example'])}` |"
        )
    for name, table in NEWEST.items():
        parts.append(f"| `{name}` | {_cell(_newest_comment(table))} | | | `select * from {name} limit 5` |")
    for name in VIEWS:
        top = head(name)
        notes = [f"{label}: {top[key]}" for key, label in (("null", "Always null"), ("note", "Note")) if key in top]
        if notes:
            parts.append(f"\n`{name}`: " + ". ".join(notes) + ".")
    own = {f.name for f in PROVENANCE}
    every = {**TABLES, **DERIVED, **CODES}
    for name, schema in every.items():
        stored = f" (as `{RAW[name]}`)" if name in RAW else ""
        parts.append(f"\n### {name}{stored}\n\n{schema.metadata[b'comment'].decode()}.\n")
        parts.extend(_columns(f for f in schema if name not in TABLES or f.name not in own))
    parts.append("\n### Every stored table ends with\n")
    parts.extend(_columns(PROVENANCE))
    return "\n".join(parts) + "\n"


def _columns(fields: Iterable[pa.Field]) -> Iterator[str]:
    yield "| column | type | what it is | unit | example |\n| --- | --- | --- | --- | --- |"
    for f in fields:
        about = {k.decode(): _cell(v.decode()) for k, v in f.metadata.items()}
        kind = f"{f.type}" + ("" if f.nullable else ", never null")
        yield f"| `{f.name}` | {_cell(kind)} | {about['comment']} | {about['unit']} | {about['example']} |"


_BEGIN, _END = "<!-- data dictionary: made by `python -m warehouse README.md` -->\n", "<!-- end -->\n"


def renewed(text: str) -> str:
    """A document with its data dictionary made anew between the two marks."""
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"the marks {_BEGIN.strip()} and {_END.strip()} are missing")
    return before + begin + page() + end + after


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
