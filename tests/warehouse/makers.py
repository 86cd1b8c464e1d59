"""Records of invented articles for the tests, and one load of them committed."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import warehouse
from extractors.records import Actor, Article, Capture, Event, Extraction, Magnitude, Mention, Place

TEXT = "The envoy met the trade minister on Monday. Three people were hurt when a stand fell."
MOMENT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def digest(text: str) -> str:
    """32 hexadecimal characters."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def make_pair(name: str, wording: str = "", **of_article: Any) -> tuple[Extraction, Capture]:
    """An article with two events (one negated), and its capture; another `wording` is another version of it."""
    capture = Capture(
        body=f"<p>{name}{wording}</p>".encode(),
        input=f"{name}.html",
        url=f"https://news.example/{name}",
        fetched_at=MOMENT,
        headers=(("etag", "1"),),
    )
    article = Article(
        article_id=digest(name),
        version_id=digest(f"{name}/{wording}"),
        text=TEXT + wording,
        paragraphs=((0, len(TEXT)),),
        text_hash=digest(TEXT + wording),
        word_count=15,
        **{"language": "en", "url": capture.url, "source": "example", "title": f"About {name}", "published_at": MOMENT}
        | of_article,
    )
    events = tuple(_event(article.version_id, status) for status in ("actual", "negated"))
    mentions = (Mention("actor", 4, 9, "envoy"), Mention("date", 36, 42, "Monday", date_start=date(2026, 11, 23)))
    return Extraction(article, True, None, events, mentions), capture


def _event(version: str, status: str) -> Event:
    envoy = Actor("The envoy", "Envoy", "FRA", "GOV", 0, 9)
    ministers = (Actor("the trade minister", None, "DEU", "GOV", 14, 32), Actor("guests", None, "ITA", None, 14, 32))
    return Event(
        event_id=digest(version + status),
        event_type="CONSULT",
        event_mode="visit",
        contexts=("economic",),
        quad_class=1,
        score=4.0,
        status=status,
        attribution=None,
        actors=(envoy,),
        recipients=ministers,
        date_start=date(2026, 11, 23),
        date_end=date(2026, 11, 23),
        date_precision="day",
        date_text="on Monday",
        place=Place("Lyon", "FRA", lat=45.75, lon=4.85),
        magnitudes=(Magnitude("injured", 3, "Three people", 44, 56),),
        trigger="met",
        support=TEXT[:42],
        char_start=0,
        char_end=42,
        rule_id="consult.meet",
        confidence=0.8,
    )


def make_tables(pairs: list[tuple[Extraction, Capture]], load_id: str) -> dict[str, Any]:
    """The tables of a load."""
    provenance = warehouse.Provenance(load_id, "run-1", "e1", "l1", MOMENT)
    return warehouse.build_tables(pairs, [capture for _, capture in pairs], [], [], provenance)


def make_rows(
    pairs: list[tuple[Extraction, Capture]],
    load_id: str,
    captures: list[Capture] | None = None,
    rejects: list[Any] | None = None,
    fetches: list[Any] | None = None,
) -> dict[str, Any]:
    """As `make_tables`, with rows of the tables beside the articles; the captures are those of the pairs by default."""
    provenance = warehouse.Provenance(load_id, "run-1", "e1", "l1", MOMENT)
    kept = [capture for _, capture in pairs] if captures is None else captures
    return warehouse.build_tables(pairs, kept, rejects or [], fetches or [], provenance)


def make_reject(given: str, **of_reject: Any) -> SimpleNamespace:
    """A reject of which nothing but the input is known."""
    known = {"input": given, "stage": "clean", "reason": "not_an_article", "message": "no body", "at": MOMENT}
    return SimpleNamespace(**dict.fromkeys(("capture_id", "source", "url")) | known | of_reject)


def make_fetch(url: str, **of_fetch: Any) -> SimpleNamespace:
    """An attempt of which nothing but the address is known."""
    columns = (f.name for f in warehouse.TABLES["fetches"])
    return SimpleNamespace(**dict.fromkeys(columns) | {"url": url, "at": MOMENT, "status": 200} | of_fetch)


def load(root: Path, name: str, count: int = 3, items: list[str] | None = None) -> warehouse.Commit | None:
    """Commit a load of `count` articles whose identity follows from its name."""
    load_id = digest(name)
    tables = make_tables([make_pair(f"{name}-{i}") for i in range(count)], load_id)
    items = [f"{name}-{i}" for i in range(count)] if items is None else items
    return warehouse.commit(
        root, load_id, tables, items=items, run_id="run-1", versions={"extractor": "e1", "lexicons": "l1"}
    )


def value(root: Path, query: str, version: int | None = None) -> Any:
    """The single value a query gives."""
    with warehouse.connect(root, version, comments=False) as con:
        row = con.execute(query).fetchone()
        assert row is not None
        return row[0]
