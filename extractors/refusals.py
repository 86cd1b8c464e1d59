"""Why a page holds no article: a typed reason instead of boilerplate taken for text."""

from __future__ import annotations

import re
from functools import cache

from lxml import etree

from extractors.blocks import prose, rules
from extractors.body import Body
from extractors.metadata import Metadata
from extractors.records import NotAnArticle
from extractors.walls import is_consent

_WORD = re.compile(r"\w+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_SHELLS = frozenset(
    (
        "app",
        "root",
        "__next",
        "__nuxt",
        "main-app",
        "react-root",
        "gatsby",
        "___gatsby",
        "svelte",
        "ember-app",
        "q-app",
        "app-root",
    )
)
_STORY = 1500
"""Characters from which on nothing but a list or a request for consent is doubted."""


_LIST = 4
"""Teasers below linked headlines from which a page is a list of stories."""
_SHELL = 45
"""Words beside a video or a gallery up to which they are its caption."""


def count_words(text: str) -> int:
    """Words; of scripts without blanks two characters make one."""
    dense = len(_CJK.findall(text))
    return len(_WORD.findall(_CJK.sub(" ", text) if dense else text)) + (dense + 1) // 2


LIST_LINKS = 5
"""A page without a body that has so many linked headlines is a list of articles."""


def refuse(tree: etree._Element, body: Body, meta: Metadata, minimum: int, asked: tuple[str, ...] = ()) -> None:
    """Raise when a page is no article.

    Args:
        minimum: words from which on a text is one.
        asked: the paragraphs with those that ask for consent, a log-in or money, which the body lacks.
    Raises:
        NotAnArticle: `consent_page`, `error_page`, `list_page`, `paywall_stub`, `video_page`, `empty_shell` or `empty`.
    """
    if sum(map(len, body.paragraphs)) > 2 * _STORY:
        return
    words = sum(map(count_words, body.paragraphs))
    if words < (minimum if meta.is_article else 250) and is_consent(
        body.paragraphs if words >= minimum else asked or body.paragraphs, meta.title
    ):
        raise NotAnArticle("the page asks for consent or a check instead of telling a story", "consent_page")
    if (
        words < 150
        and not meta.is_article
        and any(_errors().search(t) for t in (meta.title or "", *body.paragraphs[:1]))
    ):
        raise NotAnArticle(f"the page says that there is none: {meta.title or body.paragraphs[0]}", "error_page")
    if body.linked_headlines >= 15 and not meta.is_article and words < 12 * body.linked_headlines and words < 150:
        raise NotAnArticle(f"a list of {body.linked_headlines} links", "list_page")
    if body.teasers >= _LIST and 3 * body.teasers >= 2 * len(body.paragraphs) and not meta.is_article:
        raise NotAnArticle(f"a list of {body.teasers} stories", "list_page")
    if meta.is_video and words < _SHELL and not meta.is_article:
        raise NotAnArticle(f"a video or pictures with {words} words", "video_page")
    if words >= minimum:
        return
    if meta.paywalled:
        raise NotAnArticle(f"only {words} words before the paywall", "paywall_stub")
    if meta.is_video:
        raise NotAnArticle(f"a video with {words} words", "video_page")
    if body.paragraphs and (meta.is_article or body.linked_headlines < LIST_LINKS):
        return
    if body.linked_headlines >= LIST_LINKS:
        raise NotAnArticle(f"nothing but {body.linked_headlines} links", "list_page")
    if _is_shell(tree):
        raise NotAnArticle("the page is filled by scripts; its HTML holds no text", "empty_shell")
    raise NotAnArticle("no text in the page", "empty")


@cache
def _errors() -> re.Pattern[str]:
    return re.compile(r"^\W*(?:" + "|".join(rules()["errors"]["patterns"]) + ")", re.IGNORECASE)


def _is_shell(tree: etree._Element) -> bool:
    """Whether scripts are to fill the page: an empty element of a usual name, or far more script than text."""
    for element in tree.iter("div", "main", "app-root", "section"):
        if (element.get("id") or element.tag).lower() in _SHELLS and prose(element) < 200:
            return True
    scripts = sum(len(s.text or "") for s in tree.iter("script"))
    return (scripts > 5000 or sum(1 for _ in tree.iter("script")) > 10) and prose(tree) < 200
