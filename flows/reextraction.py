"""Newer extractors, lexicons or rules over the captures kept: no network, and each load's rows replaced in one record.

A load is due while the log says that other versions made its rows. So a run that is killed goes on where it was, a repeated one
does nothing, and going back to earlier rules is a reextraction like any other. Loads are replaced a few together: parts that
compaction made of many loads are then written again once for all of these.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractors.records import Capture
from flows import pipeline, runner
from flows.catalogue import refresh
from flows.changes import Changes, compare
from flows.config import Workspace, captures_kept, worker_count
from flows.pipeline import Batch, Item, Outcome, Run

if TYPE_CHECKING:
    import pyarrow as pa

    import warehouse

    Group = tuple[warehouse.Held, ...]

GROUP_CAPTURES = 2000
"""Captures of the loads that are replaced in one record; one load alone may have more."""
_ROUNDS = 3
_DERIVED = ("articles", "events", "event_actors", "event_magnitudes", "mentions", "rejects")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made again, and what cannot be."""

    run: Run
    groups: tuple[Group, ...]
    """Loads whose rows other versions made; a group is one record."""
    version: int
    """The warehouse's version that the plan was made at."""
    current: int
    """Loads at these versions already."""
    bare_loads: int
    bare_articles: int
    """Loads at other versions without captures, and their articles: they stay as they are."""

    @property
    def loads(self) -> int:
        """Loads to be made again."""
        return sum(map(len, self.groups))

    @property
    def captures(self) -> int:
        """Their captures."""
        return sum(load.captures for group in self.groups for load in group)

    @property
    def versions(self) -> dict[str, str]:
        """The versions that rows are made by now, as the log names them."""
        return versions_of(self.run)


def versions_of(run: Run) -> dict[str, str]:
    """The versions of a run, as the log names them."""
    return {"extractor": run.extractor_version, "lexicons": run.lexicon_version}


def make_plan(space: Workspace, since: date | None = None, source: str | None = None) -> Plan:
    """Find the loads whose rows other versions made than today's.

    Args:
        since: only loads made on this day (UTC) or later.
        source: only loads that hold something of this source; they are made again whole.
    Raises:
        CorruptFile, NewerSchema: the captures cannot be read.
    """
    import warehouse

    run = pipeline.new_run(space.root, runner.rules_version(space.own_lexicons, space.own_sites))
    snapshot = warehouse.read_log(space.root)
    held = warehouse.captures_by_load(snapshot)
    made = warehouse.standing(snapshot)
    stale = {load for load, by in made.items() if not versions_of(run).items() <= by.versions.items()}
    start = datetime(since.year, since.month, since.day) if since else None
    asked = [
        load
        for load in held.values()
        if (start is None or load.loaded_at >= start) and (source is None or source in load.sources)
    ]
    due = [load for load in asked if load.load_id in stale]
    bare = _without_captures(space.root, snapshot.version, stale - held.keys(), start, source)
    return Plan(run, tuple(_groups(due)), snapshot.version, len(asked) - len(due), *bare)


def _without_captures(
    root: Path, version: int, stale: set[str], start: datetime | None, source: str | None
) -> tuple[int, int]:
    if not stale:
        return 0, 0
    import warehouse

    query = (
        "select count(distinct load_id), count(*) from articles_all where load_id in (select unnest($loads)) "
        "and ($start is null or loaded_at >= $start) and ($source is null or source = $source)"
    )
    with warehouse.connect(root, version, comments=False) as con:
        values = {"loads": sorted(stale), "start": start, "source": source}
        loads, articles = con.execute(query, values).fetchone() or (0, 0)
    return loads, articles


def _groups(loads: Iterable[warehouse.Held]) -> Iterator[Group]:
    group: list[warehouse.Held] = []
    for load in loads:
        if group and sum(g.captures for g in group) + load.captures > GROUP_CAPTURES:
            yield tuple(group)
            group = []
        group.append(load)
    if group:
        yield tuple(group)


def stale_loads(space: Workspace, run_versions: dict[str, str]) -> int:
    """How many loads with captures other versions made, from the log alone."""
    import warehouse

    snapshot = warehouse.read_log(space.root)
    made = warehouse.standing(snapshot)
    keep = captures_kept(space)
    oldest = datetime.now(UTC).replace(tzinfo=None) - keep if keep is not None else datetime.min
    return sum(
        load.kind == "load"
        and load.rows.get("captures", 0) > 0
        and load.at >= oldest
        and not run_versions.items() <= made[load.load_id].versions.items()
        for load in snapshot.loads
    )


