"""What is stored: every table and column once, with its meaning, unit and an example. The data dictionary is made from here.

Instants are naive UTC timestamps in microseconds, days are dates, countries ISO 3166-1 alpha-3 with PLOVER's additions.
A stored schema is a promise: columns are added, nullable, and never renamed or retyped; `SCHEMA_VERSION` goes into every record.
"""

from __future__ import annotations

import pyarrow as pa

SCHEMA_VERSION = 3
"""1 had no `events.tellings`; 2 no `captures.listed_at` and `listed_title`, and no `articles.genre`."""

_TEXT = pa.string()
_TEXTS = pa.list_(pa.string())
_TIME = pa.timestamp("us")
_DAY = pa.date32()
_INT = pa.int32()
_BIG = pa.int64()
_REAL = pa.float64()
_YES = pa.bool_()
_HEADERS = pa.list_(pa.struct([("name", pa.string()), ("value", pa.string())]))
_SPANS = pa.list_(pa.struct([("char_start", pa.int32()), ("char_end", pa.int32())]))


def _col(name: str, kind: pa.DataType, comment: str, example: str, unit: str = "", *, null: bool = True) -> pa.Field:
    return pa.field(name, kind, null, {"comment": comment, "unit": unit, "example": example})


def _must(name: str, kind: pa.DataType, comment: str, example: str, unit: str = "") -> pa.Field:
    return _col(name, kind, comment, example, unit, null=False)


_HEX = "hexadecimal"
_UTC = "UTC"
_CP = "code points"
_ISO3 = "ISO 3166-1 alpha-3"

PROVENANCE: tuple[pa.Field, ...] = (
    _must("load_id", _TEXT, "The load that brought the row: the hash of its plan", "5f0c2a9be1d84763", _HEX),
    _must("run_id", _TEXT, "The ingest run the load was part of", "2f8d1c60-7c1e-4f6e-9d0a-3b7f5d1e2a44"),
    _must("extractor_version", _TEXT, "Version hash of the extractors that made the row", "a1b2c3d4e5f6"),
    _must("lexicon_version", _TEXT, "Version hash of the lexicons and rules that made the row", "0f1e2d3c4b5a"),
    _must("loaded_at", _TIME, "When the load was made", "2026-11-24 14:05:00", _UTC),
)
"""Columns that end every stored table."""


def _article_id() -> pa.Field:
    return _must(
        "article_id",
        _TEXT,
        "The article: 16 bytes of its canonical URL, or of its text",
        "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d",
        _HEX,
    )


def _version_id() -> pa.Field:
    return _must(
        "version_id",
        _TEXT,
        "The article's wording: 16 bytes of article_id and text_hash",
        "6ec0bd7f11c043da975e2a8ad9ebae0b",
        _HEX,
    )


def _event_id() -> pa.Field:
    return _must(
        "event_id",
        _TEXT,
        "The event: 16 bytes of version, support span and type",
        "1f7ecfcd08f34a6e9f8c9b1a4d5e6f70",
        _HEX,
    )


def _span(of: str) -> tuple[pa.Field, pa.Field]:
    return (
        _must("char_start", _INT, f"Where {of} begins in the article's text", "128", _CP),
        _must("char_end", _INT, f"Where {of} ends, exclusive", "190", _CP),
    )


def _publication() -> tuple[pa.Field, ...]:
    return (
        _col("title", _TEXT, "The article's headline", "Border talks resume in the capital"),
        _col("url", _TEXT, "Address of the article", "https://news.example/2026/11/border-talks"),
        _col("source", _TEXT, "The source's name in the configuration, or what the input said", "example-news"),
        _col("published_at", _TIME, "When the article was published", "2026-11-23 09:30:00", _UTC),
    )


def _table(comment: str, *fields: pa.Field | tuple[pa.Field, ...], since: int = 1) -> pa.Schema:
    """`since` is the schema version that last gave the table a column: older parts lack some."""
    flat = [f for item in fields for f in (item if isinstance(item, tuple) else (item,))]
    return pa.schema([*flat, *PROVENANCE], {"comment": comment, "since": str(since)})


