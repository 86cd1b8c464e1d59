"""Body text: the paragraphs of a page that are the story, out of everything else a page carries.

One tree, one walk without recursion: the walk cuts the page into blocks, each block gets a score (prose is worth its length, links cost),
and the element whose blocks add up to most is the story's container. Boilerplate inside it is dropped afterwards.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from lxml import etree, html

from extractors.records import Undecodable

MAX_BYTES = 10 * 1024 * 1024

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.IGNORECASE)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# Browsers read these names as their supersets, and so do pages' authors.
_SUPERSETS = {
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "ascii": "cp1252", "us-ascii": "cp1252",
    "gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932",
    "iso-8859-9": "cp1254", "utf8": "utf-8",
}  # fmt: skip

_BLOCK = frozenset(
    re.split(
        " ",
        "html body div p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table thead tbody tfoot tr td th section article main blockquote pre header "
        "figure form fieldset address hr center details summary hgroup noscript aside nav footer figcaption caption",
    )
)
_SKIP = frozenset(
    re.split(
        " ",
        "script style noscript nav footer iframe button select option svg template figure figcaption textarea video audio canvas object "
        "embed map dialog input label caption head math picture source menu amp-ad amp-embed",
    )
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_NEVER_PRUNED = frozenset(("html", "body", "main", "article"))
_BREAKS = re.compile(r"\x0b(?:\s*\x0b)+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SENTENCE_END = re.compile(r"[.!?…。！？”\"»)’:][\s”\"’»)]*$")
_ALNUM = re.compile(r"[^\W_]+")


@dataclass(slots=True)
class Block:
    """One run of text with no block border in it. `links` counts the characters inside links."""

    text: str
    links: int
    tag: str
    emphasised: int = 0
    score: float = 0.0
    node: int = 0


@dataclass(slots=True)
class Node:
    """An element that may be the container: its blocks are `blocks[start:end]`."""

    tag: str
    body_like: bool
    start: int
    end: int = 0
    parent: int = -1
    strong_hint: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """What was taken for the story, and how it was found."""

    paragraphs: tuple[str, ...]
    method: str
    confidence: float
    linked_headlines: int
    """Blocks on the page that are nothing but a link of headline length: many of them make a list page."""


@cache
def rules() -> dict[str, dict[str, list[str]]]:
    """The data of `cleaning.toml`."""
    return tomllib.loads((Path(__file__).parent / "cleaning.toml").read_text(encoding="utf-8"))


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    classes = rules()["classes"]

    def words(name: str) -> re.Pattern[str]:
        return re.compile(r"(?:^|[\s_-])(?:" + "|".join(classes[name]) + r")(?=$|[\s_-])", re.IGNORECASE)

    neutral = re.compile(r"(?:^|(?<=\s))(?:" + "|".join(classes["neutral"]) + r")(?=$|\s)", re.IGNORECASE)
    openers = re.compile(r"(?:" + "|".join(rules()["openers"]["patterns"]) + r")", re.IGNORECASE)
    return words("body"), words("junk"), neutral, openers


@lru_cache(maxsize=20_000)
def _hints(names: str) -> tuple[bool, bool]:
    """Whether "id class" speaks of (a body, junk)."""
    body, junk, neutral, _ = _patterns()
    names = neutral.sub(" ", _CAMEL.sub("-", names[:300]))
    return body.search(names) is not None, junk.search(names) is not None


def decode(body: bytes, charset: str | None = None) -> str:
    """Turn a document's bytes into text.

    Order: byte order mark, the header's charset, strict UTF-8, the page's own word, a guess.

    Args:
        charset: what the transport said, if anything.
    Raises:
        Undecodable: `too_large` above 10 MB, `binary` for NUL bytes or no text at all.
    """
    if len(body) > MAX_BYTES:
        raise Undecodable(f"{len(body):,} bytes, more than {MAX_BYTES:,}", "too_large")
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return str(body, encoding, "replace").lstrip("\ufeff")
    if b"\x00" in body or body.startswith((b"%PDF-", b"\x89PNG", b"PK\x03\x04", b"\x1f\x8b", b"\xff\xd8\xff")):
        raise Undecodable("binary data, not text", "binary")
    declared = _META_CHARSET.search(body[:4096])
    for name in (charset, "utf-8", declared.group(1).decode("ascii", "replace") if declared else None):
        text = _try(body, name)
        if text is not None:
            return text
    return _guess(body)


def _try(body: bytes, name: str | None) -> str | None:
    if not name:
        return None
    try:
        return str(body, _SUPERSETS.get(name.strip().lower(), name.strip()))
    except (UnicodeDecodeError, LookupError, ValueError):
        return None


def _guess(body: bytes) -> str:
    # A few bad bytes in a UTF-8 page (cut comments, mixed feeds) are likelier than another charset.
    text = body.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    if bad <= max(5, len(text) // 2000):
        return text
    from charset_normalizer import from_bytes

    best = from_bytes(body[:200_000]).best()
    if best is None:
        raise Undecodable("no charset fits", "binary")
    return body.decode(best.encoding, "replace")


def parse(text: str) -> html.HtmlElement:
    """Parse a page's text into one tree; an empty page gives an empty tree."""
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        tree: html.HtmlElement = html.document_fromstring(text.encode("utf-8", "replace") or b"<html/>", parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError):
        tree = html.document_fromstring(b"<html><body></body></html>")
    return tree


