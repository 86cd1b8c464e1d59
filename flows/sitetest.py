"""What `dateline sources test` and `draft` show: each field of a page as it is read without and with its site's rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table

from extractors.article import read_article
from extractors.doors import Cleaning
from extractors.html import decode
from extractors.records import Article, Capture, ExtractionError
from extractors.siterules import Ruled, SiteRules, apply_rule, load_site_rules
from flows.answering import contents
from flows.readers.files import Failure
from flows.terminal import console

_GENERAL = Cleaning(SiteRules())


def show_pages(
    given: list[Capture | Failure | str], sites: Path | None, url: str | None, allow_private: bool = False
) -> int:
    """Print a table a page: field, general result, the rule's. Returns how many pages held an article.

    Args:
        given: pages, and paths or URLs of some.

    Raises:
        RuleError: a file of rules cannot be used.
    """
    rules = load_site_rules(sites)
    good = 0
    paths = [one for one in given if isinstance(one, str)]
    pages = [one for one in given if not isinstance(one, str)]
    for content in (*pages, *contents(paths, None, allow_private)):
        table = Table(title=content.input, title_justify="left")
        table.add_column("")
        table.add_column("general", overflow="fold")
        general, reason = _read(content)
        good += general is not None
        if isinstance(content, Failure) or general is None:
            table.add_row("no article", reason)
            console().print(table)
            continue
        day = general.published_at.date() if general.published_at else None
        rule = rules.find(url or general.url or general.canonical_url, day)
        ruled = apply_rule(rule, decode(content.body, content.charset)) if rule else None
        table.add_column(f"rule {rule.id}" if rule else "no rule for the host", overflow="fold")
        for row in _rows(general, ruled):
            table.add_row(*row)
        console().print(table)
    return good


def draft_rules(path: str, url: str | None, allow_private: bool = False) -> str | None:
    """A proposed file of rules for a page, None when it holds no article that could be read."""
    from extractors.sitedraft import draft_rule

    for content in contents([path], None, allow_private):
        article, _ = _read(content)
        if article is not None and isinstance(content, Capture):
            return draft_rule(
                decode(content.body, content.charset), url or article.url or article.canonical_url, article
            )
    return None


def _read(content: Capture | Failure) -> tuple[Article | None, str]:
    if isinstance(content, Failure):
        return None, f"{content.reason}: {content.message}"
    try:
        return read_article(content, _GENERAL), ""
    except ExtractionError as error:
        return None, f"{error.reason}: {error}"


def _rows(general: Article, ruled: Ruled | None) -> list[tuple[str, str, str]]:
    at = ruled.published.at if ruled and ruled.published else None
    found = f"{general.published_at} ({general.published_from})" if general.published_at else None
    return [
        ("title", shown(general.title), shown(ruled.title if ruled else None)),
        ("authors", shown(general.authors), shown(ruled.authors if ruled else None)),
        ("published", shown(found), shown(at)),
        (
            "body",
            _summary([general.text[a:b] for a, b in general.paragraphs]),
            _summary(ruled.paragraphs if ruled else ()),
        ),
        (
            "method",
            f"{general.extract_method}, confidence {general.extract_confidence:.2f}",
            "—" if ruled is None else "CSS selectors",
        ),
    ]


def shown(value: Any) -> str:
    """A field in one line, `—` for nothing."""
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    return str(value)[:200] if value else "—"


def _summary(paragraphs: list[str] | tuple[str, ...]) -> str:
    """Length of a body, and how it begins and ends."""
    if not paragraphs:
        return "—"
    return f"{sum(map(len, paragraphs)):,} characters, {len(paragraphs)} paragraphs\n{paragraphs[0][:80]}…\n…{paragraphs[-1][-80:]}"
