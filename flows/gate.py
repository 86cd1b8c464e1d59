"""The gate before the warehouse: what was forgotten is turned away, and let in again only where a run by hand names it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from extractors.records import Article, Capture
from flows.readers.files import Failure

if TYPE_CHECKING:
    from flows.pipeline import Item, Outcome
    from flows.readers.warc import Archive
    from warehouse import Forgotten

_SAID = 20
"""Of what was recalled, so many are named."""


@dataclass(slots=True)
class Gate:
    """What may come into one workspace now; without a tombstone in its log it costs one look."""

    root: Path
    recalled: list[str] = field(default_factory=list)
    """What was let in again, in words."""
    bound: Forgotten | None = None

    def __post_init__(self) -> None:
        self.look()

    def look(self) -> None:
        """See the tombstones of the newest version."""
        import warehouse

        self.bound = warehouse.forgotten(warehouse.read_log(self.root))

    def passes(self, item: Item, article: Article | None = None) -> bool:
        """Whether a document may come. One that was asked for by hand may, and takes the tombstones back that bound it."""
        found = self._binding(item.content, article)
        if found and item.asked:
            self._recall(found, _name(item.content, article))
        return not found or item.asked

    def passes_address(self, url: str, source: str | None, again: bool) -> bool:
        """Whether an address may be asked for. As `passes`."""
        found = self.bound.binds([url], [source]) if self.bound is not None else []
        if found and again:
            self._recall(found, url)
        return not found or again

    def passes_source(self, name: str, again: bool) -> bool:
        """Whether a configured source may be read. As `passes`."""
        found = self.bound.binds(sources=[name]) if self.bound is not None else []
        if found and again:
            self._recall(found, name)
        return not found or again

    def open_to(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """The outcomes that may be committed: what a text says of itself (address, source) may bind it too."""
        self.look()
        if self.bound is None:
            return list(outcomes)
        return [o for o in outcomes if self.passes(o.item, o.extraction.article if o.extraction is not None else None)]

    def stones(self, outcomes: Iterable[Outcome]) -> Iterator[str]:
        """The tombstones that would bind these outcomes, to be refused if somebody sets one before the commit."""
        if self.bound is not None:
            for o in outcomes:
                yield from self.bound.items(*_said(o.item.content, o.extraction.article if o.extraction else None))

    def _binding(self, content: Capture | Failure | Archive, article: Article | None) -> list[str]:
        return self.bound.binds(*_said(content, article)) if self.bound is not None else []

    def _recall(self, found: list[str], name: str) -> None:
        import warehouse

        warehouse.recall(self.root, found)
        if len(self.recalled) < _SAID:
            self.recalled.append(name)
        self.look()


def _said(
    content: Capture | Failure | Archive, article: Article | None
) -> tuple[list[str | None], list[str | None], str | None]:
    """Addresses, sources and article_id of a document, as far as they are known."""
    urls = [getattr(content, "url", None), getattr(content, "final_url", None)]
    if article is None:
        return urls, [content.source], None
    return [*urls, article.url, article.canonical_url], [content.source, article.source], article.article_id


def _name(content: Capture | Failure | Archive, article: Article | None) -> str:
    urls, sources, _ = _said(content, article)
    return next((text for text in (*urls, *sources) if text), content.input)
