"""The connect step of every request: the name is resolved once, only public addresses are connected to, and the peer of the connected socket is checked.

Since the address that was checked is the one that is used, neither a name server that answers differently the second time nor a
redirect leads anywhere else.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpcore

from flows.readers.address import is_public

Resolve = Callable[[str, int], Awaitable[list[str]]]
_TRIED = 4
"""Addresses of one name that are tried, each with an equal share of the time."""


class Refused(Exception):
    """A request that is not made. `reason` is the word that is stored."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


async def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of a name, as the system knows them.

    Raises:
        Refused: `unknown_host`.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError, OverflowError) as error:
        raise Refused("unknown_host", f"{host[:100]}: {error}") from error
    return list(dict.fromkeys(str(address[4][0]) for address in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects for httpcore, to public addresses only unless `allow_private`."""

    def __init__(self, allow_private: bool, resolver: Resolve) -> None:
        self._allow_private, self._resolve = allow_private, resolver
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """As httpcore asks.

        Raises:
            Refused: `private_address`, or the name is unknown.
        """
        found = await self._resolve(host, port)
        usable = found if self._allow_private else [a for a in found if is_public(a)]
        if not usable:
            raise Refused("private_address", private(host, found))
        share = timeout / min(len(usable), _TRIED) if timeout is not None else None
        for number, address in enumerate(usable[:_TRIED], 1):
            try:
                stream = await self._sockets.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == min(len(usable), _TRIED):
                    raise
                continue
            peer = (stream.get_extra_info("server_addr") or ("",))[0]
            if not self._allow_private and not is_public(str(peer)):
                await stream.aclose()
                raise Refused("private_address", private(host, [str(peer)]))
            return stream
        raise AssertionError("one address at least was tried")

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        """Never.

        Raises:
            Refused: always.
        """
        raise Refused("private_address", "a socket of this machine")

    async def sleep(self, seconds: float) -> None:
        """As httpcore asks."""
        await asyncio.sleep(seconds)


def private(host: str, found: list[str]) -> str:
    """What is said of an address that is not public, with the remedy."""
    where = host if found in ([], [host]) else f"{host} ({', '.join(found[:3])})"
    return f"{where} is no public address; --allow-private, or `allow_private = true` of the source, lets it be read"
