"""Sources against a real server: what a feed names becomes articles once, a repeated run costs conditional requests only,
a killed one is taken up, and nothing is dropped in silence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import warehouse
from extractors.records import Capture
from flows import fetching
from flows import ingest as job_of
from flows.config import Workspace
from flows.configured import add_source, source_named
from flows.fetchstate import FetchState
from flows.pipeline import Counts
from flows.readers.http import Fetch, Limits
from tests.conftest import Dateline
from tests.flows.newsserver import NewsServer, Seen, Wire, answer, rss, story


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "LIMITS", Limits(backoff=0.02))


@pytest.fixture
def server() -> Iterator[NewsServer]:
    with NewsServer() as server:
        yield server


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def add(space: Workspace, name: str, address: str | list[str], **more: Any) -> None:
    add_source(
        space, name, {"kind": "feed", "address": address, "allow_private": True, "pause": 0, "limit": 100} | more
    )


def run(space: Workspace, *names: str) -> Counts:
    job = job_of.plan([], None, names or ("news",), space)
    return job_of.ingest_direct(job, space, lambda _: None, lambda _: None)


def rows(space: Workspace, query: str) -> list[tuple[Any, ...]]:
    return warehouse.connect(space.root).execute(query).fetchall()


def feed_of(server: NewsServer, count: int, host: int = 1, first: int = 0) -> None:
    for n in range(first, first + count):
        server.pages[f"/a/{n}"] = story(n)
    server.pages["/feed.xml"] = rss([server.url(f"/a/{n}", host) for n in range(first, first + count)])


def test_a_second_run_costs_no_body_and_makes_no_row(server: NewsServer, space: Workspace) -> None:
    feed_of(server, 6)
    add(space, "news", server.url("/feed.xml"), fresh=0)
    first = run(space)
    assert (first.articles, first.rejects) == (6, 0)
    assert rows(space, "select count(distinct url), count(*), min(source) from articles") == [(6, 6, "news")]
    sent = sum(server.bodies.values())
    again = run(space)
    assert again.sources["news"]["unchanged"] == 0  # the feed is as it was: its pages need no look
    server.pages["/feed.xml"] = rss([server.url(f"/a/{n}") for n in range(6)], "<!-- changed -->")
    third = run(space)
    assert third.sources["news"]["unchanged"] == 6
    assert (again.articles, third.articles) == (0, 0)
    assert sum(server.bodies.values()) == sent + 1  # the feed that changed
    assert rows(space, "select count(*) from articles") == [(6,)]
    assert rows(space, "select status, count(*) from fetches where url like '%/a/%' group by 1 order by 1") == [
        (200, 6),
        (304, 6),
    ]


def test_without_validators_the_body_tells(server: NewsServer, space: Workspace) -> None:
    server.validators = False
    feed_of(server, 4)
    add(space, "news", server.url("/feed.xml"), fresh=0)
    assert run(space).articles == 4
    server.pages["/feed.xml"] += b"<!-- -->"
    again = run(space)
    assert (again.articles, again.sources["news"]["unchanged"], again.read) == (0, 4, 0)


def test_what_is_fresh_is_not_asked_for_and_a_changed_page_is_a_new_version(
    server: NewsServer, space: Workspace
) -> None:
    feed_of(server, 3)
    add(space, "news", server.url("/feed.xml"))
    run(space)
    server.pages["/feed.xml"] += b"<!-- -->"
    asked = len(server.seen)
    assert run(space).sources["news"]["known"] == 3
    assert len(server.seen) == asked + 1
    # The feed says that a page has changed since.
    server.pages["/a/1"] = story(1).replace(b"thanked the hosts", b"thanked nobody")
    entries = "".join(
        f"<entry><title>t</title><id>{n}</id><link href='{server.url(f'/a/{n}')}'/><updated>{at}</updated></entry>"
        for n, at in ((0, "2020-01-01T00:00:00Z"), (1, "2099-01-01T00:00:00Z"), (2, "2020-01-01T00:00:00Z"))
    )
    server.pages["/feed.xml"] = (
        f"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><title>N</title>{entries}</feed>".encode()
    )
    assert run(space).articles == 1
    assert rows(space, "select count(*) from articles") == [(3,)]  # the newest wordings
    assert len(rows(space, "select text from articles where url like '%/a/1' and text like '%thanked nobody%'")) == 1


def test_every_attempt_is_kept_and_failures_are_tried_again(server: NewsServer, space: Workspace) -> None:
    feed_of(server, 3)
    down = {"down": True}

    async def flaky(_: Seen, writer: Wire) -> None:
        writer.write(answer(500) if down["down"] else answer(200, story(9), {"Content-Type": "text/html"}))

    server.handlers["/a/1"] = flaky
    server.pages["/feed.xml"] = rss([server.url(f"/a/{n}") for n in (0, 1, 2, 77)])
    add(space, "news", server.url("/feed.xml"))
    counts = run(space)
    assert (counts.articles, counts.rejects) == (2, 1)
    assert rows(space, "select reason, url from rejects") == [("http_404", server.url("/a/77"))]
    tried = rows(space, "select regexp_extract(url, '[^/]*$'), status, error from fetches order by 1, \"at\"")
    assert tried == [("0", 200, None), *[("1", 500, "http_500")] * 3, ("2", 200, None), ("77", 404, "http_404"),
                     ("feed.xml", 200, None), ("robots.txt", 404, "http_404")]  # fmt: skip
    down["down"] = False
    again = run(space)  # the feed is unchanged: only what failed is asked for
    assert again.articles == 1
    assert len(server.asked("/a/0")) == 1
    assert run(space).read == 0


def test_the_feed_speaks_where_the_page_is_refused(server: NewsServer, space: Workspace) -> None:
    server.pages["/robots.txt"] = b"User-agent: *\nDisallow: /closed/\n"
    text = story(3).decode().partition("</h1>")[2].partition("</article>")[0]
    item = f"<item><title>Leaders meet</title><link>{server.url('/closed/1')}</link><pubDate>Mon, 02 Mar 2026 09:00:00 GMT</pubDate><content:encoded><![CDATA[{text}]]></content:encoded></item>"
    bare = f"<item><title>Another</title><link>{server.url('/closed/2')}</link></item>"
    server.pages["/feed.xml"] = (
        f'<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>N</title>{item}{bare}</channel></rss>'
    ).encode()
    add(space, "news", server.url("/feed.xml"), fresh=0)
    assert (run(space).articles, len(server.asked("/closed/1"))) == (1, 0)
    assert rows(space, "select url, title, published_at::date::text, published_from, source from articles") == [
        (server.url("/closed/1"), "Leaders meet", "2026-03-02", "listing", "news")
    ]
    assert rows(space, "select reason, url from rejects") == [("robots_disallowed", server.url("/closed/2"))]
    assert run(space).articles == 0


def test_the_day_a_feed_names_is_that_of_pages_that_say_none(server: NewsServer, space: Workspace) -> None:
    said = b"<meta property='article:published_time' content='2026-03-02T09:00:00Z'>"
    server.pages |= {"/a/0": story(0), "/a/1": story(1).replace(said, b"")}
    items = "".join(
        f"<item><title>Story {n}</title><link>{server.url(f'/a/{n}')}</link><pubDate>Fri, 06 Mar 2026 22:30:00 -0300</pubDate></item>"
        for n in range(2)
    )
    server.pages["/feed.xml"] = f'<rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()
    add(space, "news", server.url("/feed.xml"))
    assert run(space).articles == 2
    assert rows(space, "select published_at::text, published_from from articles order by url") == [
        ("2026-03-02 09:00:00", "meta"),
        ("2026-03-07 01:30:00", "listing"),
    ]
    assert rows(space, "select listed_at::text, listed_title from captures order by url") == [
        ("2026-03-07 01:30:00", f"Story {n}") for n in range(2)
    ]


def test_the_spool_keeps_what_the_listing_said(space: Workspace) -> None:
    at = datetime(2026, 3, 6, 22, 30, tzinfo=UTC)
    url = "https://news.example/a"
    capture = Capture(b"<p>x</p>", url, url=url, source="news", fetched_at=at, listed_at=at, listed_title="Story")
    attempt = Fetch(url, "news", at, 200, None, None, 8, 0.1, "allowed", None, capture.capture_id)
    state = FetchState(space)
    try:
        state.keep("news", url, capture, (attempt,))
        assert list(state.spooled("news")) == [(url, capture, (attempt,))]
    finally:
        state.close()


def test_one_article_under_many_addresses(server: NewsServer, space: Workspace) -> None:
    page = story(5).replace(b"</title>", f"</title><link rel='canonical' href='{server.url('/talks')}'>".encode())
    for n in range(3):
        server.pages[f"/copy/{n}"] = page
    links = [
        server.url("/copy/0?utm_source=a"),
        server.url("/copy/0?utm_campaign=b#top"),
        server.url("/copy/1"),
        server.url("/copy/2"),
    ]
    server.pages["/feed.xml"] = rss(links)
    add(space, "news", server.url("/feed.xml"))
    counts = run(space)
    assert (counts.articles, counts.same_text, counts.sources["news"]["found"]) == (
        1,
        2,
        4 if False else counts.sources["news"]["found"],
    )
    assert len(server.asked("/copy/0")) == 1


def test_five_thousand_entries_come_in_portions(server: NewsServer, space: Workspace) -> None:
    server.pages["/feed.xml"] = rss([server.url(f"/a/{n}", 1 + n % 5) for n in range(5000)])
    for n in range(130):
        server.pages[f"/a/{n}"] = b"<html><body>x</body></html>"
    add(space, "news", server.url("/feed.xml"), limit=60)
    first = run(space)
    assert (first.sources["news"]["found"], first.read, first.sources["news"]["later"]) == (5000, 60, 4940)
    second = run(space)  # the same feed, which says it is unchanged, is read again whole
    assert (second.read, second.sources["news"]["known"]) == (60, 60)
    assert rows(space, "select count(*), count(distinct url) from fetches where url like '%/a/%'") == [(120, 120)]


def test_a_slow_host_holds_a_run_for_so_long_only(
    server: NewsServer, space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed_of(server, 6)
    server.pages["/robots.txt"] = b"User-agent: *\nCrawl-delay: 0.3"
    add(space, "news", server.url("/feed.xml"))
    monkeypatch.setattr(fetching, "_LANE_SECONDS", 0.5)
    first = run(space).sources["news"]
    assert first["new"] + first["later"] == 6
    assert 1 <= first["new"] <= 3
    assert first["pause"] == 0.3
    monkeypatch.setattr(fetching, "_LANE_SECONDS", 60)
    assert run(space).sources["news"]["new"] == first["later"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<?xml version='1.0'?><rss><channel><item><title>x</title><link>BASE/a/1</link><description>a & b <oops></item>", None),
        (b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aaaa'>]><rss><channel><title>&a;</title></channel></rss>", "not_a_listing"),
        (b"just words", "not_a_listing"),
    ],
)  # fmt: skip
def test_a_broken_feed_is_read_as_far_as_it_goes_or_said_to_be_none(
    server: NewsServer, space: Workspace, body: bytes, reason: str | None
) -> None:
    server.pages |= {"/feed.xml": body.replace(b"BASE", server.url("").encode()), "/a/1": story(1)}
    add(space, "news", server.url("/feed.xml"))
    counts = run(space)
    assert counts.articles == (reason is None)
    assert [r for (r,) in rows(space, "select reason from rejects")] == ([reason] if reason else [])
    assert len(counts.sources["news"]["notes"]) == (reason is not None)


def test_an_index_of_indexes_ends(server: NewsServer, space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each index names twenty more: nine thousand listings in three steps, of which a run reads so many."""

    async def index(seen: Seen, writer: Wire) -> None:
        more = "".join(f"<sitemap><loc>{server.url(f'{seen.path}/{n}')}</loc></sitemap>" for n in range(20))
        writer.write(answer(200, f'<?xml version="1.0"?><sitemapindex>{more}</sitemapindex>'.encode()))

    def asked() -> int:
        return sum(seen.path.startswith("/index") for seen in server.seen)

    paths = ["/index"]
    for _ in range(2):
        paths += [f"{path}/{n}" for path in paths for n in range(20)]
    server.handlers |= dict.fromkeys(paths, index)
    add(space, "map", server.url("/index"), kind="sitemap")
    monkeypatch.setattr(fetching, "LISTINGS_LIMIT", 30)
    (note,) = run(space, "map").sources["map"]["notes"]
    assert asked() == 30
    assert "left to the next run, after 30 listings" in note
    server.seen.clear()
    monkeypatch.setattr(fetching, "LISTING_SECONDS", 0.0)
    assert len(run(space, "map").sources["map"]["notes"]) == 1
    assert asked() <= 1


