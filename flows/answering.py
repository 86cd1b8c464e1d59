"""What `read`, `code` and `explain` do: texts in, answers out, one line each, nothing stored."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractors.records import Capture, ExtractionError
from extractors.storable import countable, whole
from flows import answers
from flows.config import Workspace
from flows.readers.files import DOCUMENT_LIMIT, Failure, find_inputs, read_file, read_stdin
from flows.readers.http import is_url, read_url
from flows.terminal import warn
from flows.wording import for_json, for_terminal

if TYPE_CHECKING:
    from extractors.doors import Cleaning
    from extractors.lexicon import Lexicons
    from extractors.tagger.session import Session


class Unknown(Exception):
    """What `explain` was asked for is not there."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def contents(paths: list[str], source: str | None, allow_private: bool = False) -> Iterator[Capture | Failure]:
    """The documents of files, folders, URLs and `-`, one at a time."""
    inputs = find_inputs(p for p in paths if not is_url(p))
    yield from inputs.failures
    for path in inputs.files:
        yield from read_file(path, source)
    if inputs.stdin:
        yield from read_stdin(source, datetime.now(UTC))
    for url in paths:
        if is_url(url):
            yield read_url(url, source, allow_private)


def read_all(
    paths: list[str], form: str, source: str | None, sites: Path | None = None, allow_private: bool = False
) -> int:
    """Print the article of every input; an error line for a bad one. Returns how many articles there were."""
    from flows.runner import cleaning_for

    good = 0
    cleaning = cleaning_for(sites)
    for content in contents(paths, source, allow_private):
        answer = article_of(content, cleaning)
        good += "error" not in answer
        if form == "jsonl":
            sys.stdout.write(for_json(answer) + "\n")
        else:
            sys.stdout.write(whole(_as_text(answer)) + "\n")
    return good


def article_of(content: Capture | Failure, cleaning: Cleaning | None = None) -> dict[str, Any]:
    """The answer of `read` for one document: its article, or an `error`."""
    from extractors.article import read_article

    if isinstance(content, Failure):
        return answers.error_answer(content.input, content.reason, content.message, content.source, content.url)
    try:
        return answers.article_answer(read_article(content, cleaning), content.input)
    except ExtractionError as error:
        reason, message = error.reason, str(error)
    except Exception as error:  # a page that breaks us is one error line, not the end of the others
        reason, message = "internal_error", f"{type(error).__name__}: {error}"
    return answers.error_answer(content.input, reason, message, content.source or _own_source(content), content.url)


def _own_source(content: Capture) -> str | None:
    """The `source` of a JSON line, so that an error line can be matched with its input too."""
    return content.source


def _as_text(answer: dict[str, Any]) -> str:
    if "error" in answer:
        said = f"{answer['input']}: no article: {answer['error']['reason']}: {answer['error']['message']}"
        return for_terminal(said) + "\n"
    lines = [for_terminal(answer["title"] or "(no title)")]
    by = ", ".join(answer["authors"])
    when = f"{answer['published_at']} ({answer['published_from']})" if answer["published_at"] else "no date"
    about = (when, by, answer["language"], answer["canonical_url"] or answer["input"])
    lines.append(for_terminal(" · ".join(x for x in about if x)))
    return "\n".join(lines) + "\n\n" + for_terminal(answer["text"], lines=True) + "\n"


def code_all(
    file: str,
    mentions: bool,
    own_lexicons: Path | None,
    confidence: float,
    device: str = "cpu",
    as_training: bool = False,
) -> None:
    """Answer every line of a JSON Lines file (`-`: standard input) on standard output.

    Args:
        mentions: answers hold the mentions too.
        confidence: events less sure are left out.
        device: where the tagger works, one of `coding.DEVICES`.
        as_training: the answer is a form of the coding guide, for people to correct.
    Raises:
        OSError: the file cannot be read.
    """
    from flows.gazetteer import read_lexicons
    from flows.runner import tagger_for

    lexicons, session = read_lexicons(own_lexicons), tagger_for(device)
    stream: Iterable[bytes] = sys.stdin.buffer if file == "-" else open(file, "rb")  # noqa: SIM115 (closed by the exit of the command)
    out = sys.stdout
    for line in stream:
        if line.strip():
            out.write(for_json(_coded(line, lexicons, mentions, confidence, session, as_training)) + "\n")
    out.flush()


