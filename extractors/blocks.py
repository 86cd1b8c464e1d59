"""Blocks: a page cut into runs of text with no block border inside, and the elements that hold them.

One walk over the tree, without recursion. What is boilerplate by its tag, its role or the names the site gave it is passed over, unless
it holds so much of the page's prose that its name must be wrong.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from lxml import etree


def _words(names: str) -> frozenset[str]:
    return frozenset(names.split())


_BLOCK = _words(
    "html body div p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table thead tbody tfoot tr td th section article main blockquote pre "
    "header figure form fieldset address hr center details summary hgroup noscript aside nav footer figcaption caption"
)
_SKIP = _words(
    "script style iframe button select option svg template figure figcaption textarea video audio canvas object embed map dialog "
    "input label caption head math picture source menu amp-ad amp-embed nav footer noscript rp"
)
# Broken nesting puts whole stories below these: they are passed over only while they hold less than half of the page's prose.
_SKIP_UNLESS_PROSE = frozenset(("nav", "footer", "noscript", "dialog", "label", "button"))
_ASIDE = frozenset(("aside", "form"))
_EMPHASIS = frozenset(("b", "strong", "em", "i"))
_WRAPPERS = _words(
    "div section aside form nav footer noscript main td table ul ol article header dialog label button details center li"
)
_NEVER_PRUNED = frozenset(("html", "body", "main", "article"))
_ROLES = _words("navigation complementary banner dialog alertdialog search contentinfo menu menubar toolbar")
_BREAKS = re.compile(r"\x0b(?:\s*\x0b)+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_SHOWN_AGAIN = re.compile(
    r"(?:^|[\s:-])(?:d|visible|show|block|flex|grid|inline)-|:(?:block|flex|grid|inline|contents)\b"
)
_POST = re.compile(r"twitter|tweet|instagram|tiktok|facebook|bluesky|mastodon|reddit|embed|video", re.IGNORECASE)
_MOST_SPARED = 20
"""Elements whose prose is weighed before they are cut; the bound keeps hostile nesting linear."""
_long_texts: Any = etree.XPath(
    "descendant::text()[string-length(.) > 60][not(parent::script or parent::style or parent::a or parent::option)]",
    smart_strings=False,
)


@dataclass(slots=True)
class Block:
    """One run of text. `links` counts its characters inside links, `emphasised` those in bold or italics."""

    text: str
    links: int
    tag: str
    emphasised: int = 0
    score: float = 0.0
    node: int = 0
    lead: bool = False
    """Its element is named as a standfirst."""
    figure: bool = False
    """It is a quotation set as a figure, which may say once more what the text says."""


@dataclass(slots=True)
class Node:
    """An element that may be the story's container: its blocks are `blocks[start:end]`, its parent `nodes[parent]`."""

    tag: str
    body_like: bool
    start: int
    end: int = 0
    parent: int = -1
    strong_hint: bool = False
    """Marked by the site as the body (`itemprop="articleBody"`)."""
    lead: bool = False


_KINDS = ("body", "junk", "weak", "teaser", "lead", "image", "floating")


@dataclass(frozen=True, slots=True)
class Names:
    """What the words of an element's id and class say of it, one flag a kind of `_KINDS`."""

    body: bool = False
    junk: bool = False
    weak: bool = False
    """Junk on most sites, the story's own wrapper on some."""
    teaser: bool = False
    lead: bool = False
    image: bool = False
    floating: bool = False
    """Shown only over the page or to screen readers."""
    hidden: bool = False


_NOTHING = Names()


@cache
def rules() -> dict[str, dict[str, list[str]]]:
    """The data of `cleaning.toml`."""
    return tomllib.loads((Path(__file__).parent / "cleaning.toml").read_text(encoding="utf-8"))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    classes = rules()["classes"]
    compiled = {
        name: re.compile(r"(?:^|[\s_-])(?:" + "|".join(classes[name]) + r")(?=$|[\s_-])", re.IGNORECASE)
        for name in _KINDS
    }
    compiled["neutral"] = re.compile("|".join(classes["neutral"]), re.IGNORECASE)
    return compiled


