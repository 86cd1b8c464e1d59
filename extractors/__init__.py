"""Bytes in, records out: clean an article, code its events. Pure: no network, no clock, no files but the lexicons and the
tagger's model.

The whole chain on one screen: capture → article → (English) a tagger reads, lexicons, calendar and gazetteer know → extraction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractors.tagger.card import model_id

if TYPE_CHECKING:
    from extractors.doors import Cleaning
    from extractors.lexicon import Lexicons
    from extractors.records import Article, Capture, Extraction
    from extractors.tagger.session import Session

VERSION = f"2026.11.4+{model_id()}"
"""Changes whenever the same bytes may give other records, so with every model too; stored beside every row."""


CODED_LIMIT = 100_000
"""Characters of an article that are coded, seven times what a long report has; of a longer text the rest is stored.

Half a minute of an old processor: a document that takes longer than its seconds is not even stored."""
MENTIONS_LIMIT = 5_000
"""Mentions of an article that are kept, the first ones; a report of ten thousand words has some hundreds."""


def extract(
    capture: Capture, lexicons: Lexicons, cleaning: Cleaning | None = None, session: Session | None = None
) -> Extraction:
    """Read and code one capture.

    Args:
        capture: one document; JSON Lines give one capture a line.
        lexicons: from `extractors.lexicon.load_lexicons`.
        cleaning: site rules and whether a second opinion is asked; the package's own rules when nothing is said.
        session: the tagger; the package's own when none is given.
    Returns:
        The article, its events (main one first) and all mentions. Other languages than English are read and not coded:
        `coded` is False and `uncoded_reason` says why; `long` beside `coded` says that only the beginning was.
    Raises:
        NotAnArticle: the input was understood and holds no article.
        Undecodable: the input could not be understood.
    """
    from extractors.article import read_article
    from extractors.events.coder import code
    from extractors.origin import source_country
    from extractors.records import Extraction
    from extractors.storable import countable

    article = read_article(capture, cleaning)
    if article.language != "en":
        return Extraction(article, False, f"language {article.language or 'unknown'}")
    coding = code(
        article.text[: _coded_end(article)],
        lexicons=lexicons,
        published=countable(article.published_at.date()) if article.published_at else None,
        title=article.title,
        country=source_country(article.url, lexicons.homes.get(article.source or article.site or "")),
        source=article.source or article.site,
        version_id=article.version_id,
        session=session,
    )
    whole = len(article.text) <= CODED_LIMIT and len(coding.mentions) <= MENTIONS_LIMIT
    left_out = coding.left_out if whole else "long"
    return Extraction(article, True, left_out, coding.events, coding.mentions[:MENTIONS_LIMIT])


def _coded_end(article: Article) -> int:
    """Where coding stops: at the end of the text, or of the last paragraph that begins within the limit."""
    if len(article.text) <= CODED_LIMIT:
        return len(article.text)
    return max((end for _, end in article.paragraphs if end <= CODED_LIMIT), default=CODED_LIMIT)
