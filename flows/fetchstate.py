"""What fetching remembers between runs, in one small SQLite file of the workspace, `.fetching.sqlite`.

The truth is the warehouse. `pages` (validators, body hash and fate of every address) is a view of its table `fetches`, brought up to
date from the parts committed since it was read last, so a page counts as fetched only once its article is committed. The spool
holds what was fetched and is not committed yet: a run that was killed is taken up without asking for it again. When the
file is lost, it is made again from the warehouse.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from extractors.records import Capture
from flows.config import Workspace
from flows.configured import Source, is_due, read_sources
from flows.readers.http import PASSING, Fetch

NAME = ".fetching.sqlite"
_LAYOUT = 1
_TABLES = """
create table if not exists meta (key text primary key, value integer not null) without rowid;
create table if not exists tries (source text primary key, at real not null) without rowid;
create table if not exists pages (
    url text primary key, source text, at real not null, etag text, last_modified text, digest text, body_at real, error text, tries integer not null
) without rowid;
create index if not exists failed on pages (source) where error is not null;
create table if not exists robots (origin text primary key, at real not null, body text not null) without rowid;
create table if not exists hosts (name text primary key, until real not null) without rowid;
create table if not exists parts (url text primary key, urls text not null) without rowid;
create table if not exists spool (source text, url text, at real, fetches text not null, capture text not null, body blob not null, primary key (source, url));
"""
_UPSERT = """
insert into pages values (:url, :source, :at, :etag, :last_modified, :digest, :body_at, :error, :tries)
on conflict (url) do update set
    source = excluded.source, at = excluded.at, error = excluded.error,
    etag = iif(excluded.error is null, excluded.etag, etag),
    last_modified = iif(excluded.error is null, excluded.last_modified, last_modified),
    digest = iif(excluded.error is null, excluded.digest, digest),
    body_at = coalesce(excluded.body_at, body_at),
    tries = iif(excluded.error is null, 0, tries + excluded.tries)
