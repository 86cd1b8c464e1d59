"""Newer rules over captures kept: the same rows as a fresh ingest with these rules, wherever the old ones lie, and nothing lost on the way."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import warehouse
from extractors.records import Capture
from flows import pipeline, reextraction, runner
from flows.changes import Changes
from flows.config import Workspace, workspace
from flows.demo import SAMPLES
from flows.readers.files import read_file
from tests.conftest import Dateline

LEXICON = "phrase\tname\tcountry\tkind\tsector\tother_sectors\tvalid_from\tvalid_to\tsource\tnote\nBrazil\t\t\tnone\n"
SITE = 'hosts = ["paper.example"]\n[[rule]]\nbody = ["div.story"]\nremove = [".note"]\n'
PAGE = """<html><head><title>Talks</title></head><body><article><h1>Talks</h1><div class="story">
<p>Brazil condemned the attack on Monday and promised to send {n} doctors to Angola, the ministry said in a statement.</p>
<p class="note">{note} The president of Brazil visited Luanda on Friday and met the leaders of the opposition there.</p>
<p>Soldiers killed {n} protesters in the capital of Mali, and the United States demanded an inquiry into the shooting.</p>
</div></article></body></html>"""
DAY = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def page(n: int, note: str = "", url: str | None = None, source: str = "paper") -> Capture:
    address = url or f"https://paper.example/{n}"
    body = PAGE.format(n=n, note=note).encode()
    return Capture(body, address, url=address, source=source, fetched_at=DAY, final_url=address)


def corpus() -> list[Any]:
    """Pages, samples and rejects; one body under two addresses, one address with two wordings, one text twice."""
    samples = [found for path in sorted(SAMPLES.iterdir()) for found in read_file(path, "samples")]
    pages = [page(n) for n in range(2, 9)]
    pages += [
        page(2, url="https://paper.example/copy"),
        page(3, "Corrected."),
        replace(page(4), body=page(4).body + b"\n"),
    ]
    pages.append(replace(page(9), listed_at=DAY - timedelta(days=3), listed_title="Doctors for Angola"))
    return samples + pages


@cache
def lexicons(own: Path | None) -> Any:
    from flows.gazetteer import read_lexicons

    return read_lexicons(own)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of own lexicons, in which Brazil means nothing."""
    folder = tmp_path_factory.mktemp("lexicons")
    (folder / "actors.tsv").write_text(LEXICON)
    return folder


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loads of five documents, groups of ten; this process does the work."""
    monkeypatch.setattr(pipeline, "BATCH_DOCUMENTS", 5)
    monkeypatch.setattr(reextraction, "GROUP_CAPTURES", 10)
    monkeypatch.setattr(runner, "lexicons_for", lambda _: lexicons(None))
    monkeypatch.setattr(runner, "_cleaning", {})


def with_rules(monkeypatch: pytest.MonkeyPatch, space: Workspace, changed: Path, what: str) -> None:
    """Change the lexicons or the site rules of a workspace."""
    if what == "lexicon":
        (space.root / "lexicons").mkdir(parents=True)
        (space.root / "lexicons" / "actors.tsv").write_text(LEXICON)
        monkeypatch.setattr(runner, "lexicons_for", lambda _: lexicons(changed))
    else:
        (space.root / "sites").mkdir(parents=True)
        (space.root / "sites" / "paper.toml").write_text(SITE)
        monkeypatch.setattr(runner, "_cleaning", {})


def ingest(space: Workspace, contents: list[Any]) -> None:
    """The batches of `pipeline`, one after the other."""
    run = pipeline.new_run(space.root, runner.rules_version(space.own_lexicons, space.own_sites))
    items = (pipeline._item(content) for content in contents)
    known = warehouse.read_log(space.root).known
    with runner.Pool(0, space.own_lexicons, space.own_sites) as pool:
        for batch, outcomes, _ in pool.extract(pipeline.cut_batches(items, known, run, pipeline.Counts())):
            pipeline.commit_batch(run, batch, outcomes)


def everything(root: Path) -> dict[str, list[Any]]:
    """All rows but what differs between any two runs."""
    con = warehouse.connect(root, comments=False)
    tables = ("articles_all", "articles", "events_all", "event_actors", "event_magnitudes", "mentions")
    queries = {t: f"select * exclude (load_id, run_id, loaded_at) from {t} order by all" for t in tables}
    # Captures, and inputs that could not be read, are not made again: they keep the versions they came with.
    stamps = "load_id, run_id, loaded_at, extractor_version, lexicon_version"
    queries["captures"] = f"select * exclude ({stamps}) from captures order by all"
    queries["unread"] = f'select * exclude ({stamps}, "at") from rejects where capture_id is null order by all'
    queries["rejects"] = (
        'select * exclude (load_id, run_id, loaded_at, "at") from rejects where capture_id is not null order by all'
    )
    return {name: con.execute(query).fetchall() for name, query in queries.items()}


def ask(root: Path, query: str) -> Any:
    with warehouse.connect(root, comments=False) as con:
        return con.execute(query).fetchall()


@pytest.mark.parametrize(("where", "what"), [("small parts", "lexicon"), ("compacted", "site rules")])
def test_same_rows_as_a_fresh_ingest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: Path, where: str, what: str
) -> None:
    space, fresh = workspace(tmp_path / "old"), workspace(tmp_path / "fresh")
    ingest(space, corpus())
    if where == "compacted":
        assert warehouse.compact(space.root)
    before = everything(space.root)
    names = ask(space.root, "select load_id, run_id, loaded_at, count(*) from articles_all group by all order by all")
    with_rules(monkeypatch, space, changed, what)
    with_rules(monkeypatch, fresh, changed, what)
    version = warehouse.read_log(space.root).version
    would = reextraction.reextract(space, dry_run=True)
    assert warehouse.read_log(space.root).version == version
    assert would.examples
    total = reextraction.reextract(space)
    ingest(fresh, corpus())
    assert everything(space.root) == everything(fresh.root)
    assert everything(space.root)["events_all"] != before["events_all"]
    assert warehouse.verify(space.root) == []
    assert total.events_gone + total.events_changed > 0
    for name in (
        "loads",
        "events_before",
        "events_after",
        "events_gone",
        "events_new",
        "events_changed",
        "articles_same",
    ):
        assert getattr(total, name) == getattr(would, name), name
    if what == "lexicon":  # the wordings stay, so do their loads
        assert total.articles_same == total.articles_before
        assert names == ask(
            space.root, "select load_id, run_id, loaded_at, count(*) from articles_all group by all order by all"
        )
    after = warehouse.read_log(space.root).version
    assert reextraction.reextract(space).loads == 0
    assert warehouse.read_log(space.root).version == after


def test_back_to_the_rules_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: Path) -> None:
    space = workspace(tmp_path / "old")
    ingest(space, [page(n) for n in range(2, 5)])
    before = everything(space.root)
    with_rules(monkeypatch, space, changed, "lexicon")
    assert reextraction.reextract(space).loads
    (space.root / "lexicons").rename(space.root / "off")
    monkeypatch.setattr(runner, "lexicons_for", lambda _: lexicons(None))
    assert reextraction.reextract(space).loads
    assert everything(space.root) == before
    (space.root / "off").rename(space.root / "lexicons")
    monkeypatch.setattr(runner, "lexicons_for", lambda _: lexicons(changed))
    assert reextraction.reextract(space).loads


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: Path) -> None:
    space, fresh = workspace(tmp_path / "old"), workspace(tmp_path / "fresh")
    ingest(space, corpus())
    with_rules(monkeypatch, space, changed, "lexicon")
    whole = reextraction.make_plan(space)
    assert len(whole.groups) > 2

    def stop(work: reextraction.Reextraction, number: int, group: Any) -> Changes:
        if number == 3:
            raise KeyboardInterrupt
        return work.run_group(group)

    with pytest.raises(KeyboardInterrupt):
        reextraction.reextract(space, through=stop)
    rest = reextraction.make_plan(space)
    assert rest.groups == whole.groups[2:]
    assert rest.current == sum(map(len, whole.groups[:2]))
    reextraction.reextract(space)
    with_rules(monkeypatch, fresh, changed, "lexicon")
    ingest(fresh, corpus())
    assert everything(space.root) == everything(fresh.root)


def test_loads_without_captures_keep_their_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: Path) -> None:
    space = workspace(tmp_path / "old")
    ingest(space, [page(n) for n in range(2, 6)])
    warehouse.forget(space.root, warehouse.captures_before(datetime.now(UTC).replace(tzinfo=None) + timedelta(1)))
    kept = ask(space.root, "select event_id, lexicon_version from events_all")
    ingest(space, [page(n) for n in range(6, 9)])
    with_rules(monkeypatch, space, changed, "lexicon")
    plan = reextraction.make_plan(space)
    assert (plan.loads, plan.captures, plan.bare_loads, plan.bare_articles) == (1, 3, 1, 4)
    assert reextraction.reextract(space).loads == 1
    assert set(kept) <= set(ask(space.root, "select event_id, lexicon_version from events_all"))


def test_single_captures_that_are_gone_keep_their_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: Path
) -> None:
    """Loads of earlier programs kept one capture of a body, whatever the number of its addresses."""
    space = workspace(tmp_path / "old")
    same = warehouse.build_tables

    def sparing(pairs: Any, captures: Any, rejects: Any, fetches: Any, provenance: Any) -> Any:
        first = {c.capture_id: c for c in reversed(list(captures)) if c.url != "https://paper.example/6"}
        return same(pairs, first.values(), rejects, fetches, provenance)

    monkeypatch.setattr(warehouse, "build_tables", sparing)
    ingest(space, [page(2), page(2, url="https://paper.example/copy"), page(3), page(6)])
    monkeypatch.undo()
    before = ask(space.root, "select version_id, lexicon_version from articles_all order by url")
    monkeypatch.setattr(runner, "lexicons_for", lambda _: lexicons(changed))
    monkeypatch.setattr(runner, "_cleaning", {})
    (space.root / "lexicons").mkdir()
    total = reextraction.reextract(space)
    assert total.kept == 2
    after = ask(space.root, "select version_id, lexicon_version from articles_all order by url")
    assert [v for v, _ in after] == [v for v, _ in before]
    assert [a == b for a, b in zip(after, before, strict=True)] == [False, False, True, True]  # 2, 3, 6, copy


def test_what_is_forgotten_meanwhile_stays_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: Path
) -> None:
    space = workspace(tmp_path / "old")
    ingest(space, [page(n) for n in range(2, 9)])
    with_rules(monkeypatch, space, changed, "lexicon")

    def forgetful(work: reextraction.Reextraction, number: int, group: Any) -> Changes:
        warehouse.forget(space.root, warehouse.by_url("https://paper.example/7"))
        return work.run_group(group)

    total = reextraction.reextract(space, through=forgetful)
    assert total.skipped == 1
    assert len(ask(space.root, "from articles_all")) == 6
    assert len(ask(space.root, "select distinct lexicon_version from articles_all")) == 1
    version = warehouse.read_log(space.root).version
    [(load,)] = ask(space.root, "select load_id from articles_all where url like '%/8'")
    warehouse.forget(space.root, warehouse.by_url("https://paper.example/8"))
    with pytest.raises(warehouse.Outdated):
        warehouse.replace(space.root, [load], {}, run_id="r", versions={"extractor": "e"}, read_at=version)


def test_a_wording_of_a_load_that_is_still_to_come_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: Path
) -> None:
    """The site rule drops the note, and with it what told two wordings apart: one load holds the wording, as in a fresh ingest."""
    space, fresh = workspace(tmp_path / "old"), workspace(tmp_path / "fresh")
    monkeypatch.setattr(reextraction, "GROUP_CAPTURES", 1)
    plain = replace(
        page(2), body=page(2).body.replace(b'<p class="note">', b'<p class="note">').replace(b"Angola", b"Chad")
    )
    contents = [page(2, "First."), *(page(n) for n in range(3, 7)), page(2, "Second."), plain]
    ingest(space, contents)
    assert len(ask(space.root, "select distinct load_id from articles_all")) == 2
    with_rules(monkeypatch, space, changed, "site rules")
    with_rules(monkeypatch, fresh, changed, "site rules")
    reextraction.reextract(space)
    ingest(fresh, contents)
    assert everything(space.root) == everything(fresh.root)
    assert ask(space.root, "select count(*) = count(distinct version_id) from articles_all") == [(True,)]


def test_since_and_source_choose_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: Path) -> None:
    space = workspace(tmp_path / "old")
    ingest(space, [page(n) for n in range(2, 5)])
    ingest(space, [page(n, source="wire") for n in range(5, 7)])
    with_rules(monkeypatch, space, changed, "lexicon")
    today = datetime.now(UTC).date()
    assert reextraction.make_plan(space, since=today + timedelta(1)).loads == 0
    assert reextraction.make_plan(space, since=today).loads == 2
    assert reextraction.make_plan(space, since=date(2020, 1, 1), source="wire").captures == 2
    assert reextraction.make_plan(space, source="nobody").loads == 0
    reextraction.reextract(space, source="wire")
    assert ask(space.root, "select source, count(distinct lexicon_version) from articles_all group by all order by all") == [
        ("paper", 1), ("wire", 1),
    ]  # fmt: skip
    assert reextraction.make_plan(space).captures == 3


def test_the_command(dateline: Dateline, root: Path) -> None:
    assert dateline.alone("ingest", str(SAMPLES)).returncode == 0
    (root / "lexicons").mkdir()
    (root / "lexicons" / "actors.tsv").write_text(LEXICON)
    sample = str(SAMPLES / "accord.html")
    assert "dateline reextract" in dateline.alone("ingest", sample).stderr
    killed = dateline.alone("reextract", DATELINE_FAULT="rewrite")
    assert killed.returncode == -signal.SIGKILL
    assert warehouse.read_log(root).version == 1
    done = dateline.alone("reextract", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "told otherwise" in done.stdout
    assert "BRA → " in done.stdout
    assert warehouse.read_log(root).version == 1
    done = dateline.alone("reextract")
    assert done.returncode == 0, done.stderr
    assert warehouse.read_log(root).version == 2
    assert ask(root, "select count(*) from events where actor_country = 'BRA'") == [(0,)]