class Reextraction:
    """A plan on its way: its groups are extracted ahead in the pool and replaced one after the other."""

    def __init__(self, plan: Plan, space: Workspace, *, dry_run: bool = False) -> None:
        import warehouse

        self.plan, self.space, self.dry_run = plan, space, dry_run
        workers = worker_count() if plan.captures >= runner.POOL_FROM_FILES else 0
        self._pool = runner.open_pool(space, workers)
        # The rows as they are, all from one version: what this run replaces must not be compared with itself.
        self._con = warehouse.connect(space.root, plan.version, comments=False)
        self._outcomes = self._pool.extract(self._batches())
        self._read_at = plan.version
        self._forgotten: frozenset[str] = frozenset()

    def __enter__(self) -> Reextraction:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.__exit__()
        self._con.close()

    def _batches(self) -> Iterator[Batch]:
        import warehouse

        storage = warehouse.read_log(self.space.root).storage
        loads = [load for group in self.plan.groups for load in group]
        for number, (load, pieces) in enumerate(warehouse.read_captures(storage, loads), 1):
            captures = (capture for piece in pieces for capture in _captures(piece))
            yield Batch(number, load.load_id, tuple(Item(c.capture_id, c) for c in captures))

    def run_group(self, group: Group) -> Changes:
        """Make the next group of the plan again and replace its rows, or with `dry_run` only say what would change.

        Raises:
            LoadConflict: other commits kept changing the same articles.
        """
        import warehouse

        made = _Made(self.plan.run)
        for load in group:
            _, outcomes, seconds = next(self._outcomes)
            made.seconds += seconds
            made.add(load, outcomes)
        while True:
            version = warehouse.read_log(self.space.root).version
            self._forgotten |= warehouse.forgotten_since(self.space.root, self._read_at)
            self._read_at = version
            loads = [load.load_id for load in group if load.load_id not in self._forgotten]
            tables = made.tables(loads)
            kept = self._kept(loads, made)
            changes = compare(self._con, loads, tables, kept)
            changes.kept, changes.captures, changes.seconds = self._count(kept), made.captures(loads), made.seconds
            changes.skipped = len(group) - len(loads)
            if self.dry_run or not loads:
                return changes
            try:
                warehouse.replace(
                    self.space.root,
                    loads,
                    tables,
                    run_id=self.plan.run.run_id,
                    versions=self.plan.versions,
                    keep=kept,
                    read_at=self._read_at,
                )
            except warehouse.Outdated:
                continue
            return changes

    def _kept(self, loads: list[str], made: _Made) -> set[str]:
        """Wordings and rejects of which the capture is gone, by version_id and capture_id."""
        wordings = self._con.execute(
            "select load_id, capture_id, url, version_id from articles_all where load_id in (select unnest($loads))",
            {"loads": loads},
        ).fetchall()
        rejects = self._con.execute(
            "select load_id, capture_id from rejects where capture_id is not null and load_id in (select unnest($loads))",
            {"loads": loads},
        ).fetchall()
        kept = {version for load, capture, url, version in wordings if not made.has_read(load, capture, url)}
        return kept | {capture for load, capture in rejects if not made.has_read(load, capture, None)}

    def _count(self, kept: set[str]) -> int:
        query = "select count(*) from articles_all where version_id in (select unnest($kept::varchar[]))"
        row = self._con.execute(query, {"kept": sorted(kept)}).fetchone() if kept else None
        return row[0] if row else 0


def _captures(piece: pa.Table) -> Iterator[Capture]:
    """The rows of `captures` as they were when they were loaded.

    Raises:
        CorruptFile: a body is not the one whose digest was stored.
    """
    import warehouse

    for row in piece.to_pylist():
        instants = {n: at.replace(tzinfo=UTC) if (at := row[n]) else None for n in ("fetched_at", "listed_at")}
        capture = Capture(
            body=row["body"],
            input=row["input"],
            media_type=row["media_type"],
            charset=row["charset"],
            url=row["url"],
            source=row["source"],
            headers=tuple((h["name"], h["value"]) for h in row["headers"]),
            final_url=row["final_url"],
            listed_title=row["listed_title"],
            **instants,
        )
        if capture.capture_id != row["capture_id"]:
            raise warehouse.CorruptFile(f"capture {row['capture_id']} of {row['input']}: its body has changed")
        yield capture