where excluded.at > at
"""
_UNTRIED = ("postponed", "host_down", "robots_unavailable")
GIVEN_UP = 15
"""Attempts after which a page that keeps failing is not asked for between two changes of its feed."""
_ROBOTS_FRESH = timedelta(days=1)
_COLUMNS = ["url", "source", "at", "status", "etag", "last_modified", "error", "capture_id"]


@dataclass(frozen=True, slots=True)
class Page:
    """What is known of one address. Instants in seconds since 1970."""

    url: str
    source: str | None
    at: float
    etag: str | None
    last_modified: str | None
    digest: str | None
    body_at: float | None
    """When its body was sent last."""
    error: str | None
    tries: int
    """Failed attempts since it was had last."""


class FetchState:
    """The state of one workspace, for one run at a time in one thread at a time."""

    def __init__(self, space: Workspace) -> None:
        self._root = space.root
        self.db = open_state(space)

    def close(self) -> None:
        """Give the file back."""
        self.db.close()

    def absorb(self) -> None:
        """Take in what was committed since the last time, and let go of what the spool held of it."""
        import warehouse

        snapshot = warehouse.read_log(self._root)
        row = self.db.execute("select value from meta where key = 'version'").fetchone()
        seen = row[0] if row else 0
        if seen == snapshot.version:
            return
        forgotten = any(load.kind in warehouse.CUTTING and load.version > seen for load in snapshot.loads)
        if seen > snapshot.version or forgotten:  # another warehouse, or rows that are gone: begin anew
            seen = 0
        self.db.execute("begin immediate")
        try:
            held = None
            if seen == 0:
                self.db.execute("delete from pages")
                held = _held(self._root, snapshot.version) if forgotten else None
            for file in snapshot.files.get("fetches", ()):
                if file.version > seen:
                    for rows in _rows(self._root, file.path):
                        self._take([_unvalidated(row, held) for row in rows] if held is not None else rows)
            self.db.execute("insert or replace into meta values ('version', ?)", (snapshot.version,))
            self.db.execute("commit")
        except BaseException:
            self.db.execute("rollback")
            raise

    def _take(self, rows: list[dict[str, Any]]) -> None:
        self.db.executemany(_UPSERT, map(_page, rows))
        self.db.executemany(
            "delete from spool where source is ? and url = ? and at <= ?",
            [(row["source"], row["url"], row["at"]) for row in rows],
        )

    def page(self, url: str) -> Page | None:
        """What is known of an address."""
        row = self.db.execute("select * from pages where url = ?", (url,)).fetchone()
        return Page(*row) if row else None

    def failed(self, source: str) -> list[str]:
        """Addresses of a source that are worth another attempt, the oldest first."""
        marks = ", ".join("?" * len(PASSING))
        query = f"select url from pages where source = ? and error in ({marks}) and tries < ? order by at"
        return [url for (url,) in self.db.execute(query, (source, *PASSING, GIVEN_UP))]

    def put_parts(self, url: str, urls: tuple[str, ...]) -> None:
        """Remember the listings a listing named, for when it says that it is unchanged."""
        if urls:
            self.db.execute("insert or replace into parts values (?, ?)", (url, json.dumps(urls)))

    def parts(self, url: str) -> tuple[str, ...]:
        """The listings a listing named last time."""
        row = self.db.execute("select urls from parts where url = ?", (url,)).fetchone()
        return tuple(json.loads(row[0])) if row else ()

    def robots(self) -> dict[str, str]:
        """Texts of robots.txt that are less than a day old, by origin."""
        self.db.execute("delete from robots where at < ?", (time.time() - _ROBOTS_FRESH.total_seconds(),))
        return dict(self.db.execute("select origin, body from robots"))

    def put_robots(self, texts: dict[str, str]) -> None:
        """Remember texts of robots.txt; those known already keep their age."""
        self.db.executemany(
            "insert or ignore into robots values (?, ?, ?)", [(o, time.time(), t) for o, t in texts.items()]
        )

    def waits(self) -> dict[str, float]:
        """Hosts that asked to be left alone, and until when."""
        self.db.execute("delete from hosts where until < ?", (time.time(),))
        return dict(self.db.execute("select name, until from hosts"))

    def put_waits(self, until: dict[str, float]) -> None:
        """Remember what hosts asked for."""
        self.db.executemany("insert or replace into hosts values (?, ?)", list(until.items()))

    def keep(self, source: str, url: str, capture: Capture, fetches: tuple[Fetch, ...]) -> None:
        """Put what was fetched into the spool, until it is committed."""
        rows = [{**asdict(f), "at": f.at.timestamp()} for f in fetches]
        meta = {name: getattr(capture, name) for name in _META}
        meta |= {n: at.timestamp() if (at := getattr(capture, n)) else None for n in _INSTANTS}
        at = max(row["at"] for row in rows if row["url"] == url)
        self.db.execute(
            "insert or replace into spool values (?, ?, ?, ?, ?, ?)",
            (source, url, at, json.dumps(rows), json.dumps(meta), capture.body),
        )

    def spooled(self, source: str) -> Iterator[tuple[str, Capture, tuple[Fetch, ...]]]:
        """What an earlier run of a source fetched and did not commit, one at a time."""
        urls = [url for (url,) in self.db.execute("select url from spool where source = ? order by at", (source,))]
        for url in urls:
            query = "select fetches, capture, body from spool where source = ? and url = ?"
            row = self.db.execute(query, (source, url)).fetchone()
            if row is None:
                continue
            meta = json.loads(row[1])
            instants: dict[str, Any] = {
                n: datetime.fromtimestamp(at, UTC) if (at := meta.pop(n, None)) else None for n in _INSTANTS
            }
            headers = tuple((k, v) for k, v in meta.pop("headers"))
            fetches = (Fetch(**{**f, "at": datetime.fromtimestamp(f["at"], UTC)}) for f in json.loads(row[0]))
            yield url, Capture(body=row[2], headers=headers, **instants, **meta), tuple(fetches)

    def drop(self, source: str, url: str) -> None:
        """Let go of what the spool holds of an address."""
        self.db.execute("delete from spool where source = ? and url = ?", (source, url))


_META = ("input", "media_type", "charset", "url", "source", "headers", "final_url", "listed_title")
_INSTANTS = ("fetched_at", "listed_at")


def _rows(root: Any, path: str) -> Iterator[list[dict[str, Any]]]:
    """The rows of a part in order of time, a few ten thousand at once."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(root / path) as file:
        for batch in file.iter_batches(50_000, columns=_COLUMNS):
            rows = batch.to_pylist()
            for row in rows:
                row["at"] = row["at"].replace(tzinfo=UTC).timestamp()
            yield sorted(rows, key=lambda row: float(row["at"]))