def _participant(role: str, example: tuple[str, str, str]) -> tuple[pa.Field, ...]:
    return (
        _col(f"{role}_name", _TEXT, f"First {role}, resolved name", example[0]),
        _col(f"{role}_country", _TEXT, f"First {role}'s country", example[1], _ISO3),
        _col(f"{role}_sector", _TEXT, f"First {role}'s PLOVER sector", example[2]),
    )


def _place() -> tuple[pa.Field, ...]:
    return (
        _col("admin1", _TEXT, "First-level division of the place", "Kharkiv Oblast"),
        _col("lat", _REAL, "Latitude", "49.98", "degrees, WGS 84"),
        _col("lon", _REAL, "Longitude", "36.25", "degrees, WGS 84"),
        _col("geoname_id", _BIG, "GeoNames id of the place", "706483"),
    )


def _count(kind: str, example: str) -> pa.Field:
    return _col(kind, _BIG, f"How many {kind}; the lower end of a range", example, "people")


CAPTURES = _table(
    "Bytes as they were read, one row a distinct body and address in a load",
    _must("capture_id", _TEXT, "sha256 of the body", "e3b0c44298fc1c149afbf4c8996fb924", _HEX),
    _must("input", _TEXT, "What the user named: path, URL or path#line", "inbox/page.html"),
    _must("media_type", _TEXT, "Media type, without parameters", "text/html"),
    _col("charset", _TEXT, "Declared character set", "utf-8"),
    _col("url", _TEXT, "Address asked for", "https://news.example/a"),
    _col("final_url", _TEXT, "Address that answered, after redirects", "https://www.news.example/a"),
    _col("source", _TEXT, "The source's name in the configuration, or what the input said", "example-news"),
    _col("fetched_at", _TIME, "When the bytes were received", "2026-11-24 13:59:58", _UTC),
    _must("headers", _HEADERS, "Response headers in order", "[{name: etag, value: abc}]"),
    _must("byte_count", _BIG, "Length of the body", "48211", "bytes"),
    _must("body", pa.binary(), "The body itself", "<!doctype html>…"),
    _col(
        "listed_at",
        _TIME,
        "When the listing that named the address says the story was published",
        "2026-11-23 09:30:00",
        _UTC,
    ),
    _col("listed_title", _TEXT, "What that listing calls it", "Border talks resume"),
    since=3,
)

FETCHES = _table(
    "One attempt to fetch one address",
    _must("url", _TEXT, "Address asked for", "https://news.example/a"),
    _col("source", _TEXT, "The source's name in the configuration", "example-news"),
    _must("at", _TIME, "When the attempt began", "2026-11-24 13:59:58", _UTC),
    _col("status", _INT, "HTTP status; null when there was no answer", "200"),
    _col("etag", _TEXT, "ETag of the answer", '"33a64df5"'),
    _col("last_modified", _TEXT, "Last-Modified of the answer, as sent", "Tue, 24 Nov 2026 12:00:00 GMT"),
    _col("byte_count", _BIG, "Length of the body received", "48211", "bytes"),
    _col("seconds", _REAL, "How long the attempt took", "0.42", "seconds"),
    _col("robots", _TEXT, "What robots.txt said: allowed, disallowed or unknown", "allowed"),
    _col("error", _TEXT, "Class of the failure; null on success", "timeout"),
    _col("capture_id", _TEXT, "The capture it gave", "e3b0c44298fc1c149afbf4c8996fb924", _HEX),
)

