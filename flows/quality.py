"""How good a source's news is, run by run: computed from what is stored, so it needs no memory of its own.

A feed that changes its layout does not fail: its articles lose their dates, or their events. So a run is compared with the ones
before it, and a clear drop is said.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flows.wording import for_markdown, for_name

if TYPE_CHECKING:
    import duckdb

RUNS = 10
"""Runs shown."""
SINCE = timedelta(days=30)
"""How far back is looked; the parts before are not opened."""
REJECTED_SHARE = 0.1
"""More rejects than this share of the new documents make a run Degraded."""
_BEFORE, _ENOUGH = 3, 20
"""Earlier runs, and their articles together, without which nothing is compared."""

_BY_RUN = """
with told as (
    select run_id, min(loaded_at) as began, count(*) as articles, count(*) filter (where coded) as coded,
        count(*) filter (where published_at is null) as undated
    from articles_all where source is not distinct from $source and loaded_at >= $since group by run_id
), happened as (
    select run_id, count(*) as events from events_all where source is not distinct from $source and loaded_at >= $since group by run_id
), reasons as (
    select run_id, min(loaded_at) as began, reason, count(*) as n from rejects
    where source is not distinct from $source and loaded_at >= $since group by run_id, reason
), refused as (
    select run_id, min(began) as began, sum(n)::bigint as rejects, string_agg(reason || ' ' || n, ', ' order by n desc, reason) as why
    from reasons group by run_id
)
select run_id, coalesce(least(told.began, refused.began), told.began, refused.began) as began, coalesce(articles, 0), coalesce(coded, 0),
    coalesce(undated, 0), coalesce(events, 0), coalesce(rejects, 0), coalesce(why, '')
