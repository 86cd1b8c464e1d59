"""The gazetteer as a table: a Parquet file beside the compiled one, linked into a workspace so that SQL can ask for places."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from extractors.gazetteer import NONE, Gazetteer

TABLE = "places.parquet"
"""Its name in a workspace, where the catalogue looks for it."""


def write_table(gazetteer: Gazetteer, path: Path) -> None:
    """Write every place of a gazetteer, sorted by country, with the folded spellings it is found by.

    Raises:
        OSError: the disk refused.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    spellings: dict[int, list[str]] = {}
    for key, indexes in gazetteer.names():
        for index in indexes:
            spellings.setdefault(index, []).append(key)
    spots = sorted(gazetteer.rows(), key=lambda s: (s.country or "", -s.population, s.index))
    regions = {s.region: gazetteer.spot(s.region).name for s in spots if s.region != NONE}
    table = pa.table(
        {
            "geoname_id": pa.array([s.geoname_id for s in spots], pa.int64()),
            "name": pa.array([s.name for s in spots], pa.string()),
            "kind": pa.array([s.kind for s in spots], pa.string()),
            "country": pa.array([s.country for s in spots], pa.string()),
            "admin1": pa.array([regions.get(s.region) for s in spots], pa.string()),
            "lat": pa.array([s.lat for s in spots], pa.float64()),
            "lon": pa.array([s.lon for s in spots], pa.float64()),
            "population": pa.array([s.population or None for s in spots], pa.int64()),
            "spellings": pa.array([sorted(spellings.get(s.index, ())) for s in spots], pa.list_(pa.string())),
        }
    ).replace_schema_metadata({"attribution": gazetteer.attribution, "version": gazetteer.version})
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        pq.write_table(table, temporary, compression="zstd")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def put_table(root: Path, table: Path) -> None:
    """Bring the table into an existing workspace, unless it is there; a full disk leaves the workspace as it is."""
    place = root / TABLE
    try:
        if not root.is_dir() or not table.is_file():
            return
        if place.exists() and place.stat().st_size == table.stat().st_size:
            return
        temporary = root / f".{TABLE}.{os.getpid()}.tmp"
        try:
            try:
                os.link(table, temporary)
            except OSError:
                shutil.copyfile(table, temporary)
            os.replace(temporary, place)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError:
        return
