"""The daily roll-up: `rollups/events_daily.parquet`, one row a day, event type and pair of countries, for dashboards that must not recount.

Made anew from the view `events_daily` whenever the warehouse has a newer version; readers see the old file or the new one, whole.
"""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any

_DAYS = """
select day, sum(events)::bigint as events, sum(events) filter (where event_type = 'ASSAULT')::bigint as assaults,
    sum(events) filter (where event_type = 'PROTEST')::bigint as protests, count(distinct actor_country) as countries
from events_daily where day <= current_date group by day order by day desc limit 14
"""


def roll_up(root: Path) -> list[dict[str, Any]] | None:
    """Write the roll-up of the warehouse's present version.

    Returns:
        The last 14 days with events, the newest first; None when the file is of this version already.
    """
    import warehouse
    from flows.query import write_rows

    folder = root / "rollups"
    version = warehouse.read_log(root).version
    if not version or rolled_version(root) == version:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    con = warehouse.connect(root, version, comments=False)
    unfinished = folder / f".{uuid.uuid4().hex}.parquet"
    try:
        write_rows(
            con, "from events_daily order by day, event_type, actor_country, recipient_country", "parquet", unfinished
        )
        os.replace(unfinished, folder / "events_daily.parquet")
        found = con.execute(_DAYS).fetchall()
    finally:
        con.close()
        unfinished.unlink(missing_ok=True)
    note = folder / f".{uuid.uuid4().hex}.json"
    note.write_text(json.dumps({"version": version}))
    os.replace(note, folder / "events_daily.json")
    names = ("day", "events", "assaults", "protests", "countries")
    return [{name: str(v) if name == "day" else v for name, v in zip(names, row, strict=True)} for row in found]


def rolled_version(root: Path) -> int | None:
    """The version of the warehouse the roll-up was made of; None when there is none."""
    try:
        said = json.loads((root / "rollups" / "events_daily.json").read_text())["version"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return said if isinstance(said, int) and (root / "rollups" / "events_daily.parquet").exists() else None
