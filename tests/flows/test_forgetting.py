"""What is forgotten is gone from every file and stays away from polls, the inbox and reextraction, until a run by hand names it."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import warehouse
from flows import fetching, inbox, keeping, pipeline, reextraction, runner, traces
from flows import ingest as job_of
from flows.config import Workspace
from flows.configured import add_source
from flows.gate import Gate
from flows.intake import Intake
from flows.pipeline import Counts
from flows.readers.http import Limits
from tests.conftest import Dateline
from tests.flows.newsserver import NewsServer, rss, story
from warehouse.tombstones import LEDGER


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "LIMITS", Limits(backoff=0.02))


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def server(space: Workspace) -> Iterator[NewsServer]:
    """A feed of four stories, configured as the source `news`."""
    with NewsServer() as server:
        for n in range(4):
            server.pages[f"/a/{n}"] = story(n)
        server.pages["/feed.xml"] = rss([server.url(f"/a/{n}") for n in range(4)])
        given = {"kind": "feed", "address": server.url("/feed.xml"), "allow_private": True, "pause": 0, "fresh": 0}
        add_source(space, "news", given)
        yield server


def poll(space: Workspace, *, again: bool = False) -> Counts:
    job = job_of.plan([], None, ["news"], space, again=again)
    return job_of.ingest_direct(job, space, lambda _: None, lambda _: None)


def by_hand(space: Workspace, *given: str, source: str | None = None) -> Counts:
    job = job_of.plan(list(given), source, (), space, allow_private=True)
    return job_of.ingest_direct(job, space, lambda _: None, lambda _: None)


def unasked(space: Workspace, *given: str) -> Counts:
    """As a run that a server started, with inputs among its parameters."""
    job = job_of.plan(list(given), None, (), space, allow_private=True, by_hand=False)
    return job_of.ingest_direct(job, space, lambda _: None, lambda _: None)


def stored(space: Workspace) -> list[str]:
    with warehouse.connect(space.root, comments=False) as con:
        return [url.rpartition("/")[2] for (url,) in con.execute("select url from articles order by url").fetchall()]


def holds(space: Workspace, text: str) -> list[str]:
    """Files of the workspace, but for settings and replaced parts, in which a text stands in clear."""
    live = warehouse.read_log(space.root).paths
    found = []
    for path in sorted(p for p in space.root.rglob("*") if p.is_file()):
        name = path.relative_to(space.root).as_posix()
        if name == "dateline.toml" or (
            path.suffix == ".parquet" and not name.startswith("rollups") and name not in live
        ):
            continue
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if text.encode() in data:
            found.append(name)
    return found


def test_a_forgotten_address_stays_away_from_polls_and_comes_back_by_hand(server: NewsServer, space: Workspace) -> None:
    assert poll(space).articles == 4
    url = server.url("/a/2")
    assert keeping.forget(space, url, dry_run=False).rows["articles"] == 1
    assert stored(space) == ["0", "1", "3"]
    # A listing that is read anew names it again.
    server.pages["/feed.xml"] = rss([server.url(f"/a/{n}") for n in range(4)], "<!-- changed -->")
    asked = len(server.asked("/a/2"))
    polled = poll(space)
    assert (polled.articles, polled.sources["news"]["forgotten"]) == (0, 1)
    assert len(server.asked("/a/2")) == asked
    back = by_hand(space, url)
    assert (back.articles, back.recalled) == (1, [url])
    assert stored(space) == ["0", "1", "2", "3"]
    server.pages["/a/2"] = story(2).replace(b"</p>", b" The talks go on.</p>", 1)
    server.pages["/feed.xml"] = rss([server.url(f"/a/{n}") for n in range(4)], "<!-- changed again -->")
    assert poll(space).articles == 1  # it may come by itself again


def test_a_forgotten_source_is_not_read_until_it_is_asked_for_again(server: NewsServer, space: Workspace) -> None:
    assert poll(space).articles == 4
    assert keeping.forget(space, "news", dry_run=False).rows["articles"] == 4
    asked = len(server.seen)
    polled = poll(space)
    assert (polled.articles, len(server.seen)) == (0, asked)
    assert "--again" in polled.sources["news"]["notes"][0]
    back = poll(space, again=True)
    assert (back.articles, back.recalled) == (4, ["news"])
    assert poll(space).articles == 0
    assert poll(space).sources["news"]["notes"] == []


def test_again_brings_single_addresses_of_a_source_back(server: NewsServer, space: Workspace) -> None:
    poll(space)
    keeping.forget(space, server.url("/a/1"), dry_run=False)
    assert poll(space).articles == 0  # and the feed is known to be as it was
    back = poll(space, again=True)
    assert (back.articles, back.recalled) == (1, [server.url("/a/1")])


def test_nothing_names_a_forgotten_address_in_clear(server: NewsServer, space: Workspace) -> None:
    poll(space)
    url = server.url("/a/3")
    assert len(holds(space, url)) > 1
    keeping.forget(space, url, dry_run=False)
    assert holds(space, url) == []
    assert (space.root / LEDGER).stat().st_mode & 0o777 == 0o600
    assert keeping.forget(space, url, dry_run=True).words() == ""


def test_what_was_fetched_and_not_committed_is_forgotten_too(
    server: NewsServer, space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(pipeline, "commit_batch", killed)
        with pytest.raises(KeyboardInterrupt):
            poll(space)
    url = server.url("/a/0")
    assert "1 rows of the fetch memory" in keeping.forget(space, url, dry_run=True).words()
    keeping.forget(space, url, dry_run=False)
    assert holds(space, url) == []
    polled = poll(space)
    assert (polled.articles, stored(space)) == (3, ["1", "2", "3"])


def test_a_fetch_by_another_name_does_not_keep_a_forgotten_source_from_coming_back(
    server: NewsServer, space: Workspace
) -> None:
    """Its row stays, and with it an ETag: the server would say that the page is as it was."""
    poll(space)
    by_hand(space, server.url("/a/1"))
    keeping.forget(space, "news", dry_run=False)
    poll(space, again=True)
    assert stored(space) == ["0", "1", "2", "3"]


def test_a_run_that_a_server_started_brings_nothing_back(server: NewsServer, space: Workspace, tmp_path: Path) -> None:
    """Neither an address, which is not even asked for, nor a file, by its own address or by that of its source."""
    poll(space)
    (tmp_path / "lines.jsonl").write_bytes(line(1) + line(2))
    by_hand(space, str(tmp_path / "lines.jsonl"))
    for what in (server.url("/a/2"), "https://paper.example/1"):
        keeping.forget(space, what, dry_run=False)
    asked = len(server.asked("/a/2"))
    given = (server.url("/a/2"), str(tmp_path / "lines.jsonl"))
    started = unasked(space, *given)
    assert (started.articles, started.forgotten, started.recalled) == (0, 2, [])
    assert len(server.asked("/a/2")) == asked
    assert stored(space) == ["0", "1", "3", "2"]
    back = by_hand(space, *given)
    assert (back.articles, sorted(back.recalled)) == (2, sorted((server.url("/a/2"), "https://paper.example/1")))


def drop(space: Workspace, files: dict[str, bytes]) -> tuple[list[str], dict[str, str]]:
    """Drop files into the inbox and take them in."""
    inbox.ensure(space.inbox)
    for name, body in files.items():
        path = space.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    batch = inbox.claim(space.inbox, settle=0)
    assert batch
    intake, total = Intake(inbox.files_of(space.inbox, batch), Gate(space.root)), Counts()
    run = pipeline.new_run(space.root, runner.rules_version(None, None))
    known = warehouse.read_log(space.root).known
    with runner.Pool(0, None) as pool:
        cut = pipeline.cut_batches(intake.items(total, lambda _: None), known, run, total)
        for part, outcomes, _ in pool.extract(cut):
            total += pipeline.commit_batch(run, part, outcomes)
    done, failed = intake.verdict(space.root, total.known)
    inbox.finish(space.inbox, batch, done, failed)
    return sorted(f.name for f in done), {f.name: why for f, why in failed.items()}


def resting(space: Workspace) -> list[str]:
    return sorted(
        p.relative_to(space.inbox).as_posix().split("/", 2)[2] for p in space.inbox.glob("_done/*/**/*") if p.is_file()
    )


def line(number: int, **more: Any) -> bytes:
    text = f"Kenya and Ethiopia signed a treaty on the border on Monday in Nairobi, officials said in part {number}."
    return json.dumps({"url": f"https://paper.example/{number}", "text": text} | more).encode() + b"\n"


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_the_files_of_the_inbox_lose_what_is_forgotten(space: Workspace, packed: bool) -> None:
    pack = gzip.compress if packed else bytes
    name = "wire/lines.jsonl" + ".gz" * packed
    files = {name: pack(line(1) + line(2)), "wire/one.jsonl": line(3), "other/page.html": story(7)}
    assert len(drop(space, files)[0]) == 3
    keeping.forget(space, "https://paper.example/1", dry_run=False)
    keeping.forget(space, "https://paper.example/3", dry_run=False)
    assert resting(space) == ["other/page.html", name]
    assert holds(space, "paper.example/1") == holds(space, "paper.example/3") == []
    assert len(holds(space, "paper.example/2")) > 1
    keeping.forget(space, "wire", dry_run=False)
    assert resting(space) == ["other/page.html"]
    assert not list(space.inbox.glob("_done/*/wire"))


def test_a_file_cut_short_does_not_keep_what_is_forgotten(space: Workspace) -> None:
    cut = gzip.compress(line(1) + line(2) + line(3))[:-9]
    damaged = gzip.compress(line(4) + line(5)) + b"no gzip"
    drop(space, {"wire/cut.jsonl.gz": cut, "wire/damaged.jsonl.gz": damaged})
    keeping.forget(space, "https://paper.example/1", dry_run=False)
    keeping.forget(space, "https://paper.example/4", dry_run=False)
    assert holds(space, "paper.example/1") == holds(space, "paper.example/4") == []
    assert len(resting(space)) == 2
    for number in (2, 5):
        assert len(holds(space, f"paper.example/{number}")) > 1


def test_lines_that_stay_are_written_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "DOCUMENT_LIMIT", 20)
    text = b'\n  {"a": 1} \r\n{broken\n{"gone": 1}\n' + b"long " * 20 + b'\n{"gone": 1}'
    for size in (1, 7, 1000):
        chunks = [text[at : at + size] for at in range(0, len(text), size)]
        kept = b"".join(traces._other_lines(chunks, {traces._digest(b'{"gone": 1}')}))
        assert kept == text.replace(b'{"gone": 1}\n', b"").removesuffix(b'{"gone": 1}')


def test_a_forgotten_file_dropped_again_is_set_aside_and_says_how_it_comes_back(
    space: Workspace, tmp_path: Path
) -> None:
    drop(space, {"wire/one.jsonl": line(1)})
    keeping.forget(space, "https://paper.example/1", dry_run=False)
    done, failed = drop(space, {"wire/one.jsonl": line(1), "wire/two.jsonl": line(2)})
    assert done == ["wire/two.jsonl"]
    assert "dateline ingest" in failed["wire/one.jsonl"]
    assert stored(space) == ["2"]
    path = tmp_path / "one.jsonl"
    path.write_bytes(line(1))
    assert by_hand(space, str(path)).recalled == ["https://paper.example/1"]
    assert stored(space) == ["1", "2"]


def test_reextract_does_not_bring_back_what_another_capture_tells_of_it(
    space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A better extractor reads in a page, kept from another address, that it is the forgotten article."""
    import extractors.article

    (tmp_path / "lines.jsonl").write_bytes(line(1) + line(2))
    by_hand(space, str(tmp_path / "lines.jsonl"))
    keeping.forget(space, "https://paper.example/1", dry_run=False)
    real = extractors.article._canonical
    monkeypatch.setattr("extractors.VERSION", "better")
    monkeypatch.setattr(extractors.article, "_canonical", lambda stated, url: real("https://paper.example/1", url))
    reextraction.reextract(space)
    with warehouse.connect(space.root, comments=False) as con:
        assert con.execute("select count(*) from articles_all").fetchone() == (0,)


