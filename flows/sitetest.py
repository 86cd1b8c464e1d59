"""What `dateline sources test` shows: each field of a page as it is read, in a form short enough to compare."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

FIELDS = ("title", "authors", "published_at", "published_from", "modified_at", "language", "dateline", "canonical_url")


def show_pages(paths: list[str]) -> int:
    """Print a table a page. Returns how many pages held an article."""
    from flows.answering import article_of, contents

    good = 0
    for content in contents(paths, None):
        answer = article_of(content)
        good += "error" not in answer
        Console().print(_table(answer))
    return good


def _table(answer: dict[str, Any]) -> Table:
    table = Table(title=str(answer["input"]), title_justify="left", show_header=False)
    if "error" in answer:
        table.add_row("no article", f"{answer['error']['reason']}: {answer['error']['message']}")
        return table
    for name in FIELDS:
        table.add_row(name, shown(answer.get(name)))
    table.add_row("body", body_summary(answer))
    return table


def shown(value: Any) -> str:
    """A field in one line, `—` for nothing."""
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    return str(value)[:200] if value else "—"


def body_summary(answer: dict[str, Any]) -> str:
    """Length of a body, and how it begins and ends."""
    text = str(answer["text"])
    return f"{len(text):,} characters, {len(answer['paragraphs'])} paragraphs\n{text[:90]}…\n…{text[-90:]}".replace(
        "\n\n", " ¶ "
    )
