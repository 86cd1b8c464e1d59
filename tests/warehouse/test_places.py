"""The view `places`: empty and typed without the gazetteer's table, its rows with it."""

from __future__ import annotations

from pathlib import Path

import warehouse
from extractors.gazetteer_file import small_gazetteer
from flows.placetable import write_table


def test_empty_and_typed_without_a_table(root: Path) -> None:
    con = warehouse.connect(root)
    assert con.execute("select count(*) from places").fetchone() == (0,)
    kinds = {name: kind for name, kind, *_ in con.execute("describe places").fetchall()}
    assert kinds["geoname_id"] == "BIGINT"
    assert kinds["spellings"] == "VARCHAR[]"
    assert con.execute("select count(*) from help where name = 'places'").fetchone() == (1,)


def test_the_same_columns_with_a_table(root: Path) -> None:
    root.mkdir()
    before = warehouse.connect(root).execute("describe places").fetchall()
    write_table(small_gazetteer(), root / "places.parquet")
    con = warehouse.connect(root)
    assert con.execute("describe places").fetchall() == before
    found = con.execute("select name, country, kind from places where list_contains(spellings, 'nairobi')").fetchall()
    assert found == [("Nairobi", "KEN", "city")]