class _Made:
    """What a group's captures gave, as tables by load; the bodies are not held."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.seconds = 0.0
        self._tables: dict[str, dict[str, pa.Table]] = {}
        self._read: dict[str, dict[str, set[str]]] = {}
        self._counts: dict[str, int] = {}

    def add(self, load: warehouse.Held, outcomes: list[Outcome]) -> None:
        import warehouse

        provenance = warehouse.Provenance(
            load.load_id, load.run_id, self.run.extractor_version, self.run.lexicon_version, load.loaded_at
        )
        pairs: dict[str, Any] = {}
        read: dict[str, set[str]] = {}
        for outcome in outcomes:
            capture = outcome.item.content
            assert isinstance(capture, Capture)
            # A line of JSON says its address itself: "" stands for any.
            own = capture.media_type == "application/json"
            addresses = {""} if own else {url for url in (capture.url, capture.final_url) if url}
            read.setdefault(capture.capture_id, set()).update(addresses)
            if outcome.extraction is not None:
                pairs.setdefault(outcome.extraction.article.version_id, (outcome.extraction, capture))
        rejects = [o.reject for o in outcomes if o.reject is not None]
        try:
            self._tables[load.load_id] = warehouse.build_tables(pairs.values(), (), rejects, (), provenance)
        except warehouse.Unstorable:
            checked = pipeline.without_unstorable(outcomes, provenance)
            if checked == outcomes:
                raise
            self.add(load, checked)
            return
        self._read[load.load_id], self._counts[load.load_id] = read, len(outcomes)

    def has_read(self, load: str, capture: str, url: str | None) -> bool:
        """Whether a capture was there to be read; one body may have come from several addresses."""
        addresses = self._read[load].get(capture)
        return addresses is not None and (url is None or "" in addresses or url in addresses)

    def captures(self, loads: list[str]) -> int:
        return sum(self._counts[load] for load in loads)

    def tables(self, loads: list[str]) -> dict[str, pa.Table]:
        """The rows of some loads, every wording in the first of them that gives it."""
        import pyarrow as pa
        import pyarrow.compute as pc

        import warehouse

        taken: set[str] = set()
        found: dict[str, list[pa.Table]] = {name: [warehouse.TABLES[name].empty_table()] for name in _DERIVED}
        for load in loads:
            tables = self._tables[load]
            versions = tables["articles"]["version_id"].to_pylist()
            twice = taken.intersection(versions)
            taken.update(versions)
            listed = pa.array(sorted(twice), pa.string())
            for name, rows in found.items():
                table = tables[name]
                if twice and name != "rejects":
                    table = table.filter(pc.invert(pc.is_in(table["version_id"], listed)))
                rows.append(table)
        return {name: pa.concat_tables(rows) for name, rows in found.items()}


def reextract(
    space: Workspace,
    since: date | None = None,
    source: str | None = None,
    *,
    dry_run: bool = False,
    planned: Callable[[Plan], None] = lambda _: None,
    through: Callable[[Reextraction, int, Group], Changes] = lambda work, _, group: work.run_group(group),
    done: Callable[[Changes], None] = lambda _: None,
) -> Changes:
    """Plan and run: everything that is due, in this process and its pool.

    Args:
        planned: told of the plan; more than once if something was forgotten while its captures were read.
        through: runs one group of the work, given its number from 1; a Prefect task does it in the flow.
        done: told of every group that is committed.
    """
    total = Changes()
    for _ in range(_ROUNDS):
        plan = make_plan(space, since, source)
        planned(plan)
        skipped = 0
        if plan.groups:
            with Reextraction(plan, space, dry_run=dry_run) as work:
                for number, group in enumerate(plan.groups, 1):
                    changes = through(work, number, group)
                    skipped += changes.skipped
                    total += changes
                    done(changes)
        if not skipped or dry_run:
            break
    if total.loads and not dry_run:
        finish(space.root)
    return total


def finish(root: Path) -> None:
    """After the last group: small parts are merged where there are many, the catalogue is brought up to date."""
    from flows.keeping import compact_if_due

    compact_if_due(root)
    refresh(root)


def started() -> float:
    """Now, for durations, in seconds."""
    return time.perf_counter()
