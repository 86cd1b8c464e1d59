"""Rows taken out of live parts: forgetting a load, a source or an address, and replacing what better extractors make of a load.

Parts never change, so the ones that hold such rows are written again without them, and one record swaps them all. What the rows made
known is known no more, and where the newest wording of an article goes, the newest of the remaining ones takes its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import duckdb

from warehouse.captures import CUTTING, forgotten_since, standing
from warehouse.catalog import OFFLINE, base_select
from warehouse.compaction import BY_VERSION
from warehouse.log import Snapshot, commits_after, read_log
from warehouse.parts import check_part, in_schema, is_sorted, read_groups, write_part
from warehouse.record import Commit, CorruptFile, File, check_schema, load_key, read_record
from warehouse.schema import TABLES
from warehouse.storage import Storage, fault
from warehouse.store import (
    Draft,
    LoadConflict,
    check_tables,
    discarding,
    editions_of,
    item_key,
    now,
    publish_draft,
    seconds,
)
from warehouse.tombstones import ARTICLE, SOURCE, URL, may_come, put_stones

if TYPE_CHECKING:
    import pyarrow as pa

_TRIES = 20
_MADE = "concat_ws(' ', extractor_version, lexicon_version)"
"""What made a row."""
_ROW = "(load_id, capture_id, coalesce(url, ''), coalesce(final_url, ''))"
"""What tells a row of `captures` from the others."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows to take out: SQL conditions over the tables, with the values of their `$value` parameter.

    `articles` chooses the wordings, and with them their events and mentions; the others choose rows of their own table.
    """

    value: object
    articles: str
    captures: str
    rejects: str
    fetches: str
    whole_loads: bool = False
    """Whether captures go even where another article rests on them."""
    kind: str = ""
    """url or source where what is chosen is to stay away: see `warehouse.tombstones`."""


def by_load(load_id: str) -> Chosen:
    """All rows of one load."""
    return Chosen(load_id, *("load_id = $value",) * 4, whole_loads=True)


def by_source(source: str) -> Chosen:
    """All rows of one source, and the rejects of unsaid source whose capture, or whose address alone, was this source's."""
    theirs = "(load_id, capture_id) in (select (load_id, capture_id) from near where picked) or url in (select url from own_urls)"
    rejects = f"source = $value or (source is null and ({theirs}))"
    return Chosen(source, *("source = $value",) * 2, rejects, "source = $value", kind=SOURCE)


def by_url(url: str) -> Chosen:
    """Every wording of the article at an address, and the attempts to fetch it at any address that led there."""
    article = "article_id in (select article_id from articles where $value in (url, canonical_url))"
    fetches = "url = $value or url in (select url from gone_urls)"
    return Chosen(url, article, "$value in (url, final_url)", "$value in (url, input)", fetches, kind=URL)


def captures_before(instant: datetime) -> Chosen:
    """Captures loaded before an instant (naive UTC), and nothing else."""
    return Chosen(instant, "false", "loaded_at < $value", "false", "false", whole_loads=True)


class Outdated(Exception):
    """What is to replace a load rests on captures that have been forgotten since they were read."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken out."""

    rows: dict[str, int]
    """By table."""
    commit: Commit | None
    """None when there was nothing, or on a dry run."""
    urls: frozenset[str] = frozenset()
    """Addresses that led to what went."""
    captures: frozenset[str] = frozenset()
    """capture_ids of what went, also of captures that went before."""
    inputs: frozenset[str] = frozenset()
    """What the user named where they were read."""


def forget(
    root: Path | str, chosen: Chosen, *, run_id: str = "forget", dry_run: bool = False, always: bool = False
) -> Taken:
    """Take rows out of every table in one commit; the items they came from may be loaded again.

    The parts that held them stay on disk, for readers of earlier versions, until `gc` collects them. An address or a source leaves
    a tombstone (`warehouse.tombstones`), so that nothing brings it back but a run by hand.

    Args:
        always: leave the tombstone also where no row goes.
    Raises:
        LoadConflict: other commits kept changing the same articles.
        CorruptFile: a part that holds such rows is damaged; nothing has changed.
    """
    storage = Storage(root)
    forgets_items = chosen.articles != "false"

    def attempt(snapshot: Snapshot) -> Taken:
        with Cut(storage, snapshot, run_id) as cut:
            cut.choose(chosen)
            rows, traces = cut.count(), cut.traces()
            if dry_run or not (rows or (always and chosen.kind)):
                return Taken(rows, None, *traces)
            draft = cut.draft("forget", f"forget\0{chosen!r}\0{snapshot.version}", {})
            if forgets_items:
                draft.gone = cut.items_gone(chosen.whole_loads)
            if chosen.kind:
                draft.items = put_stones(snapshot, cut.stones(chosen))
            return Taken(rows, cut.publish(draft, {}), *traces)

    return retried(storage, attempt)


