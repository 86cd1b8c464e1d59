"""Why a page holds no article: a typed reason instead of boilerplate taken for text."""

from __future__ import annotations

import re
from functools import cache

from lxml import etree

from extractors.blocks import prose, rules
from extractors.body import Body
from extractors.metadata import Metadata
from extractors.records import NotAnArticle

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


def count_words(text: str) -> int:
    """Words; of scripts without blanks two characters make one."""
    dense = len(_CJK.findall(text))
    return len(_WORD.findall(_CJK.sub(" ", text) if dense else text)) + (dense + 1) // 2


LIST_LINKS = 5
"""A page without a body that has so many linked headlines is a list of articles."""


def refuse(tree: etree._Element, body: Body, meta: Metadata, minimum: int) -> None:
    """Raise when a page is no article.

    Args:
        minimum: words from which on a text is one.
    Raises:
        NotAnArticle: `consent_page`, `error_page`, `list_page`, `paywall_stub`, `video_page`, `empty_shell` or `empty`.
    """
    if sum(map(len, body.paragraphs)) > 2 * _STORY:
        return
    words = sum(map(count_words, body.paragraphs))
    _refuse_consent(body, words)
    if (
        words < 150
        and not meta.is_article
        and any(_errors().search(t) for t in (meta.title or "", *body.paragraphs[:1]))
    ):
        raise NotAnArticle(f"the page says that there is none: {meta.title or body.paragraphs[0]}", "error_page")
    if body.linked_headlines >= 15 and not meta.is_article and words < 12 * body.linked_headlines and words < 150:
        raise NotAnArticle(f"a list of {body.linked_headlines} links", "list_page")
    if words >= minimum:
        return
    if meta.paywalled:
        raise NotAnArticle(f"only {words} words before the paywall", "paywall_stub")
    if meta.is_video:
        raise NotAnArticle(f"a video with {words} words", "video_page")
    if body.paragraphs:
        return
    if body.linked_headlines >= LIST_LINKS:
        raise NotAnArticle(f"nothing but {body.linked_headlines} links", "list_page")
    if _is_shell(tree):
        raise NotAnArticle("the page is filled by scripts; its HTML holds no text", "empty_shell")
    raise NotAnArticle("no text in the page", "empty")


def _refuse_consent(body: Body, words: int) -> None:
    if words >= 250:
        return
    known = rules()["consent"]["words"]
    found = _WORD.findall(" ".join(body.paragraphs).lower())
    if found and sum(w in known for w in found) > max(4, len(found) * 0.06):
        raise NotAnArticle("the page asks for consent or a check instead of telling a story", "consent_page")


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
