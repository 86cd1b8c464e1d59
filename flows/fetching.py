"""Configured sources and URLs → captures, while the articles that came first are being extracted.

One thread with an event loop does all fetching: listings first, then what they name and is not known, host by host. What
arrives waits in a queue bounded in bytes, so memory does not grow with the run. Results are in no order.
"""

from __future__ import annotations

import asyncio
import json
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from extractors.links import clean_link
from extractors.records import Capture, ExtractionError
from flows.config import SettingsError, Workspace, read_settings
from flows.configured import Source
from flows.fetchstate import GIVEN_UP, FetchState, Page
from flows.gate import Gate
from flows.listing import is_watched, read_safely, reader
from flows.locks import alone
from flows.readers.files import JSON, Failure, failure
from flows.readers.http import FEED, PAGE, PASSING, Fetch, Fetched, Fetcher, Limits, Request, host_of

if TYPE_CHECKING:
    from extractors.listings import Entry, Listing
    from flows.readers.connecting import Resolve

REFUSED = ("robots_disallowed", "http_401", "http_402", "http_403", "http_451")
"""Reasons why a page is not ours to read, though its feed may carry the text."""
LIMITS = Limits()
_MACHINES = (OSError, sqlite3.Error, MemoryError)
"""Faults of the machine: they end the run."""
_QUEUED_BYTES = 24 << 20
_QUEUED = 200
_ABSORB_EVERY = 1000
_BELIEVED = timedelta(days=7)
"""A server that has said "unchanged" for so long is asked for the body once more: some say so for ever."""
_SITEMAP_LIMIT = 50 << 20
_LANE_SECONDS = 3600.0
"""After so long a run leaves the rest of a host's pages to the next: a crawl delay of minutes would hold it for days."""
LISTINGS_LIMIT = 100
"""Listings of one source that are read in one run: sitemaps of an index, feeds of a front page; the newest first."""
LISTING_SECONDS = 900.0
"""Seconds after which no further listing of a source is read in a run."""


@dataclass(slots=True)
class Tally:
    """What a run came to for one source."""

    found: int = 0
    """Addresses its listings named."""
    new: int = 0
    """Fetched, and new or changed."""
    unchanged: int = 0
    """Asked for, and as they were."""
    known: int = 0
    """Not asked for: fetched a short time ago, or by another source of this run."""
    forgotten: int = 0
    """Not asked for because they were forgotten."""
    failed: int = 0
    later: int = 0
    """Left to the next run: above the limit, or the host asked for time."""
    pause: float = 0.0
    """Seconds between two requests to a host, as kept."""
    robots: bool = True
    notes: list[str] = field(default_factory=list)
    """What went wrong with its listings."""

    def shown(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Arrived:
    """One result: a page, a failure, or only the attempts when there is nothing to extract."""

    content: Capture | Failure | None
    fetches: tuple[Fetch, ...]


@dataclass(eq=False, slots=True)
class _Work:
    """One source on its way."""

    source: Source
    tally: Tally
    named: bool
    """Configured, and not addresses given by hand."""
    closing: list[Fetch] = field(default_factory=list)
    """Attempts at its listings, to be committed after all they named: a listing is known only when its articles are."""
    complete: bool = True
    listings: int = 0
    began: float = field(default_factory=time.monotonic)
    open: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)
    chosen: list[tuple[Request, Entry]] = field(default_factory=list)