@lru_cache(maxsize=20_000)
def read_names(names: str) -> Names:
    """What "id class" says."""
    flags = 0
    for token in names[:300].split():
        flags |= _token(token)
    if not flags:
        return _NOTHING
    hidden = bool(flags & 1 << len(_KINDS)) and not _SHOWN_AGAIN.search(names)
    said = {kind: True for at, kind in enumerate(_KINDS) if flags & 1 << at}
    return Names(**said, hidden=hidden)


@lru_cache(maxsize=50_000)
def _token(token: str) -> int:
    """The kinds one id or class belongs to, a bit a kind of `_KINDS`; the next bit for `hidden`."""
    patterns = _patterns()
    if token == "hidden":
        return 1 << len(_KINDS)
    token = _CAMEL.sub("-", token)
    if patterns["neutral"].fullmatch(token):
        return 0
    return sum(1 << at for at, kind in enumerate(_KINDS) if patterns[kind].search(token))


def prose(element: etree._Element) -> int:
    """Characters in long runs of text below an element, outside links."""
    return sum(map(len, _long_texts(element)))


def cut_blocks(tree: etree._Element, prune: bool) -> tuple[list[Block], list[Node]]:
    """Cut a page into blocks.

    Args:
        prune: believe the names that call an element boilerplate.
    Returns:
        The blocks in reading order, and the elements that hold them, outer before inner.
    """
    walk = _Walk(prose(tree), prune)
    walker = etree.iterwalk(tree, events=("start", "end"))
    for event, element in walker:
        tag = element.tag
        if not isinstance(tag, str):
            continue
        if event == "end":
            walk.leave(tag, element.tail)
        elif walk.enter(element, tag):
            walker.skip_subtree()
    walk.flush()
    return walk.blocks, walk.nodes


