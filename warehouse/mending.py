"""Repair: a log without holes again, and one commit after which no part is damaged and no load is half there.

A lost record is made anew in its place, with no more in it than the records behind it rest on; what else it brought is found again in
the parts on disk, each wording once, and what was forgotten stays away. Of a damaged part all wordings of its loads go, so
that they can be made again from their captures; where these are gone too, their items are known no more and the next ingest
brings them back. Nothing is guessed in silence: what is lost, and what is doubtful, is named.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from warehouse.catalog import OFFLINE, base_select
from warehouse.compaction import BY_VERSION
from warehouse.index import Index, Known
from warehouse.kept import keeping_lock
from warehouse.log import Snapshot, _State, _Unfit, check_log, publish, read_head, read_log, surviving
from warehouse.parts import check_part, in_schema, is_sorted, write_part
from warehouse.record import Commit, CorruptFile, DamagedLog, File, load_key, record_name, record_of, seal
from warehouse.schema import SCHEMA_VERSION, TABLES
from warehouse.storage import Storage, fault, locked
from warehouse.store import Draft, LoadConflict, discarding, item_key, now, publish_draft, seconds
from warehouse.tombstones import ARTICLE, SOURCE, URL, read_ledger
from warehouse.upkeep import PART

if TYPE_CHECKING:
    import pyarrow as pa

DERIVED_TABLES = (*BY_VERSION, "rejects")
_NAMED = 10
_TRIES = 5
_ANEW, _ENDED = "anew", "mended"
"""Said by a record made in the place of a lost one, and by the commit that brings back what else it may have brought."""


@dataclass(slots=True)
class Repaired:
    """What a repair found and did, or would do; each line for people."""

    damage: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    loads: tuple[str, ...] = ()
    """Loads whose articles are to be made again from their captures: `reextract` does it."""
    commit: Commit | None = None


class Beyond(CorruptFile):
    """What no repair can mend. The message says what can be done instead."""


def repair(root: Path | str, *, dry_run: bool = False, run_id: str = "repair") -> Repaired:
    """Mend what can be mended.

    Args:
        dry_run: only say what would be done; nothing is written.
    Raises:
        Beyond: the log cannot be made anew.
        NewerSchema: a newer program wrote some of it.
        OSError: the disk refused; a repair that was cut short may be repeated.
    """
    storage = Storage(root)
    if dry_run:
        return _repaired(storage, run_id, dry_run=True)
    with locked(keeping_lock(storage)):  # parts that no record names are what a lost record left
        for left in reversed(range(_TRIES)):
            try:
                return _repaired(storage, run_id, dry_run=False)
            except LoadConflict:
                if not left:
                    raise
    raise AssertionError("the last try returns or raises")


def _repaired(storage: Storage, run_id: str, *, dry_run: bool) -> Repaired:
    found = Repaired()
    checked = check_log(storage)
    history = _History(storage)
    _mend_log(storage, checked.damage, history, found, dry_run)
    fault("mend_log")
    snapshot = history.snapshot() if dry_run else read_log(storage)
    _mend_parts(storage, snapshot, history, found, dry_run, run_id)
    return found


class _History:
    """All records that are whole, and in the place of each lost one the least that those behind it rest on."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.records: dict[int, Commit] = {}
        self.anew: dict[int, Commit] = {}
        self.altered: set[int] = set()
        self.last = 0
        for number, commit in surviving(storage):
            self.last = number
            if isinstance(commit, Commit):
                self.records[number] = commit
            elif commit is not None:
                self.altered.add(number)
        self._drop_exchanged()
        self.lost = [n for n in range(1, self.last + 1) if n not in self.records]
        ended = max((n for n, c in self.records.items() if _ENDED in c.versions), default=0)
        self.holes = sorted({*self.lost, *(n for n, c in self.records.items() if _ANEW in c.versions and n > ended)})
        """Numbers whose records are lost, or were made anew by a repair that did not get further."""
        self.files: dict[str, File] = {f.path: f for c in self.records.values() for f in c.add}
        """Every part that any record named."""
        self.state, self.index = _State(), Index()
        self._replay()

    def _drop_exchanged(self) -> None:
        """Leave aside whole records that the ones behind them, or the head, do not vouch for."""
        head = read_head(self.storage)
        vouched = {head[0]: head[1]} if head[0] else {}
        for number in sorted(self.records, reverse=True):
            commit = self.records[number]
            if commit.format > 1 and vouched.get(number, commit.known_as) != commit.known_as:
                del self.records[number]
                self.altered.add(number)
            elif commit.format > 1:
                vouched[number - 1] = commit.previous

    def _replay(self) -> None:
        adds, removes = self._needed()
        for number in range(1, self.last + 1):
            commit = self.records.get(number)
            if commit is None:
                commit = self.anew[number] = self._anew(number, adds[number], removes[number])
            try:
                self.state.check(commit)
            except _Unfit as error:
                where = self.storage.location(record_name(number))
                raise Beyond(f"{where}: {error}; restore the log from a backup") from error
            self.state.apply(commit)
            self.index.record(commit)

    def _needed(self) -> tuple[dict[int, list[File]], dict[int, list[str]]]:
        """By lost number the parts it must have brought, and those it must have taken out."""
        live: set[str] = set()
        unknown: dict[int, list[str]] = defaultdict(list)
        adds: dict[int, list[File]] = defaultdict(list)
        removes: dict[int, list[str]] = defaultdict(list)
        for number in range(1, self.last + 1):
            commit = self.records.get(number)
            if commit is None:
                continue
            before = [n for n in self.lost if n < number]
            for path in commit.remove:
                if path not in live:
                    unknown[number].append(path)
                live.discard(path)
            for file in commit.add:
                if file.path in live:
                    removes[self._last_lost(before, number)].append(file.path)
                live.add(file.path)
            if unknown[number]:
                adds[self._last_lost(before, number)] += self._sized(commit, unknown[number])
        return adds, removes

    def _last_lost(self, before: list[int], number: int) -> int:
        if not before:
            where = self.storage.location(record_name(number))
            raise Beyond(
                f"{where}: does not fit the records before it, and none of them is missing; restore the log from a backup"
            )
        return before[-1]

    def _sized(self, commit: Commit, paths: list[str]) -> list[File]:
        """The parts that a record takes out and nobody brought, with numbers of rows that its own sums bear out."""
        files = [self.files.get(path) or _on_disk(self.storage, path) or _gone(path) for path in paths]
        for table in {f.table for f in files}:
            taken = sum(f.rows for f in commit.add if f.table == table) - commit.rows.get(table, 0)
            known = sum(self.files[p].rows for p in commit.remove if p in self.files and self.files[p].table == table)
            mine = [f for f in files if f.table == table and f.path not in self.files]
            if mine:
                short = taken - known - sum(f.rows for f in mine)
                files[files.index(mine[0])] = mine[0]._replace(rows=mine[0].rows + short)
        self.files |= {f.path: f for f in files}
        return files

    def _anew(self, number: int, adds: list[File], removes: list[str]) -> Commit:
        after = self.records.get(number + 1)
        if after is not None and after.format == 1:
            where = self.storage.location(record_name(number))
            raise Beyond(
                f"{where}: lost, and the records behind it are of a format without hashes; restore the log from a backup"
            )
        head = read_head(self.storage)
        stands_for = after.previous if after is not None else head[1] if number == head[0] else ""
        rows: Counter[str] = Counter()
        for file in adds:
            rows[file.table] += file.rows
        for path in removes:
            rows[self.files[path].table] -= self.files[path].rows
        name = hashlib.sha256(f"repair\0{number}\0{self.state.digest}".encode()).hexdigest()[:32]
        commit = Commit(
            number,
            name,
            "repair",
            self.state.at if self.state.loads else (after.at if after is not None else now()),
            "repair",
            {"schema": str(SCHEMA_VERSION), _ANEW: "1"},
            tuple(f._replace(load_id=name, version=number) for f in adds),
            tuple(removes),
            {table: count for table, count in rows.items() if count},
            previous=self.state.digest,
            stands_for=stands_for,
        )
        return replace(commit, digest=seal(record_of(commit))[1])

    @property
    def gone(self) -> bool:
        """Whether there is no record at all."""
        return not self.records

    def loads_in(self, file: File) -> set[str]:
        """The loads whose rows a part may hold, by the parts it was made of."""
        commit = self.records.get(file.version)
        if commit is None or commit.kind == "load":
            return {file.load_id} if commit is not None else set()
        made_of = (self.files[p] for p in commit.remove if p in self.files and self.files[p].table == file.table)
        found = {load for before in made_of if before.month == file.month for load in self.loads_in(before)}
        return found | set(commit.replaces)

    def snapshot(self) -> Snapshot:
        """The warehouse as it is when the lost records are made anew."""
        made = Snapshot(self.storage, self.state)
        made.known = Known(self.storage, self.state.version, self.index)
        return made


