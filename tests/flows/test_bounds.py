"""Guarantee 17: every input is bounded in time, memory and count. Each row of docs/bounds.md has its test here or beside its reader."""

from __future__ import annotations

import gzip
import json
import os
import pkgutil
import random
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import extractors
from extractors import extract
from extractors.listings import ATTRIBUTES_LIMIT, ENTRIES_LIMIT, read_listing
from extractors.records import Capture, ExtractionError
from flows.readers import files
from flows.readers.files import Failure, find_inputs, read_file
from flows.readers.robots import LONGEST_DELAY, READ, Rules, text_of
from flows.runner import lexicons_for
from flows.workers import Bounds
from tests.conftest import Dateline

DOCS = Path(__file__).parent.parent.parent / "docs" / "bounds.md"


def cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


# robots.txt


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /\nUser-agent: dateline\nDisallow:", "/a", True),
        ("User-agent: DateLine/2.0\nDisallow: /a\n\nUser-agent: Dateline\nDisallow: /b", "/b", False),  # groups combine
        ("User-agent: DateLine/2.0\nDisallow: /a\n\nUser-agent: Dateline\nDisallow: /b", "/a", False),
        ("User-agent: other\nUser-agent: dateline\nDisallow: /a", "/a", False),
        ("User-agent: datelines\nDisallow: /", "/a", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),  # the longest decides
        ("User-agent: *\nAllow: /a\nDisallow: /a", "/a", True),  # of two as long the one that allows
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", True),
        ("User-agent: *\nDisallow: /*?print=", "/x?print=1", False),
        ("User-agent: *\nDisallow: /caf\u00e9", "/caf%C3%A9", False),
        ("User-agent: *\nDisallow: /%7Ea", "/~a", False),
        ("User-agent: *\nDisallow: /a # not here\nSitemap: /s", "/a", False),
        ("user agent : *\r\ndissallow : /a\r\n", "/a", False),
        ("User-agent: *\rDisallow: /a", "/a", False),
        ("Disallow: /\nUser-agent: *\nAllow: /", "/a", True),  # before any agent it is nobody's
        ("<html>no such page</html>", "/a", True),
        ("User-agent: *\nDisallow: /a", "", True),
    ],
)
def test_robots(text: str, path: str, allowed: bool) -> None:
    assert Rules(text).allow("https://a.example" + path) is allowed


def test_robots_of_no_text_allow_nothing() -> None:
    body = "User-agent: *\nDisallow: /a"
    assert not Rules(text_of(body.encode("utf-16"))).allow("https://a.example/a")
    assert Rules(text_of(body.encode("utf-16"))).allow("https://a.example/b")
    assert not Rules(text_of(b"\xef\xbb\xbf" + body.encode())).allow("https://a.example/a")
    assert text_of(body.encode("utf-16-le")) is None
    assert not Rules(None).allow("https://a.example/b")


@pytest.mark.parametrize(
    ("line", "delay"),
    [("Crawl-delay: 7", 7), ("Crawl-delay: 1e300", LONGEST_DELAY), ("Crawl-delay: inf", LONGEST_DELAY), ("Crawl-delay: nan", 0),
     ("Crawl-delay: ²", 0), ("Request-rate: 1/10", 10), (f"Request-rate: 1/{'9' * 400}", 0), (f"Request-rate: {'9' * 400}/1", 0),
     ("Request-rate: 1/999999999h", LONGEST_DELAY)],
)  # fmt: skip
def test_delays_are_bounded(line: str, delay: float) -> None:
    assert Rules(f"User-agent: *\n{line}").delay == delay


@pytest.mark.parametrize(
    "line",
    [
        "User-agent: agent{}\nDisallow: /{}",
        "User-agent: dateline\nDisallow: /{}/*a*b*c*{}$",
        "Disallow: /{}{}",
        "User-agent: *",
        "Allow: /*****{}*{}",
    ],
)
def test_robots_of_many_lines_are_read_soon(line: str) -> None:
    body = ("User-agent: *\n" + "\n".join(line.format(n, n) for n in range(20_000))).encode()[:READ]
    rules = Rules(text_of(body))
    assert cpu(lambda: Rules(text_of(body))) < 3
    assert cpu(lambda: rules.allow("https://a.example/" + "ab" * 2000)) < 3


def random_robots(chance: random.Random) -> bytes:
    """A robots.txt of words that matter, put together at random."""
    words = ("User-agent:", "Disallow:", "Allow:", "Crawl-delay:", "Request-rate:", "*", "/", "$", "dateline", "\n", "\r", "\0", "#",
             "9" * 30, "1/1", "%", "%zz", "\ufeff", "\u00e9", "\x85", "1e999", "nan", ":", " ", "/a*b")  # fmt: skip
    text = "".join(chance.choice(words) + chance.choice(("", " ", "\n")) for _ in range(chance.randrange(60)))
    return text.encode(chance.choice(("utf-8", "utf-16", "utf-16-le", "latin-1")), "replace")