class _Walk:
    """The state of one walk: the open block, and the stack of open block elements."""

    __slots__ = (
        "blocks",
        "bold",
        "figures",
        "linked",
        "links",
        "nodes",
        "parts",
        "prose",
        "prune",
        "skipping",
        "spared",
        "stack",
        "strong",
    )

    def __init__(self, total: int, prune: bool) -> None:
        self.prose, self.prune = total, prune
        self.blocks: list[Block] = []
        self.nodes: list[Node] = []
        self.stack: list[tuple[int, str]] = [(-1, "body")]
        self.parts: list[str] = []
        self.linked = self.bold = self.links = self.strong = self.spared = self.figures = 0
        self.skipping = False

    def enter(self, element: etree._Element, tag: str) -> bool:
        """Take an element's opening and first text; True when it is to be passed over."""
        said: dict[str, str] = dict(element.items())  # type: ignore[arg-type]
        names = (
            read_names(f"{said.get('id', '')} {said.get('class', '')}") if "class" in said or "id" in said else _NOTHING
        )
        if (said or tag in _SKIP or tag in _ASIDE) and self._cut(element, tag, names, said):
            if tag in _BLOCK:
                self.flush()
            self.skipping = True
            return True
        if tag in _BLOCK:
            self.flush()
            self.figures += tag == "figure"
            strong = said.get("itemprop") == "articleBody"
            parent = self.stack[-1][0]
            lead = names.lead or said.get("itemprop") == "description" or (parent >= 0 and self.nodes[parent].lead)
            self.nodes.append(
                Node(tag, names.body or strong, len(self.blocks), 0, parent, strong, lead and not names.body)
            )
            self.stack.append((len(self.nodes) - 1, tag))
        elif tag == "br":
            self.parts.append("\x0b")
        elif tag == "a":
            self.links += 1
        elif tag in _EMPHASIS:
            self.strong += 1
        if element.text:
            self._take(element.text)
        return False

    def leave(self, tag: str, tail: str | None) -> None:
        """Take an element's end and the text behind it."""
        if self.skipping:
            self.skipping = False
        elif tag in _BLOCK:
            self.flush()
            self.figures -= tag == "figure"
            self.nodes[self.stack.pop()[0]].end = len(self.blocks)
        elif tag == "a":
            self.links = max(0, self.links - 1)
        elif tag in _EMPHASIS:
            self.strong = max(0, self.strong - 1)
        if tail:
            self._take(tail)

    def _take(self, text: str) -> None:
        self.parts.append(text)
        if self.links or self.strong:
            length = len(text.strip())
            if self.links:
                self.linked += length
            if self.strong:
                self.bold += length

    def flush(self) -> None:
        """Close the open block; two line breaks in a row part it."""
        if not self.parts:
            return
        raw = "".join(self.parts)
        self.parts.clear()
        if not raw.isspace():
            raw = _INVISIBLE.sub("", raw)
            pieces = _BREAKS.split(raw) if "\x0b" in raw else [raw]
            at, tag = self.stack[-1]
            lead = at >= 0 and self.nodes[at].lead
            for piece in pieces:
                text = " ".join(piece.split())
                if text:
                    share = self.linked if len(pieces) == 1 else round(self.linked * len(piece) / len(raw))
                    self.blocks.append(
                        Block(text, min(share, len(text)), tag, self.bold, 0.0, at, lead, self.figures > 0)
                    )
        self.linked = self.bold = 0

    def _cut(self, element: etree._Element, tag: str, names: Names, said: dict[str, str]) -> bool:
        if tag == "figure" and _quotes(element):
            return False
        if tag in _SKIP:
            if tag not in _SKIP_UNLESS_PROSE or self.spared >= _MOST_SPARED:
                return True
            return not self._holds(element, 2)
        if names.floating and tag not in _NEVER_PRUNED:
            return self.spared >= _MOST_SPARED or not self._holds(element, 2)
        if not self.prune or (tag not in _BLOCK and self.stack[-1][1] == "p"):
            return False
        if not _pruned(element, tag, names, said):
            return False
        if self.spared >= _MOST_SPARED or "omment" in said.get("id", "") + said.get("class", ""):
            return True
        # "sidebar-enabled", a form around the page: what holds most of the prose is no boilerplate whatever its name.
        return not self._holds(element, 6 if names.weak and not names.junk else 2)

    def _holds(self, element: etree._Element, share: int) -> bool:
        """Whether an element holds more than a `share`-th of the page's prose."""
        if element.tag not in _WRAPPERS:
            return False
        if len(element.text or "") < 200 and next(islice(element.iter(), 5, None), None) is None:
            return False  # a handful of elements is no story: not worth the weighing
        if self.prose > 0 and share * prose(element) > self.prose:
            self.spared += 1
            return True
        return False


def _pruned(element: etree._Element, tag: str, names: Names, said: dict[str, str]) -> bool:
    if tag in _NEVER_PRUNED:
        return False
    if tag in _ASIDE or names.hidden or "hidden" in said or said.get("aria-hidden") == "true":
        return True
    if said.get("role") in _ROLES:
        return True
    style = said.get("style")
    if style and "display:none" in style.replace(" ", "").lower():
        return True
    if names.body or said.get("itemprop") in ("articleBody", "description"):
        return False
    if names.junk or names.weak or (names.image and _is_captioned(element)):
        return True
    # A teaser with a link leads elsewhere, one without is the story's own standfirst.
    return names.teaser and next(element.iter("a"), None) is not None


def _quotes(figure: etree._Element) -> bool:
    """Whether a figure is a quotation, and no picture and no post of a network."""
    quotation = next(figure.iter("blockquote", "q"), None)
    return quotation is not None and not _POST.search(f"{figure.get('class') or ''} {quotation.get('class') or ''}")


def _is_captioned(element: etree._Element) -> bool:
    """Whether an element is a picture and the words below it, and no more."""
    if next(element.iter("img", "picture", "amp-img"), None) is None:
        return False
    paragraphs = sum(1 for _ in islice(element.iter("p", "h2", "h3", "li"), 3))
    return paragraphs <= 2 and prose(element) < 400
