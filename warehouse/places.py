"""The view `places`: the gazetteer's table, when the workspace has one; typed and empty otherwise.

The file is brought by whoever compiles the gazetteer; it is no part of the log, for it says nothing of any article.
"""

from __future__ import annotations

from pathlib import Path

TABLE = "places.parquet"
MARK = "$places"
"""What stands for the file in `views/places.sql`."""

_COLUMNS = {
    "geoname_id": "bigint",
    "name": "varchar",
    "kind": "varchar",
    "country": "varchar",
    "admin1": "varchar",
    "lat": "double",
    "lon": "double",
    "population": "bigint",
    "spellings": "varchar[]",
}


def places_view(text: str, root: Path | None) -> str:
    """The view's SQL over the file of a workspace; without one it is typed and empty.

    Args:
        text: of `views/places.sql`.
        root: the workspace, None when it is not on this machine.
    """
    path = root / TABLE if root is not None else None
    if path is not None and path.is_file():
        quoted = str(path).replace("'", "''")
        return text.replace(MARK, f"read_parquet('{quoted}')")
    empty = ", ".join(f'null::{kind} as "{name}"' for name, kind in _COLUMNS.items())
    return text.replace(MARK, f"(select {empty} where false)")