def test_sitemaps_and_front_pages(server: NewsServer, space: Workspace) -> None:
    import gzip

    for n in range(9):
        server.pages[f"/2026/03/{n}-talks-in-the-capital"] = story(n)
    page = [server.url(f"/2026/03/{n}-talks-in-the-capital") for n in range(9)]
    urls = lambda links: "".join(f"<url><loc>{u}</loc></url>" for u in links)  # noqa: E731
    head = '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    server.pages |= {
        "/one.xml": f"{head}{urls(page[:2])}</urlset>".encode(),
        "/two.xml.gz": gzip.compress(f"{head}{urls(page[2:4])}</urlset>".encode()),
        "/index.xml": f'<?xml version="1.0"?><sitemapindex><sitemap><loc>{server.url("/one.xml")}</loc></sitemap><sitemap><loc>{server.url("/two.xml.gz")}</loc></sitemap></sitemapindex>'.encode(),
        "/feed.xml": rss([page[8]]),
        "/": f"<html><head><link rel='alternate' type='application/rss+xml' href='/feed.xml'></head><body><a href='{page[4]}'>A</a><a href='/2026/03/5-talks-in-the-capital#c'>B</a><a href='/tag/x'>T</a><a href='https://elsewhere.example/2026/03/02/z'>E</a></body></html>".encode(),
    }
    add(space, "map", server.url("/index.xml"), kind="sitemap")
    add(space, "front", server.url("/"), kind="site")
    add(space, "list", [page[6], page[7], page[6]], kind="urls")
    counts = run(space, "map", "front", "list")
    assert counts.articles == 9
    found = {name: t["new"] for name, t in counts.sources.items()}
    assert found == {"map": 4, "front": 3, "list": 2}
    server.pages["/one.xml"] = (
        f"{head}{urls(page[:2])}<url><loc>{server.url('/2026/03/new-talks')}</loc></url></urlset>".encode()
    )
    server.pages["/2026/03/new-talks"] = story(50)
    assert run(space, "map").articles == 1  # behind an index that says it is unchanged