def find_body(tree: html.HtmlElement, evidence: str = "", title: str | None = None) -> Body:
    """Find the story in a page.

    Args:
        tree: from `parse`; not changed.
        evidence: the text of a JSON-LD articleBody, used only to tell which blocks belong.
        title: left out of the body where it is repeated.
    Returns:
        The paragraphs, whitespace collapsed; none when nothing looks like prose.
    """
    known = fold(evidence)
    best = _choose(*_walk(tree, prune=True), known, title)
    if sum(map(len, best.paragraphs)) < 250:
        # Sites that wrap everything in one "widget" or "form": look again without believing names.
        second = _choose(*_walk(tree, prune=False), known, title)
        if sum(map(len, second.paragraphs)) > 1.5 * sum(map(len, best.paragraphs)):
            best = Body(second.paragraphs, "blocks-unpruned", second.confidence * 0.8, second.linked_headlines)
    return best


def fold(text: str) -> str:
    """Letters and digits only, without case: for comparing texts that differ in typography."""
    return "".join(_ALNUM.findall(text.lower()))


def _walk(tree: html.HtmlElement, prune: bool) -> tuple[list[Block], list[Node]]:
    blocks: list[Block] = []
    nodes: list[Node] = []
    stack: list[tuple[int, str]] = [(-1, "body")]
    parts: list[str] = []
    linked = bold = 0
    links = strong = 0
    skipping = False
    prose = _prose(tree) if prune else 0
    spared = 0

    def flush() -> None:
        nonlocal linked, bold
        if parts:
            raw = "".join(parts)
            parts.clear()
            pieces = _BREAKS.split(raw) if "\x0b" in raw else [raw]
            for piece in pieces:
                text = " ".join(piece.replace("\x0b", " ").split())
                if text:
                    share = linked if len(pieces) == 1 else round(linked * len(piece) / len(raw))
                    blocks.append(Block(text, min(share, len(text)), stack[-1][1], bold, 0.0, stack[-1][0]))
            linked = bold = 0

    walker = etree.iterwalk(tree, events=("start", "end"))
    for event, element in walker:
        tag = element.tag
        if not isinstance(tag, str):
            continue
        if event == "start":
            names = f"{element.get('id') or ''} {element.get('class') or ''}"
            body_like, junk = _hints(names) if len(names) > 1 else (False, False)
            cut = tag in _SKIP or (
                prune and (tag in _BLOCK or stack[-1][1] != "p") and _pruned(element, tag, body_like, junk)
            )
            # "sidebar-enabled", a form around the page: what holds most of the prose is no boilerplate whatever its name.
            # The bound keeps hostile nesting linear.
            if cut and tag not in _SKIP and spared < 20 and 2 * _prose(element) > prose > 0 and "omment" not in names:
                cut = False
                spared += 1
            if cut:
                if tag in _BLOCK:
                    flush()
                skipping = True
                walker.skip_subtree()
                continue
            if tag in _BLOCK:
                flush()
                strong_hint = element.get("itemprop") == "articleBody"
                nodes.append(Node(tag, body_like or strong_hint, len(blocks), 0, stack[-1][0], strong_hint))
                stack.append((len(nodes) - 1, tag))
            elif tag == "br":
                parts.append("\x0b")
            elif tag == "a":
                links += 1
            elif tag in ("b", "strong", "em", "i"):
                strong += 1
            text = element.text
            if text:
                parts.append(text)
                if links:
                    linked += len(text.strip())
                if strong:
                    bold += len(text.strip())
            continue
        if skipping:
            skipping = False
        elif tag in _BLOCK:
            flush()
            nodes[stack[-1][0]].end = len(blocks)
            stack.pop()
        elif tag == "a":
            links = max(0, links - 1)
        elif tag in ("b", "strong", "em", "i"):
            strong = max(0, strong - 1)
        tail = element.tail
        if tail:
            parts.append(tail)
            if links:
                linked += len(tail.strip())
            if strong:
                bold += len(tail.strip())
    flush()
    return blocks, nodes


