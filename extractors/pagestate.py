"""Text that a page carries as data for its scripts: JSON-LD's articleBody, and the state that client-rendered pages start from.

Read only where the HTML itself shows next to nothing.
"""

from __future__ import annotations

import json
import re
from collections import deque
from typing import Any

from lxml import etree

_LARGEST = 3_000_000
_MOST_VALUES = 200_000
_BODY = frozenset(
    (
        "body",
        "articlebody",
        "bodyhtml",
        "body_html",
        "bodytext",
        "content",
        "contenthtml",
        "content_html",
        "fulltext",
        "html",
        "text",
        "storybody",
        "maincontent",
        "paragraphs",
        "rendered",
        "value",
    )
)
_STATE = re.compile(r"^\s*(?:window\.|var\s+|self\.|globalThis\.)[\w.$\[\]\"']{1,60}\s*=\s*(?=[\[{])")


def stated_body(tree: etree._Element, article_body: str) -> tuple[str, ...]:
    """The longest body a page's data holds, in paragraphs; none when it holds none."""
    best = article_body if len(article_body) > 300 else ""
    for script in tree.iter("script"):
        raw = script.text
        if not raw or not 300 < len(raw) < _LARGEST or "ld+json" in (script.get("type") or ""):
            continue
        if "json" in (script.get("type") or ""):
            found = _longest(raw)
        else:
            start = _STATE.match(raw)
            found = _longest(raw[start.end() :]) if start else ""
        best = max(best, found, key=len)
    return _paragraphs(best)


def _longest(raw: str) -> str:
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(raw.lstrip())
    except (ValueError, RecursionError):
        return ""
    best = ""
    queue: deque[tuple[str, Any]] = deque([("", value)])
    for _ in range(_MOST_VALUES):
        if not queue:
            break
        key, value = queue.popleft()
        if isinstance(value, dict):
            queue.extend((str(k).lower(), v) for k, v in value.items())
        elif isinstance(value, list):
            texts = [v for v in value if isinstance(v, str) and " " in v]
            if key in _BODY and texts and sum(map(len, texts)) > len(best):
                best = "\n".join(texts)
            queue.extend((key, v) for v in value if not isinstance(v, str))
        elif isinstance(value, str) and key in _BODY and len(value) > len(best) and value.count(" ") > 40:
            best = value
    return best


def _paragraphs(text: str) -> tuple[str, ...]:
    if re.search(r"<(?:p|br|div|h\d)\b", text):
        from extractors.blocks import cut_blocks
        from extractors.html import parse

        blocks, _ = cut_blocks(parse(f"<html><body>{text}</body></html>"), prune=True)
        return tuple(b.text for b in blocks if 2 * b.links < len(b.text))
    return tuple(line for line in text.splitlines() if line.strip())
