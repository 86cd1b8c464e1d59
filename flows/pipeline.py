"""The main job for one batch: read → clean → code → commit. Plain functions; they import and run without Prefect.

A run's items are its documents minus those the warehouse already knows; they are cut into batches, a batch is a load, and a
load's name is the hash of what it holds. So a run that is repeated commits nothing, and one that was killed takes up the rest.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractors.links import without_userinfo
from extractors.records import Capture, Extraction, ExtractionError
from extractors.storable import shown_name, whole
from flows.config import BATCH_BYTES, BATCH_DOCUMENTS, Workspace, captures_kept
from flows.gate import Gate
from flows.readers.files import WARC, Failure, Inputs, media_type, read_file, read_stdin
from flows.readers.http import Fetch

if TYPE_CHECKING:
    import warehouse
    from extractors.doors import Cleaning
    from extractors.lexicon import Lexicons
    from extractors.tagger.session import Session
    from flows.fetching import Arrived
    from flows.readers.warc import Archive

_HINT = 4096
"""Bytes a failure or an empty document counts for when a batch is filled."""


@dataclass(frozen=True, slots=True)
class Item:
    """One document of a run, and the key by which the warehouse knows it again."""

    item_id: str
    content: Capture | Failure | Archive
    """An archive is many documents, which `cut_batches` reads; batches hold no archives."""
    fetches: tuple[Fetch, ...] = ()
    """Attempts to fetch it, to be committed with it."""
    asked: bool = False
    """Whether it was asked for by hand, and so may come although it was forgotten."""

    @property
    def size(self) -> int:
        """Bytes it holds in memory, about."""
        return len(self.content.body) if isinstance(self.content, Capture) else _HINT


@dataclass(frozen=True, slots=True)
class Attempts:
    """Attempts to fetch that gave nothing to extract: the page is as it was, or could not be had."""

    fetches: tuple[Fetch, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents that are committed together."""

    number: int
    load_id: str
    items: tuple[Item, ...]
    mark: tuple[str, str] | None = None
    """What a piece of an archive leaves in the log when it is committed: key and value (see `flows.archives`)."""
    fetches: tuple[Fetch, ...] = ()


