"""The date nobody marked up: htmldate's reading of a page's visible text, asked last because it is slow and guesses."""

from __future__ import annotations

from datetime import datetime

from lxml import etree

from extractors.instants import Instant, parse_instant

_DEEPEST = 200
_LARGEST = 3_000_000
"""Characters: htmldate runs many patterns over the whole page."""


def guess_published(text: str, tree: etree._Element, url: str | None, latest: datetime | None) -> Instant | None:
    """The published day by htmldate, None when it finds none or the page is nested too deep to be copied safely."""
    if len(text) > _LARGEST or _too_deep(tree):
        return None
    from htmldate import find_date

    limit = latest.strftime("%Y-%m-%d") if latest else "2100-01-01"
    try:
        found = find_date(text, extensive_search=False, original_date=True, url=url, max_date=limit)
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError, KeyError, IndexError):
        return None  # its readers stumble over hostile pages; a missing date is an answer
    return parse_instant(found) if found else None


def _too_deep(tree: etree._Element) -> bool:
    """libxml2 copies trees recursively: thousands of levels overflow the stack."""
    depth = 0
    element: etree._Element | None = tree
    deepest = 0
    while element is not None:
        if len(element):
            element, depth = element[0], depth + 1
            deepest = max(deepest, depth)
            if deepest > _DEEPEST:
                return True
            continue
        while element is not None and element.getnext() is None:
            element, depth = element.getparent(), depth - 1
        element = element.getnext() if element is not None else None
    return False
