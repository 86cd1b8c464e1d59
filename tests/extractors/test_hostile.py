"""Pages made to hurt: each ends soon, in an article or in an error of ours, and growth is linear."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.article import read_article
from extractors.html import MAX_BYTES, clean_text, decode
from extractors.listings import NotAListing, read_front_page
from extractors.records import Article, Capture, ExtractionError

PAGES = sorted((Path(__file__).parent.parent / "pages").rglob("*.html"))
PROSE = b"<p>The council of Lowmere met on Monday, and it voted to build a new bridge over the river before winter. It will cost much.</p>"
SOON = 15.0
"""Seconds; each takes less than one on an idle machine."""

HOSTILE = {
    "ten_mb_of_one_tag": b"<p>" * 3_000_000,
    "hundred_thousand_deep": b"<div>" * 100_000,
    "deep_inline": b"<b><i>" * 60_000,
    "deep_tables": b"<table><tr><td>" * 30_000,
    "long_class": b"<div class='" + b"sidebar " * 1_000_000 + b"'>x</div>",
    "many_attributes": b"<div " + b" ".join(b"a%d=1" % n for n in range(300_000)) + b">x</div>",
    "billion_laughs": b'<!DOCTYPE a [<!ENTITY a "lol">' + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 20)) + b"]><html><p>&a19;</p>",
    "deep_json_ld": b"<script type='application/ld+json'>" + b'{"@graph":' * 50_000 + b"1</script>",
    "wide_json_ld": b"<script type='application/ld+json'>[" + b'{"@type":"NewsArticle","headline":"x"},' * 50_000 + b"{}]</script>",
    "broken_json_ld": b"<script type='application/ld+json'>" + b'{"a": "x" "' * 80_000 + b"</script>",
    "comments_json_ld": b"<script type='application/ld+json'>" + b"/*" * 400_000 + b"</script>",
    "many_bylines": b"<h1>x</h1>" + b"<p class=byline><a rel=author>1</a></p>" * 20_000,
    "dates_behind": b"<h1>council</h1>" + PROSE * 3 + b"<div><time>1 May 2024</time></div>" * 20_000,
    "offers": b"<h1>council</h1>" + b"<p>To continue reading log in to " * 20_000,
    "figures": b"<figure><blockquote><p>The council of Lowmere met on Monday.</p></blockquote></figure>" * 20_000,
    "deep_state": b"<script type='application/json'>" + b'{"body":[' * 100_000 + b"</script>",
    "long_title": b"<title>" + b"a - " * 1_000_000 + b"</title>",
    "long_author": b"<meta name=author content='" + b"and, " * 500_000 + b"'>",
    "long_byline": b"<p class=byline>by A" + b" B" * 500_000,
    "long_date": b"<p class=date>1 1 1 " + b"jan 1 " * 300_000,
    "many_labels": b"<p>Read more: x</p>" * 20_000,
    "many_dates": b"<span class=date>1 May 2024</span>" * 20_000,
    "many_headings": b"<h2>council</h2>" * 20_000,
    "open_headings": b"<h1>x" * 20_000,
    "unclosed": b"<p <p <p " * 50_000,
    "long_declaration": b'<?xml version="1.0"' + b" " * 200_000 + b"?>",
    "open_declaration": b"<?xml " + b" " * 200_000,
    "soft_hyphens": "\u00ad".encode() * 1_000_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_page_ends_soon(name: str) -> None:
    began = time.process_time()
    reason = read_or_refuse(HOSTILE[name][: MAX_BYTES - 1000] + PROSE * 3)
    assert reason in (None, "too_large", "empty", "too_short", "list_page", "empty_shell")
    assert time.process_time() - began < SOON


@pytest.mark.parametrize("name", ["many_attributes", "long_declaration", "open_declaration", "unclosed"])
def test_hostile_front_page_ends_soon(name: str) -> None:
    began = time.process_time()
    with contextlib.suppress(NotAListing):
        read_front_page(HOSTILE[name], "https://news.example/")
    assert time.process_time() - began < SOON


def page_of(paragraphs: int) -> bytes:
    body = "".join(
        f"<p>The council met for the {n}th time, and it <a href='/b'>voted</a> to build a bridge.</p>"
        for n in range(paragraphs)
    )
    return f"<html><body><article><h1>Lowmere builds a bridge</h1>{body}</article></body></html>".encode()


def test_a_page_ten_times_as_large_takes_about_ten_times_as_long() -> None:
    def seconds(page: bytes) -> float:
        times = []
        for _ in range(3):
            began = time.process_time()
            read_article(Capture(page, "page"))
            times.append(time.process_time() - began)
        return min(times)

    assert seconds(page_of(10_000)) < 15 * seconds(page_of(1_000))


def check(article: Article) -> None:
    assert article.text == "\n\n".join(article.text[a:b] for a, b in article.paragraphs)
    article.text.encode("utf-8")
    for text in (article.title or "", *article.authors, article.text):
        assert not any(ord(c) < 32 and c not in "\n\t" for c in text)


def read_or_refuse(body: bytes, media_type: str = "text/html", charset: str | None = None) -> str | None:
    """The reason why there is no article, None when there is one, which is then checked."""
    try:
        article = read_article(Capture(body, "page", media_type, charset))
    except ExtractionError as error:
        return error.reason
    check(article)
    return None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutated_pages_raise_nothing_but_ours(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(PAGES)).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(body)))
        size = data.draw(st.sampled_from((1, 3, 20, 400)))
        what = data.draw(st.sampled_from(("cut", "double", "noise", "move")))
        piece = bytes(body[at : at + size])
        if what == "cut":
            del body[at : at + size]
        elif what == "double":
            body[at:at] = piece * data.draw(st.integers(1, 20))
        elif what == "noise":
            body[at : at + size] = data.draw(st.binary(max_size=20))
        else:
            del body[at : at + size]
            to = data.draw(st.integers(0, len(body)))
            body[to:to] = piece
    read_or_refuse(
        bytes(body), charset=data.draw(st.sampled_from((None, "utf-8", "latin-1", "utf-16", "idna", "no-such")))
    )


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(("text/html", "text/plain", "application/json")))
def test_any_bytes_raise_nothing_but_ours(body: bytes, media_type: str) -> None:
    read_or_refuse(body, media_type)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_stored_clean(text: str) -> None:
    cleaned = clean_text(text)
    cleaned.encode("utf-8")
    assert cleaned == clean_text(cleaned)
    read_or_refuse(f"<article><h1>{text}</h1><p>{text}</p>{PROSE.decode()}</article>".encode("utf-8", "replace"))


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("Café “Lowmere”".encode(), "iso-8859-1", "Café “Lowmere”"),  # the header lies
        ("<meta charset='utf-8'>café".encode("cp1252"), None, "<meta charset='utf-8'>café"),  # the page lies
        ("<p>Lowmere".encode("utf-16-le"), None, "<p>Lowmere"),
        (b"Low\x00mere" + b" met" * 500, None, "Lowmere" + " met" * 500),
        ("日本語の記事".encode("iso-2022-jp"), None, "日本語の記事"),
        (b"caf\xe9 idna", "idna", "café idna"),
    ],
)
def test_charsets_that_lie(body: bytes, charset: str | None, text: str) -> None:
    assert decode(body, charset).replace("caf\ufffd", "café") == text


@pytest.mark.parametrize("encoded", ["&lt;p&gt;{}&lt;/p&gt;", "<p>{}</p>", "{}", "\ufeff<p>\x07{}\r\n</p>"])
def test_feed_entries(encoded: str) -> None:
    import json

    said = "The council of Lowmere met on Monday, “and it voted” to build a new bridge over the river before winter comes to the islands, which it will."
    line = json.dumps(
        {"html": encoded.format(said * 1), "title": "Lowmere\u00a0builds", "published_at": "2024-05-01"}
    ).encode()
    article = read_article(Capture(line, "feed#1", "application/json"))
    assert article.text == said
    assert article.title == "Lowmere builds"


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("<title>404 - Not found</title><p>Sorry, there is nothing at this address any more, and nobody knows where it went.</p>", "error_page"),
        ("<meta property='og:type' content='video.other'><h1>Watch the ferry leave</h1><p>The ferry leaves.</p>", "video_page"),
        ('<script type="application/ld+json">{"@type":"NewsArticle","headline":"Ferry fares rise","isAccessibleForFree":false}</script><h1>Ferry fares rise</h1><p>Fares rise.</p>', "paywall_stub"),
        ("<div id='__next'></div><script src='a.js'></script>", "empty_shell"),
    ],
)  # fmt: skip
def test_what_is_no_article_has_a_reason(page: str, reason: str) -> None:
    with pytest.raises(ExtractionError) as caught:
        read_article(Capture(page.encode(), "page"))
    assert caught.value.reason == reason


def test_story_in_the_pages_data_is_read() -> None:
    story = " ".join(["The council of Lowmere met on Monday, and it voted to build a bridge."] * 12)
    page = f"""<div id="__next"></div><script id="__NEXT_DATA__" type="application/json">{{"props": {{"story": {{"body": "<p>{story}</p>"}}}}}}</script>"""
    article = read_article(Capture(page.encode(), "page"))
    assert (article.text, article.extract_method) == (story, "page-data")