def replace(
    root: Path | str,
    load_ids: Iterable[str],
    tables: Mapping[str, pa.Table],
    *,
    run_id: str,
    versions: Mapping[str, str],
    keep: Iterable[str] = (),
    read_at: int | None = None,
) -> Commit | None:
    """Put what newer extractors made of loads in the place of their articles, events and mentions, in one commit.

    A wording that another load holds is left out if the same versions made it there, and taken over if others did.

    Args:
        load_ids: the loads; their captures and fetches stay, and their rejects that had a capture are replaced too.
        tables: the new rows, of these loads only and with their load_ids, each wording once.
        keep: version_ids of wordings, and capture_ids of rejects, whose rows stay as they are.
        read_at: the version at which the captures were read.
    Returns:
        The commit, None when all these loads are at these versions already.
    Raises:
        Outdated: something was forgotten of these loads since `read_at`; nothing has changed.
        LoadConflict: other commits kept changing the same articles.
    """
    storage = Storage(root)
    wanted = sorted(set(load_ids))
    check_tables("0", tables)
    listed = "load_id in (select unnest($value)) and {} not in (select kept from _kept)"
    articles = f"{listed.format('version_id')} or exists (from _coming c where c.version_id = articles.version_id and c.made <> {_MADE})"
    rejects = f"{listed.format('capture_id')} and capture_id is not null"

    def attempt(snapshot: Snapshot) -> Commit | None:
        if read_at is not None and forgotten_since(storage, read_at).intersection(wanted):
            raise Outdated("rows of these loads were forgotten meanwhile: read their captures again")
        made = standing(snapshot)
        if all(load in made and versions.items() <= made[load].versions.items() for load in wanted):
            return None
        stood = (f"{load}@{made[load].version if load in made else 0}" for load in wanted)
        identity = "\0".join(["replace", *stood, *(f"{k}={v}" for k, v in sorted(versions.items()))])
        coming = may_come(tables, snapshot)
        with Cut(storage, snapshot, run_id) as cut:
            cut.announce(coming, keep)
            cut.choose(Chosen(wanted, articles, "false", rejects, "false"))
            draft = cut.draft("replace", identity, versions)
            draft.replaces = tuple(wanted)
            return cut.publish(draft, cut.without_rivals(coming))

    return retried(storage, attempt)


def retried(storage: Storage, attempt: Callable[[Snapshot], _T]) -> _T:
    """Plan and publish, again while other commits are faster."""
    snapshot = read_log(storage)
    for left in reversed(range(_TRIES)):
        try:
            return attempt(snapshot)
        except LoadConflict:
            if not left:
                raise
        except duckdb.Error as error:
            if read_log(storage).version == snapshot.version:  # else a part may just have been collected
                raise CorruptFile(f"{storage.root}: {error}") from error
        snapshot = read_log(storage)
    raise AssertionError("the last try returns or raises")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass
class _Edition:
    """One wording of an affected article that stays or comes."""

    instant: int
    order: int
    """The version that committed it: of equal instants the later is the newest."""
    version_id: str
    history: bool = False
    new: bool = False