ARTICLES = _table(
    "One wording of one article: a row per URL and text",
    _article_id(),
    _version_id(),
    *_publication(),
    _col("canonical_url", _TEXT, "Address the page calls its own", "https://news.example/2026/11/border-talks"),
    _col("site", _TEXT, "Name the site gives itself", "Example News"),
    _must("authors", _TEXTS, "Authors in the order given", "[Ann Example]"),
    _col("published_precision", _TEXT, "How much of published_at was said: second, minute, day, month, year", "minute"),
    _col(
        "published_from",
        _TEXT,
        "Where published_at was read: json-ld, meta, time, text, url, script, header, htmldate, listing, title, input, rule; undecided: several days, none sure",
        "json-ld",
    ),
    _col("modified_at", _TIME, "When the page says it was changed", "2026-11-23 11:02:00", _UTC),
    _col("language", _TEXT, "Language of the text; null when undecided", "en", "ISO 639-1"),
    _must("coded", _YES, "Whether the coder ran on the text", "true"),
    _col("uncoded_reason", _TEXT, "Why the coder did not run, or what of a coded text it left out", "language fr"),
    _col("section", _TEXT, "Section of the publication", "World"),
    _col("dateline", _TEXT, "Place in which the story was filed, as written", "GENEVA"),
    _col("wire", _TEXT, "Agency the text is from", "Reuters"),
    _col("description", _TEXT, "Summary the page gives", "Delegations met for a second day."),
    _col("lead_image", _TEXT, "Address of the lead image", "https://news.example/lead.jpg"),
    _col("paywalled", _YES, "Whether the page says the text is not free", "false"),
    _must("text", _TEXT, "The body, paragraphs joined by one blank line", "Delegations from both sides met …"),
    _must("paragraphs", _SPANS, "Where each paragraph lies in text", "[{char_start: 0, char_end: 120}]", _CP),
    _must("word_count", _INT, "Words in text", "412", "words"),
    _must(
        "text_hash",
        _TEXT,
        "Hash of text: equal for one text under several addresses",
        "d41d8cd98f00b204e9800998ecf8427e",
        _HEX,
    ),
    _col("near_duplicate_key", pa.binary(), "Key that is close for texts that are nearly the same", "\\x1f\\x8b"),
    _must("extract_method", _TEXT, "How the body was found", "scored_block"),
    _must("extract_confidence", _REAL, "How sure the body is, 0 to 1", "0.93"),
    _must("capture_id", _TEXT, "The capture it was read from", "e3b0c44298fc1c149afbf4c8996fb924", _HEX),
    _col(
        "genre",
        _TEXT,
        "What kind of text it is: news, opinion, analysis, interview, live, press_release, obituary, explainer, list, review or sponsored; null of rows read before schema 3",
        "news",
    ),
    since=3,
)

EVENTS = _table(
    "One event as one wording of one article tells it",
    _event_id(),
    _col("event_type", _TEXT, "PLOVER type, or an own x_ type", "CONSULT"),
    _col("event_mode", _TEXT, "PLOVER mode of the type", "visit"),
    _must("contexts", _TEXTS, "PLOVER contexts", "[diplomatic, territory]"),
    _col(
        "quad_class", _INT, "1 verbal cooperation, 2 material cooperation, 3 verbal conflict, 4 material conflict", "1"
    ),
    _col("score", _REAL, "Conflict to cooperation score of the type, -10 to 10", "4.0"),
    _must("status", _TEXT, "actual, planned, called_for, threatened, negated, hypothetical or historical", "actual"),
    _col("attribution", _TEXT, "Who says so, as written; null when the text says it itself", "the foreign ministry"),
    *_participant("actor", ("Anna Example", "FRA", "GOV")),
    *_participant("recipient", ("Border Commission", "DEU", "GOV")),
    _must("actor_countries", _TEXTS, "Countries of all actors, each once", "[FRA]", _ISO3),
    _must("recipient_countries", _TEXTS, "Countries of all recipients, each once", "[DEU]", _ISO3),
    _col("date_start", _DAY, "First day of the event", "2026-11-23"),
    _col("date_end", _DAY, "Last day of the event, inclusive", "2026-11-23"),
    _must("date_precision", _TEXT, "day, month, year, interval, ongoing, inherited, publication or unknown", "day"),
    _col("date_text", _TEXT, "The words that date it", "on Monday"),
    _col("place_name", _TEXT, "Where it happened", "Kharkiv"),
    _col("place_country", _TEXT, "Country of the place", "UKR", _ISO3),
    *_place(),
    _col("place_precision", _TEXT, "point, city, region or country", "city"),
    _count("killed", "3"),
    _count("injured", "12"),
    _count("missing", "1"),
    _count("displaced", "400"),
    _count("arrested", "25"),
    _count("participants", "2000"),
    _must("support", _TEXT, "The words of the article that say so", "the two ministers met on Monday"),
    _must("trigger", _TEXT, "The word that named the event", "met"),
    *_span("the support"),
    _must("rule_id", _TEXT, "Who coded it: tagger, or the own rule that triggered", "tagger"),
    _must("confidence", _REAL, "How likely the row is right, 0 to 1; rows from 0.3 up are stored", "0.8"),
    _article_id(),
    _version_id(),
    *_publication(),
    # Last, since a nested column is several in a file, and bloom filters behind it would be looked for at the wrong one.
    _col(
        "tellings",
        _SPANS,
        "Where the text tells it once more; null of rows coded before there was a tagger",
        "[{char_start: 840, char_end: 902}]",
        _CP,
    ),
    since=2,
)

