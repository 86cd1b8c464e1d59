"""Rules for single sites: what they find, when they hold, and what a broken one says."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path

import pytest

from extractors.article import read_article
from extractors.doors import Cleaning
from extractors.records import Article, Capture
from extractors.sitedraft import draft_rule
from extractors.siterules import RuleError, SiteRules, apply_rule, load_site_rules, parse_rules, shipped_rules

PAGES = Path(__file__).parent.parent / "pages"
EXPECTED = sorted(PAGES.glob("*/*.json"))


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_page_of_a_site(expected: Path) -> None:
    want = json.loads(expected.read_text())
    article = read_article(Capture(expected.with_suffix(".html").read_bytes(), "page", url=want["url"]))
    paragraphs = [article.text[a:b] for a, b in article.paragraphs]
    assert (article.title, list(article.authors)) == (want["title"], want["authors"])
    assert article.published_at is not None
    assert article.published_at.isoformat() == want["published_at"]
    assert len(paragraphs) == want["paragraphs"]
    assert paragraphs[0].startswith(want["begins"])
    assert paragraphs[-1].endswith(want["ends"])
    assert article.extract_method == want["method"]


def test_rules_are_for_their_host_and_its_days() -> None:
    rules = shipped_rules()
    assert rules.find("https://learngerman.dw.com/x", date(2024, 1, 1)) == rules.find("http://www.dw.com/x", None)
    older = rules.find("https://dw.com/x", date(2018, 1, 1))
    assert older is not None
    assert older.body == ("div.longText",)
    for other in ("https://notdw.com/x", "https://dw.com.example/x", None, "http://[broken"):
        assert rules.find(other, None) is None


def test_own_rules_go_first(tmp_path: Path) -> None:
    (tmp_path / "dw.toml").write_text('hosts = ["dw.com"]\n[[rule]]\nbody = [".mine"]\n')
    rules = load_site_rules(tmp_path)
    found = rules.find("https://www.dw.com/a", None)
    assert found is not None
    assert found.body == (".mine",)
    assert rules.version != shipped_rules().version
    assert rules.find("https://apnews.com/a", None) == shipped_rules().find("https://apnews.com/a", None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[rule]]\nbody = ['p']", "no hosts"),
        ("hosts = ['a.example']\n[[rule]]\nbdy = ['p']", "unknown bdy"),
        ("hosts = ['a.example']\n[[rule]]\nbody = ['p[']", "selector 'p['"),
        ("hosts = ['a.example']\n[[rule]]\nsince = 'May'", "since and until are days"),
        ("hosts = ['a.example']\n[[rule]]\nbody = [3]", "a text or a list of texts"),
        ("hosts = [", "no TOML"),
    ],
)
def test_broken_rules_say_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(RuleError, match=says.replace("[", r"\[")):
        list(parse_rules(text, "x.toml"))


def test_what_a_rule_does_not_find_is_found_without() -> None:
    rule = next(
        parse_rules("hosts = ['post.lowmere.example']\n[[rule]]\nbody = ['.gone']\ntitle = ['title']", "x.toml")
    )
    rules = SiteRules({"post.lowmere.example": (rule,)}, "1")
    article = read_news(Cleaning(rules))
    assert article.title == "Harbour strike ends after nine days | The Lowmere Post"
    assert len(article.paragraphs) == 6
    assert article.extract_method == "blocks"


def read_news(cleaning: Cleaning) -> Article:
    return read_article(Capture((PAGES / "news.html").read_bytes(), "page"), cleaning)


def test_drafted_rule_gives_what_was_read() -> None:
    text = (PAGES / "news.html").read_text()
    article = read_news(Cleaning(SiteRules()))
    drafted = draft_rule(text, None, article)
    rule = next(parse_rules(drafted, "draft.toml"))
    ruled = apply_rule(rule, text)
    assert ruled.title == article.title
    assert ruled.published is not None
    assert ruled.paragraphs[0] == article.text[slice(*article.paragraphs[0])]
    assert ruled.paragraphs[-1] == article.text[slice(*article.paragraphs[-1])]
    assert not any("Ferry fares" in p for p in ruled.paragraphs)


def test_an_address_of_a_hundred_thousand_labels_has_no_host() -> None:
    began = time.process_time()
    assert shipped_rules().find(f"http://{'a.' * 100_000}example/", None) is None
    assert time.process_time() - began < 1.0, "each label was looked up with all behind it"