@dataclass
class Cut:
    """One planned change of a snapshot: a connection over its parts, the chosen rows, and what follows from their going."""

    storage: Storage
    snapshot: Snapshot
    run_id: str
    conditions: dict[str, str] = field(default_factory=dict)
    value: object = None

    def __enter__(self) -> Cut:
        for files in self.snapshot.files.values():
            check_schema(self.storage, files)
        self.began = now()
        self.con = duckdb.connect(":memory:", config=OFFLINE)
        self.files = {self.storage.location(f.path): f for found in self.snapshot.files.values() for f in found}
        for table, schema in TABLES.items():
            paths = [self.storage.location(f.path) for f in self.snapshot.files.get(table, ())]
            self.con.execute(f'create view "{table}" as {base_select(schema, paths, mixed=True, filename=True)}')
        return self

    def __exit__(self, *_: object) -> None:
        self.con.close()

    def announce(self, tables: Mapping[str, pa.Table], keep: Iterable[str]) -> None:
        """Let conditions speak of the wordings that come (`_coming`) and of what stays (`_kept`)."""
        import pyarrow as pa

        self.con.register("_kept", pa.table({"kept": pa.array(sorted(set(keep)), pa.string())}))
        articles = tables.get("articles", TABLES["articles"].empty_table())
        columns = ["version_id", "extractor_version", "lexicon_version"]
        self.con.register("_rows", articles.select(columns))
        self.con.execute(f"create table _coming as select version_id, {_MADE} as made from _rows")
        self.con.unregister("_rows")

    def choose(self, chosen: Chosen) -> None:
        """Find the wordings, captures and other rows that go."""
        self.value = chosen.value
        self._table("doomed", "version_id, article_id, load_id, capture_id, url", f"articles where {chosen.articles}")
        own = (
            "(load_id, capture_id) in (select (load_id, capture_id) from doomed)"
            if chosen.captures != "false"
            else "false"
        )
        columns = "load_id, capture_id, url, final_url, input"
        picked = f"coalesce(({chosen.captures}), false)"
        self._run(
            f"create table near as select row_number() over () as n, * from "
            f"(select distinct {columns}, {picked} as picked from captures where {picked} or {own})"
        )
        # One body may have come from several addresses: an article rests on the capture of its own, or on all where none is.
        self._run(
            "create table resting as select n, version_id, coalesce(a.url in (c.url, c.final_url), false) as its "
            "from articles a join near c using (load_id, capture_id) qualify its = bool_or(its) over (partition by version_id)"
        )
        goes = "picked or n in (select n from resting semi join doomed using (version_id))"
        stays = "false" if chosen.whole_loads else "n in (select n from resting anti join doomed using (version_id))"
        self._table("doomed_captures", columns, f"near where ({goes}) and not ({stays})")
        addresses = (
            "select url from doomed union select url from doomed_captures union select final_url from doomed_captures"
        )
        self._table("gone_urls", "url", f"({addresses}) where url is not null")
        self._table("own_urls", "url", f"fetches group by url having bool_and(coalesce(({chosen.fetches}), false))")
        self.conditions = dict.fromkeys(BY_VERSION, "version_id in (select version_id from doomed)") | {
            "captures": f"{_ROW} in (select {_ROW} from doomed_captures)",
            "rejects": chosen.rejects,
            "fetches": chosen.fetches,
        }

    def _table(self, name: str, columns: str, source: str) -> None:
        self._run(f"create table {name} as select distinct {columns} from {source}")

    def _run(self, statement: str) -> duckdb.DuckDBPyConnection:
        return self.con.execute(statement, {"value": self.value} if "$value" in statement else None)

    def count(self) -> dict[str, int]:
        """Rows chosen, by table, where there are some."""
        found = {t: self._run(f'select count(*) from "{t}" where {c}').fetchone() for t, c in self.conditions.items()}
        return {table: row[0] for table, row in found.items() if row and row[0]}

    def draft(self, kind: str, identity: str, versions: Mapping[str, str]) -> Draft:
        """An empty draft of the change."""
        return Draft(_hash(identity), kind, self.run_id, versions)

    def traces(self) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        """Addresses, capture_ids and inputs of what goes, to be found in files that are no tables."""
        rejects = f"rejects where {self.conditions['rejects']}"
        return (
            self._texts(f"select url from gone_urls union select url from {rejects}"),
            self._texts(
                f"select capture_id from doomed union select capture_id from doomed_captures union select capture_id from {rejects}"
            ),
            self._texts(f"select input from doomed_captures union select input from {rejects}"),
        )

    def stones(self, chosen: Chosen) -> dict[str, set[str]]:
        """What is to stay away, by kind: the address with all that led there and the articles, or the source."""
        if chosen.kind == SOURCE:
            return {SOURCE: {str(chosen.value)}}
        return {
            URL: {str(chosen.value), *self._texts("select url from gone_urls")},
            ARTICLE: set(self._texts("select article_id from doomed")),
        }

    def _texts(self, query: str) -> frozenset[str]:
        return frozenset(value for (value,) in self._run(query).fetchall() if value)

    def items_gone(self, whole_loads: bool) -> tuple[str, ...]:
        """What is known no more: the wordings, and the items of their loads that were read from the captures that go.

        What a later load brought anew stays known.
        """
        read = (
            "select load_id, capture_id, url from doomed union select load_id, capture_id, coalesce(final_url, url) from doomed_captures "
            f"union select load_id, capture_id, url from rejects where {self.conditions['rejects']}"
        )
        rows = self._run(read).fetchall()
        # The same text from other bytes was no new article; with the article gone it may be one.
        twins = self._run(
            "select load_id, capture_id, coalesce(final_url, url) from captures c "
            f"where (url in (from gone_urls) or final_url in (from gone_urls)) and not ({self.conditions['captures']}) and not exists "
            "(from articles a anti join doomed using (version_id) where a.load_id = c.load_id and a.capture_id = c.capture_id) "
            "and not exists (from rejects r where r.load_id = c.load_id and r.capture_id = c.capture_id)"
        ).fetchall()
        exact = {item_key(capture, url) for _, capture, url in (*rows, *twins) if capture}
        stays = f"from articles anti join doomed using (version_id) union select load_id, capture_id from captures where not ({self.conditions['captures']})"
        shared = set(
            self._run(
                f"select load_id, capture_id from ({read}) semi join (select load_id, capture_id {stays}) using (load_id, capture_id)"
            ).fetchall()
        )
        begins = {(load, capture[:16]) for load, capture, _ in rows if capture and (load, capture) not in shared}
        loads = {load for load, _, _ in (*rows, *twins)}
        gone = dict.fromkeys(sorted(self._texts("select version_id from doomed")))
        known, prefixes = self.snapshot.known, {capture for _, capture in begins}
        anew = {load.version for load in self.snapshot.loads if load.kind in ("restore", "repair")}
        for load in self.snapshot.loads:
            own = load.kind == "load" and load.load_id in loads
            if not own and load.version not in anew:
                continue
            record = read_record(self.storage, load.version)
            for item, capture in record.items.items() if record is not None else ():
                its = (load.load_id, capture) in begins or whole_loads if own else capture in prefixes
                by = known.brought_by(item) if its or item in exact else None
                if by == load.version or (own and by in anew):
                    gone[item] = None
        return (*gone, *map(load_key, sorted(loads)))

    def without_rivals(self, tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """The new tables less the wordings that stay live in other loads."""
        import pyarrow as pa
        import pyarrow.compute as pc

        new = [version for _, version, _ in editions_of(tables)]
        self.con.register("_new", pa.table({"version_id": pa.array(new, pa.string())}))
        rivals = self._run(
            "select version_id from articles semi join _new using (version_id) anti join doomed using (version_id)"
        ).fetchall()
        self.con.unregister("_new")
        if not rivals:
            return dict(tables)
        listed = pa.array([v for (v,) in rivals], pa.string())
        return {
            name: table.filter(pc.invert(pc.is_in(table["version_id"], listed))) if name in BY_VERSION else table
            for name, table in tables.items()
        }

    def publish(self, draft: Draft, tables: Mapping[str, pa.Table]) -> Commit | None:
        """Write the parts anew without the chosen rows, add the new ones, and make it one commit."""
        editions = self._editions(tables)
        back = self._settle(draft, editions)
        new = {e.version_id for found in editions.values() for e in found if e.new}
        doomed = {v for (v,) in self._run("select version_id from doomed").fetchall()}
        draft.items = dict.fromkeys(new, "") | dict(draft.items)
        draft.gone = (*draft.gone, *sorted(doomed - new - set(draft.gone)))
        touched = set(editions)
        draft.check = lambda last: self._check_since(last, touched)
        with discarding(self.storage, draft):
            self._cut_parts(draft, back)
            for name, table in tables.items():
                if table.num_rows:
                    draft.written.append(write_part(self.storage, name, table, draft.load_id, self.began))
            fault("rewrite")
            return publish_draft(self.storage, draft, self.began)

    def settle_into(self, draft: Draft) -> None:
        """Fill a draft with what the going of the chosen rows comes to; its parts are written."""
        back = self._settle(draft, self._editions({}))
        draft.gone = self.items_gone(False)
        self._cut_parts(draft, back)

    def without(self, draft: Draft) -> Iterator[tuple[File, File | None]]:
        """Write the parts that hold chosen rows anew without them: each with the one that stands for it, None if nothing is left."""
        for table, condition in self.conditions.items():
            names = self._run(f'select distinct filename from "{table}" where {condition}').fetchall()
            for file in sorted((self.files[name] for (name,) in names), key=lambda f: f.path):
                check_part(self.storage, file)
                before = len(draft.written)
                self._write(draft, file, f"({condition}) is not true", file.history)
                yield file, (draft.written[-1] if len(draft.written) > before else None)

    def _check_since(self, last: Snapshot, touched: set[str]) -> None:
        """Refuse when a commit made meanwhile added a wording of an article whose newest one was settled here, or took rows out."""
        if last.version > self.snapshot.version:
            for commit in commits_after(self.storage, self.snapshot.version):
                if touched & commit.articles.keys() or commit.kind in CUTTING:
                    raise LoadConflict("an article was loaded again meanwhile: plan again")

    def _editions(self, tables: Mapping[str, pa.Table]) -> dict[str, list[_Edition]]:
        """All wordings, that stay or come, of the articles that lose or gain one."""
        import pyarrow as pa

        order = {load.load_id: load.version for load in self.snapshot.loads}
        coming = editions_of(tables)
        found: dict[str, list[_Edition]] = {a: [] for (a,) in self._run("select article_id from doomed").fetchall()}
        if coming:
            loads = tables["articles"]["load_id"].to_pylist()
            for (article, version, instant), load in zip(coming, loads, strict=True):
                found.setdefault(article, []).append(_Edition(instant, order.get(load, 0), version, new=True))
        self.con.register("_touched", pa.table({"article_id": pa.array(list(found), pa.string())}))
        rows = self._run(
            "select article_id, version_id, coalesce(modified_at, published_at), load_id, filename from articles "
            "semi join _touched using (article_id) anti join doomed using (version_id)"
        ).fetchall()
        self.con.unregister("_touched")
        for article, version, instant, load, name in rows:
            history = self.files[name].history
            found[article].append(_Edition(seconds(instant), order.get(load, 0), version, history))
        return found

    def _settle(self, draft: Draft, editions: Mapping[str, list[_Edition]]) -> set[str]:
        """Say which wordings are newest now; those among them that lie in parts of superseded ones must come back."""
        pending = self.snapshot.superseded
        newest = {a: max(found, key=lambda e: (e.instant, e.order), default=None) for a, found in editions.items()}
        best = {e.version_id: e for e in newest.values() if e is not None}
        older = {
            e.version_id for found in editions.values() for e in found if e.version_id not in best and not e.history
        }
        doomed = {v for (v,) in self._run("select version_id from doomed").fetchall()}
        draft.articles = {a: (e.version_id, e.instant) if e is not None else ("", 0) for a, e in newest.items()}
        draft.superseded = tuple(sorted(older - pending))
        draft.settled = tuple(sorted(((doomed | best.keys()) & pending) - older))
        return {version for version, e in best.items() if e.history}

    def _cut_parts(self, draft: Draft, back: set[str]) -> None:
        import pyarrow as pa

        self.con.register("_back", pa.table({"version_id": pa.array(sorted(back), pa.string())}))
        for table, condition in self.conditions.items():
            returns = "version_id in (select version_id from _back)" if back and table in BY_VERSION else "false"
            hit = f"({condition}) or ({returns})"
            names = self._run(f'select distinct filename from "{table}" where {hit}').fetchall()
            for file in sorted((self.files[name] for (name,) in names), key=lambda f: f.path):
                check_part(self.storage, file)
                draft.removes = (*draft.removes, file)
                self._write(draft, file, f"({hit}) is not true", file.history)
                if file.history and back:
                    self._write(draft, file, f"({returns}) and ({condition}) is not true", False)

    def _write(self, draft: Draft, file: File, condition: str, history: bool) -> None:
        pieces = self._kept(file, condition)
        first = next(pieces, None)
        if first is not None:
            written = write_part(
                self.storage,
                file.table,
                _chained(first, pieces),
                draft.load_id,
                self.began,
                month=file.month,
                compacted=is_sorted(self.storage, file),
                history=history,
            )
            draft.written.append(written)

    def _kept(self, file: File, condition: str) -> Iterator[pa.Table]:
        for piece in read_groups(self.storage, file):
            self.con.register("_piece", piece)
            statement = f"select * from _piece where {condition}"
            found = self.con.sql(statement, params={"value": self.value} if "$value" in condition else None)
            kept = found.to_arrow_table()
            self.con.unregister("_piece")
            if kept.num_rows:
                yield in_schema(file.table, kept)


def _chained(first: pa.Table, rest: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from rest