def _prose(element: html.HtmlElement) -> int:
    """Characters that stand directly in paragraphs below an element."""
    return sum(len(p.text) for p in element.iter("p") if p.text and len(p.text) > 40)


def _pruned(element: html.HtmlElement, tag: str, body_like: bool, junk: bool) -> bool:
    if tag in _NEVER_PRUNED:
        return False
    if tag in ("aside", "form") or element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    if element.get("role") in ("navigation", "complementary", "banner", "dialog", "search", "contentinfo"):
        return True
    style = element.get("style")
    if style and "display:none" in style.replace(" ", "").lower():
        return True
    return junk and not body_like and element.get("itemprop") != "articleBody"


def _choose(blocks: list[Block], nodes: list[Node], known: str, title: str | None) -> Body:
    _score(blocks, known)
    heads = sum(_is_linked_headline(b) for b in blocks)
    if not blocks or not nodes:
        return Body((), "blocks", 0.0, heads)
    sums = [0.0]
    for block in blocks:
        sums.append(sums[-1] + block.score)

    def worth(node: Node) -> float:
        return sums[node.end] - sums[node.start]

    # The innermost of equals: nodes come in document order, so a later equal one is the inner one.
    best = max(nodes, key=lambda n: (worth(n) * (1.1 if n.body_like or n.tag == "article" else 1.0), n.start, -n.end))
    if worth(best) <= 0:
        return Body((), "blocks", 0.0, heads)
    named = [
        n
        for n in nodes
        if n.body_like and best.start <= n.start and n.end <= best.end and worth(n) > 0.35 * worth(best)
    ]
    if named and not best.strong_hint:
        best = max(named, key=lambda n: (n.strong_hint, worth(n), n.start))
    elif not best.body_like:
        articles = [
            n
            for n in nodes
            if n.tag == "article" and best.start <= n.start and n.end <= best.end and worth(n) > 0.2 * worth(best)
        ]
        if articles:
            best = articles[0]
    best = _story_below_headline(best, blocks, nodes, sums, title)
    chosen = _clean([*_standfirst(blocks, best, title), *blocks[best.start : best.end]], title)
    total = sum(b.score for b in blocks if b.score > 0) or 1.0
    return Body(tuple(b.text for b in chosen), "blocks", round(min(1.0, max(0.0, worth(best) / total)), 3), heads)


