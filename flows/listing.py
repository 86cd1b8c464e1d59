"""Listings read in a watched process: a feed, sitemap or page that takes too much time or memory costs itself, not the run."""

from __future__ import annotations

import asyncio
import os
from functools import cache
from typing import TYPE_CHECKING, Any

from extractors.records import ExtractionError
from flows.workers import Bounds, Lost, Workers

if TYPE_CHECKING:
    from extractors.listings import Listing

BOUNDS = Bounds(seconds=20.0)
"""Of one listing."""


@cache
def reader() -> Workers:
    """The worker of this process; it is started with the first call, so that it is there when a listing has come."""
    return Workers(1, BOUNDS)


def is_watched() -> bool:
    """Whether listings are read in a worker; DATELINE_WORKERS=0 says that this process reads everything itself."""
    return os.environ.get("DATELINE_WORKERS") != "0"


async def read_safely(body: bytes, url: str, charset: str | None) -> Listing:
    """As `extractors.listings.read_listing`.

    Raises:
        ExtractionError: `NotAListing`, or one that cannot be read: `too_costly`, `worker_died`, `internal_error`.
    """
    given = (body, url, charset)
    if is_watched():
        (found,) = await asyncio.wrap_future(reader().submit(_read, [given]))
    else:
        try:
            found = await asyncio.to_thread(_read, given)
        except Exception as error:
            found = error
    if isinstance(found, ExtractionError):
        raise found
    if isinstance(found, Lost):
        raise ExtractionError(found.message, found.reason)
    if isinstance(found, Exception):
        raise ExtractionError(f"{type(found).__name__}: {found}"[:300], "internal_error")
    listing: Listing = found
    return listing


def _read(given: tuple[bytes, str, str | None]) -> Any:
    from extractors.listings import read_listing

    return read_listing(*given)
