"""The optional second opinion, with the real trafilatura where it is installed: it helps thin pages and makes no article of a list."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractors.article import read_article
from extractors.doors import Cleaning
from extractors.records import Capture, NotAnArticle
from extractors.secondopinion import second_opinion

PAGES = Path(__file__).parent.parent / "pages"


def test_a_list_page_stays_a_list_page_under_a_second_opinion() -> None:
    page = (PAGES / "list.html").read_bytes()
    for asked in (False, True):
        with pytest.raises(NotAnArticle, match="link"):
            read_article(Capture(page, "list.html"), Cleaning(second_opinion=asked))


def test_the_second_opinion_reads_an_article() -> None:
    pytest.importorskip("trafilatura", reason="the extra second-opinion is not installed")
    found = second_opinion((PAGES / "news.html").read_text(encoding="utf-8"))
    assert sum(map(len, found)) > 500