from told full join happened using (run_id) full join refused using (run_id)
order by began desc, run_id limit $limit
"""
_BY_DAY = """
select loaded_at::date as day, count(*) from articles_all
where source is not distinct from $source and loaded_at >= $since group by day order by day desc limit 7
"""
_SOURCES = """
select distinct source from (select source, run_id, loaded_at from articles_all union all select source, run_id, loaded_at from rejects)
where run_id = $run and loaded_at >= $since order by source nulls first limit 20
"""


@dataclass(frozen=True, slots=True)
class RunQuality:
    """What one run brought of one source."""

    run_id: str
    at: datetime
    """Naive UTC."""
    articles: int
    coded: int
    undated: int
    events: int
    rejects: int
    reasons: str
    """Such as "list_page 3, empty 1"."""

    @property
    def undated_share(self) -> float:
        """Articles without a date of publication, of all; 0 without articles."""
        return self.undated / self.articles if self.articles else 0.0

    @property
    def events_per_article(self) -> float:
        """Events of a coded article; 0 without one."""
        return self.events / self.coded if self.coded else 0.0


@dataclass(frozen=True, slots=True)
class SourceQuality:
    """One source after a run: the report, and what dropped ('' when nothing did)."""

    source: str | None
    key: str
    markdown: str
    drop: str


def qualities(root: Path, run_id: str, since: datetime | None = None) -> list[SourceQuality]:
    """A report for each source a run brought something of, at most 20.

    Args:
        since: when looking begins, naive UTC; by default 30 days ago.
    """
    import warehouse

    since = since or datetime.now(UTC).replace(tzinfo=None) - SINCE
    con = warehouse.connect(root, comments=False)
    try:
        sources = [row[0] for row in con.execute(_SOURCES, {"run": run_id, "since": since}).fetchall()]
        return [_quality(con, source, run_id, since) for source in sources]
    finally:
        con.close()


def _quality(con: duckdb.DuckDBPyConnection, source: str | None, run_id: str, since: datetime) -> SourceQuality:
    of = {"source": source, "since": since}
    runs = [RunQuality(*row) for row in con.execute(_BY_RUN, of | {"limit": RUNS}).fetchall()]
    days = con.execute(_BY_DAY, of).fetchall()
    this = next((n for n, run in enumerate(runs) if run.run_id == run_id), None)
    said = drop(runs[this], runs[this + 1 :]) if this is not None else ""
    return SourceQuality(source, artifact_key(source), _page(source, runs, days, said), said)


def drop(run: RunQuality, before: Sequence[RunQuality]) -> str:
    """What is clearly worse than in the runs before; '' when nothing is, or too little is known.

    >>> day = datetime(2026, 11, 24)
    >>> good = [RunQuality("a", day, 20, 20, 1, 30, 0, "")] * 3
    >>> drop(RunQuality("b", day, 20, 20, 12, 10, 0, ""), good)
    '60 % of the articles have no date (5 % before); 0.5 events an article (1.5 before)'
    >>> drop(RunQuality("b", day, 20, 20, 2, 25, 0, ""), good), drop(RunQuality("b", day, 20, 20, 20, 0, 0, ""), good[:2])
    ('', '')
    """
    articles, coded = sum(b.articles for b in before), sum(b.coded for b in before)
    if len(before) < _BEFORE or articles < _ENOUGH or run.articles < 5:
        return ""
    found = []
    undated = sum(b.undated for b in before) / articles
    if run.undated_share > undated + 0.25:
        found.append(f"{run.undated_share:.0%} of the articles have no date ({undated:.0%} before)".replace("%", " %"))
    events = sum(b.events for b in before) / coded if coded else 0.0
    if run.coded >= 5 and events >= 0.2 and run.events_per_article < events / 2:
        found.append(f"{run.events_per_article:.1f} events an article ({events:.1f} before)")
    return "; ".join(found)


def artifact_key(source: str | None) -> str:
    """The fixed key of a source's report: small letters, digits and dashes; for each name another one.

    >>> artifact_key("daily-news"), artifact_key("Daily.News_KE"), artifact_key(None)
    ('quality-daily-news', 'quality-daily-news-ke-7c67dee2', 'quality-unnamed')
    >>> artifact_key("Правда"), artifact_key("新闻")
    ('quality-source-2fd41f98', 'quality-source-d39567b2')
    """
    if source is None:
        return "quality-unnamed"
    plain = re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")[:80]
    if plain == source != "unnamed":
        return f"quality-{plain}"
    return f"quality-{plain or 'source'}-{hashlib.sha256(source.encode(errors='surrogatepass')).hexdigest()[:8]}"


def _page(source: str | None, runs: Sequence[RunQuality], days: Sequence[tuple[object, int]], said: str) -> str:
    lines = [
        f"# Quality of {for_markdown(source or '(no source named)')}",
        "",
        _verdict(said, len(runs)),
    ]
    lines += ["", f"## The last {len(runs)} runs" if len(runs) > 1 else "## The first run", ""]
    lines += [
        "| run (UTC) | articles | no date | events per article | rejects | reasons |",
        "| --- | --: | --: | --: | --: | --- |",
    ]
    lines += [
        f"| {r.at:%Y-%m-%d %H:%M} | {r.articles} | {r.undated_share:.0%} | {r.events_per_article:.2f} | {r.rejects} | {for_markdown(r.reasons)} |"
        for r in runs
    ]
    lines += ["", "## Articles per day of loading", "", "| day | articles |", "| --- | --: |"]
    lines += [f"| {day} | {count} |" for day, count in days]
    where = f"source = '{for_name(source)}'" if source else "source is null"
    lines += ["", "## Next", "", "What was rejected, and which pages were read badly:", ""]
    lines += [
        f'    dateline sql "select input, reason, message from rejects where {where}"',
        "    dateline sources test PAGE",
    ]
    return "\n".join(lines) + "\n"


def _verdict(said: str, runs: int) -> str:
    if said:
        return f"**Worse than before:** {said}."
    return "Nothing is clearly worse than before." if runs > _BEFORE else "There are too few runs yet to compare with."