EVENT_ACTORS = _table(
    "One participant of one event",
    _event_id(),
    _must("role", _TEXT, "actor or recipient", "actor"),
    _must("ordinal", _INT, "Order within the role, from 0", "0"),
    _must("text", _TEXT, "As named in the article", "the French minister"),
    _col("name", _TEXT, "Resolved name", "Anna Example"),
    _col("country", _TEXT, "Country", "FRA", _ISO3),
    _col("sector", _TEXT, "PLOVER sector", "GOV"),
    _must("other_sectors", _TEXTS, "Further sectors", "[LEG]"),
    _must(
        "how",
        _TEXT,
        "How it was resolved: phrase, apposition, pronoun, short_name, sentence, place, article, none",
        "phrase",
    ),
    *_span("the name"),
    _version_id(),
)

EVENT_MAGNITUDES = _table(
    "One number one event carries",
    _event_id(),
    _must("ordinal", _INT, "Order within the event, from 0", "0"),
    _must(
        "kind",
        _TEXT,
        "killed, injured, missing, displaced, arrested, abducted, evacuated, participants or money",
        "killed",
    ),
    _must("value", _BIG, "What was said, or the lower end of a range", "3", "people, or units of money"),
    _col("value_max", _BIG, "Upper end of a range", "5", "people, or units of money"),
    _must("qualifier", _TEXT, "exact, over, under or about", "exact"),
    _col("unit", _TEXT, "Currency of money; null for people", "EUR", "ISO 4217"),
    _must("text", _TEXT, "The words", "at least three people"),
    *_span("the number"),
    _version_id(),
)

MENTIONS = _table(
    "One actor, place or date named in one wording of an article",
    _version_id(),
    _must("kind", _TEXT, "actor, place or date", "place"),
    *_span("the mention"),
    _must("text", _TEXT, "As written", "Kharkiv"),
    _col("name", _TEXT, "Resolved name", "Kharkiv"),
    _col("country", _TEXT, "Country", "UKR", _ISO3),
    _col("sector", _TEXT, "PLOVER sector of an actor", "GOV"),
    _must("other_sectors", _TEXTS, "Further sectors of an actor", "[LEG]"),
    _col("how", _TEXT, "How an actor was resolved", "phrase"),
    *_place(),
    _col("precision", _TEXT, "point, city, region or country of a place", "city"),
    _col("timex", _TEXT, "TIMEX3 value of a date", "2026-11-23"),
    _col("timex_type", _TEXT, "DATE, TIME, DURATION or SET", "DATE"),
    _col("date_start", _DAY, "First day meant", "2026-11-23"),
    _col("date_end", _DAY, "Last day meant, inclusive", "2026-11-23"),
)

REJECTS = _table(
    "One input that gave no article",
    _must("input", _TEXT, "What the user named", "inbox/list.html"),
    _must("stage", _TEXT, "Where it stopped: read, clean or code", "clean"),
    _must("reason", _TEXT, "Short machine-readable word", "not_an_article"),
    _must("message", _TEXT, "For people", "a page of links, no body"),
    _col("capture_id", _TEXT, "The capture, when there were bytes", "e3b0c44298fc1c149afbf4c8996fb924", _HEX),
    _col("source", _TEXT, "The source's name in the configuration, or what the input said", "example-news"),
    _col("url", _TEXT, "Address, when there was one", "https://news.example/latest"),
    _must("at", _TIME, "When it was rejected", "2026-11-24 14:00:01", _UTC),
)

