"""The source profile: what the articles of each outlet are usually about, as a lexicon file of the workspace.

A Springfield in an Ohio paper is the one in Ohio. The profile is counted from the resolved places of the articles already in the
warehouse, no labels needed; it changes by an explicit command only, is named by the hash of its content, and being a lexicon it is
part of the lexicon version stored with every load.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

LEAST = 5
"""Articles below which a source has no profile: four stories of one flood are not a beat."""

_SHARES = """
with named as (
    select coalesce(a.source, a.site) as source, m.version_id, m.country, m.admin1, count(*) as n
    from mentions m join articles a using (version_id)
    where m.kind = 'place' and m.country is not null and coalesce(a.source, a.site) is not null
    group by all),
sized as (select source, count(distinct version_id) as articles from named group by source having articles >= ?),
weighed as (select *, n / sum(n) over (partition by source, version_id) as weight from named)
select source, place, sum(weight) / any_value(articles) as share, any_value(articles) as articles from (
    select source, country as place, weight from weighed
    union all
    select source, country || '/' || admin1, weight from weighed where admin1 is not null)
join sized using (source)
group by source, place having share >= 0.01 order by source, share desc, place
"""


@dataclass(frozen=True, slots=True)
class Made:
    """What a profile came to."""

    path: Path
    sources: int
    rows: int


def make_profile(root: Path) -> Made | None:
    """Count the profile of every source of the warehouse and put it in force, in place of the one before.

    Returns:
        None when no source has articles enough.
    Raises:
        OSError: the workspace cannot be written.
    """
    import warehouse

    rows = warehouse.connect(root).execute(_SHARES, [LEAST]).fetchall()
    if not rows:
        return None
    lines = ["source\tplace\tshare\tarticles"]
    lines += [f"{_cell(source)}\t{_cell(place)}\t{share:.4f}\t{articles}" for source, place, share, articles in rows]
    text = "\n".join(lines) + "\n"
    folder = root / "lexicons"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"sources-{hashlib.sha256(text.encode()).hexdigest()[:16]}.tsv"
    temporary = folder / f".{path.name}.tmp"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
    for old in folder.glob("sources-*.tsv"):
        if old != path:
            old.unlink(missing_ok=True)
    return Made(path, len({r[0] for r in rows}), len(rows))


def _cell(value: str) -> str:
    return " ".join(str(value).split())
