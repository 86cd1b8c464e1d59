"""The compiled gazetteer: one compilation for all who ask at once, made again when broken, done without when it cannot be made."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from extractors.events.coder import code
from extractors.gazetteer import CorruptGazetteer, Gazetteer, open_gazetteer, place_key
from extractors.gazetteer_file import compile_gazetteer, small_gazetteer
from extractors.lexicon import load_lexicons
from flows.gazetteer import cache_folder, find_gazetteer, gazetteer_version, show_places
from tests.conftest import Dateline

TOWN = {
    "geonameid": 7,
    "name": "Kesra",
    "latitude": 1.5,
    "longitude": 2.5,
    "countrycode": "KE",
    "population": 4000,
    "admin1code": "",
    "alternatenames": ["Kesra al-Gharbia", "КЕСРА", "KSR", "mo si"],
}


@pytest.fixture
def few_towns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache folder of its own, and the smallest of the files: a second or two to compile."""
    monkeypatch.setenv("DATELINE_TOWNS", "15000")
    monkeypatch.setenv("DATELINE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _ask(version: object) -> None:
    found = find_gazetteer()
    version.put(found.version if found else None)  # type: ignore[attr-defined]


def test_two_processes_at_once_compile_once(few_towns: Path) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    askers = [context.Process(target=_ask, args=(answers,)) for _ in range(2)]
    for asker in askers:
        asker.start()
    versions = [answers.get(timeout=100) for _ in askers]
    for asker in askers:
        asker.join(20)
    assert versions == [gazetteer_version()] * 2
    (made,) = few_towns.glob("places-*.bin")
    assert not list(few_towns.glob(".places-*"))
    inode = made.stat().st_ino
    assert find_gazetteer() is not None
    assert made.stat().st_ino == inode, "an existing file is opened, not made again"


def test_a_broken_file_is_made_again(few_towns: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert find_gazetteer() is not None
    (made,) = few_towns.glob("places-*.bin")
    good = made.read_bytes()
    flipped = [bytearray(good) for _ in range(20)]
    for n, copy in enumerate(flipped):  # one bit each, all over the file
        copy[n * (len(good) - 1) // 19] ^= 1 << n % 8
    for damage in (b"", b"not a gazetteer at all", good[:40], good[:-8], good[: len(good) // 2], *flipped):
        made.unlink()
        made.write_bytes(damage)
        with pytest.raises(CorruptGazetteer):
            open_gazetteer(made)
    assert find_gazetteer() is not None
    assert made.read_bytes() == good
    assert capfd.readouterr().err.count("compiling the gazetteer") == 2


def test_without_a_place_for_it_countries_and_capitals_are_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("DATELINE_CACHE", str(blocked / "cache"))
    assert find_gazetteer() is None
    assert "countries and capitals" in capfd.readouterr().err
    lexicons = load_lexicons(gazetteer=None)
    found = code("Protesters were shot in Nairobi, Kenya, on Monday.", lexicons=lexicons).mentions
    places = [(m.text, m.country, m.precision) for m in found if m.kind == "place"]
    assert places == [("Nairobi", "KEN", "city"), ("Kenya", "KEN", "country")]


def test_code_needs_no_workspace(dateline: Dateline, tmp_path: Path, root: Path) -> None:
    done = dateline("code", "--mentions", "-", stdin='{"id": 1, "text": "Police arrested ten men in Ramallah."}')
    assert '"country": "PSE"' in done.stdout
    assert not root.exists()
    assert os.listdir(tmp_path / "cwd") == []


def test_the_cache_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DATELINE_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder().name == "dateline"
    assert cache_folder().is_relative_to(tmp_path)


def test_a_gazetteer_of_one_town(tmp_path: Path) -> None:
    data = compile_gazetteer([TOWN], "v1")
    gazetteer = Gazetteer(data)
    assert gazetteer.version == "v1"
    for name, alternate in (("Kesra", False), ("kesra el-gharbia", True)):
        (sense,) = gazetteer.senses(place_key(name))
        assert (sense.spot.name, sense.spot.country, sense.spot.geoname_id) == ("Kesra", "KEN", 7)
        assert sense.alternate is alternate
    assert not any(s.spot.name == "Kesra" for name in ("KSR", "mo si") for s in gazetteer.senses(place_key(name)))
    assert data == compile_gazetteer([TOWN], "v1"), "the same input gives the same bytes"


def test_own_places_come_in_and_change_the_version(tmp_path: Path) -> None:
    before = gazetteer_version(tmp_path)
    (tmp_path / "places.tsv").write_text(
        "name\tkind\tcountry\tgeoname_id\tlat\tlon\tother_names\nCamp Omega\tsite\tSYR\t\t35.5\t38.5\tOmega camp\n"
    )
    assert gazetteer_version(tmp_path) != before == gazetteer_version()
    (sense,) = Gazetteer(compile_gazetteer([], "v", tmp_path)).senses(place_key("Camp Omega"))
    assert (sense.spot.kind, sense.spot.country, sense.spot.lat) == ("site", "SYR", 35.5)


@pytest.mark.parametrize("country", ["KAZ", "UKR", "PSE", "USA", "XKX", "TWN"])
def test_every_country_has_a_point(country: str) -> None:
    spot = small_gazetteer().country(country)
    assert spot is not None
    assert -90 <= spot.lat <= 90
    assert -180 <= spot.lon <= 180


def test_the_table_of_places(few_towns: Path, tmp_path: Path) -> None:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    show_places(tmp_path / "none", None)
    assert not few_towns.exists(), "no workspace, no work"
    space = tmp_path / "space"
    space.mkdir()
    show_places(space, None)
    table = pq.read_table(space / "places.parquet")
    (mosul,) = table.filter(pc.equal(table["geoname_id"], 99072)).to_pylist()
    assert (mosul["country"], mosul["admin1"]) == ("IRQ", "Nineveh")
    assert "mosul" in mosul["spellings"]
    assert b"GeoNames" in table.schema.metadata[b"attribution"]