def test_a_tombstone_set_between_extraction_and_commit_binds(space: Workspace, tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_bytes(line(1) + line(2))
    run, counts = pipeline.new_run(space.root, runner.rules_version(None, None)), Counts()
    items = pipeline.read_items(job_of.find_inputs([str(tmp_path / "lines.jsonl")]), None, counts, lambda _: None)
    with runner.Pool(0, None) as pool:
        [(batch, outcomes, _)] = pool.extract(pipeline.cut_batches(items, set(), run, counts))
    warehouse.forget(space.root, warehouse.by_url("https://paper.example/1"), always=True)
    done = pipeline.commit_batch(run, batch, outcomes)
    assert (done.articles, done.forgotten, stored(space)) == (1, 1, ["2"])


def test_without_its_key_nothing_is_loaded(space: Workspace, tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_bytes(line(1) + line(2))
    by_hand(space, str(tmp_path / "lines.jsonl"))
    keeping.forget(space, "https://paper.example/1", dry_run=False)
    (space.root / LEDGER).rename(tmp_path / LEDGER)
    with pytest.raises(warehouse.CorruptFile, match=LEDGER):
        by_hand(space, str(tmp_path / "lines.jsonl"))
    shutil.copy(tmp_path / LEDGER, space.root / LEDGER)
    assert by_hand(space, str(tmp_path / "lines.jsonl")).articles == 1


def test_the_command_says_what_came_back(dateline: Dateline, root: Path, tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_bytes(line(1) + line(2))
    given = ("ingest", "-q", str(tmp_path / "lines.jsonl"))
    assert dateline(*given).returncode == 0
    assert "1 articles" in dateline("forget", "https://paper.example/1", "--yes").stdout
    back = dateline(*given)
    assert back.returncode == 0
    assert "https://paper.example/1 had been forgotten" in back.stderr
    assert dateline("sql", "select count(*) n from articles").stdout == "n\n2\n"