TABLES: dict[str, pa.Schema] = {
    "captures": CAPTURES,
    "fetches": FETCHES,
    "articles": ARTICLES,
    "events": EVENTS,
    "event_actors": EVENT_ACTORS,
    "event_magnitudes": EVENT_MAGNITUDES,
    "mentions": MENTIONS,
    "rejects": REJECTS,
}
"""The stored tables by name."""

LOADS = pa.schema(
    [
        _must("version", _BIG, "The warehouse's version after the commit", "42"),
        _must("load_id", _TEXT, "The load", "5f0c2a9be1d84763", _HEX),
        _must("kind", _TEXT, "load, replace, compact, forget, recall, restore or repair", "load"),
        _must("loaded_at", _TIME, "When it was committed", "2026-11-24 14:05:02", _UTC),
        _must("run_id", _TEXT, "The ingest run", "2f8d1c60-7c1e-4f6e-9d0a-3b7f5d1e2a44"),
        _col("extractor_version", _TEXT, "Version hash of the extractors", "a1b2c3d4e5f6"),
        _col("lexicon_version", _TEXT, "Version hash of the lexicons and rules", "0f1e2d3c4b5a"),
        *(_must(t, _BIG, f"Rows added to {t}, less those taken out", "250", "rows") for t in TABLES),
        _must("byte_count", _BIG, "Bytes of the parts added", "350000", "bytes"),
    ],
    {"comment": "One commit of the log"},
)

FILES = pa.schema(
    [
        _must("table", _TEXT, "The table", "events"),
        _must("path", _TEXT, "Path under the workspace", "events/month=2026-11/5f0c2a9b-1a2b3c4d.parquet"),
        _must("rows", _BIG, "Rows in it", "1250", "rows"),
        _must("bytes", _BIG, "Its size", "115000", "bytes"),
        _must("sha256", _TEXT, "sha256 of the file", "e3b0c44298fc1c149afbf4c8996fb924", _HEX),
        _must("load_id", _TEXT, "The load that wrote it", "5f0c2a9be1d84763", _HEX),
        _must("version", _BIG, "The version that made it live", "42"),
        _must("history", _YES, "Whether it holds superseded wordings only", "false"),
    ],
    {"comment": "One live Parquet part"},
)

SUPERSEDED = pa.schema(
    [_must("version_id", _TEXT, "The wording", "6ec0bd7f11c043da975e2a8ad9ebae0b", _HEX)],
    {"comment": "One wording that a newer one has replaced and that compaction has not set apart yet"},
)

DERIVED: dict[str, pa.Schema] = {"loads": LOADS, "files": FILES, "superseded": SUPERSEDED}
"""Tables made from the log when the warehouse is opened."""

CODES: dict[str, pa.Schema] = {
    "country_codes": pa.schema(
        [
            _must("country", _TEXT, "Country", "UKR", _ISO3),
            _col("fips", _TEXT, "Its FIPS 10-4 code, as GDELT's places use it", "UP"),
            _col("cameo", _TEXT, "Its CAMEO code, as GDELT's actors use it", "UKR"),
            _col("cow", _TEXT, "Its Correlates of War number", "369"),
        ],
        {"comment": "One country and what other data sets call it"},
    ),
    "cameo_codes": pa.schema(
        [
            _must("event_type", _TEXT, "PLOVER type", "CONSULT"),
            _col("event_mode", _TEXT, "PLOVER mode; null for the type without a mode", "visit"),
            _must("root", _TEXT, "CAMEO root code", "04"),
            _must("base", _TEXT, "CAMEO base code; the root's own where the mode fits several", "042"),
        ],
        {"comment": "One PLOVER type and mode and its CAMEO codes"},
    ),
}
"""Small tables of codes that come with the package, from `codes/`."""

RAW = {"articles": "articles_all", "events": "events_all"}
"""Stored tables whose own name belongs to a view over them."""

NEWEST = {"articles_newest": "articles", "events_newest": "events"}
"""Views of a stored table without superseded wordings."""
