"""Politeness towards one host: one connection, a pause after every request, the waits it asks for, and an end after too many failures."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpcore

from flows.readers.connecting import GuardedBackend, Refused, Resolve
from flows.readers.robots import Rules

LONGEST_PAUSE = 600.0
BREAKS_AFTER = 5
"""Failures in a row after which a host is left alone for the rest of the run."""


class Host:
    """One host: its connection, when it may be asked again, what it has told us."""

    def __init__(
        self, name: str, allow_private: bool, context: ssl.SSLContext, resolver: Resolve, until: float
    ) -> None:
        """`until`: no request before this instant, seconds since 1970; from what the host said in an earlier run."""
        self.name = name
        # One connection: http and https of one host share the place.
        self.pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=1,
            keepalive_expiry=30.0,
            network_backend=GuardedBackend(allow_private, resolver),
        )
        self.until = self.asked_until = until
        """Not to be asked before, after failures; and of that what the host itself asked for (Retry-After), to be remembered."""
        self.pause_until = 0.0
        self.failures = 0
        self.rules: dict[str, Rules] = {}
        self.robots_lock = asyncio.Lock()
        self._turn = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether somebody has or awaits its turn."""
        return self._turn.locked()

    @asynccontextmanager
    async def turn(self, pause: float, patience: float, everywhere: asyncio.Semaphore) -> AsyncIterator[None]:
        """Wait until the host may be asked, hold its only connection, and begin the pause afterwards.

        Args:
            pause: seconds after this request.
            patience: seconds one waits at most after failures and on request; a crawl delay is kept up to ten minutes.
        Raises:
            Refused: `postponed` when the host is not to be asked so soon, `host_down` after too many failures in a row.
        """
        async with self._turn:
            if self.failures >= BREAKS_AFTER:
                raise Refused("host_down", f"{self.name} failed {self.failures} times in a row; left alone in this run")
            now = time.time()
            if self.until - now > patience or self.pause_until - now > LONGEST_PAUSE:
                at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(max(self.until, self.pause_until)))
                raise Refused("postponed", f"{self.name} is not to be asked before {at} UTC")
            await asyncio.sleep(max(0.0, self.until - now, self.pause_until - now))
            async with everywhere:
                try:
                    yield
                finally:
                    self.pause_until = time.time() + pause

    def failed(self, wait: float, asked: bool) -> None:
        """Note a failure after which the host is to be left alone for `wait` seconds; `asked` when it said so itself."""
        self.failures += 1
        self.until = max(self.until, time.time() + wait)
        if asked:
            self.asked_until = max(self.asked_until, self.until)

    async def close(self) -> None:
        """Close its connection."""
        await self.pool.aclose()