class Gathering:
    """One run's fetching. `with Gathering(…) as g: for arrived in g: …`; then `g.closing` are the attempts to be committed last.

    Raises:
        SettingsError: dateline.toml is wrong.
    """

    def __init__(
        self,
        space: Workspace,
        sources: tuple[Source, ...],
        urls: Source | None = None,
        limits: Limits | None = None,
        resolver: Resolve | None = None,
        gate: Gate | None = None,
        again: bool = False,
        by_hand: bool = True,
    ) -> None:
        """`urls`: addresses given, as a source without a name. `gate` turns away what was forgotten: of the sources unless `again`,
        of these addresses unless `by_hand`."""
        self._gate, self._again, self._by_hand = gate, again, by_hand
        self._space = space
        self._works = [_Work(s, Tally(pause=s.pause.total_seconds(), robots=s.robots), True) for s in sources]
        self.given = Tally()
        """Of the addresses given."""
        if urls is not None and urls.address:
            self._works.append(_Work(urls, self.given, False))
        self._limits, self._resolver = limits or LIMITS, resolver
        self._contact = contact_of(space)
        self.closing: list[Fetch] = []
        self.tallies = {w.source.name: w.tally for w in self._works if w.named}
        self._queue: queue.SimpleQueue[Arrived | BaseException | None] = queue.SimpleQueue()
        self._queued = self._bytes = 0
        self._seen: set[str] = set()
        self._resumed: set[str] = set()
        """Addresses that an earlier run fetched and did not commit; they count as new."""
        self._lanes: dict[tuple[str, bool], deque[tuple[_Work, Request, Entry]]] = {}
        self._held = ExitStack()

    def __enter__(self) -> Gathering:
        self._state = FetchState(self._space)
        try:
            self._state.absorb()
            self._works = [w for w in self._works if self._take(w)]
        except BaseException:
            self._held.close()
            self._state.close()
            raise
        if is_watched() and any(work.source.kind != "urls" for work in self._works):
            reader()  # starts while the first listing is fetched
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="fetching", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join()
        self._state.close()
        self._held.close()

    def __iter__(self) -> Iterator[Arrived]:
        while (arrived := self._queue.get()) is not None:
            if isinstance(arrived, BaseException):
                raise arrived
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._taken, _size(arrived))
            yield arrived

    def _take(self, work: _Work) -> bool:
        """Whether the source is ours to fetch: no two runs fetch one at the same time."""
        if not work.named:
            return True
        held = self._held.enter_context(alone(self._space.root / ".fetching" / f"{work.source.name}.lock"))
        if not held:
            work.tally.notes.append("another run is fetching it at this moment")
        return held

    # What follows runs in the thread.

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._main = self._loop.create_task(self._gather())
        try:
            self._loop.run_until_complete(self._main)
            self._queue.put(None)
        except BaseException as error:
            self._queue.put(None if isinstance(error, asyncio.CancelledError) else error)
        finally:
            with suppress(Exception):
                self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def _cancel(self) -> None:
        self._main.cancel()

    def _taken(self, size: int) -> None:
        self._queued -= 1
        self._bytes -= size
        self._room.set()

    async def _gather(self) -> None:
        self._room, self._reading = asyncio.Event(), asyncio.Semaphore(1)
        state = self._state
        fetcher = Fetcher(self._limits, self._contact, self._resolver, state.robots(), state.waits())
        try:
            async with fetcher, asyncio.TaskGroup() as self._tasks:
                self._fetcher = fetcher
                for work in self._works:
                    self._tasks.create_task(self._source(work))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from group
        finally:
            state.put_robots(fetcher.robots)
            state.put_waits(fetcher.asked_until)

    async def _source(self, work: _Work) -> None:
        """One source, whatever its servers say: what goes wrong with it is its own."""
        try:
            await self._from_listings(work)
        except _MACHINES:
            raise
        except Exception as error:
            work.tally.failed += 1
            work.tally.notes.append(f"internal_error: {type(error).__name__}: {error}"[:300])
            self.closing += map(_unvalidated, work.closing)

    async def _from_listings(self, work: _Work) -> None:
        """One source from its listings to its last page."""
        source = work.source
        if work.named:
            for url, capture, fetches in self._state.spooled(source.name):
                self._seen.add(url)
                if self._away(work, url):
                    self._state.drop(source.name, url)
                    continue
                self._resumed.add(url)
                await self._put(Arrived(capture, fetches))
                work.tally.new += 1
        if source.kind == "urls":
            self._choose_given(work)
        else:
            for url in source.address:
                await self._listing(work, clean_link(url) or url)
            self._choose_failed(work)
        for request, entry in work.chosen[: source.limit]:
            self._enqueue(work, request, entry)
        left = len(work.chosen) - source.limit
        work.chosen.clear()
        if left > 0:
            work.tally.later += left
            work.complete = False
        if work.open:
            await work.done.wait()
        # A listing that named more than was fetched is read again whole next time.
        self.closing += [f if work.complete else _unvalidated(f) for f in work.closing]

    async def _listing(self, work: _Work, url: str, depth: int = 0) -> None:
        """Fetch one listing and choose from what it names; an index leads to its sitemaps, a front page to its feeds."""
        if url in self._seen:
            return
        if work.listings == LISTINGS_LIMIT or time.monotonic() - work.began > LISTING_SECONDS:
            work.tally.notes.append(f"{url}: left to the next run, after {work.listings} listings of this source")
            work.listings, work.complete = LISTINGS_LIMIT + 1, False
        if work.listings > LISTINGS_LIMIT:
            return
        work.listings += 1
        self._seen.add(url)
        source, page = work.source, self._state.page(url)
        sitemap = source.kind == "sitemap"
        # A listing that is as it was would name nothing, and so nothing that was forgotten.
        request = self._request(work, url, None if self._again else page)
        got = await self._fetch(replace(request, accept=FEED if source.kind != "site" else PAGE,
                                        limit=_SITEMAP_LIMIT if sitemap else None))  # fmt: skip
        work.closing += got.fetches
        if isinstance(got.content, Failure):
            work.tally.failed += 1
            work.tally.notes.append(f"{url}: {got.content.reason}: {got.content.message}")
            if got.reason not in PASSING:
                await self._put(Arrived(got.content, ()))
            return
        if got.content is None:
            more = self._state.parts(url)
        else:
            try:
                async with self._reading:
                    listing = await read_safely(got.content.body, got.content.final_url or url, got.content.charset)
            except ExtractionError as error:
                work.tally.failed += 1
                work.tally.notes.append(f"{url}: {error.reason}: {error}")
                await self._put(Arrived(_failed(work, url, error.reason, str(error)), ()))
                return
            self._choose(work, listing)
            more = listing.more
            self._state.put_parts(url, more)
        for part in more[:LISTINGS_LIMIT] if depth < 2 else ():
            await self._listing(work, part, depth + 1)

    def _choose(self, work: _Work, listing: Listing) -> None:
        """Of what a listing names, what is to be asked for: what is new, what failed, what may have changed."""
        entries = listing.entries
        if any(e.published_at or e.modified_at for e in entries):
            entries = tuple(sorted(entries, key=_newest, reverse=True))
        for entry in entries:
            work.tally.found += 1
            if entry.url in self._seen:
                work.tally.known += entry.url not in self._resumed
                continue
            self._seen.add(entry.url)
            if self._away(work, entry.url):
                continue
            page = self._state.page(entry.url)
            if page is not None and not self._worth(work.source, page, entry):
                work.tally.known += 1
                continue
            work.chosen.append((self._request(work, entry.url, page), entry))

    def _away(self, work: _Work, url: str) -> bool:
        """Whether an address was forgotten; one that was named by hand is asked for."""
        if self._gate is None or self._gate.passes_address(
            url, None, self._again or (self._by_hand and not work.named)
        ):
            return False
        work.tally.forgotten += 1
        return True

    def _worth(self, source: Source, page: Page, entry: Entry) -> bool:
        """Whether a page that was asked for before is to be asked for again."""
        if page.error is not None and page.error in PASSING and page.tries < GIVEN_UP:
            return True
        if entry.modified_at is not None and entry.modified_at.timestamp() > page.at:
            return True
        return time.time() - page.at >= source.fresh.total_seconds()

    def _choose_given(self, work: _Work) -> None:
        from extractors.listings import Entry, Listing

        links = dict.fromkeys(clean_link(url) or url for url in work.source.address)
        self._choose(work, Listing("urls", tuple(Entry(link) for link in links)))

    def _choose_failed(self, work: _Work) -> None:
        """Pages that failed in earlier runs, whether or not their listing still names them."""
        from extractors.listings import Entry

        for url in self._state.failed(work.source.name):
            if url not in self._seen and not url.endswith("/robots.txt"):
                self._seen.add(url)
                if self._away(work, url):
                    continue
                work.chosen.append((self._request(work, url, self._state.page(url)), Entry(url)))

    def _request(self, work: _Work, url: str, page: Page | None) -> Request:
        source = work.source
        believed = page is not None and time.time() - (page.body_at or 0) < _BELIEVED.total_seconds()
        return Request(
            url,
            source.name or None,
            etag=page.etag if page is not None and believed else None,
            last_modified=page.last_modified if page is not None and believed else None,
            digest=page.digest if page is not None else None,
            pause=source.pause.total_seconds(),
            allow_private=source.allow_private,
            robots=source.robots,
        )

    def _enqueue(self, work: _Work, request: Request, entry: Entry) -> None:
        """Put a page into the lane of its host."""
        key = (host_of(request.url), request.allow_private)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = deque()
            self._tasks.create_task(self._lane(key, lane))
        lane.append((work, request, entry))
        work.open += 1

    async def _lane(self, key: tuple[str, bool], lane: deque[tuple[_Work, Request, Entry]]) -> None:
        """The pages of one host, one after the other."""
        began = time.monotonic()
        while lane:
            work, request, entry = lane.popleft()
            if time.monotonic() - began < _LANE_SECONDS:
                try:
                    await self._page(work, request, entry)
                except _MACHINES:
                    raise
                except Exception as error:
                    work.tally.failed += 1
                    work.complete = False
                    work.tally.notes.append(f"{request.url}: internal_error: {type(error).__name__}: {error}"[:300])
            else:
                work.tally.later += 1
                work.complete = False
            work.open -= 1
            if not work.open:
                work.done.set()
        del self._lanes[key]
        await self._fetcher.release(*key)

    async def _page(self, work: _Work, request: Request, entry: Entry) -> None:
        got = await self._fetch(request)
        tally = work.tally
        tally.pause = max(tally.pause, self._fetcher.pause_of(request))
        content, fetches = got.content, got.fetches
        if isinstance(content, Failure):
            if content.reason in REFUSED and entry.html:
                content = _from_feed(work.source, entry)
            elif content.reason in ("postponed", "host_down"):
                tally.later += 1
                content = None
            else:
                tally.failed += 1
                page = self._state.page(request.url)
                again = content.reason in PASSING and (page is None or page.tries + len(fetches) < GIVEN_UP)
                if work.named and again:
                    content = None
        elif content is None:
            tally.unchanged += 1
        if isinstance(content, Capture):
            content = replace(content, listed_at=_in_utc(entry.published_at), listed_title=entry.title)
            tally.new += 1
            if work.named:
                self._state.keep(work.source.name, request.url, content, fetches)
                if tally.new % _ABSORB_EVERY == 0:
                    self._state.absorb()
        await self._put(Arrived(content, fetches))

    async def _fetch(self, request: Request) -> Fetched:
        while self._queued >= _QUEUED or self._bytes >= _QUEUED_BYTES:
            self._room.clear()
            await self._room.wait()
        return await self._fetcher.fetch(request)

    async def _put(self, arrived: Arrived) -> None:
        while self._bytes >= 4 * _QUEUED_BYTES:  # the spool comes without fetching
            self._room.clear()
            await self._room.wait()
        self._queued += 1
        self._bytes += _size(arrived)
        self._queue.put(arrived)