def random_feed(chance: random.Random) -> bytes:
    """A feed of elements that matter, cut and mixed at random."""
    words = ("<rss>", "<channel>", "<item>", "</item>", "<entry>", "<link>https://a.example/1</link>", '<link href="/x"/>', "<title>", "]]>",
             "</title>", "<![CDATA[", "&amp;", "&#xd800;", "&x;", "<pubDate>Fri, 31 Dec 9999 23:59:59 -2359</pubDate>", "\0", "<", ">", "\ud800",
             "<updated>0001-01-01T00:00:00+14:00</updated>", "<guid>", "<?xml version='1.0' encoding='utf-7'?>", "<urlset>", "<loc>", "\u202e",
             "<url><loc>https://a.example/2</loc><lastmod>9999-12-31</lastmod></url>", "<sitemapindex>", "<!DOCTYPE html>", "<a href='//[x'>",
             '{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "https://a.example/\\ud800"}]}', "<base href='http://[::1'>")  # fmt: skip
    head = chance.choice(
        (
            "",
            '<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>',
            "<feed xmlns='http://www.w3.org/2005/Atom'>",
            "<html><body>",
        )
    )
    text = head + "".join(chance.choice(words) * chance.choice((1, 1, 1, 50)) for _ in range(chance.randrange(40)))
    return text.encode(chance.choice(("utf-8", "utf-8", "utf-16", "latin-1")), "replace")


def fuzz(count: int, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(count):
        Rules(text_of(random_robots(chance))).allow("https://a.example/a?b")
        body = random_feed(chance)
        began = time.process_time()
        try:
            listing = read_listing(body, "https://a.example/feed")
        except ExtractionError:
            continue
        finally:
            assert time.process_time() - began < 5, (seed, number)
        for entry in listing.entries:
            entry.url.encode()
            assert entry.url.startswith("http")


def test_random_feeds_and_robots_raise_nothing_but_ours() -> None:
    fuzz(200, 1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_random_feeds_and_robots_raise_nothing_but_ours(seed: int) -> None:
    fuzz(200, seed)


# Feeds


@pytest.mark.parametrize("where", ["<rss", "<item", "<link", "<title"])
def test_feeds_with_many_attributes_are_read_soon(where: str) -> None:
    many = " ".join(f'a{n}="x > y"' for n in range(200_000))
    feed = '<rss version="2.0"><channel><title>News</title><item><title>x</title><link>https://a.example/1</link></item></channel></rss>'
    body = feed.replace(where, f"{where} {many}", 1).encode()
    began = time.process_time()
    assert [entry.url for entry in read_listing(body, "https://a.example/").entries] == ["https://a.example/1"]
    assert time.process_time() - began < 10


def test_few_attributes_are_kept() -> None:
    some = " ".join(f'a{n}="{"x" * 100}"' for n in range(ATTRIBUTES_LIMIT))
    body = f'<feed {some} xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><link href="https://a.example/1"/></entry></feed>'
    assert read_listing(body.replace(" a99", "").encode(), "https://a.example/").entries
    assert (
        len(
            read_listing(
                b"<urlset>" + b"<url><loc>https://a.example/1</loc></url>" * 60_000, "https://a.example/"
            ).entries
        )
        <= ENTRIES_LIMIT
    )


# Files


def failures(path: Path) -> list[str]:
    return [content.reason for content in read_file(path) if isinstance(content, Failure)]


def test_lines_that_unpack_to_more_than_text_does_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = json.dumps({"text": "The council of Lowmere met on Monday."}).encode() + b"\n"
    with gzip.open(tmp_path / "bomb.jsonl.gz", "wb") as out:
        out.write(line)
        for _ in range(100):
            out.write(b"\n" * (1 << 20))
    found = list(read_file(tmp_path / "bomb.jsonl.gz"))
    assert isinstance(found[0], Capture)
    assert [content.reason for content in found[1:] if isinstance(content, Failure)] == ["bomb"]
    monkeypatch.setattr(files, "LINES_LIMIT", 1 << 20)
    chance = random.Random(1)
    with gzip.open(tmp_path / "large.jsonl.gz", "wb") as out:
        for _ in range(40):
            out.write(json.dumps({"text": "".join(chance.choices("abcdefgh ", k=60_000))}).encode() + b"\n")
    found = list(read_file(tmp_path / "large.jsonl.gz"))
    assert sum(isinstance(content, Capture) for content in found) < 40
    assert [content.reason for content in found if isinstance(content, Failure)] == ["too_large"]


@pytest.mark.parametrize("name", ["a.html.gz", "a.jsonl.gz"])
def test_a_gzip_file_of_a_hundred_thousand_members_is_read_soon(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    text = json.dumps({"text": "The council of Lowmere met on Monday."}).encode()
    path.write_bytes(gzip.compress(b"", mtime=0) * 100_000 + gzip.compress(text, mtime=0) + b"\0" * 10_000)
    began = time.process_time()
    (found,) = read_file(path)
    assert time.process_time() - began < 1.5, "it took 2 to 4 seconds, and four times as long for twice as many"
    assert isinstance(found, Capture)
    assert found.body == text


def test_a_record_that_unpacks_without_end_costs_itself(tmp_path: Path) -> None:
    def record(url: str, body: bytes) -> bytes:
        http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
        head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
        return gzip.compress(head.encode() + http + b"\r\n\r\n")

    bomb = record("https://a.example/1", bytes(100 << 20))
    path = tmp_path / "a.warc.gz"
    path.write_bytes(bomb + record("https://a.example/2", b"<html><p>The council of Lowmere met.</p></html>"))
    broken, page = list(read_file(path))
    assert isinstance(broken, Failure)
    assert "grows more than 200 times" in broken.message
    assert isinstance(page, Capture)
    assert page.url == "https://a.example/2"


def test_what_is_no_plain_file_is_refused(tmp_path: Path, dateline: Dateline) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    os.mkfifo(folder / "pipe.html")
    (folder / "device.txt").symlink_to("/dev/zero")
    (folder / "a.txt").write_text("The council of Lowmere met on Monday.")
    found = find_inputs([str(folder), str(folder / "pipe.html"), "/dev/zero"])
    assert [path.name for path in found.files] == ["a.txt"]
    assert [failure.reason for failure in found.failures] == ["not_a_file", "not_a_file"]
    assert failures(folder / "pipe.html") == ["not_a_file"]
    read = dateline("read", "--format", "jsonl", str(folder))
    assert [json.loads(line)["input"] for line in read.stdout.splitlines()] == [str(folder / "a.txt")]


def test_folders_a_thousand_deep_end_no_run(tmp_path: Path) -> None:
    """Nobody calls himself for each of them, and what the system cannot name any more is passed over."""
    (tmp_path / "z.txt").write_text("The council of Lowmere met on Monday.")
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("a", dir_fd=at)
        below, at = at, os.open("a", os.O_RDONLY, dir_fd=at)
        os.close(below)
    os.close(at)
    try:
        assert [path.name for path in find_inputs([str(tmp_path)]).files] == ["z.txt"]
        assert [f.reason for f in find_inputs(["x" * 5000, "a\0b"]).failures] == ["missing", "missing"]
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / "a")], check=True)  # Python's own way calls itself for each folder


