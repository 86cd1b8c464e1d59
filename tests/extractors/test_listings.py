"""Feeds and sitemaps of every kind, front pages, addresses; and that no bytes whatever make them raise anything but NotAListing."""

from __future__ import annotations

import gzip
import json
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.links import clean_link
from extractors.listings import NotAListing, read_feed, read_front_page, read_listing, read_sitemap
from extractors.opml import read_opml, write_opml

BASE = "https://news.example/feed"
LONG = "<p>" + "The ministers met in the capital and agreed on border trade. " * 10 + "</p>"
ONE, TWO = "https://news.example/2026/03/02/one", "https://news.example/2026/03/02/two?id=2"

RSS2 = f"""<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>Example News</title><item><title>Talks &amp; trade</title><link>{ONE}?utm_source=rss&amp;fbclid=x#top</link><guid isPermaLink="false">1</guid>
<pubDate>Mon, 02 Mar 2026 09:00:00 +0300</pubDate><content:encoded><![CDATA[{LONG}]]></content:encoded></item>
<item><title>Two</title><link>/2026/03/02/two?id=2</link></item></channel></rss>"""
RSS091 = f"""<?xml version="1.0"?><rss version="0.91"><channel><title>Example News</title><item><title>Talks &amp; trade</title><link>{ONE}</link></item>
<item><title>Two</title><link>{TWO}</link></item></channel></rss>"""
RSS090 = f"""<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/">
<channel><title>Example News</title></channel><item><title>Talks &amp; trade</title><link>{ONE}</link></item><item><title>Two</title><link>{TWO}</link></item></rdf:RDF>"""
RDF = f"""<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="x"><title>Example News</title></channel><item rdf:about="{ONE}"><title>Talks &amp; trade</title><link>{ONE}</link><dc:date>2026-03-02T06:00:00Z</dc:date></item>
<item rdf:about="{TWO}"><title>Two</title><link>{TWO}</link></item></rdf:RDF>"""
ATOM = f"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Example News</title><entry><title>Talks &amp; trade</title><id>tag:1</id>
<link rel="self" href="https://news.example/api/1"/><link rel="alternate" href="{ONE}"/><published>2026-03-02T06:00:00Z</published><updated>2026-03-03T06:00:00Z</updated></entry>
<entry><title>Two</title><id>tag:2</id><link href="/2026/03/02/two?id=2"/></entry></feed>"""
JSON_FEED = json.dumps({
    "version": "https://jsonfeed.org/version/1.1", "title": "Example News",
    "items": [{"id": "1", "url": ONE, "title": "Talks & trade", "date_published": "2026-03-02T06:00:00Z", "content_html": LONG},
              {"id": "2", "url": TWO, "title": "Two"}],
})  # fmt: skip
FEEDS = {"rss 2.0": RSS2, "rss 0.91": RSS091, "rss 0.90": RSS090, "rdf": RDF, "atom": ATOM, "json feed": JSON_FEED}


@pytest.mark.parametrize("kind", FEEDS)
def test_feeds_of_every_kind(kind: str) -> None:
    body = FEEDS[kind].encode()
    found = read_listing(body, BASE)
    assert found == read_feed(body, BASE)
    assert (found.kind, found.title) == ("feed", "Example News")
    assert [(e.url, e.title) for e in found.entries] == [(ONE, "Talks & trade"), (TWO, "Two")]
    first = found.entries[0]
    if kind in ("rss 2.0", "rdf", "atom", "json feed"):
        assert first.published_at is not None
        assert first.published_at.timestamp() == 1772431200
    assert (first.html is not None) == (kind in ("rss 2.0", "json feed"))
    assert (first.modified_at is not None) == (kind == "atom")


@pytest.mark.parametrize(
    ("body", "links"),
    [
        (RSS2.replace("&amp; trade", "& trade <br> &nbsp;").encode(), 2),
        (RSS2[: RSS2.index("</item></channel>")].encode(), 2),
        (b"\n\n   " + RSS091.encode(), 2),
        (b"\xef\xbb\xbf" + RSS091.encode(), 2),
        (RSS091.replace("Two", "Tw\x0bo").encode(), 2),
        (RSS091.replace("<title>Two", "<title>Tw\xe9o").encode("latin-1"), 2),
        (RSS2.replace('encoding="utf-8"', 'encoding="utf-16"').encode("utf-16"), 2),
        (RSS091.replace(TWO, "javascript:alert(1)").encode(), 1),
        (RSS091.replace(TWO, ONE + "?utm_medium=x").encode(), 1),
        (b"<rss><channel><title>Empty</title></channel></rss>", 0),
    ],
    ids=["markup in text", "cut off", "space before", "byte order mark", "control character", "wrong charset", "utf-16",
         "no web address", "same address twice", "empty"],
)  # fmt: skip
def test_broken_feeds_are_read_as_far_as_they_go(body: bytes, links: int) -> None:
    assert len(read_feed(body, BASE).entries) == links


SITEMAP = f"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url><loc> {ONE} </loc><news:news><news:publication><news:name>Example News</news:name></news:publication>
<news:publication_date>2026-03-02T09:00:00+03:00</news:publication_date><news:title>Talks &amp; trade</news:title></news:news><image:image><image:loc>https://img.example/1.jpg</image:loc></image:image></url>
<url><loc>{TWO.replace("&", "&amp;")}</loc><lastmod>2026-03-03</lastmod></url></urlset>"""
INDEX = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>https://news.example/old.xml</loc><lastmod>2025-01-01</lastmod></sitemap>
<sitemap><loc>https://news.example/new.xml.gz</loc><lastmod>2026-03-02T00:00:00Z</lastmod></sitemap></sitemapindex>"""