def _on_disk(storage: Storage, path: str) -> File | None:
    """A part as it lies there, None when it is gone or cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with storage.open(path) as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
            size = opened.tell()
            with pq.ParquetFile(opened) as part:
                rows, names = part.metadata.num_rows, set(part.schema_arrow.names)
    except (OSError, pa.ArrowException):
        return None
    table = path.split("/")[0]
    return File(table, path, rows, size, digest, "", 0) if names <= set(TABLES[table].names) else None


def _gone(path: str) -> File:
    return File(path.split("/")[0], path, 0, 0, "", "", 0)


def _mend_log(storage: Storage, damage: list[DamagedLog], history: _History, found: Repaired, dry_run: bool) -> None:
    found.damage += [str(error) for error in damage]
    derived = [n for n in storage.names("_log") if n.startswith("checkpoint-") or n.endswith(".idx")]
    if damage and derived:
        found.done.append(
            f"deletes {len(derived)} files of _log that only save reading; they are made from the records again"
        )
    for number in history.lost:
        what = "moves it aside and makes" if number in history.altered else "makes"
        found.done.append(f"record {number}: {what} one in its place that the records behind it fit")
    if dry_run:
        return
    for name in derived if damage else ():
        storage.delete(f"_log/{name}")
    for number in history.lost:
        if number in history.altered:
            path = Path(storage.location(record_name(number)))
            with contextlib.suppress(FileNotFoundError):
                path.rename(path.with_name(f"{path.name}.damaged-{now():%Y%m%dT%H%M%S}"))
        publish(storage, history.anew[number])


def _mend_parts(
    storage: Storage, snapshot: Snapshot, history: _History, found: Repaired, dry_run: bool, run_id: str
) -> None:
    """One commit: damaged parts out, what lost records brought back in, and the index as the rows say."""
    damaged = _damaged(storage, snapshot, found)
    rebuilt = bool(history.holes) or not snapshot.version
    candidates = _unnamed(storage, history) if rebuilt else []
    if not damaged and not candidates and not history.holes:
        return
    live = [f for files in snapshot.files.values() for f in files if f.path not in damaged]
    # A part that is gone, with a record lost behind it: that record may have taken it out, and what stands for it is there.
    taken = {
        p for p, f in damaged.items() if history.holes and history.holes[-1] > f.version and not _lies_there(storage, p)
    }
    touched = [(p, load) for p, f in damaged.items() if f.table in DERIVED_TABLES for load in history.loads_in(f)]
    half = {load for path, load in touched if path not in taken}
    unsure = {load for path, load in touched if path in taken}
    with _Rows(storage, live, candidates) as rows:
        ledger = read_ledger(storage)
        if rebuilt:
            rows.bind(lambda kind, value: ledger.holds(kind, value))
        rows.doom(half)
        plan = _Plan(snapshot, history, rows, half, unsure, damaged)
        plan.describe(found)
        if dry_run:
            return
        began = now()
        identity = "\0".join(
            ["repair", str(snapshot.version), *sorted(damaged), *sorted(half), *map(str, history.holes)]
        )
        draft = Draft(
            hashlib.sha256(identity.encode()).hexdigest()[:32], "repair", run_id, {_ENDED: "1"} if rebuilt else {}
        )
        draft.check = lambda last: _check_same(last, snapshot)
        with discarding(storage, draft):
            plan.fill(draft, began, dict.fromkeys(ledger.items(), "@") if rebuilt else {})
            found.commit = publish_draft(storage, draft, began)


def _check_same(last: Snapshot, snapshot: Snapshot) -> None:
    if last.version != snapshot.version:
        raise LoadConflict("something was committed during the repair: repeat it")


def _damaged(storage: Storage, snapshot: Snapshot, found: Repaired) -> dict[str, File]:
    damaged = {}
    for file in (f for files in snapshot.files.values() for f in files):
        try:
            check_part(storage, file)
            if _on_disk(storage, file.path) is None:
                raise CorruptFile(f"{storage.location(file.path)}: cannot be read")
        except CorruptFile as error:
            damaged[file.path] = file
            found.damage.append(str(error).partition(";")[0])
            found.done.append(f"takes {file.path} out ({file.rows:,} rows of {file.table})")
    return damaged


def _lies_there(storage: Storage, path: str) -> bool:
    return any(entry.name == path for entry in storage.list(path))


def _unnamed(storage: Storage, history: _History) -> list[File]:
    """Whole parts that no record names, the newest first."""
    entries = [e for table in TABLES for e in storage.list(f"{table}/") if PART.fullmatch(e.name)]
    fresh = [e for e in entries if e.name not in history.files]
    files = [_on_disk(storage, e.name) for e in sorted(fresh, key=lambda e: (-e.modified, e.name))]
    return [f for f in files if f is not None and f.rows]


_KEYS = dict.fromkeys(BY_VERSION, "version_id") | {
    "captures": "{'a': load_id, 'b': capture_id, 'c': url, 'd': final_url}",
    "rejects": "{'a': load_id, 'b': input, 'c': \"at\", 'd': capture_id}",
    "fetches": "{'a': url, 'b': \"at\", 'c': source}",
}
"""What tells the rows of a table from those that another part holds once more."""


class _Rows:
    """All rows of some parts, and which of them stay: of each key those of the first part that has it."""

    def __init__(self, storage: Storage, live: list[File], candidates: list[File]) -> None:
        self.storage, self.live = storage, live
        self.files = {storage.location(f.path): f for f in (*live, *candidates)}

    def __enter__(self) -> _Rows:
        self.con = duckdb.connect(":memory:", config=OFFLINE)
        self.con.execute("create table ranks (filename varchar, rank integer)")
        self.con.executemany("insert into ranks values (?, ?)", [("", -1), *((p, n) for n, p in enumerate(self.files))])
        for table, schema in TABLES.items():
            paths = [path for path, f in self.files.items() if f.table == table]
            self.con.execute(f'create view "{table}" as {base_select(schema, paths, mixed=True, filename=True)}')
            self.con.execute(
                f"create table keep_{table} as select {_KEYS[table]} as key, arg_min(filename, rank) as filename "
                f'from "{table}" join ranks using (filename) group by all'
            )
        # A row whose article is nowhere would be half of something.
        for table in BY_VERSION:
            self.con.execute(f"delete from keep_{table} where key not in (select key from keep_articles)")
        self.doomed: set[str] = set()
        self.bound: set[str] = set()
        return self

    def __exit__(self, *_: object) -> None:
        self.con.close()

    def all(self, query: str, values: object = None) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self.con.execute(query, {"value": values} if values is not None else None).fetchall()

    def bind(self, holds: Callable[[str, str], bool]) -> None:
        """Let go of what was forgotten, whatever part brings it."""
        said = {
            (kind, value)
            for table, columns in _SAID.items()
            for column, kind in columns
            for (value,) in self.all(f'select distinct {column} from "{table}" where {column} is not null')
            if holds(kind, value)
        }
        self.con.execute("create table bound (kind varchar, value varchar)")
        if said:
            self.con.executemany("insert into bound values (?, ?)", sorted(said))
        for table, columns in _SAID.items():
            met = " or ".join(
                f"{column} in (select value from bound where kind = '{kind}')" for column, kind in columns
            )
            if table == "articles":
                self.bound = {v for (v,) in self.all(f"select distinct version_id from articles where {met}")}
            else:
                self.con.execute(
                    f'delete from keep_{table} where key in (select {_KEYS[table]} from "{table}" where {met})'
                )
        self._drop(self.bound)

    def doom(self, loads: set[str]) -> None:
        """Let go of all wordings of loads."""
        self.doomed = {
            v
            for (v,) in self.all(
                "select distinct version_id from articles where list_contains($value, load_id)", sorted(loads)
            )
        }
        self._drop(self.doomed)

    def _drop(self, versions: set[str]) -> None:
        for table in BY_VERSION:
            self.con.execute(f"delete from keep_{table} where list_contains($value, key)", {"value": sorted(versions)})

    def kept(self, table: str) -> str:
        """The rows of a table that stay, as SQL."""
        return (
            f'(from "{table}" semi join keep_{table} k on k.key = {_KEYS[table]} and k.filename = "{table}".filename)'
        )

    def counts(self, table: str) -> list[tuple[File, int, int]]:
        """Of every part its rows, and how many of them stay."""
        stays = dict(self.all(f"select filename, count(*) from {self.kept(table)} group by all"))
        return [(f, f.rows, stays.get(path, 0)) for path, f in self.files.items() if f.table == table]


_SAID = {
    "articles": (("url", URL), ("canonical_url", URL), ("source", SOURCE), ("article_id", ARTICLE)),
    "captures": (("url", URL), ("final_url", URL), ("source", SOURCE)),
    "rejects": (("url", URL), ("source", SOURCE)),
    "fetches": (("url", URL), ("source", SOURCE)),
}
"""By what tombstones bind a row."""


class _Plan:
    """What follows from the rows that stay: parts, what is known, and which wordings are the newest."""

    def __init__(
        self,
        snapshot: Snapshot,
        history: _History,
        rows: _Rows,
        half: set[str],
        unsure: set[str],
        damaged: Mapping[str, File],
    ) -> None:
        self.snapshot, self.history, self.rows, self.half, self.damaged = snapshot, history, rows, half, damaged
        self.unsure = unsure
        self.held = {load for (load,) in rows.all(f"select distinct load_id from {rows.kept('captures')}")}
        """Loads with captures."""
        self.here = set()  # type: set[str]
        for table in TABLES:
            self.here |= {load for (load,) in rows.all(f"select distinct load_id from {rows.kept(table)}")}
        self.brought = self.here - {c.load_id for c in history.records.values() if c.kind == "load"}
        self.again = tuple(sorted((half | unsure | self.brought) & self.held))
        """Loads that are to be made again from their captures."""
        self._editions()
        self._items()

    def _editions(self) -> None:
        """The newest wordings by what the rows say, and what the log has to learn of it."""
        known, pending = self.snapshot.known, self.snapshot.superseded
        found = self.rows.all(
            "select article_id, version_id, coalesce(modified_at, published_at), loaded_at, filename "
            f"from {self.rows.kept('articles')} order by coalesce(modified_at, published_at) nulls first, loaded_at, version_id"
        )
        newest = {article: (version, seconds(instant)) for article, version, instant, _, _ in found}
        best = {version for version, _ in newest.values()}
        self.versions = {version for _, version, _, _, _ in found}
        apart = {version for _, version, _, _, name in found if self.rows.files[name].history}
        self.back = best & apart
        older = self.versions - best - apart
        self.superseded, self.settled = sorted(older - pending), sorted(pending - older)
        every = {article for c in self.history.records.values() for article in c.articles} | newest.keys()
        self.articles = {
            a: now_is for a in sorted(every) if (now_is := newest.get(a, ("", 0))) != (known.newest(a) or ("", 0))
        }

    def _items(self) -> None:
        """What is known by the rows that stay, and what is known no more."""
        known = self.snapshot.known
        read = " union ".join(
            f"select load_id, capture_id, {address} from {self.rows.kept(table)} where capture_id is not null"
            for table, address in (("articles", "url"), ("captures", "coalesce(final_url, url)"), ("rejects", "url"))
        )
        items = {item_key(capture, url): capture[:16] for _, capture, url in self.rows.all(read)}
        items |= dict.fromkeys(sorted(self.versions), "") | {load_key(load): "" for load in sorted(self.here)}
        self.items = {item: capture for item, capture in items.items() if item not in known}
        captures = set(self.rows.all(f"select distinct load_id, capture_id[:16] from {self.rows.kept('captures')}"))
        gone: dict[str, None] = dict.fromkeys(sorted((self.rows.bound | self.rows.doomed) - self.versions))
        self.missing: dict[str, int] = {}
        for commit in self.history.records.values():
            loads = {commit.load_id} if commit.kind == "load" else set(commit.replaces)
            if not loads & self.half or not commit.items:
                continue
            went = {
                item
                for item, capture in commit.items.items()
                if item not in items
                and (commit.load_id, capture) not in captures
                and known.brought_by(item) == commit.version
            }
            if commit.kind == "load":
                self.missing[commit.load_id] = sum(bool(commit.items[item]) for item in went)
                went |= {load_key(commit.load_id)}
            gone |= dict.fromkeys(sorted(went))
        self.gone = tuple(item for item in gone if item in known)

    def describe(self, found: Repaired) -> None:
        """Say in words what happens, what is lost and what is in doubt."""
        found.loads = self.again
        if self.brought:
            found.done.append(
                f"brings back what {len(self.brought)} loads left in parts that no record names: {_listed(self.brought)}"
            )
        if self.rows.bound:
            found.done.append(f"leaves out {len(self.rows.bound)} wordings that were forgotten")
        if self.rows.doomed or self.half:
            found.done.append(
                f"takes out {len(self.rows.doomed)} wordings of {len(self.half)} loads of which a part is gone"
            )
        if found.loads:
            found.done.append(f"has {len(found.loads)} loads made again from their captures: {_listed(found.loads)}")
        for load, count in self.missing.items():
            if count:
                found.lost.append(
                    f"load {load}: {count} documents whose captures are gone too; the next ingest of the same input brings them back"
                )
        for table in ("captures", "fetches"):
            count = sum(f.rows for f in self.damaged.values() if f.table == table)
            if count:
                found.lost.append(
                    f"{count:,} rows of {table}"
                    + "; articles made from them stay, and cannot be made again by `reextract`" * (table == "captures")
                )
        urls = self.rows.all(
            f"select distinct url from articles where list_contains($value, version_id) and load_id not in (select load_id from {self.rows.kept('captures')}) order by url",
            sorted(self.rows.doomed),
        )
        found.lost += [f"article {url}" for (url,) in urls[:_NAMED] if url]
        if self.history.holes and not self.history.gone:
            numbers = ", ".join(map(str, self.history.holes))
            found.doubtful.append(
                f"records {numbers}: whether one of them forgot a load, which is then back, or merged or replaced parts, nobody can tell"
            )

    def fill(self, draft: Draft, began: datetime, stones: Mapping[str, str]) -> None:
        """Write what has to be written, and make the draft say all of it."""
        draft.items = self.items | {item: said for item, said in stones.items() if item not in self.snapshot.known}
        draft.gone, draft.articles = self.gone, self.articles
        draft.superseded, draft.settled = tuple(self.superseded), tuple(self.settled)
        draft.replaces = self.again
        removes, revives = list(self.damaged.values()), []
        live = {f.path for f in self.rows.live}
        for table in TABLES:
            for file, rows, stays in self.rows.counts(table):
                split = file.history and table in BY_VERSION and self._holds_back(file)
                if rows == stays and not split:
                    revives += [file] * (file.path not in live)
                    continue
                removes += [file] * (file.path in live)
                for condition, history in (
                    ((f"not ({_BACK})", True), (_BACK, False)) if split else (("true", file.history),)
                ):
                    self._write(draft, file, condition, history, began)
        draft.removes, draft.revives = tuple(removes), tuple(revives)

    def _holds_back(self, file: File) -> bool:
        return bool(self._of(file, "select version_id", _BACK).limit(1).fetchall())

    def _of(self, file: File, what: str, condition: str) -> duckdb.DuckDBPyRelation:
        """The rows of one part that stay."""
        query = f"{what} from {self.rows.kept(file.table)} where filename = $name and $back is not null and {condition}"
        values = {"name": self.rows.storage.location(file.path), "back": sorted(self.back)}
        return self.rows.con.sql(query, params=values)

    def _write(self, draft: Draft, file: File, condition: str, history: bool, began: datetime) -> None:
        kept: pa.Table = self._of(file, "select * exclude (filename)", condition).to_arrow_table()
        if kept.num_rows:
            storage = self.rows.storage
            written = write_part(
                storage,
                file.table,
                in_schema(file.table, kept),
                draft.load_id,
                began,
                month=file.month,
                compacted=is_sorted(storage, file),
                history=history,
            )
            draft.written.append(written)


_BACK = "list_contains($back, version_id)"


def _listed(names: Iterable[str]) -> str:
    every = sorted(names)
    return ", ".join(every[:_NAMED]) + (f" and {len(every) - _NAMED} more" if len(every) > _NAMED else "")
