"""Who an article is: what its page says of its address counts on the page's own site only."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import warehouse
from extractors.article import read_article
from extractors.links import same_site
from extractors.records import Capture
from flows.config import workspace
from flows.ingest import ingest_direct, plan

TEXT = "The envoy met the trade minister in Nairobi on Monday to talk about grain, fishing and the long border. " * 4
VICTIM = "https://www.victim.example/talks"
SITES = (
    ("https://www.victim.example/a", "http://m.victim.example/b", True),
    ("https://victim.example/a", "https://VICTIM.example:8443/b", True),
    ("https://victim.example/a", "https://victim.example./b", True),
    ("https://victim.example/a", "https://evil.example/a", False),
    ("https://victim.example/a", "https://victim.example.evil.example/a", False),
    ("https://victim.example/a", "https://evilvictim.example/a", False),
    ("https://news.co.uk/a", "https://evil.co.uk/a", False),
    ("https://news.co.ke/a", "https://www.news.co.ke/a", True),
    ("https://ann.github.io/a", "https://bob.github.io/a", False),
    ("https://ann.blogspot.com/a", "https://bob.blogspot.com/a", False),
    ("https://b\u00fccher.de/a", "https://www.xn--bcher-kva.de/a", True),
    ("https://a.xn--55qx5d.cn/a", "https://b.xn--55qx5d.cn/a", False),
    ("https://10.0.0.1/a", "https://10.0.0.1/b", True),
    ("https://10.0.0.1/a", "https://9.0.0.1/a", False),
    ("https://[::1]/a", "https://[::2]/a", False),
    ("https://co.uk/a", "https://evil.co.uk/a", False),
    ("https:///a", "https:///a", False),
    ("https://[/a", "https://evil.example/a", False),
)


@pytest.mark.parametrize(("one", "other", "same"), SITES)
def test_one_site_or_two(one: str, other: str, same: bool) -> None:
    assert same_site(one, other) is same
    assert same_site(other, one) is same


def capture(url: str | None, canonical: str, changed: str = "2026-11-23") -> Capture:
    head = f'<link rel="canonical" href="{canonical}"><meta property="article:modified_time" content="{changed}T10:00:00Z">'
    page = f"<html><head><title>Talks</title>{head}</head><body><article><h1>Talks</h1><p>{TEXT}</p></article></body></html>"
    return Capture(page.encode(), "page.html", url=url)


def named_by(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:32]


@pytest.mark.parametrize(
    ("url", "canonical", "name"),
    [
        (VICTIM, VICTIM, VICTIM),
        ("https://m.victim.example/talks?amp=1", VICTIM, VICTIM),
        ("https://evil.example/x", VICTIM, "https://evil.example/x"),
        (None, VICTIM, VICTIM),  # a saved page: nobody knows better
    ],
)
def test_a_page_names_itself_on_its_own_site_only(url: str | None, canonical: str, name: str) -> None:
    article = read_article(capture(url, canonical))
    assert article.article_id == named_by(name)
    assert article.canonical_url == VICTIM, "what the page says is kept"


def test_a_redirect_counts_from_where_it_ended() -> None:
    given = capture("https://short.example/1", VICTIM)
    moved = Capture(given.body, given.input, url=given.url, final_url="https://victim.example/talks/1")
    assert read_article(moved).article_id == named_by(VICTIM)


def test_no_site_takes_the_place_of_another_ones_article(root: Path, tmp_path: Path) -> None:
    """The page of another site that says it is that article, in a later wording, stands beside it."""
    lines = [
        ("https://www.victim.example/talks", "2026-11-23", "Talks"),
        ("https://evil.example/x", "2026-11-30", "Lies"),
    ]
    for n, (url, changed, title) in enumerate(lines):
        markup = capture(None, VICTIM, changed).body.decode().replace("Talks", title).replace("grain", f"grain {title}")
        (tmp_path / f"{n}.jsonl").write_text(json.dumps({"url": url, "html": markup}) + "\n")
        ingest_direct(
            plan([str(tmp_path / f"{n}.jsonl")], space=workspace(root)), workspace(root), lambda _: None, lambda _: None
        )
    with warehouse.connect(root, comments=False) as con:
        assert con.execute("select title, canonical_url from articles order by title").fetchall() == [
            ("Lies", VICTIM),
            ("Talks", VICTIM),
        ]
        assert con.execute("select count(*) from superseded").fetchone() == (0,)
