"""Body text: the paragraphs of a page that are the story, out of everything else a page carries.

Each block of a page gets a score (prose is worth its length, links cost), and the element whose blocks add up to most is the story's
container. Boilerplate inside it is dropped afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from lxml import etree

from extractors.blocks import Block, Node, cut_blocks, rules

_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_SENTENCE_END = re.compile(r"[.!?…。！？”\"»)’:][\s”\"’»)]*$")
_MOST_QUOTATIONS = 50
"""Quotations set as figures that are looked for in the rest of the text."""
_ALNUM = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Body:
    """What was taken for the story, and how it was found."""

    paragraphs: tuple[str, ...]
    method: str
    confidence: float
    linked_headlines: int
    """Blocks on the page that are nothing but a link of headline length: many of them make a list page."""
    teasers: int = 0
    """Paragraphs that stand below such a block."""


@cache
def _openers() -> re.Pattern[str]:
    data = rules()["openers"]
    return re.compile(
        "(?:" + "|".join(data["patterns"]) + ")|(?P<stamp>" + "|".join(data["stamps"]) + ")", re.IGNORECASE
    )


@cache
def _enders() -> re.Pattern[str]:
    return re.compile(r"\W*(?:" + "|".join(rules()["enders"]["patterns"]) + ")", re.IGNORECASE)


def find_body(tree: etree._Element, evidence: str = "", title: str | None = None) -> Body:
    """Find the story in a page.

    Args:
        tree: from `parse`; not changed.
        evidence: the text of a JSON-LD articleBody, used only to tell which blocks belong.
        title: left out of the body where it is repeated.
    Returns:
        The paragraphs, whitespace collapsed; none when nothing looks like prose.
    """
    known = fold(evidence)
    best = _choose(*cut_blocks(tree, prune=True), known, title)
    if sum(map(len, best.paragraphs)) < 250:
        # Sites that wrap everything in one "widget" or "form": look again without believing names.
        second = _choose(*cut_blocks(tree, prune=False), known, title)
        if sum(map(len, second.paragraphs)) > 1.5 * sum(map(len, best.paragraphs)):
            best = Body(second.paragraphs, "blocks-unpruned", second.confidence * 0.8, second.linked_headlines)
    return best


def fold(text: str) -> str:
    """Letters and digits only, without case: for comparing texts that differ in typography."""
    return "".join(_ALNUM.findall(text.lower()))


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
    best = _marked(best, blocks, nodes) or best
    if worth(best) <= 0 and not best.strong_hint:
        return Body((), "blocks", 0.0, heads)
    best = _named(best, nodes, worth)
    best = _story_below_headline(best, blocks, nodes, sums, title)
    parts = [b for n in _continued(best, nodes, worth) for b in blocks[n.start : n.end]]
    chosen = _clean([*_standfirst(blocks, best, title), *parts], nodes, title)
    total = sum(b.score for b in blocks if b.score > 0) or 1.0
    confidence = round(min(1.0, max(0.0, worth(best) / total)), 3)
    return Body(tuple(b.text for b in chosen), "blocks", confidence, heads, _teasers(blocks, chosen))


def _teasers(blocks: list[Block], chosen: list[Block]) -> int:
    """How many paragraphs stand below a linked headline, a line between them left aside."""
    taken = {id(b) for b in chosen}
    count = 0
    for at, block in enumerate(blocks):
        if id(block) in taken and not block.tag.startswith("h"):
            before = blocks[max(0, at - 2) : at]
            count += any(_is_linked_headline(b) for b in before[-1:]) or (
                len(before) == 2 and len(before[1].text) < 40 and _is_linked_headline(before[0])
            )
    return count


def _marked(best: Node, blocks: list[Block], nodes: list[Node]) -> Node | None:
    """The element marked as the body for machines, though its tables or short lines look less like prose than a sidebar does."""

    def words(node: Node) -> int:
        return sum(len(b.text) - 2 * b.links for b in blocks[node.start : node.end])

    outside = [n for n in nodes if n.strong_hint and (n.end <= best.start or n.start >= best.end)]
    if not outside or any(n.strong_hint and best.start <= n.start and n.end <= best.end for n in nodes):
        return None
    largest = max(outside, key=words)
    return largest if words(largest) > max(200, 0.3 * words(best)) else None


def _named(best: Node, nodes: list[Node], worth: Callable[[Node], float]) -> Node:
    """Prefer the element the site itself names as the body, or the first of several articles."""
    inside = [n for n in nodes if best.start <= n.start and n.end <= best.end]
    named = [n for n in inside if n.body_like and worth(n) > 0.35 * worth(best)]
    if named and not best.strong_hint:
        return max(named, key=lambda n: (n.strong_hint, worth(n), n.start))
    if best.body_like:
        return best
    return next((n for n in inside if n.tag == "article" and worth(n) > 0.2 * worth(best)), best)


def _continued(best: Node, nodes: list[Node], worth: Callable[[Node], float]) -> list[Node]:
    """The parts of a body that advertising has cut into several elements of one name, in order."""
    if not best.body_like:
        return [best]
    family = _ancestors(best, nodes)
    parts: list[Node] = []
    for node in nodes:
        if node is best or (
            node.body_like
            and node.tag == best.tag
            and node.strong_hint == best.strong_hint
            and (node.end <= best.start or node.start >= best.end)
            and (not parts or node.start >= parts[-1].end)
            and worth(node) > 0.1 * worth(best)
            and family & _ancestors(node, nodes)
        ):
            parts.append(node)
    return parts


def _ancestors(node: Node, nodes: list[Node]) -> set[int]:
    """The three nearest elements around one, not beyond its article."""
    found: set[int] = set()
    at = node.parent
    while at >= 0 and len(found) < 3:
        found.add(at)
        if nodes[at].tag == "article":
            break
        at = nodes[at].parent
    return found


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
    near = range(max(0, best.start - 40), best.start)
    at = next((i for i in reversed(near) if blocks[i].tag == "h1" or (key and fold(blocks[i].text) == key)), None)
    if at is None:
        return []
    between = blocks[at + 1 : best.start]
    lead = [b for b in between if b.lead and len(b.text) >= 40 and b.links < 0.4 * len(b.text)]
    if not lead and len(between) <= 12:
        lead = [b for b in between if b.score > 60 and b.tag not in _HEADINGS and b.tag != "li"]
    if len(lead) > 3:
        return []
    body = fold(" ".join(b.text for b in blocks[best.start : best.end]))
    return [b for b in lead if fold(b.text) not in body]


def _is_linked_headline(block: Block) -> bool:
    return 15 < len(block.text) < 200 and block.links > 0.7 * len(block.text)


def _score(blocks: Iterable[Block], known: str) -> None:
    ordered = list(blocks)
    for block in ordered:
        length = len(block.text)
        density = block.links / length
        score = length * (1 - 1.6 * density)
        if block.tag in _HEADINGS and length <= 120:
            score = -40.0 if density > 0.5 else min(10.0, score)
        elif density > 0.6:
            score = min(score, -20.0)
        elif _opens_boilerplate(block):
            score = -float(length)
        elif length < 80 and not _SENTENCE_END.search(block.text):
            score = -10.0 if block.tag in ("p", "blockquote", "li", "td") else -25.0
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


def _before_the_end(blocks: list[Block], nodes: list[Node]) -> list[Block]:
    """The blocks before the first label that ends the story, if what stands behind it is the smaller part.

    A label after which paragraphs go on in the element that held the last one only interrupts it ("Read also", and a link).
    """
    total = sum(max(0.0, b.score) for b in blocks)
    last = {nodes[b.node].parent: at for at, b in enumerate(blocks) if b.tag == "p" and b.score > 60}
    so_far, home = 0.0, -1
    kept: list[Block] = []
    for at, block in enumerate(blocks):
        if so_far > 0.6 * total and len(block.text) < 80 and block.tag != "li" and _enders().match(block.text):
            if last.get(home, -1) < at:
                break
            continue
        kept.append(block)
        so_far += max(0.0, block.score)
        if block.tag == "p" and block.score > 60:
            home = nodes[block.node].parent
    return kept


def _opens_boilerplate(block: Block) -> bool:
    """Whether a short block begins as captions, pleas and pointers do."""
    length = len(block.text)
    if length >= (200 if block.links > 0.2 * length else 120):
        return False
    found = _openers().match(block.text)
    # "Posted on social media by analysts, the video …" is a sentence, "Posted on May 3" is none.
    return found is not None and not (found.lastgroup == "stamp" and length > 80 and _SENTENCE_END.search(block.text))


def _clean(blocks: list[Block], nodes: list[Node], title: str | None) -> list[Block]:
    """Drop what is not the story: negative blocks, the repeated title, headings with nothing below them."""
    folded_title = fold(title) if title else ""
    kept: list[Block] = []
    seen: set[str] = set()
    recent: tuple[str, ...] = ()
    quotations = 0
    told = fold(" ".join(b.text for b in blocks if not b.figure)) if any(b.figure for b in blocks) else ""
    for block in _before_the_end(blocks, nodes):
        length = len(block.text)
        if block.tag == "h1" or (
            folded_title and length < 2 * len(folded_title) + 20 and fold(block.text) == folded_title
        ):
            continue
        quotations += block.figure
        if block.figure and (quotations > _MOST_QUOTATIONS or fold(block.text) in told):
            continue
        if block.links > 0.6 * length and not _linked_sentence(block):
            continue
        if length < 120 and block.score < 100 and _opens_boilerplate(block):
            continue
        short = length < 80 and block.score < 0
        if (
            short
            and block.tag not in _HEADINGS
            and block.tag not in ("p", "li", "blockquote", "td", "th", "dt", "dd", "pre")
        ):
            continue
        if block.score < 0 and not short and block.tag not in _HEADINGS and not _linked_sentence(block):
            continue
        if not _ALNUM.search(block.text) or (
            length > 60 and block.text in seen and (block.tag != "p" or block.text in recent)
        ):
            continue
        seen.add(block.text)
        recent = (*recent[-3:], block.text)
        kept.append(block)
    while kept and (kept[-1].tag in _HEADINGS):
        kept.pop()
    return [b for b, after in zip(kept, [*kept[1:], None], strict=False) if not _empty_heading(b, after)]


def _linked_sentence(block: Block) -> bool:
    """A whole sentence set as a link is still one of the story's; a headline has no full stop."""
    return block.tag == "p" and len(block.text) > 80 and block.text[-1] in ".!?”"


def _empty_heading(block: Block, after: Block | None) -> bool:
    return block.tag in _HEADINGS and (after is None or (after.tag in _HEADINGS and after.tag <= block.tag))
