"""Repair: after it the log has no hole, no part is damaged, no load is half there, and nothing is there twice."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import warehouse
from tests.warehouse.makers import MOMENT, digest, make_pair, make_tables, value
from warehouse import log, mending

LOADS = {"one": 3, "two": 3, "three": 2}
ALL = {"one-0", "one-1", "one-2", "two-0", "two-1", "two-2", "three-0", "three-1"}


def put(root: Path, name: str, pairs: list[Any], captures: bool = True) -> warehouse.Commit | None:
    """A load as an ingest makes it: its items are keyed by bytes and address."""
    tables = make_tables(pairs, digest(name))
    if not captures:
        tables["captures"] = tables["captures"].slice(0, 0)
    items = {warehouse.item_key(c.capture_id, c.url): c.capture_id for _, c in pairs}
    return warehouse.commit(root, digest(name), tables, items=items, run_id="r", versions={"extractor": "1"})


def again(root: Path) -> int:
    """Ingest everything once more, as far as it is not known; how many documents were new."""
    new = 0
    for name, count in LOADS.items():
        known = warehouse.read_log(root).known
        pairs = [make_pair(f"{name}-{i}") for i in range(count)]
        pairs = [p for p in pairs if warehouse.item_key(p[1].capture_id, p[1].url) not in known]
        pairs = [p for p in pairs if p[0].article.version_id not in known]
        if pairs:
            new += len(pairs)
            put(root, digest(f"{name} again {new}"), pairs)
    return new


def names(root: Path) -> Counter[str]:
    with warehouse.connect(root, comments=False) as con:
        rows = con.execute("select url from articles").fetchall()
    return Counter(url.rpartition("/")[2] for (url,) in rows)


def sound(root: Path) -> None:
    """Nothing is wrong, and every article has all of its rows once."""
    log._STATES.clear()
    assert warehouse.verify(root) == []
    articles = value(root, "select count(*) from articles_all")
    assert value(root, "select count(distinct version_id) from articles_all") == articles
    for table, each in (("events_all", 2), ("event_actors", 6), ("event_magnitudes", 2), ("mentions", 2)):
        assert value(root, f"select count(*) from {table}") == each * articles, table
    known = warehouse.read_log(root).known
    with warehouse.connect(root, comments=False) as con:
        for version, article in con.execute("select version_id, article_id from articles").fetchall():
            assert version in known
            assert known.newest(article)[0] == version  # type: ignore[index]
    warehouse.compact(root)
    assert value(root, "select count(*) from articles_all") == articles


def fill(root: Path, captures: bool = True) -> None:
    for name, count in LOADS.items():
        put(root, name, [make_pair(f"{name}-{i}") for i in range(count)], captures)


DAMAGES = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:80]),
    "flipped": lambda path: path.write_bytes(path.read_bytes()[:-60] + b"x" + path.read_bytes()[-59:]),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("compacted", [False, True], ids=["small parts", "compacted"])
@pytest.mark.parametrize("captures", [True, False], ids=["captures", "no captures"])
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.long)], ids=["one table", "every table"])
def test_a_damaged_part_goes_with_all_of_its_loads_and_the_rest_stays(
    tmp_path: Path, damage: str, captures: bool, compacted: bool, every: bool
) -> None:
    fill(tmp_path / "whole", captures)
    if compacted:
        warehouse.compact(tmp_path / "whole")
    files_of = warehouse.read_log(tmp_path / "whole").files
    # One table each, another every time: all of them with every damage is for the long run.
    turn = (2 * list(DAMAGES).index(damage) + captures + 3 * compacted) % len(files_of)
    for table, files in list(files_of.items())[slice(None) if every else slice(turn, turn + 1)]:
        root = tmp_path / f"{table} {damage}"
        shutil.copytree(tmp_path / "whole", root)
        DAMAGES[damage](root / files[0].path)
        before = warehouse.repair(root, dry_run=True)
        assert warehouse.read_log(root).version == 3 + compacted
        done = warehouse.repair(root)
        assert (done.done, done.lost) == (before.done, before.lost)
        assert files[0].path in done.damage[0]
        sound(root)
        gone = 0 if table == "captures" else 8 if compacted else 3
        assert sum(names(root).values()) == 8 - gone
        if captures and table != "captures":
            assert len(done.loads) == (3 if compacted else 1)
            assert done.lost == []
            snapshot = warehouse.read_log(root)
            stale = {load for load, by in warehouse.standing(snapshot).items() if "extractor" not in by.versions}
            assert stale == set(done.loads)
        else:
            assert done.loads == ()
            assert bool(done.lost)
            assert again(root) == gone
            assert names(root) == Counter(ALL)
        assert warehouse.repair(root).done == []


@pytest.mark.parametrize("first", [True, False])
def test_other_tables_answer_beside_a_damaged_part(tmp_path: Path, first: bool) -> None:
    fill(tmp_path)
    path = tmp_path / warehouse.read_log(tmp_path).files["events"][0 if first else -1].path
    path.write_bytes(b"nothing")
    assert value(tmp_path, "select count(*) from articles") == 8
    for query in ("select count(*) from events", "select count(*) from events_all where event_type = 'CONSULT'"):
        with pytest.raises(Exception, match=r"dateline repair|too small"):
            value(tmp_path, query)
    warehouse.rebuild(tmp_path)


def history(root: Path) -> None:
    """Loads, a correction, a forgotten address, a replacement, a compaction and a load behind it."""
    fill(root)
    put(root, "fix", [make_pair("one-0", " Corrected.", modified_at=MOMENT.replace(day=24))])
    warehouse.forget(root, warehouse.by_url("https://news.example/two-1"))
    tables = make_tables([make_pair(f"three-{i}", " Better.") for i in range(2)], digest("three"))
    derived = {t: rows for t, rows in tables.items() if t != "captures"}
    warehouse.replace(root, [digest("three")], derived, run_id="r", versions={"extractor": "2"})
    warehouse.compact(root)
    put(root, "four", [make_pair("four-0")])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("history")
    history(root)
    assert warehouse.read_log(root).version == 8
    return root


KEPT = (ALL - {"two-1"}) | {"four-0"}


LOST = [([1], False), (list(range(1, 9)), False), ([6], True), ([7], True)]
MORE = [
    ([5], False),
    ([6], False),
    ([7], False),
    ([8], False),
    ([2, 3], False),
    ([2], True),
    ([1, 5], True),
    ([4, 5, 6], True),
]


@pytest.mark.parametrize(
    ("lost", "collected"), LOST + [pytest.param(*one, marks=pytest.mark.long) for one in MORE], ids=str
)
def test_a_lost_record_is_made_anew_from_the_parts(
    whole: Path, tmp_path: Path, lost: list[int], collected: bool
) -> None:
    root = tmp_path / "w"
    shutil.copytree(whole, root)
    if collected:
        warehouse.gc(root, timedelta(0))
    for number in lost:
        (root / "_log" / f"{number:08d}.json").unlink()
    log._STATES.clear()
    before = warehouse.repair(root, dry_run=True)
    assert before.damage
    with pytest.raises(warehouse.DamagedLog):
        warehouse.read_log(root)
    done = warehouse.repair(root)
    assert done.done == before.done
    sound(root)
    assert names(root) == Counter(KEPT)
    assert value(root, "select right(text, 10) from articles where url = 'https://news.example/one-0'") == "Corrected."
    # What came of the records that are left is known: nothing of it comes twice.
    assert again(root) <= 1  # the forgotten one, which nobody asks about here
    assert set(names(root)) <= KEPT | {"two-1"}
    assert max(names(root).values()) == 1
    assert warehouse.repair(root).done == []


@pytest.mark.parametrize("number", [2, 8])
def test_an_altered_record_is_put_aside(whole: Path, tmp_path: Path, number: int) -> None:
    root = tmp_path / "w"
    shutil.copytree(whole, root)
    path = root / "_log" / f"{number:08d}.json"
    path.write_bytes(path.read_bytes().replace(b'"run_id":"', b'"run_id":"x', 1))
    log._STATES.clear()
    warehouse.repair(root)
    assert len(list((root / "_log").glob(f"{number:08d}.json.damaged-*"))) == 1
    sound(root)
    assert names(root) == Counter(KEPT)


def test_a_log_that_is_gone_is_made_anew(whole: Path, tmp_path: Path) -> None:
    root = tmp_path / "w"
    shutil.copytree(whole, root)
    shutil.rmtree(root / "_log")
    log._STATES.clear()
    warehouse.repair(root)
    sound(root)
    assert names(root) == Counter(KEPT)


@pytest.mark.parametrize("lost", [3, 7])
def test_a_repair_that_was_cut_short_goes_on(
    whole: Path, tmp_path: Path, lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the record made anew the log has no hole any more, and what else the lost one brought is still to be found."""
    root = tmp_path / "w"
    shutil.copytree(whole, root)
    (root / "_log" / f"{lost:08d}.json").unlink()
    log._STATES.clear()
    with monkeypatch.context() as dying:
        dying.setattr(mending, "_mend_parts", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            warehouse.repair(root)
    put(root, "five", [make_pair("five-0")])
    warehouse.repair(root)
    sound(root)
    assert names(root) == Counter(KEPT | {"five-0"})