def _coded(
    line: bytes, lexicons: Lexicons, mentions: bool, confidence: float, session: Session, as_training: bool
) -> dict[str, Any]:
    from extractors import CODED_LIMIT
    from extractors.events.coder import code, read_article, rows_of
    from extractors.events.form import form_of

    if len(line) > DOCUMENT_LIMIT:
        return {"id": None, "error": f"a line of more than {DOCUMENT_LIMIT >> 20} MB"}
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {"id": None, "error": f"not JSON: {error}"}
    key = asked.get("id") if isinstance(asked, dict) else None
    if not isinstance(asked, dict) or not isinstance(asked.get("text"), str):
        return {"id": key, "error": "a line is an object with a string `text`"}
    if len(asked["text"]) > CODED_LIMIT:
        return {"id": key, "error": f"a text of more than {CODED_LIMIT:,} characters"}
    try:
        published = day_of(asked.get("published") or asked.get("published_at"))
        title, country, source = (
            asked[k] if isinstance(asked.get(k), str) else None for k in ("title", "country", "source")
        )
        if as_training:
            read = read_article(asked["text"], lexicons, published, country, source, session)
            rows = (row for row in rows_of(read, lexicons, published) if row[1].confidence >= confidence)
            return form_of(key, asked["text"], published, title, read, rows)
        coding = code(
            asked["text"],
            lexicons=lexicons,
            published=published,
            title=title,
            country=country,
            source=source,
            session=session,
        )
    except Exception as error:  # one line must not end the others
        return {"id": key, "error": f"{type(error).__name__}: {error}"}
    events = (event for event in coding.events if event.confidence >= confidence)
    return answers.coding_answer(key, events, coding.mentions if mentions else None)


def day_of(given: object) -> date | None:
    """An ISO day or instant as a day; None for None and ''.

    Raises:
        ValueError: anything else.
    """
    if given is None or given == "":
        return None
    if not isinstance(given, str):
        raise ValueError(f"published: {given!r} is no ISO date")
    return countable(date.fromisoformat(given[:10]))


def explain_one(what: str, space: Workspace, published: str | None, as_json: bool) -> None:
    """Explain a sentence, or the stored article or event of an id or URL, on standard output.

    Raises:
        Unknown: no such id or URL in the workspace, or a bad date.
    """
    from extractors.events.explain import explain, render
    from flows.gazetteer import read_lexicons

    try:
        day = day_of(published)
    except ValueError as error:
        raise Unknown(f"--published {published}: {error}", "write it as YYYY-MM-DD.") from error
    lexicons = read_lexicons(space.own_lexicons)
    if is_url(what) or _is_id(what):
        explained = _explain_stored(what, space, lexicons, day)
    else:
        explained = explain(what, lexicons, day)
    said = for_json(explained, indent=1) if as_json else for_terminal(render(explained), lines=True)
    sys.stdout.write(said + "\n")


def _is_id(what: str) -> bool:
    return 8 <= len(what) <= 64 and all(c in "0123456789abcdef" for c in what)


_EVENT = """
    select a.text, a.published_at, a.url, coalesce(a.source, a.site), a.version_id, e.event_id, e.date_start, e.char_start, e.extractor_version
    from events_all e join articles_all a using (version_id) where e.event_id = $1 or starts_with(e.event_id, $1) limit 1
"""
_ARTICLE = """
    select text, published_at, url, coalesce(source, site), version_id, null, null, null, null
    from articles where article_id = $1 or version_id = $1 or url = $1 or canonical_url = $1 limit 1
"""


def _explain_stored(what: str, space: Workspace, lexicons: Lexicons, day: date | None) -> list[dict[str, Any]]:
    """An article as it is coded now, or of it the sentence of one event, with that event alone."""
    import warehouse
    from extractors import VERSION
    from extractors.events.explain import explain
    from extractors.origin import source_country

    con = warehouse.connect(space.root)
    row = con.execute(_EVENT, [what]).fetchone() or con.execute(_ARTICLE, [what]).fetchone()
    if row is None:
        raise Unknown(
            f"{what}: not in {space.root}",
            'ids and URLs are in `dateline sql "from events"`; a sentence goes in quotes.',
        )
    text, at, url, source, version_id, event_id, start, offset, coded_by = row
    country = source_country(url, lexicons.homes.get(source))

    def explained(on: date | None) -> list[dict[str, Any]]:
        return explain(text, lexicons, on, country=country, source=source, version_id=version_id)

    if event_id is None:
        return explained(day or (at.date() if at else None))
    # The log keeps the instant in UTC; the publisher's day, from which dates count, may be the one before or after.
    stored = at.date() if at else None
    days = [day] if day else [stored, stored + timedelta(1), stored - timedelta(1)] if stored else [None]
    best: list[dict[str, Any]] = []
    for on in days:
        found = [
            {**sentence, "acts": [act]}
            for sentence in explained(on)
            for act in sentence["acts"]
            if act["event_id"] == event_id
        ]
        best = best or found
        if found and found[0]["acts"][0]["date"][0] == str(start or ""):
            return found
    if best:
        return best
    other = "by another version of the extractors" if coded_by != VERSION else "with other lexicons or rules"
    warn(f"{event_id} was coded {other}, and is coded otherwise now: `dateline reextract` makes the rows anew")
    return [a for a in explained(days[0]) if a["char_start"] <= offset < a["char_start"] + max(1, len(a["text"]))]