def _story_below_headline(
    best: Node, blocks: list[Block], nodes: list[Node], sums: list[float], title: str | None
) -> Node:
    """Pages that load the next story below: the one that carries the page's headline is meant, not the longest."""
    key = fold(title) if title else ""
    at = next((i for i, b in enumerate(blocks) if key and b.tag in ("h1", "h2") and fold(b.text) == key), None)
    if at is None or at < 0 or best.start <= at < best.end or at > best.start:
        return best
    worth = sums[best.end] - sums[best.start]
    for node in reversed(nodes):
        if (
            node.tag == "article"
            and node.start <= at < node.end <= best.start
            and sums[node.end] - sums[node.start] > 0.2 * worth
        ):
            return node
    return best


def _standfirst(blocks: list[Block], best: Node, title: str | None) -> list[Block]:
    """Prose between the headline and the container: many sites keep the standfirst or the lede apart from the rest."""
    key = fold(title) if title else ""
    near = range(max(0, best.start - 12), best.start)
    at = next((i for i in reversed(near) if blocks[i].tag == "h1" or (key and fold(blocks[i].text) == key)), None)
    if at is None:
        return []
    prose = [b for b in blocks[at + 1 : best.start] if b.score > 60 and b.tag not in _HEADINGS and b.tag != "li"]
    return prose if len(prose) <= 3 else []


def _is_linked_headline(block: Block) -> bool:
    return 15 < len(block.text) < 200 and block.links > 0.7 * len(block.text)


def _score(blocks: Iterable[Block], known: str) -> None:
    openers = _patterns()[3]
    ordered = list(blocks)
    for block in ordered:
        length = len(block.text)
        density = block.links / length
        score = length * (1 - 1.6 * density)
        if block.tag in _HEADINGS:
            score = -40.0 if density > 0.5 else min(10.0, score)
        elif density > 0.6:
            score = min(score, -20.0)
        elif length < (200 if density > 0.2 else 120) and openers.match(block.text):
            score = -float(length)
        elif length < 80 and not _SENTENCE_END.search(block.text):
            score = -10.0 if block.tag in ("p", "blockquote", "li") else -25.0
        elif block.tag not in ("p", "blockquote", "pre", "li"):
            score *= 0.9
        elif block.tag == "li":
            score *= 0.7
        if known and length > 25:
            key = fold(block.text)[:60]
            if key and key in known:
                score = abs(score) + 100.0
        block.score = score
    for before, block, after in zip(ordered, ordered[1:], ordered[2:], strict=False):
        # A teaser: some lines between two linked headlines.
        if block.score > 0 and len(block.text) < 400 and _is_linked_headline(before) and _is_linked_headline(after):
            block.score = -20.0


def _clean(blocks: list[Block], title: str | None) -> list[Block]:
    """Drop what is not the story: negative blocks, the repeated title, headings with nothing below them."""
    folded_title = fold(title) if title else ""
    openers = _patterns()[3]
    kept: list[Block] = []
    seen: set[str] = set()
    for block in blocks:
        length = len(block.text)
        if block.tag == "h1" or (folded_title and length < 300 and fold(block.text) == folded_title):
            continue
        if block.links > 0.6 * length or (length < 120 and block.score < 100 and openers.match(block.text)):
            continue
        short = length < 80 and block.score < 0
        if short and block.tag not in _HEADINGS and block.tag not in ("p", "li", "blockquote"):
            continue
        if block.score < 0 and not short and block.tag not in _HEADINGS:
            continue
        if not _ALNUM.search(block.text) or (length > 60 and block.text in seen):
            continue
        seen.add(block.text)
        kept.append(block)
    while kept and (kept[-1].tag in _HEADINGS):
        kept.pop()
    return [b for b, after in zip(kept, [*kept[1:], None], strict=False) if not _empty_heading(b, after)]


def _empty_heading(block: Block, after: Block | None) -> bool:
    return block.tag in _HEADINGS and (after is None or (after.tag in _HEADINGS and after.tag <= block.tag))