# Articles


def test_what_an_article_holds_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("extractors.CODED_LIMIT", 3000)
    monkeypatch.setattr("extractors.MENTIONS_LIMIT", 50)
    text = "\n\n".join(" ".join(["Ministers met in Riga, Mali, Accra and Paris."] * 5) for _ in range(30))
    found = extract(Capture(text.encode(), "long.txt", "text/plain"), lexicons_for(None))
    assert found.article.text == text
    assert (found.coded, found.uncoded_reason, len(found.mentions)) == (True, "long", 50)
    assert all(found.article.text[m.char_start : m.char_end] == m.text for m in found.mentions)
    monkeypatch.setattr("extractors.MENTIONS_LIMIT", 10_000)
    found = extract(Capture(text.encode(), "long.txt", "text/plain"), lexicons_for(None))
    assert 2000 < max(m.char_end for m in found.mentions) <= 3000
    short = extract(Capture(text[:1000].encode(), "short.txt", "text/plain"), lexicons_for(None))
    assert short.uncoded_reason is None


def test_the_longest_text_that_is_coded_takes_less_than_the_seconds_of_a_document() -> None:
    """Else its worker is ended, and it is not even stored. Cost grows with the length (`test_linear.py`), so a piece of it says all."""
    towns, peoples = ("Paris", "Haifa", "Nairobi", "Lagos", "Quito"), ("French", "Israeli", "Kenyan", "Nigerian")
    text = "\n\n".join(
        f"{peoples[n % 4]} police arrested {n + 2} protesters in {towns[n % 5]} on Monday after troops shelled village {n}, officials said. "
        f"The {peoples[(n + 1) % 4]} president met the foreign minister in {towns[(n + 2) % 5]} to sign accord {n}."
        for n in range(20)
    )
    capture = Capture(text.encode(), "long.txt", "text/plain")
    extract(capture, lexicons_for(None))  # what is loaded late is no document's
    began = time.process_time()
    assert extract(capture, lexicons_for(None)).coded
    assert (time.process_time() - began) * extractors.CODED_LIMIT / len(text) < Bounds().seconds


# The page that lists them


def test_the_documented_bounds_are_the_ones_that_hold() -> None:
    rows = re.findall(
        r"^\|[^|]+\|[^|]+\| `([\w.]+)` = ([\d_.]+) \| `(tests/[\w/.]+)::(\w+)` \|$", DOCS.read_text(), re.MULTILINE
    )
    assert len(rows) >= 25
    for name, value, file, test in rows:
        owner, _, last = name.rpartition(".")
        found = pkgutil.resolve_name(owner)
        found = getattr(found() if isinstance(found, type) else found, last)
        assert float(found) == float(value.replace("_", "")), name
        assert f"def {test}(" in (DOCS.parent.parent / file).read_text(), test