def contact_of(space: Workspace) -> str | None:
    """How whoever runs us can be reached, `[fetching] contact` of dateline.toml; told to every server.

    Raises:
        SettingsError: it is no text, or the file is wrong.
    """
    table = read_settings(space).get("fetching", {})
    contact = table.get("contact") if isinstance(table, dict) else table
    if contact is not None and not (isinstance(contact, str) and contact.isascii() and contact.isprintable()):
        raise SettingsError(f'{space.settings}: [fetching] contact = {contact!r}: such as "mailto:desk@example.org"')
    return contact or None


def _size(arrived: Arrived) -> int:
    return len(arrived.content.body) if isinstance(arrived.content, Capture) else 500


def _in_utc(at: datetime | None) -> datetime | None:
    """As captures are stored, so that making an article again from its capture counts the same day."""
    return at.astimezone(UTC) if at is not None else None


def _newest(entry: Entry) -> datetime:
    return entry.modified_at or entry.published_at or datetime.min.replace(tzinfo=UTC)


def _unvalidated(fetch: Fetch) -> Fetch:
    return replace(fetch, etag=None, last_modified=None, capture_id=None)


def _failed(work: _Work, url: str, reason: str, message: str) -> Failure:
    base = failure(url, reason, message)
    return Failure(url, reason, message, base.digest, work.source.name or None, url)


def _from_feed(source: Source, entry: Entry) -> Capture:
    """The text a feed carries, through the door of JSON Lines."""
    line = {"url": entry.url, "title": entry.title, "html": f"<article>{entry.html}</article>", "source": source.name}
    body = json.dumps({k: v for k, v in line.items() if v}, ensure_ascii=False).encode("utf-8", "replace")
    now = datetime.now(UTC).replace(microsecond=0)
    return Capture(body, entry.url, JSON, "utf-8", entry.url, source.name, now)