@pytest.mark.parametrize(
    "body", [SITEMAP.encode(), gzip.compress(SITEMAP.encode()), SITEMAP.encode()[:-20]], ids=["plain", "gzip", "cut"]
)
def test_news_sitemaps(body: bytes) -> None:
    found = read_listing(body, BASE)
    assert (found.kind, [e.url for e in found.entries][:1]) == ("sitemap", [ONE])
    first = found.entries[0]
    assert first.title == "Talks & trade"
    assert first.published_at is not None
    assert first.published_at.isoformat() == "2026-03-02T09:00:00+03:00"
    assert [e.url for e in found.entries[1:]] in ([], [TWO])


def test_sitemap_indexes_and_text_sitemaps() -> None:
    found = read_listing(INDEX.encode(), BASE)
    assert (found.kind, found.more) == ("index", ("https://news.example/new.xml.gz", "https://news.example/old.xml"))
    assert [e.url for e in read_listing(f"{ONE}\n{TWO}\r\n\n{ONE}\n".encode(), BASE).entries] == [ONE, TWO]


def test_a_front_page_names_articles_and_feeds() -> None:
    page = f"""<!doctype html><html><head><title>Example News</title><base href="https://news.example/en/"><link rel="Alternate" type="application/rss+xml" href="/rss">
    <link rel="alternate" hreflang="fr" href="/fr"></head><body><a href="{ONE}">Talks <b>resume</b></a><a href="{ONE}?utm_source=front">again</a>
    <a href="talks-resume-in-the-capital">x</a><a href="/tag/talks-in-the-capital">t</a><a href="/world">w</a><a href="https://www.news.example/story-123456">n</a>
    <a href="https://elsewhere.example/2026/03/02/x">e</a><a href="mailto:a@b.example">m</a><a>none</a></body></html>"""
    found = read_listing(page.encode(), "https://news.example/")
    assert (found.kind, found.title, found.more) == ("page", "Example News", ("https://news.example/rss",))
    assert [e.url for e in found.entries] == [ONE, "https://news.example/en/talks-resume-in-the-capital", "https://www.news.example/story-123456"]  # fmt: skip
    assert found.entries[0].title == "Talks resume"


LAUGHS = "<!DOCTYPE l [" + "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 12)) + "]>"


@pytest.mark.parametrize(
    "body",
    [
        f"<?xml version='1.0'?>{LAUGHS}<rss><channel><title>&l11;</title></channel></rss>".encode(),
        f"<?xml version='1.0' encoding='utf-16'?>{LAUGHS}<urlset><url><loc>&l11;</loc></url></urlset>".encode("utf-16"),
        b"<!DOCTYPE r [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><urlset><url><loc>https://a.example/&f;</loc></url></urlset>",
        gzip.compress(b"<urlset>" + b" " * (60 << 20)),
        b"\x1f\x8bnot gzip",
        b"",
        b"\0" * 1000,
        b'{"items": 3}',
        b"[" * 100_000,
        b"%PDF-1.7",
    ],
    ids=[
        "entities",
        "entities in utf-16",
        "outer entity",
        "gzip bomb",
        "no gzip",
        "empty",
        "zeros",
        "other json",
        "deep json",
        "pdf",
    ],
)
def test_what_is_no_listing_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(NotAListing):
        read_listing(body, BASE)


