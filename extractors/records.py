"""The records that cross from the extractors to everyone else: what a text says, and nothing about where it is stored.

Offsets count code points in `Article.text`, half-open. Instants are aware. Days are `datetime.date`, both ends inclusive.
Countries are ISO 3166-1 alpha-3, with PLOVER's additions (UNO, EUR, IGO, NGO, ISM, IMG, MNC; XKX for Kosovo).
`warehouse/schema.py` owns what is stored of these; `tests/test_contract.py` compares the two field by field.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """A slotted dataclass that is never changed: the type checker sees to that, not the interpreter.

    A text gives hundreds of actors and mentions, and a field frozen at run time costs four times as much to set.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


class ExtractionError(Exception):
    """An input gave no article. `reason` is a short machine-readable word, the message is for people."""

    reason = "error"

    def __init__(self, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason or type(self).reason


class NotAnArticle(ExtractionError):
    """The input was understood and holds no article (list page, consent page, empty shell, error page …)."""

    reason = "not_an_article"


class Undecodable(ExtractionError):
    """The input could not be understood at all (binary, truncated, broken JSON, too deep or too large)."""

    reason = "undecodable"


@dataclass(frozen=True, slots=True)
class Capture:
    """Bytes, and where they came from. All that extraction may know of an input is in here."""

    body: bytes
    input: str
    """What the user named: a path, a URL, `-`, or `path#line` for one line of a JSON Lines file."""
    media_type: str = "text/html"
    """`text/html`, `text/plain` or `application/json` (one line of the `.jsonl` door), without parameters."""
    charset: str | None = None
    url: str | None = None
    source: str | None = None
    """The source's name in the user's configuration, or what the line said."""
    fetched_at: datetime | None = None
    headers: tuple[tuple[str, str], ...] = ()
    final_url: str | None = None
    listed_at: datetime | None = None
    """When the listing that named the address (a feed, a news sitemap) says the story was published; aware."""
    listed_title: str | None = None
    """What that listing calls it."""

    @property
    def capture_id(self) -> str:
        """sha256 of the body, hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Article:
    """One text as published once: body and what its page says about it."""

    article_id: str
    """16 bytes hexadecimal of the canonical URL where it is of the site the page came from, else of the URL; of the text without any."""
    version_id: str
    """16 bytes hexadecimal of article_id and text_hash: one row per URL and text."""
    text: str
    """The body, paragraphs joined by one blank line; the title is not part of it."""
    paragraphs: tuple[tuple[int, int], ...]
    text_hash: str
    word_count: int
    language: str | None = None
    """ISO 639-1, None when undecided."""
    url: str | None = None
    canonical_url: str | None = None
    source: str | None = None
    site: str | None = None
    title: str | None = None
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    """In the offset the page said, so that its date is the publisher's day; UTC where it said none."""
    published_precision: str | None = None
    """`second`, `minute`, `day`, `month` or `year`: how much of `published_at` the page said."""
    published_from: str | None = None
    """Where it was read: `json-ld`, `meta`, `time`, `text`, `url`, `script`, `header`, `htmldate`, `listing`, `title`, `input`, `rule`; `undecided`: several days, none sure."""
    modified_at: datetime | None = None
    section: str | None = None
    dateline: str | None = None
    """The place in which the story was filed, as written."""
    wire: str | None = None
    description: str | None = None
    lead_image: str | None = None
    paywalled: bool | None = None
    genre: str | None = None
    """`news` where nothing says otherwise; else `opinion`, `analysis`, `interview`, `live`, `press_release`, `obituary`, `explainer`, `list`, `review`, `sponsored`."""
    near_duplicate_key: bytes | None = None
    extract_method: str = ""
    extract_confidence: float = 0.0


@record
class Actor:
    """Somebody who takes part in an event, as named and as resolved."""

    text: str
    name: str | None
    country: str | None
    sector: str | None
    char_start: int
    char_end: int
    other_sectors: tuple[str, ...] = ()
    how: str = "phrase"
    """How it was resolved: `phrase` (its own words), `apposition`, `pronoun`, `short_name`, `definite` ("the minister"), `sentence`, `place`, `article`, `implied` (only an authority does it: "was arrested"), `none`."""


@record
class Place:
    """Where an event happened. Coordinates are WGS 84 degrees."""

    name: str
    country: str | None = None
    admin1: str | None = None
    lat: float | None = None
    lon: float | None = None
    geoname_id: int | None = None
    precision: str = "country"
    """`point`, `city`, `region` or `country`."""


@record
class Magnitude:
    """A number an event carries. `value` is what was said, or the lower end of a range."""

    kind: str
    """killed, injured, missing, displaced, arrested, abducted, evacuated, participants, money."""
    value: int
    text: str
    char_start: int
    char_end: int
    value_max: int | None = None
    qualifier: str = "exact"
    """`exact`, `over`, `under`, `about`."""
    unit: str | None = None
    """ISO 4217 code of money; None for people."""


@record
class Mention:
    """One actor, place or date named in a text. Only the fields of its kind are set."""

    kind: str
    """`actor`, `place` or `date`."""
    char_start: int
    char_end: int
    text: str
    name: str | None = None
    country: str | None = None
    sector: str | None = None
    other_sectors: tuple[str, ...] = ()
    how: str | None = None
    admin1: str | None = None
    lat: float | None = None
    lon: float | None = None
    geoname_id: int | None = None
    precision: str | None = None
    timex: str | None = None
    """TIMEX3 value: 2024-03-08, 2024-03, 2024-W10, 202, P2W, PRESENT_REF, an ISO range …"""
    timex_type: str | None = None
    """DATE, TIME, DURATION or SET."""
    date_start: date | None = None
    date_end: date | None = None


@record
class Event:
    """One coded event: who did what to whom, when, where, how many, according to whom, and the words that say so."""

    event_id: str
    """16 bytes hexadecimal of article version, support span and type: the same on every re-run."""
    event_type: str | None
    """A PLOVER type, an own `x_…` type, or None."""
    event_mode: str | None
    contexts: tuple[str, ...]
    quad_class: int | None
    score: float | None
    status: str
    """actual, planned, called_for, threatened, negated, hypothetical or historical."""
    attribution: str | None
    """Who says so, as written; None when the text says it itself."""
    actors: tuple[Actor, ...]
    recipients: tuple[Actor, ...]
    date_start: date | None
    date_end: date | None
    date_precision: str
    """day, month, year, interval, ongoing, inherited, publication or unknown."""
    date_text: str | None
    place: Place | None
    magnitudes: tuple[Magnitude, ...]
    trigger: str
    support: str
    """`Article.text[char_start:char_end]`: the shortest stretch of words that carries the claim."""
    char_start: int
    char_end: int
    rule_id: str
    """`tagger`, or the own rule that triggered."""
    confidence: float
    """How likely the event is right, 0 to 1."""
    tellings: tuple[tuple[int, int], ...] = ()
    """Stretches of the text that tell the event once more, in order."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that one capture gave."""

    article: Article
    coded: bool
    """Whether the coder ran: it reads English only, other languages are stored."""
    uncoded_reason: str | None = None
    """Why it did not run, or what of a coded text it left out: a few words, the same for the same reason, so that they can be counted."""
    events: tuple[Event, ...] = ()
    mentions: tuple[Mention, ...] = field(default=())