@dataclass(frozen=True, slots=True)
class Reject:
    """One input that gave no article: a row of `rejects`."""

    input: str
    stage: str
    """read, clean or code."""
    reason: str
    message: str
    capture_id: str | None
    source: str | None
    url: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one item came to."""

    item: Item
    extraction: Extraction | None
    reject: Reject | None


@dataclass(slots=True)
class Counts:
    """What a run or a batch came to; `+=` adds a batch to a run."""

    read: int = 0
    known: int = 0
    """Documents the warehouse had already, or that came twice in this run."""
    forgotten: int = 0
    """Documents turned away because they were forgotten."""
    same_text: int = 0
    """Documents whose address and text are stored already, from other bytes."""
    articles: int = 0
    uncoded: int = 0
    events: int = 0
    mentions: int = 0
    rejects: int = 0
    loads: int = 0
    byte_count: int = 0
    read_seconds: float = 0.0
    extract_seconds: float = 0.0
    commit_seconds: float = 0.0
    reasons: dict[str, int] = field(default_factory=dict)
    uncoded_reasons: dict[str, int] = field(default_factory=dict)
    """Why the coder did not run: reason → articles."""
    left_out: dict[str, int] = field(default_factory=dict)
    """What of coded articles was left out: reason → articles."""
    examples: list[Reject] = field(default_factory=list)
    committed: list[dict[str, Any]] = field(default_factory=list)
    """Of a batch, not of a run: its load_id, the version it made, its rows by table and the version hashes."""
    own_source: int = 0
    """Documents that name a source of their own, which was stored in place of the one given for all."""
    recalled: list[str] = field(default_factory=list)
    """What had been forgotten and came again because it was asked for by hand."""
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By configured source what fetching came to, as `flows.fetching.Tally`."""

    def __iadd__(self, other: Counts) -> Counts:
        for name in (
            "read",
            "known",
            "forgotten",
            "same_text",
            "articles",
            "uncoded",
            "events",
            "mentions",
            "rejects",
            "loads",
            "byte_count",
            "own_source",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("read_seconds", "extract_seconds", "commit_seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("reasons", "uncoded_reasons", "left_out"):
            mine: dict[str, int] = getattr(self, name)
            for key, count in getattr(other, name).items():
                mine[key] = mine.get(key, 0) + count
        self.examples = (self.examples + other.examples)[:20]
        self.recalled.extend(name for name in other.recalled if name not in self.recalled)
        self.sources |= other.sources
        return self


@dataclass(frozen=True, slots=True)
class Run:
    """One run of ingest: where it commits to, and what it is called."""

    root: Path
    run_id: str
    started_at: datetime
    extractor_version: str
    lexicon_version: str
    keep_captures: bool = True
    closing: list[Fetch] = field(default_factory=list)
    """Attempts to be committed after all else: see `close_run`."""


def new_run(root: Path, lexicon_version: str) -> Run:
    """A run with a fresh id."""
    from extractors import VERSION

    keep = captures_kept(Workspace(root)) != timedelta(0)
    return Run(root, uuid.uuid4().hex, datetime.now(UTC), VERSION, lexicon_version, keep)


def read_items(
    inputs: Inputs, source: str | None, counts: Counts, advance: Callable[[int], None], *, asked: bool = False
) -> Iterator[Item]:
    """Every document of the inputs, in a fixed order, one at a time.

    Args:
        asked: whether they are asked for by hand.
        counts: `read`, `byte_count` and `read_seconds` grow while the documents pass.
        advance: called with 1 whenever a file has been read to its end.
    """
    for failed in inputs.failures:
        counts.read += 1
        yield _item(_labelled(failed, source), asked=asked)
    for path in inputs.files:
        if media_type(path) == WARC:
            from flows.readers.warc import Archive

            yield Item("", Archive(path, shown_name(path), source), asked=asked)
        else:
            yield from _timed(read_file(path, source), counts, source, asked)
        advance(1)
    if inputs.stdin:
        yield from _timed(read_stdin(source, datetime.now(UTC)), counts, source, asked)
        advance(1)


def _labelled(content: Capture | Failure, source: str | None) -> Capture | Failure:
    """A failure says whose it is too, or forgetting its source would leave it."""
    return replace(content, source=source) if isinstance(content, Failure) and content.source is None else content


def fetched_items(
    arriving: Iterable[Arrived], counts: Counts, advance: Callable[[int], None], *, asked: bool = False
) -> Iterator[Item | Attempts]:
    """What fetching brings, one at a time. As `read_items`; `read_seconds` is the time spent waiting for it."""
    began = time.perf_counter()
    for arrived in arriving:
        counts.read_seconds += time.perf_counter() - began
        if arrived.content is None:
            yield Attempts(arrived.fetches)
        else:
            counts.read += 1
            item = _item(arrived.content, arrived.fetches, asked=asked)
            counts.byte_count += item.size
            yield item
        advance(1)
        began = time.perf_counter()


def _timed(contents: Iterator[Capture | Failure], counts: Counts, source: str | None, asked: bool) -> Iterator[Item]:
    while True:
        began = time.perf_counter()
        content = next(contents, None)
        counts.read_seconds += time.perf_counter() - began
        if content is None:
            return
        counts.read += 1
        counts.own_source += source is not None and content.source not in (None, source)
        item = _item(_labelled(content, source), asked=asked)
        counts.byte_count += item.size
        yield item


def _item(content: Capture | Failure, fetches: tuple[Fetch, ...] = (), *, asked: bool = False) -> Item:
    """A document with the key by which the warehouse knows it again; its addresses say no password."""
    from warehouse import item_key

    content = _without_passwords(content)
    digest = content.capture_id if isinstance(content, Capture) else content.digest
    address = (content.final_url or content.url) if isinstance(content, Capture) else content.url
    return Item(item_key(digest, whole(address or "")), content, fetches, asked)


def _without_passwords(content: Capture | Failure) -> Capture | Failure:
    names = ("input", "message", "url") if isinstance(content, Failure) else ("input", "url", "final_url")
    said = {name: value for name in names if (value := getattr(content, name)) and "@" in value}
    cleaned: Any = content
    for name, value in said.items():
        cleaned = replace(cleaned, **{name: without_userinfo(value)})
    found: Capture | Failure = cleaned
    return found


_PASSING = ("unreadable", "missing")
"""Reasons that may be gone tomorrow, as is whatever an address had: such a reject is recorded, and the input is tried again next time."""


OURS = ("internal_error", "unstorable", "too_costly", "worker_died")
"""Reasons that are faults of ours: a later version may do better with the same bytes."""


def remembered(outcome: Outcome, run: Run) -> str | None:
    """The key by which the log knows an item again; None for one to be tried again.

    An error of our own counts as known only to the version that made it: the next one tries again.
    """
    reason = outcome.reject.reason if outcome.reject else ""
    if reason in _PASSING or (outcome.item.fetches and isinstance(outcome.item.content, Failure)):
        return None
    return failed_key(outcome.item.item_id, run) if reason in OURS else outcome.item.item_id


def failed_key(item_id: str, run: Run) -> str:
    """The key of an item on which this version of extractor and lexicons broke."""
    return hashlib.sha256(f"{item_id}\0{run.extractor_version}\0{run.lexicon_version}".encode()).hexdigest()[:32]


def cut_batches(items: Iterable[Item | Attempts], known: Container[str], run: Run, counts: Counts) -> Iterator[Batch]:
    """Batches of the items the warehouse does not know yet, bounded in documents and bytes."""
    seen: set[str] = set()
    chosen: list[Item] = []
    fetches: list[Fetch] = []
    size = number = 0
    gate = Gate(run.root, counts.recalled)
    for item in items:
        if isinstance(item, Attempts):
            fetches += item.fetches
            continue
        archive = not isinstance(item.content, (Capture, Failure))
        if chosen and (archive or len(chosen) >= BATCH_DOCUMENTS or size + item.size > BATCH_BYTES):
            number += 1
            yield _batch(number, chosen, fetches)
            chosen, fetches, size = [], [], 0
        fetches += item.fetches
        if archive:
            for batch in _archive_batches(item, known, run, counts, seen, number, gate):
                yield batch
                number = batch.number
        elif _is_new(item, seen, known, run, counts, gate):
            chosen.append(item)
            size += item.size
    if chosen:
        yield _batch(number + 1, chosen, fetches)
    else:
        run.closing.extend(fetches)


def _is_new(item: Item, seen: set[str], known: Container[str], run: Run, counts: Counts, gate: Gate) -> bool:
    if not gate.passes(item):
        counts.forgotten += 1
        return False
    if item.item_id in seen or item.item_id in known or failed_key(item.item_id, run) in known:
        counts.known += 1
        return False
    seen.add(item.item_id)
    return True


def _archive_batches(
    item: Item, known: Container[str], run: Run, counts: Counts, seen: set[str], number: int, gate: Gate
) -> Iterator[Batch]:
    """A batch a piece of an archive, also where nothing in it is new: its mark saves reading it again."""
    from flows.archives import mark_of, pieces_of
    from flows.readers.warc import Archive

    assert isinstance(item.content, Archive)
    pieces = pieces_of(item.content, run, known)
    while True:
        began = time.perf_counter()
        piece = next(pieces, None)
        counts.read_seconds += time.perf_counter() - began
        if piece is None:
            return
        counts.read += piece.documents
        if piece.known:
            counts.known += piece.documents
            continue
        found = [_item(content, asked=item.asked) for content in piece.contents]
        own = item.content.source
        counts.own_source += own is not None and sum(one.content.source not in (None, own) for one in found)
        counts.byte_count += sum(one.size for one in found)
        new = tuple(one for one in found if _is_new(one, seen, known, run, counts, gate))
        number += 1
        keys = [one.item_id for one in new] + [piece.key] * bool(piece.key)
        yield Batch(number, _load_id(keys), new, mark=mark_of(piece) if piece.key else None)


def _batch(number: int, items: list[Item], fetches: list[Fetch]) -> Batch:
    return Batch(number, _load_id(i.item_id for i in items), tuple(items), fetches=tuple(fetches))


def close_run(run: Run) -> Counts:
    """Commit the attempts that came without documents. When all batches are committed, and not before: a listing that is
    known to be unchanged is not read again, so nothing it named may be open."""
    fetches, run.closing[:] = tuple(run.closing), []
    return commit_batch(run, Batch(0, "", (), fetches=fetches), []) if fetches else Counts()


def _load_id(keys: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(sorted(keys)).encode()).hexdigest()[:32]


def extract_batch(
    batch: Batch, lexicons: Lexicons, cleaning: Cleaning | None = None, session: Session | None = None
) -> tuple[list[Outcome], float]:
    """Clean and code every item. A bad document is a `Reject`, never a lost batch.

    Returns:
        The outcomes in order, and the seconds they took.
    """
    began = time.perf_counter()
    outcomes = [_outcome(item, lexicons, cleaning, session) for item in batch.items]
    return outcomes, time.perf_counter() - began


def _outcome(item: Item, lexicons: Lexicons, cleaning: Cleaning | None, session: Session | None) -> Outcome:
    if isinstance(item.content, Failure):
        return outcome_of(item, None)
    assert isinstance(item.content, Capture), "archives are read before"
    return outcome_of(item, read_capture(item.content, lexicons, cleaning, session))


def read_capture(
    capture: Capture, lexicons: Lexicons, cleaning: Cleaning | None, session: Session | None = None
) -> Extraction | tuple[str, str]:
    """Clean and code one document; reason and message when it gives no article."""
    from extractors import extract

    try:
        return extract(capture, lexicons, cleaning, session)
    except ExtractionError as error:
        return error.reason, str(error)
    except Exception as error:  # one page that breaks us must not lose the 249 beside it
        return "internal_error", f"{type(error).__name__}: {error}"


def outcome_of(item: Item, found: Extraction | tuple[str, str] | None) -> Outcome:
    """What an item came to: an extraction, or a reject for this reason and message; None for a failure, which has its own."""
    content = item.content
    if isinstance(found, Extraction):
        return Outcome(item, found, None)
    if isinstance(content, Failure):
        said = _reject(content.input, "read", content.reason, content.message, None, content.source, content.url)
        return Outcome(item, None, said)
    assert isinstance(content, Capture), "archives are read before"
    assert found is not None
    reason, message = found
    given = (content.capture_id, content.source, content.url)
    return Outcome(item, None, _reject(content.input, "clean", reason, message, *given))


def _reject(
    given: str, stage: str, reason: str, message: str, capture_id: str | None, source: str | None, url: str | None
) -> Reject:
    source, url = (None if text is None else whole(text) for text in (source, url))
    return Reject(whole(given), stage, reason, whole(message[:500]), capture_id, source, url, datetime.now(UTC))


def commit_batch(run: Run, batch: Batch, outcomes: list[Outcome]) -> Counts:
    """Commit what a batch gave, all tables in one record.

    A version stored meanwhile (by another run, or from other bytes of the same text) is left out; a rival's load that took some
    of our items makes us plan the rest again.
    Returns:
        The counts of what was committed; a batch that is committed already counts as known.
    """
    import warehouse

    began = time.perf_counter()
    counts = Counts()
    gate = Gate(run.root, counts.recalled)
    while True:
        allowed = gate.open_to(outcomes)
        counts.forgotten += len(outcomes) - len(allowed)
        outcomes = allowed
        known = warehouse.read_log(run.root).known
        rest = [o for o in outcomes if (remembered(o, run) or "") not in known]
        counts.known += len(outcomes) - len(rest)
        mark = _mark(batch, outcomes, run)
        mark = {key: value for key, value in mark.items() if key not in known}
        if not rest and not mark and not batch.fetches:
            break
        outcomes, part = rest, _Part(rest, known)
        attempts = () if rest or mark else (f"{f.url} {f.at}" for f in batch.fetches)
        identity = _load_id([*(remembered(o, run) or o.item.item_id for o in rest), *mark, *attempts])
        provenance = warehouse.Provenance(
            identity, run.run_id, run.extractor_version, run.lexicon_version, datetime.now(UTC)
        )
        captures = part.captures if run.keep_captures else ()
        try:
            tables = warehouse.build_tables(part.pairs, captures, part.rejects, batch.fetches, provenance)
        except warehouse.Unstorable:
            outcomes, found = without_unstorable(rest, provenance), outcomes
            if outcomes == found:
                raise
            continue
        try:
            done = warehouse.commit(
                run.root,
                identity,
                tables,
                items={key: _capture_id(o.item) for o in rest if (key := remembered(o, run))} | mark,
                run_id=run.run_id,
                versions={"extractor": run.extractor_version, "lexicons": run.lexicon_version},
                unless=gate.stones(rest),
            )
        except warehouse.LoadConflict:
            continue
        if done is None:
            counts.known += len(rest)
        else:
            _count(counts, part)
            if done is not None:
                said = {"load_id": done.load_id, "version": done.version, "rows": done.rows, "versions": done.versions}
                counts.committed.append(said)
        break
    counts.commit_seconds = time.perf_counter() - began
    return counts


def without_unstorable(outcomes: list[Outcome], provenance: warehouse.Provenance) -> list[Outcome]:
    """The outcomes, with a reject for each that no table can hold; the others are as they were."""
    import warehouse

    checked = []
    for outcome in outcomes:
        capture = outcome.item.content
        if outcome.extraction is not None and isinstance(capture, Capture):
            try:
                warehouse.build_tables([(outcome.extraction, capture)], [capture], [], (), provenance)
            except warehouse.Unstorable as error:
                given = (capture.capture_id, capture.source, capture.url)
                outcome = Outcome(outcome.item, None, _reject(capture.input, "code", "unstorable", str(error), *given))
        checked.append(outcome)
    return checked


def _mark(batch: Batch, outcomes: list[Outcome], run: Run) -> dict[str, str]:
    """The mark of a piece of an archive; where an error of our own lost a document, it counts for this version only."""
    if batch.mark is None:
        return {}
    key, value = batch.mark
    broke = any(o.reject is not None and o.reject.reason in OURS for o in outcomes)
    return {failed_key(key, run) if broke else key: value}


def _capture_id(item: Item) -> str:
    return item.content.capture_id if isinstance(item.content, Capture) else ""


class _Part:
    """The outcomes of a batch by table."""

    def __init__(self, outcomes: list[Outcome], known: Container[str]) -> None:
        self.pairs: list[tuple[Extraction, Capture]] = []
        self.rejects = [o.reject for o in outcomes if o.reject is not None]
        self.captures = [o.item.content for o in outcomes if isinstance(o.item.content, Capture)]
        self.same_text = 0
        taken: set[str] = set()
        for outcome in outcomes:
            if outcome.extraction is None or not isinstance(outcome.item.content, Capture):
                continue
            version = outcome.extraction.article.version_id
            if version in known or version in taken:
                self.same_text += 1
                continue
            taken.add(version)
            self.pairs.append((outcome.extraction, outcome.item.content))


def _count(counts: Counts, part: _Part) -> None:
    counts.loads += 1
    counts.articles += len(part.pairs)
    counts.same_text += part.same_text
    counts.rejects += len(part.rejects)
    counts.examples.extend(part.rejects[:20])
    for reject in part.rejects:
        counts.reasons[reject.reason] = counts.reasons.get(reject.reason, 0) + 1
    for extraction, _ in part.pairs:
        counts.uncoded += not extraction.coded
        if extraction.uncoded_reason:
            reasons = counts.left_out if extraction.coded else counts.uncoded_reasons
            reasons[extraction.uncoded_reason] = reasons.get(extraction.uncoded_reason, 0) + 1
        counts.events += len(extraction.events)
        counts.mentions += len(extraction.mentions)