@pytest.mark.parametrize(
    "body",
    [
        b"<rss><channel>" + b"<item>" * 200_000,
        b"<a " * 300_000,
        b"<rss><item>" + b"<a " * 300_000,
        b"<rss><channel><item><title>" + b"&amp" * 250_000,
        b"<html>" + b"<div>" * 200_000 + b"<a href='/2026/03/02/x'>x",
        b"<urlset>" + b"<url><loc>https://a.example/" * 50_000,
        b"<rss version='2.0'><channel><title>x</title>" + b"<![CDATA[" * 100_000,
        b"{" * 500_000,
    ],
    ids=["items", "open tags", "open tags in a feed", "entities", "deep", "open urls", "cdata", "braces"],
)
def test_hostile_listings_end_soon(body: bytes) -> None:
    began = time.process_time()
    with suppress(NotAListing):
        read_listing(body, BASE)
    assert time.process_time() - began < 5.0


PIECES = ["<rss>", "<channel>", "<item>", "</item>", "<link>", "</link>", ONE, "<feed xmlns='http://www.w3.org/2005/Atom'>", "<entry>", "<link href='", "'/>",
          "<urlset>", "<url>", "<loc>", "</loc>", "<sitemapindex>", "<html>", "<a href=", "<![CDATA[", "]]>", "&#x", "\x00", "<?xml version='1.0'?>", '{"items":[', '{"url":"', "2026-13-99",
          "<pubDate>", "<title>", "\ud800", "<base href='//[::1'>", "http://[", "<content:encoded>"]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30).map(
        lambda p: "".join(p).encode("utf-8", "surrogatepass")
    )
    | st.binary(max_size=200)
)
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    for read in (read_listing, read_feed, read_sitemap, read_front_page):
        try:
            found = read(body, BASE)
        except NotAListing:
            continue
        assert all(e.url.startswith(("http://", "https://")) for e in found.entries)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text(max_size=20).map("https://a.example/".__add__))
def test_any_text_is_an_address_or_none(link: str) -> None:
    found = clean_link(link, BASE)
    assert found is None or clean_link(found) == found


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("HTTPS://News.Example:443/A?b=1&utm_source=x&UTM_Medium=y&c=2#frag", "https://news.example/A?b=1&c=2"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("?page=2", "https://news.example/feed?page=2"),
        ("https://a.example/?cid=7&id=3&ref=x", "https://a.example/?cid=7&id=3&ref=x"),
        ("http://a.example:8080", "http://a.example:8080/"),
        ("https://a.example/caf\u00e9 bar?q=\u00fc", "https://a.example/caf%C3%A9%20bar?q=%C3%BC"),
        ("https://a.example/%7Efoo/a+b", "https://a.example/%7Efoo/a+b"),
        ("http://[2001:DB8::1]:80/x", "http://[2001:db8::1]/x"),
        (" https://a.exam\nple/x ", "https://a.example/x"),
        ("https://user:pw@a.example/", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("https://", None),
        ("", None),
    ],
)
def test_addresses(given: str, found: str | None) -> None:
    assert clean_link(given, BASE) == found


OPML = f"""<?xml version="1.0"?><opml version="1.0"><head><title>Mine</title></head><body><outline text="Africa"><outline type="rss" text="Example &amp; News" xmlUrl="{BASE}" htmlUrl="x"/>
<outline text="Twice" xmlUrl="{BASE}"/></outline><outline title="Other" XMLURL="https://other.example/atom?x=1&amp;y=2"/><outline text="No feed"/></body></opml>"""


def test_opml_there_and_back() -> None:
    found = read_opml(OPML.encode())
    assert [(s.title, s.address, s.folder) for s in found] == [
        ("Example & News", BASE, "Africa"),
        ("Other", "https://other.example/atom?x=1&y=2", None),
    ]
    again = read_opml(write_opml("Mine & more", found).encode())
    assert [(s.title, s.address) for s in again] == [(s.title, s.address) for s in found]


def test_an_outline_of_many_attributes_is_read_soon() -> None:
    many = " ".join(f'a{n}="1"' for n in range(40_000))
    began = time.process_time()
    (found,) = read_opml(OPML.replace("<body>", f'<body><outline {many} xmlURL="{ONE}"/>', 1).encode())[:1]
    assert time.process_time() - began < 1.5, "it took 5 seconds, and four times as long for twice as many"
    assert found.address == ONE


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"{}", f"<!DOCTYPE o [<!ENTITY a 'b'>]>{OPML}".encode()])
def test_what_is_no_opml_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(NotAListing):
        read_opml(body)
