"""A first site rule for a page: selectors for what the general extractor found, for a person to look through.

Ids and classes are proposed only where they look written by people: numbers and hashes change with every page or build.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from extractors.body import fold
from extractors.records import Article
from extractors.siterules import host_of

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_WRITTEN = re.compile(r"[A-Za-z][A-Za-z]+(?:[-_]{1,2}[A-Za-z]+)*")
_LAYOUT = re.compile(
    r"(?:^|[-_])(?:col|row|grid|flex|container|wrap(?:per)?|clearfix|left|right|top|bottom|hidden|block|inline|text|font|bg|mt|mb|px|py|js|is|has|active|post|type|status|hentry|width|small|large|medium)(?:$|[-_])"
)
_DATES = (
    "meta[property='article:published_time']",
    "meta[itemprop='datePublished']",
    "time[itemprop='datePublished']",
    "article time",
    "time",
)


def draft_rule(text: str, url: str | None, article: Article) -> str:
    """Propose a file of rules.

    Args:
        text: the page, decoded.
        url: its address; without one the host is left for the user to name.
        article: what was read from it without rules.
    Returns:
        TOML, with a comment on what each selector finds here.
    """
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(text, "lxml")
    paragraphs = [article.text[a:b] for a, b in article.paragraphs]
    body = _container(soup, paragraphs)
    lines = [f'hosts = ["{host_of(url) or "example.org"}"]', "", "[[rule]]"]
    if article.published_at:
        lines.append(f"# since = {article.published_at.date()}  # the oldest page of this shape you know of")
    if body is not None:
        selector = _selector(soup, body)
        lines.append(f'body = ["{selector}"]  # {len(soup.select(selector))} here')
    title = next((h for h in soup.find_all(["h1", "h2"]) if fold(h.get_text(" ")) == fold(article.title or "-")), None)
    if title is not None:
        lines.append(f'title = ["{_selector(soup, title)}"]')
    author = _holder(soup, article.authors)
    if author is not None:
        lines.append(f'author = ["{_selector(soup, author)}"]')
    date = next(
        (f"{s}@{a}" for s in _DATES for a in ("content", "datetime") if any(t.get(a) for t in soup.select(s, limit=1))),
        None,
    )
    if date:
        lines.append(f'date = ["{date}"]')
    removed = _left_out(soup, body, paragraphs) if body is not None else []
    lines.append("remove = [" + ", ".join(f'"{r}"' for r in removed) + "]  # inside the body, and not its text")
    return "\n".join(lines) + "\n"


def _container(soup: BeautifulSoup, paragraphs: list[str]) -> Tag | None:
    """The innermost element that holds nine tenths of the paragraphs."""
    wanted = {key[:50]: len(key) for p in paragraphs if (key := fold(p))}
    held: Counter[int] = Counter()
    elements: dict[int, Tag] = {}
    for element in soup.find_all(["p", "div", "li", "h2", "h3", "blockquote", "td", "section", "span"]):
        if len(element.find_all(True, limit=40)) == 40:
            continue
        own = fold(element.get_text(" "))
        if not own or len(own) > 1.2 * wanted.get(own[:50], 0):
            continue
        del wanted[own[:50]]
        for parent in element.parents:
            held[id(parent)] += 1
            elements[id(parent)] = parent
    most = max(held.values(), default=0)
    enough = [at for at, count in held.items() if count >= 0.9 * most]
    return max((elements[at] for at in enough), key=lambda e: len(list(e.parents)), default=None)


def _selector(soup: BeautifulSoup, element: Tag) -> str:
    """The shortest written selector that finds the element first, and few others."""
    for candidate in _candidates(element):
        found = soup.select(candidate, limit=6)
        if found and found[0] is element:
            return candidate
    parent = element.parent
    if parent is not None and parent.name not in ("body", "html", "[document]"):
        return f"{_selector(soup, parent)} > {element.name}"
    return str(element.name)


def _candidates(element: Tag) -> Iterable[str]:
    name = element.name
    if element.get("itemprop"):
        yield f"{name}[itemprop='{element['itemprop']}']"
    own = element.get("id")
    if isinstance(own, str) and _WRITTEN.fullmatch(own):
        yield f"#{own}"
    classes = [c for c in element.get_attribute_list("class") if isinstance(c, str) and _WRITTEN.fullmatch(c)]
    for written in sorted(classes, key=lambda c: bool(_LAYOUT.search(c))):
        yield f"{name}.{written}"
    if isinstance(element.get("data-testid"), str):
        yield f"{name}[data-testid='{element['data-testid']}']"
    yield name


def _holder(soup: BeautifulSoup, authors: tuple[str, ...]) -> Tag | None:
    wanted = {fold(a) for a in authors}
    return (
        next(
            (e for e in soup.find_all(["a", "span", "address", "p", "div"]) if fold(e.get_text(" "))[:80] in wanted),
            None,
        )
        if wanted
        else None
    )


def _left_out(soup: BeautifulSoup, body: Tag, paragraphs: list[str]) -> list[str]:
    """Selectors of the body's elements whose words are in none of the paragraphs."""
    kept = fold(" ".join(paragraphs))
    found: list[str] = []
    for element in body.find_all(["div", "aside", "section", "figure", "ul", "form", "p"]):
        words = fold(element.get_text(" "))
        classes = [c for c in element.get_attribute_list("class") if isinstance(c, str) and _WRITTEN.fullmatch(c)]
        if not words or words[:60] in kept or not classes:
            continue
        selector = f"{element.name}.{min(classes, key=lambda c: bool(_LAYOUT.search(c)))}"
        if not any(fold(e.get_text(" "))[:60] in kept for e in body.select(selector, limit=20)):
            found.append(selector)
    return list(dict.fromkeys(found))[:8]
