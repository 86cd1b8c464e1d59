"""What a reextraction changes: the rows of some loads as they are beside the rows that newer extractors make of them.

Wordings are compared by version_id and events by event_id, which stay the same over re-runs: so an event is gone, new, the same, or the same
words told otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_EXAMPLES = 20
_STAMPS = "load_id, run_id, extractor_version, lexicon_version, loaded_at"
_TOLD = (
    "event_type", "event_mode", "status", "actor_name", "actor_country", "recipient_name", "recipient_country", "date_start", "date_end",
    "date_precision", "place_name", "place_country", "killed", "injured", "arrested", "participants", "contexts", "attribution", "rule_id",
    "confidence",
)  # fmt: skip
"""Columns of an event that a diff shows, the telling ones first."""


@dataclass(frozen=True, slots=True)
class EventChange:
    """One event that would be gone, new or told otherwise."""

    kind: str
    """gone, new or changed."""
    support: str
    url: str | None
    said: str
    """What it says, or for a changed one which columns from what to what."""


@dataclass(slots=True)
class Changes:
    """What becomes of the rows of some loads; `+=` adds more loads."""

    loads: int = 0
    captures: int = 0
    articles_before: int = 0
    articles_after: int = 0
    articles_same: int = 0
    """Wordings that are in both."""
    events_before: int = 0
    events_after: int = 0
    events_gone: int = 0
    events_new: int = 0
    events_changed: int = 0
    mentions_before: int = 0
    mentions_after: int = 0
    rejects_before: int = 0
    rejects_after: int = 0
    kept: int = 0
    """Articles that stay as they are because their capture is gone."""
    skipped: int = 0
    """Loads left for the next run because something of them was forgotten while they were read."""
    seconds: float = 0.0
    """Of extraction, summed over processes."""
    examples: list[EventChange] = field(default_factory=list)

    def __iadd__(self, other: Changes) -> Changes:
        for name in self.__slots__:
            if name != "examples":
                setattr(self, name, getattr(self, name) + getattr(other, name))
        self.examples = (self.examples + other.examples)[:_EXAMPLES]
        return self


def compare(
    con: duckdb.DuckDBPyConnection, loads: Collection[str], tables: Mapping[str, pa.Table], kept: Collection[str]
) -> Changes:
    """Count what differs, and take some examples.

    Args:
        con: over the warehouse as it is.
        loads: the load_ids.
        tables: the rows that come.
        kept: version_ids and capture_ids that stay.
    """
    values = {"loads": list(loads), "kept": sorted(kept)}
    found = Changes(loads=len(loads))
    con.register("coming_articles", tables["articles"])
    con.register("coming_events", tables["events"])
    try:
        _count_articles(con, values, found)
        found.mentions_before = _one(con, _of_loads("count(*)", "mentions"), values)
        found.rejects_before = _one(
            con, _of_loads("count(*)", "rejects", "capture_id") + " and capture_id is not null", values
        )
        found.mentions_after, found.rejects_after = tables["mentions"].num_rows, tables["rejects"].num_rows
        _compare_events(con, values, found)
    finally:
        con.unregister("coming_articles")
        con.unregister("coming_events")
    return found


def _of_loads(what: str, table: str, key: str = "version_id") -> str:
    chosen = "load_id in (select unnest($loads)) and {} not in (select unnest($kept::varchar[]))"
    return f"select {what} from {table} where {chosen.format(key)}"


def _one(con: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, Any]) -> int:
    row = con.execute(query, dict(values)).fetchone()
    return int(row[0]) if row else 0


def _count_articles(con: duckdb.DuckDBPyConnection, values: Mapping[str, Any], found: Changes) -> None:
    same = (
        f"select count(*) from ({_of_loads('version_id', 'articles_all')}) semi join coming_articles using (version_id)"
    )
    found.articles_before = _one(con, _of_loads("count(*)", "articles_all"), values)
    found.articles_after = _one(con, "select count(*) from coming_articles", {})
    found.articles_same = _one(con, same, values)


def _compare_events(con: duckdb.DuckDBPyConnection, values: Mapping[str, Any], found: Changes) -> None:
    found.events_before = _one(con, _of_loads("count(*)", "events_all"), values)
    found.events_after = _one(con, "select count(*) from coming_events", {})
    con.execute(
        f"create or replace temp table different as select o, n from ({_of_loads(f'* exclude ({_STAMPS})', 'events_all')}) o "
        f"full join (select * exclude ({_STAMPS}) from coming_events) n on o.event_id = n.event_id where o is distinct from n",
        dict(values),
    )
    counts = con.execute(
        "select count(*) filter (n.event_id is null), count(*) filter (o.event_id is null), count(*) from different"
    ).fetchone() or (0, 0, 0)
    found.events_gone, found.events_new = counts[0], counts[1]
    found.events_changed = counts[2] - counts[0] - counts[1]
    order = (
        "order by coalesce(o.version_id, n.version_id), coalesce(o.char_start, n.char_start), n.event_id is null desc"
    )
    rows = con.execute(f"select o, n from different {order} limit {_EXAMPLES}").fetchall()
    found.examples = [_change(old, new) for old, new in rows]


def _change(old: dict[str, Any] | None, new: dict[str, Any] | None) -> EventChange:
    # A row that one side lacks comes as NULL, or as a struct of NULLs.
    before, after = (event if event and event["event_id"] else None for event in (old, new))
    either = after or before or {}
    if before and after:
        said = ", ".join(f"{c} {_word(before[c])} → {_word(after[c])}" for c in _TOLD if before[c] != after[c])
        said = said or ", ".join(c for c in after if before[c] != after[c])
        return EventChange("changed", either["support"], either["url"], f"{either['event_type']}: {said}")
    said = " ".join(
        f"{either[c]}"
        for c in ("event_type", "event_mode", "status", "actor_country", "recipient_country")
        if either[c]
    )
    return EventChange("new" if after else "gone", either["support"], either["url"], f"{said} ({either['rule_id']})")


def _word(value: object) -> str:
    return "—" if value is None else str(value)