def _held(root: Any, version: int) -> set[str]:
    """What was fetched and is there still, by capture_id: asked again, a server may say that the rest is as it was."""
    import warehouse

    tables = " union ".join(f"select capture_id from {name}" for name in ("captures", "articles_all", "rejects"))
    with warehouse.connect(root, version, comments=False) as con:
        return {capture for (capture,) in con.execute(tables).fetchall() if capture}


def _unvalidated(row: dict[str, Any], held: set[str]) -> dict[str, Any]:
    return row if row["capture_id"] in held else row | {"etag": None, "last_modified": None, "capture_id": None}


def _page(row: dict[str, Any]) -> dict[str, Any]:
    had = row["error"] is None
    return {
        "url": row["url"],
        "source": row["source"],
        "at": row["at"],
        "etag": row["etag"],
        "last_modified": row["last_modified"],
        "digest": row["capture_id"],
        "body_at": row["at"] if had and row["status"] != 304 else None,
        "error": row["error"],
        "tries": 0 if had or row["error"] in _UNTRIED else 1,
    }


def open_state(space: Workspace) -> sqlite3.Connection:
    """The file of a workspace, made when it is not there; one that is damaged or laid out otherwise is begun anew."""
    space.root.mkdir(parents=True, exist_ok=True)
    path = space.root / NAME
    try:
        return _open(str(path))
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise
        for suffix in ("", "-wal", "-shm"):
            path.with_name(NAME + suffix).unlink(missing_ok=True)
        return _open(str(path))


def _open(path: str) -> sqlite3.Connection:
    state = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    try:
        state.execute("pragma journal_mode = wal")
        state.execute("pragma synchronous = normal")
        if state.execute("pragma user_version").fetchone()[0] not in (0, _LAYOUT):
            raise sqlite3.DatabaseError("laid out by another version")
        state.executescript(f"{_TABLES}pragma user_version = {_LAYOUT};")
    except BaseException:
        state.close()
        raise
    return state


_OF = (("pages", "url = ?", "source = ?"), ("spool", "url = ?", "source = ?"), ("parts", "url = ?", None), ("tries", None, "source = ?"))  # fmt: skip
"""Tables that name addresses or sources, and by what."""


def count_of(state: sqlite3.Connection, urls: Iterable[str], source: str | None) -> int:
    """How many rows name an address or a source."""
    return sum(
        state.execute(f"select count(*) from {table} where {condition}", (value,)).fetchone()[0]
        for table, condition, value in _conditions(urls, source)
    )


def drop_of(state: sqlite3.Connection, urls: Iterable[str], source: str | None) -> None:
    """Take out all rows that name an address or a source, so that the file does not hold them either."""
    state.execute("pragma secure_delete = on")
    for table, condition, value in _conditions(urls, source):
        state.execute(f"delete from {table} where {condition}", (value,))
    state.execute("pragma wal_checkpoint(truncate)")


def _conditions(urls: Iterable[str], source: str | None) -> Iterator[tuple[str, str, str]]:
    every = sorted(urls)
    for table, by_url, by_source in _OF:
        if by_url is not None:
            yield from ((table, by_url, url) for url in every)
        if by_source is not None and source is not None:
            yield table, by_source, source


def tried(space: Workspace, sources: Iterable[Source], at: datetime) -> None:
    """Note that a run of these sources begins."""
    with closing(open_state(space)) as state:
        state.executemany("insert or replace into tries values (?, ?)", [(s.name, at.timestamp()) for s in sources])


def last_tries(space: Workspace) -> dict[str, datetime]:
    """When each source was tried last, aware."""
    if not (space.root / NAME).exists():
        return {}
    with closing(open_state(space)) as state:
        return {name: datetime.fromtimestamp(at, UTC) for name, at in state.execute("select source, at from tries")}


def due_sources(space: Workspace, now: datetime) -> tuple[Source, ...]:
    """The sources whose schedule has come round since they were tried last.

    Raises:
        SettingsError: dateline.toml is wrong.
    """
    last = last_tries(space)
    return tuple(s for s in read_sources(space) if is_due(s, last.get(s.name), now))
