"""What a page says of its story: whom to believe, and what to leave out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
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
        ("<title>What the bridge means to you</title>", "<h1 class='entry-title'>Bridge opens in Lowmere</h1>", "Bridge opens in Lowmere"),
        ("<title>Bridge opens in Lowmere – Notes of a Docker</title>", "<h1 class='site-title'><a href='/'>Notes of a Docker</a></h1><h1>Bridge opens in Lowmere</h1>", "Bridge opens in Lowmere"),
        ("<title>Live: Bridge opens in Lowmere - The Post</title>", "<h1>Bridge opens in Lowmere</h1>", "Bridge opens in Lowmere"),
        ("<title>Bridge opens in Lowmere after years of waiting</title>", "<h1 class='headline'><span class='kicker'>Harbour</span>Bridge opens in Lowmere after years</h1>", "Bridge opens in Lowmere after years"),
        ("<title>Bridge opens in Lowmere after years | Post</title><meta property='og:title' content='Bridge opens'>", "<h1 data-breadcrumb='1'>Bridge opens</h1><h2 class='headline'>Bridge opens in Lowmere after years</h2>", "Bridge opens in Lowmere after years"),
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
        ("July 2, 2024 9:05 p.m. ET", "2024-07-02T21:05:00-04:00", "minute"),
        ("December 2, 2024 9:05 p.m. ET", "2024-12-02T21:05:00-05:00", "minute"),
        ("9:05 AM PT, Tue July 2, 2024", "2024-07-02T09:05:00-07:00", "minute"),
        ("2 July 2024 12:05 a.m.", "2024-07-02T00:05:00+00:00", "minute"),
        ("2 July 2024, 21:05 (UTC+8)", "2024-07-02T21:05:00+08:00", "minute"),
        ("2 July 2024 21:05 PKT", "2024-07-02T21:05:00+05:00", "minute"),
        ("2 июля 2024, 21:05 МСК", "2024-07-02T21:05:00+03:00", "minute"),
        ("2. Juli 2024, 21.05 Uhr", "2024-07-02T21:05:00+00:00", "minute"),
        ("2 July 2024 21:05 QXT", "2024-07-02T00:00:00+00:00", "day"),
        ("2 July 2024 21:05 local time", "2024-07-02T00:00:00+00:00", "day"),
    ],
)
def test_instants(text: str, iso: str, precision: str) -> None:
    found = parse_instant(text)
    assert found is not None
    assert (found.at.isoformat(), found.precision) == (iso, precision)


@pytest.mark.parametrize(("home", "hours"), [(None, 5.5), ("in", 5.5), ("il", 2), ("ie", 1)])
def test_a_zone_means_what_it_means_at_home(home: str | None, hours: float) -> None:
    found = parse_instant("2 July 2024 21:05 IST", home)
    assert found is not None
    assert found.at.utcoffset() == timedelta(hours=hours)


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


_TEXT = [
    "<p>The council of Lowmere met on Tuesday to talk about the bridge over the river, and it voted for a new one before winter.</p>",
    "<p>Dockers said that they would not wait for the spring, since the old bridge had been closed twice by floods in two years.</p>",
    "<p>The mayor said that the money was there, and that the work would begin as soon as the engineers had seen the piers.</p>",
]


def dated(
    beside: str = "",
    behind: str = "",
    above: str = "",
    head: str = "",
    listed: datetime | None = None,
    url: str | None = None,
) -> Metadata:
    """A page with three paragraphs, and dates before and behind them."""
    body = f"{above}<main><article><h1>Council votes for bridge</h1>{beside}{''.join(_TEXT)}{behind}</article></main>"
    page = f"<html><head><title>Council votes for bridge</title>{head}</head><body>{body}</body></html>"
    return read_metadata(parse(page), url, listed=listed)


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("behind", "<p>The old bridge was opened on 3 May 1962.</p>"),
        ("behind", "<p>Published under § 4.7.1999 of the law on the press.</p>"),
        ("behind", "<p>Licence: CC BY 4.0, 3 May 2021</p>"),
        ("behind", "<p>© 3 May 2021 Lowmere Post</p>"),
        ("behind", "<div class='r'><b>Otter</b> <time datetime='2021-05-03'>3 May 2021</time><p>I have crossed that bridge every day for forty years.</p></div>"),
        ("behind", "<table><tr><td>3 May 2021</td><td>4 m</td></tr><tr><td>4 May 2021</td><td>5 m</td></tr></table>"),
        ("behind", "<div class='next'><time datetime='2021-05-03'>3 May 2021</time> <a href='/n'>Ferry strike ends after nine long days</a></div>"),
        ("behind", "<blockquote><p>We will close it again.</p>— Ann (@ann) <a href='#'>May 3, 2021</a></blockquote>"),
        ("behind", "<h2>3 May 1962</h2>"),
        ("beside", "<p>The old bridge was opened on 3 May 1962.</p>"),
        ("beside", "<figure><img src='x'><figcaption>The bridge on 3 May 1962</figcaption></figure>"),
        ("beside", "<p>When: 3 May 2025, 18:00</p>"),
        ("beside", "<p>Last change: 3 May 2024</p>"),
        ("beside", "<p>Zuletzt aktualisiert am 3. Mai 2024 um 10:00 Uhr</p>"),
        ("beside", "<p>Actualizado: 3 de mayo de 2024</p>"),
        ("beside", "<p>Обновлено 3 мая 2024</p>"),
        ("beside", "<p><span>Updated</span> <time datetime='2024-05-03'>3 May</time></p>"),
        ("behind", "<p>This story was corrected on May 3, 2024.</p>"),
        ("above", "<div class='bar'><div>Friday, 3 May 2024</div><a href='/'>Home</a></div>"),
        ("above", "<header><time datetime='2024-05-03'>Friday</time></header>"),
        ("above", "<p id='today'>3.5.2024</p>"),
        ("head", "<meta property='og:title' content='What happened on 3 May 1962'>"),
    ],
)  # fmt: skip
def test_a_day_of_something_else_is_not_that_of_publication(where: str, line: str) -> None:
    assert dated(**{where: line}).published is None


@pytest.mark.parametrize(
    ("where", "line", "day", "read_from"),
    [
        ("beside", "<p class='byline'>By Ann Weller, 7 May 2024</p>", "2024-05-07", "text"),
        ("beside", "<p>Engineers say that the old one would not have stood another winter of floods and ice.</p><time datetime='2024-05-07'></time>", "2024-05-07", "time"),
        ("beside", "<p>Updated 9 May 2024</p><p>First published 7 May 2024</p>", "2024-05-07", "time"),
        ("beside", "<p>Publié le 7 mai 2024 à 10h30 - Mis à jour le 9 mai 2024 à 8h00</p>", "2024-05-07", "time"),
        ("behind", "<p>Posted on 7 May 2024 by Ann</p>", "2024-05-07", "time"),
        ("behind", "<p>Dieser Beitrag wurde am 7. Mai 2024 von Ann Weller veröffentlicht.</p>", "2024-05-07", "time"),
        ("behind", "<footer>Submitted by Ann Weller on May 7, 2024</footer>", "2024-05-07", "time"),
        ("head", "<meta property='og:title' content='Council votes for bridge | 07.05.2024'>", "2024-05-07", "title"),
    ],
)  # fmt: skip
def test_a_day_counts_by_its_words_or_its_place(where: str, line: str, day: str, read_from: str) -> None:
    meta = dated(**{where: line})
    assert meta.published is not None
    assert (meta.published.at.date().isoformat(), meta.published_from) == (day, read_from)


def test_what_says_changed_is_the_day_of_the_change() -> None:
    meta = dated("<p>Publicado el 17/05/2024 | Actualizado el 19/05/2024 18:00</p>")
    assert meta.published is not None
    assert meta.modified is not None
    assert (meta.published.at.day, meta.modified.at.day) == (17, 19)


@pytest.mark.parametrize(
    ("beside", "url", "day", "read_from"),
    [
        ("", None, "2024-05-07", "listing"),
        ("<p>9 May 2024</p>", None, "2024-05-09", "text"),
        ("", "https://post.example/2024/05/06/bridge", "2024-05-07", "listing"),
        ("", "https://post.example/2019/01/06/bridge", "2019-01-06", "url"),
        ("<p>Updated 9 May 2024</p>", None, "2024-05-07", "listing"),
    ],
)
def test_a_listing_says_the_day_where_the_page_says_nothing_surer(
    beside: str, url: str | None, day: str, read_from: str
) -> None:
    meta = dated(beside, listed=datetime(2024, 5, 7, 9, 0, tzinfo=UTC), url=url)
    assert meta.published is not None
    assert (meta.published.at.date().isoformat(), meta.published_from) == (day, read_from)


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


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Ines Valtorta in Lowmere", ("Ines Valtorta",)),
        ("By Ines Valtorta for The Lowmere Post", ("Ines Valtorta",)),
        ("Ines Valtorta Foreign correspondent and Tom Brask in Berlin", ("Ines Valtorta", "Tom Brask")),
        ("Von Ines Valtorta, Berlin", ("Ines Valtorta",)),
        ("Ines Valtorta Senior political editor", ("Ines Valtorta",)),
        ("By Ludwig van der Berg", ("Ludwig van der Berg",)),
    ],
)
def test_places_and_offices_are_no_part_of_a_name(line: str, names: tuple[str, ...]) -> None:
    assert read("", f"<h1>Ferry strike ends</h1><p class='byline'>{line}</p>").authors == names


def test_a_line_below_the_headline_that_begins_with_by_signs() -> None:
    assert read("", "<h1>Ferry strike ends</h1><p>By Ines Valtorta</p><p>By noon the ferry had left.</p>").authors == (
        "Ines Valtorta",
    )


def test_authors_of_other_stories_do_not_sign() -> None:
    others = "".join(
        f"<li><a href='/{n}'>Ferry strike ends after nine days</a> <span class='byline'>by <a rel='author'>{n}</a></span></li>"
        for n in ("Jon Russet", "Anna Hale")
    )
    story = "<article><h1>Bridge opens</h1><div class='byline'>by <a rel='author'>Tom Brask</a> and <a rel='author'>Ines Valtorta</a></div></article>"
    assert read("", f"{story}<div class='b'><ul>{others}</ul></div>").authors == ("Tom Brask", "Ines Valtorta")
    assert read("", f"<article><h1>Bridge opens</h1></article><div class='b'><ul>{others}</ul></div>").authors == ()


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ('[[{"@type":"Person","name":"Tom Brask"}],[{"name":"Ines Valtorta"}]]', ("Tom Brask", "Ines Valtorta")),
        ('{"@type":"Person","givenName":"Tom","familyName":"Brask"}', ("Tom Brask",)),
        ('[{"@id":"#tom"}]', ("Tom Brask",)),
        ('[{"@type":"Organization","name":"Lowmere Media"},{"@type":"Person","name":"Tom Brask"}]', ("Tom Brask",)),
        ('{"@type":"Organization","name":"Lowmere Media"}', ("Ann Weller",)),
    ],
)
def test_authors_of_json_ld(author: str, names: tuple[str, ...]) -> None:
    block = f'[{{"@type":"NewsArticle","headline":"Bridge opens","author":{author}}},{{"@type":"Person","@id":"#tom","name":"Tom Brask"}}]'
    head = f'<title>Bridge opens</title><script type="application/ld+json">{block}</script>'
    assert read(head, "<h1>Bridge opens</h1><p class='byline'>By <a rel='author'>Ann Weller</a></p>").authors == names


_BLOCK = '{"@type": "NewsArticle", "headline": "Bridge opens in Lowmere", "author": {"@type": "Person", "name": "Tom Brask"}, "dateModified": "2024-05-09"%s}'


@pytest.mark.parametrize(
    "block",
    [
        _BLOCK % ",",
        _BLOCK % ', "image": undefined',
        _BLOCK % ', "about": ["x", "y",],',
        (_BLOCK % "") + "}",
        (_BLOCK % "") + '{"@type": "WebSite"}',
        "// made by hand\n" + (_BLOCK % "") + " /* end */",
        "//<![CDATA[\n" + (_BLOCK % "") + "\n//]]>",
        (_BLOCK % "").replace('"', "&quot;"),
        (_BLOCK % ', "text": "it\\\'s"'),
        (_BLOCK % "").replace("@type", "@Type").replace("NewsArticle", "NEWSARTICLE"),
        (_BLOCK % ', "alternativeHeadline": "It is "ours" now"'),
    ],
)
def test_nearly_json_is_read(block: str) -> None:
    meta = read(f'<title>Bridge opens in Lowmere</title><script type="Application/LD+JSON">{block}</script>')
    assert meta.authors == ("Tom Brask",)
    assert meta.modified is not None


def test_another_storys_block_says_nothing() -> None:
    other = '{"@type":"NewsArticle","headline":"Ferry strike ends","url":"https://a.example/ferry","datePublished":"2021-05-03","author":{"name":"Jon Russet"}}'
    head = "<title>Council votes for a new quay</title><link rel='canonical' href='https://a.example/quay'>"
    meta = read(f'{head}<script type="application/ld+json">{other}</script>', "<h1>Council votes for a new quay</h1>")
    assert (meta.published, meta.authors) == (None, ())


def test_wire_signs_where_nobody_does() -> None:
    story = '{"@type":"NewsArticle","headline":"Ferry strike ends","author":[{"@type":"Organization","name":"dpa"}]}'
    assert read(f'<script type="application/ld+json">{story}</script>').authors == ("dpa",)


@pytest.mark.parametrize(
    ("types", "section", "url", "title", "genre"),
    [
        ("OpinionNewsArticle", None, None, "Build the bridge", "opinion"),
        ("NewsArticle", "Meinung", None, "Baut die Brücke", "opinion"),
        ("NewsArticle", "World", "https://a.example/opinion/bridge", "Build the bridge", "opinion"),
        ("NewsArticle", None, None, "Editorial: Build the bridge", "opinion"),
        ("LiveBlogPosting", "World", None, "Bridge opens", "live"),
        ("NewsArticle", "Obituaries", None, "Ann Weller, bridge builder", "obituary"),
        ("NewsArticle", "Communiqué de presse", None, "Le pont", "press_release"),
        ("NewsArticle", None, None, "Interview | The mayor of Lowmere", "interview"),
        ("NewsArticle", None, None, "7 things you should know about the bridge", "list"),
        ("NewsArticle", None, None, "7 people who fled to Lowmere are back", "news"),
        ("NewsArticle", "World", "https://a.example/world/opinion-polls-open", "Bridge opens", "news"),
    ],
)
def test_genre(types: str, section: str | None, url: str | None, title: str, genre: str) -> None:
    block = {"@type": types, "headline": title} | ({"articleSection": section} if section else {})
    head = f'<title>{title}</title><script type="application/ld+json">{json.dumps(block)}</script>'
    assert read(head, f"<h1>{title}</h1>", url).genre == genre
