"""The JSON of `read` and `code`: a promise to other programs, versioned by `ANSWER_VERSION`. Records in, plain dictionaries out.

Offsets count code points, end exclusive; instants are ISO 8601 with their zone; days are YYYY-MM-DD; what is unknown is null.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from extractors.records import Actor, Article, Event, Magnitude, Mention, Place

ANSWER_VERSION = 1


def article_answer(article: Article, given: str) -> dict[str, Any]:
    """One line of `read`."""
    return {
        "input": given,
        "source": article.source,
        "url": article.url or article.canonical_url,
        "canonical_url": article.canonical_url,
        "title": article.title,
        "authors": list(article.authors),
        "published_at": _instant(article.published_at),
        "published_precision": article.published_precision,
        "published_from": article.published_from,
        "modified_at": _instant(article.modified_at),
        "language": article.language,
        "dateline": article.dateline,
        "text": article.text,
        "paragraphs": [list(p) for p in article.paragraphs],
    }


def error_answer(
    given: str, reason: str, message: str, source: str | None = None, url: str | None = None
) -> dict[str, Any]:
    """One line of `read` for an input that gave no article."""
    return {"input": given, "source": source, "url": url, "error": {"reason": reason, "message": message}}


def coding_answer(key: object, events: Iterable[Event], mentions: Iterable[Mention] | None) -> dict[str, Any]:
    """One line of `code`; mentions only when asked for."""
    answer: dict[str, Any] = {"id": key, "events": [event_answer(e) for e in events]}
    if mentions is not None:
        answer["mentions"] = [mention_answer(m) for m in mentions]
    return answer


def event_answer(event: Event) -> dict[str, Any]:
    """One event."""
    return {
        "event_type": event.event_type,
        "event_mode": event.event_mode,
        "contexts": list(event.contexts),
        "quad_class": event.quad_class,
        "score": event.score,
        "status": event.status,
        "attribution": event.attribution,
        "actors": [_actor(a) for a in event.actors],
        "recipients": [_actor(a) for a in event.recipients],
        "date_start": _day(event.date_start),
        "date_end": _day(event.date_end),
        "date_precision": event.date_precision,
        "date_text": event.date_text,
        "place": _place(event.place),
        "magnitudes": [_magnitude(m) for m in event.magnitudes],
        "trigger": event.trigger,
        "support": event.support,
        "char_start": event.char_start,
        "char_end": event.char_end,
        "rule_id": event.rule_id,
        "confidence": event.confidence,
    }


def mention_answer(mention: Mention) -> dict[str, Any]:
    """One mention: its kind, its span, and the fields of its kind."""
    answer: dict[str, Any] = {
        "kind": mention.kind,
        "char_start": mention.char_start,
        "char_end": mention.char_end,
        "text": mention.text,
    }
    if mention.kind == "actor":
        answer |= {"name": mention.name, "country": mention.country, "sector": mention.sector}
    elif mention.kind == "place":
        answer |= {"name": mention.name, "country": mention.country, "lat": mention.lat, "lon": mention.lon}
        answer |= {"geoname_id": mention.geoname_id}
    else:
        answer |= {"timex": mention.timex, "timex_type": mention.timex_type}
        answer |= {"date_start": _day(mention.date_start), "date_end": _day(mention.date_end)}
    return answer


def _actor(actor: Actor) -> dict[str, Any]:
    return {
        "text": actor.text,
        "name": actor.name,
        "country": actor.country,
        "sector": actor.sector,
        "char_start": actor.char_start,
        "char_end": actor.char_end,
    }


def _place(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {
        "name": place.name,
        "country": place.country,
        "admin1": place.admin1,
        "lat": place.lat,
        "lon": place.lon,
        "geoname_id": place.geoname_id,
        "precision": place.precision,
    }


def _magnitude(m: Magnitude) -> dict[str, Any]:
    return {"kind": m.kind, "value": m.value, "value_max": m.value_max, "qualifier": m.qualifier, "text": m.text}


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