@pytest.mark.long
def test_killed_in_the_middle_and_run_again(server: NewsServer, space: Workspace) -> None:
    feed_of(server, 400)
    server.pages["/feed.xml"] = rss([server.url(f"/a/{n}", 1 + n % 8) for n in range(400)])
    add(space, "news", server.url("/feed.xml"), limit=1000)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")} | {
        "DATELINE_ROOT": str(space.root)
    }
    command = [sys.executable, "-m", "flows", "ingest", "--source", "news", "--direct", "-q"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while sum(s.path.startswith("/a/") for s in list(server.seen)) < 150 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    asked = sum(s.path.startswith("/a/") for s in list(server.seen))
    assert 150 <= asked < 400
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert rows(space, "select count(*), count(distinct url) from articles") == [(400, 400)]
    times = [len(server.asked(f"/a/{n}")) for n in range(400)]
    # Only what was on its way at the instant of the kill, one request a host at most, is asked for again.
    assert sum(times) <= 400 + 8
    assert rows(space, "select count(*) from fetches where url like '%/a/%'") == [(400,)]
    assert run(space).read == 0


def test_the_state_is_made_again_from_the_warehouse(server: NewsServer, space: Workspace) -> None:
    feed_of(server, 5)
    add(space, "news", server.url("/feed.xml"))
    run(space)
    asked = len(server.seen)
    (space.root / ".fetching.sqlite").write_bytes(b"not a database at all")
    assert run(space).read == 0
    assert [s.path for s in server.seen[asked:]] == ["/robots.txt", "/feed.xml"]
    warehouse.forget(space.root, warehouse.by_url(server.url("/a/3")))
    server.pages["/feed.xml"] += b"<!-- -->"
    assert run(space).articles == 0  # forgotten, so it stays away
    job = job_of.plan([], None, ["news"], space, again=True)
    assert job_of.ingest_direct(job, space, lambda _: None, lambda _: None).articles == 1


def test_a_source_is_found_from_its_site(server: NewsServer, dateline: Dateline, root: Path, tmp_path: Path) -> None:
    feed_of(server, 2)
    server.pages["/"] = (
        b"<html><head><link rel='alternate' type='application/rss+xml' href='/feed.xml'></head><body>x</body></html>"
    )
    server.pages["/robots.txt"] = b"User-agent: *\nCrawl-delay: 0.2"
    done = dateline("sources", "add", "news", server.url("/"), "--allow-private")
    assert done.returncode == 0, done.stderr
    assert f"{server.url('/feed.xml')}: a feed, 2 entries" in done.stdout
    refused = dateline("sources", "add", "more", server.url("/none"), "--allow-private")
    assert (refused.returncode, "http_404" in refused.stderr) == (1, True)
    shown = dateline("sources", "test", "news")
    assert shown.returncode == 0, shown.stderr
    assert "news: a feed, 2 entries; robots.txt obeyed" in shown.stdout
    assert "Talks 1 in Accra" in shown.stdout
    exported = tmp_path / "out.opml"
    assert dateline("sources", "export", str(exported)).returncode == 0
    taken = dateline(
        "sources", "import", str(exported), "--root", str(tmp_path / "other"), "--schedule", "every 1 hour"
    )
    assert "1 sources added, 0 were there" in taken.stdout
    again = dateline("sources", "import", str(exported))
    assert "0 sources added, 1 were there" in again.stdout
    assert source_named(Workspace(tmp_path / "other"), "news").address == source_named(Workspace(root), "news").address


def test_what_the_command_says(server: NewsServer, dateline: Dateline) -> None:
    feed_of(server, 2)
    added = dateline("sources", "add", "news", server.url("/feed.xml"), "--allow-private", "--pause", "1 second")
    assert added.returncode == 0, added.stderr
    done = dateline("ingest", "--source", "news")
    assert done.returncode == 0, done.stderr
    assert "robots.txt obeyed, 1 connection a host, 1 s between requests" in done.stdout
    refused = dateline("ingest", server.url("/a/0"))
    assert refused.returncode == 1
    assert "--allow-private" in refused.stderr
    taken = dateline("ingest", server.url("/a/0"), "--allow-private")
    assert taken.returncode == 0, taken.stderr
    read = dateline("read", "--format", "jsonl", "--allow-private", server.url("/a/1"))
    assert json.loads(read.stdout)["title"].startswith("Talks 1")
