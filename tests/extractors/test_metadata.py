"""What a page says of its story: whom to believe, and what to leave out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from extractors.html import parse
from extractors.instants import instant_in_url, parse_instant
from extractors.metadata import Metadata, read_metadata

PAGES = Path(__file__).parent.parent / "pages"


def read(head: str, body: str = "", url: str | None = None) -> Metadata:
    return read_metadata(parse(f"<html><head>{head}</head><body>{body}</body></html>"), url)


def test_whole_page() -> None:
    meta = read_metadata(parse((PAGES / "news.html").read_text()), "https://post.lowmere.example/x")
    assert meta.title == "Harbour strike ends after nine days"
    assert meta.authors == ("Ines Valtorta", "Tom Brask")
    assert meta.published is not None
    assert meta.published.at == datetime(2024, 5, 18, 3, 30, tzinfo=UTC)
    assert (meta.published.precision, meta.published_from) == ("second", "json-ld")
    assert meta.modified is not None
    assert (meta.section, meta.site, meta.paywalled) == ("Business", "The Lowmere Post", True)
    assert meta.lead_image == "https://post.lowmere.example/img/harbour.jpg"
    assert meta.description == "Dockers and the port return to work."


@pytest.mark.parametrize(
    ("head", "body", "url", "found", "where"),
    [
        ('<meta property="article:published_time" content="2023-04-05T06:07:00Z">', "", None, "2023-04-05", "meta"),
        ("", '<time datetime="2023-04-05">5 April</time>', None, "2023-04-05", "time"),
        ("", "", "https://a.example/2023/04/05/story", "2023-04-05", "url"),
        ("", "<time datetime='2023-04-05'></time><time datetime='2023-04-09'></time>", None, None, "undecided"),
        ('<meta name="date" content="0001-01-01">', "", None, None, None),
        ("", "<p>In 2019 the bridge fell.</p>", "https://a.example/20230405123", None, None),
    ],
)
def test_published(head: str, body: str, url: str | None, found: str | None, where: str | None) -> None:
    meta = read(head, body, url)
    assert (meta.published.at.date().isoformat() if meta.published else None, meta.published_from) == (found, where)


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("By Ines Valtorta and Tom Brask", ("Ines Valtorta", "Tom Brask")),
        ("https://www.facebook.com/lowmere", ()),
        ("Reuters Staff", ()),
        ("INES VALTORTA", ("Ines Valtorta",)),
        ("admin", ()),
    ],
)
def test_authors(author: str, names: tuple[str, ...]) -> None:
    assert read(f'<meta name="author" content="{author}">').authors == names


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Bridge opens in Lowmere | The Post</title>", "", "Bridge opens in Lowmere"),
        ("<title>Bridge opens - a first look - The Post</title><meta property='og:site_name' content='The Post'>", "", "Bridge opens - a first look"),
        ("<title>X</title><meta property='og:title' content='Bridge opens in Lowmere today'>", "<h1>Bridge opens in Lowmere</h1>", "Bridge opens in Lowmere"),
        ("", "<h1>Bridge opens in Lowmere</h1>", "Bridge opens in Lowmere"),
    ],
)  # fmt: skip
def test_title(head: str, body: str, title: str) -> None:
    assert read(head, body).title == title


def test_paywall_only_when_stated() -> None:
    assert read("", "<p>Subscribe to read this premium story</p>").paywalled is None
    assert (
        read(
            '<script type="application/ld+json">{"@type":"Article","headline":"a","isAccessibleForFree":true}</script>'
        ).paywalled
        is False
    )


@pytest.mark.parametrize(
    "broken",
    ["{", "[" * 50_000, '{"@type": 5, "author": [[[]]], "headline": {}}', '{"@graph": [null, 3, "x"]}', "null"],
)
def test_broken_json_ld_is_passed_over(broken: str) -> None:
    assert (
        read(f'<title>Bridge opens in Lowmere</title><script type="application/ld+json">{broken}</script>').title
        == "Bridge opens in Lowmere"
    )


@pytest.mark.parametrize(
    ("text", "iso", "precision"),
    [
        ("2024-03-12T08:30:00+02:00", "2024-03-12T08:30:00+02:00", "second"),
        ("2024-03-12 08:30", "2024-03-12T08:30:00+00:00", "minute"),
        ("20240312", "2024-03-12T00:00:00+00:00", "day"),
        ("12 March 2024", "2024-03-12T00:00:00+00:00", "day"),
        ("March 12th, 2024", "2024-03-12T00:00:00+00:00", "day"),
        ("12. März 2024", "2024-03-12T00:00:00+00:00", "day"),
        ("12.03.2024", "2024-03-12T00:00:00+00:00", "day"),
        ("Tue, 12 Mar 2024 08:30:00 +0100", "2024-03-12T08:30:00+01:00", "second"),
    ],
)
def test_instants(text: str, iso: str, precision: str) -> None:
    found = parse_instant(text)
    assert found is not None
    assert (found.at.isoformat(), found.precision) == (iso, precision)


@pytest.mark.parametrize("text", ["", "03/04/2024", "yesterday", "2024-13-45", "0000-00-00", "99999999"])
def test_unclear_instants_are_none(text: str) -> None:
    assert parse_instant(text) is None


def test_instant_in_url() -> None:
    found = instant_in_url("https://a.example/news/2024/mar/7/bridge")
    assert found is not None
    assert found.at.date().isoformat() == "2024-03-07"
    assert instant_in_url("https://a.example/2024/bridge-12") is None


@pytest.mark.parametrize(
    ("stated", "body", "url", "said"),
    [
        ("2023-11-09T05:30:59Z", "", "https://post.example/2023/11/08/mayor", "2023-11-08T23:30:59-06:00"),
        ("2023-11-09T05:30:59Z", "<h1>A mayor is elected</h1><p>November 8, 2023</p>", "https://post.example/a", "2023-11-08T23:30:59-06:00"),
        ("2020-12-05T23:15:00Z", "", "https://posta.it/a", "2020-12-06T00:15:00+01:00"),
        ("2020-12-05T23:15:00", "", "https://posta.it/a", "2020-12-05T23:15:00+00:00"),
        ("2020-12-05T12:15:00Z", "", "https://posta.it/a", "2020-12-05T12:15:00+00:00"),
        ("2020-12-05T23:15:00-05:00", "", "https://posta.it/2020/12/06/a", "2020-12-05T23:15:00-05:00"),
    ],
)  # fmt: skip
def test_day_is_the_publishers(stated: str, body: str, url: str, said: str) -> None:
    meta = read(
        f'<title>A mayor is elected</title><meta property="article:published_time" content="{stated}">', body, url
    )
    assert meta.published is not None
    assert meta.published.at.isoformat() == said


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<p>Friday 3 May 2024</p><h1>Ferry strike ends</h1><p class='date'>2 May 2024, 18:30</p>", "2024-05-02T18:30"),
        ("<h1>Ferry strike ends</h1><div class='comments'><time datetime='2024-05-09'></time></div><p>Published on 2 May 2024 by the desk</p>", "2024-05-02T00:00"),
        ("<h1>Ferry strike ends</h1><p>2024年5月2日</p>", "2024-05-02T00:00"),
        ("<h1>Ferry strike ends</h1><p>четверг, 2 мая 2024</p>", "2024-05-02T00:00"),
        ("<h1>Ferry strike ends</h1><time itemprop='dateModified' datetime='2024-05-09'></time><time itemprop='datePublished' datetime='2024-05-02'></time>", "2024-05-02T00:00"),
    ],
)  # fmt: skip
def test_date_beside_the_headline(body: str, found: str) -> None:
    meta = read("<title>Ferry strike ends</title>", body)
    assert meta.published is not None
    assert meta.published.at.isoformat().startswith(found)


def test_headline_is_not_the_sites_name() -> None:
    meta = read_metadata(
        parse("<title>Ferry strike ends | Lowmere Post</title><h1>Lowmere Post</h1><h2>Ferry strike ends</h2>"),
        "https://lowmere-post.example/a",
    )
    assert meta.title == "Ferry strike ends"


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("<span class='byline'>By Ines Valtorta, Harbour Correspondent</span>", ("Ines Valtorta",)),
        ("<a rel='author'>Olga</a><div class='comments'><span class='author'>Troll One</span></div>", ("Olga",)),
        ("<p class='author'>3 min read</p>", ()),
        ("<form class='respond'><label class='author'>Name *</label></form>", ()),
    ],
)
def test_visible_byline(body: str, names: tuple[str, ...]) -> None:
    assert read("", body).authors == names


def test_wire_signs_where_nobody_does() -> None:
    story = '{"@type":"NewsArticle","headline":"Ferry strike ends","author":[{"@type":"Organization","name":"dpa"}]}'
    assert read(f'<script type="application/ld+json">{story}</script>').authors == ("dpa",)
