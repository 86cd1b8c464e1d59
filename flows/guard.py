"""The Prefect server of a workspace: Prefect's own application behind a door of ours.

Prefect asks for the password and says which origins a browser may lend its answers to. It has no setting for the rest: here a request
is refused that was sent to another name than the server's (a page whose name was made to point to this machine), or from a page of
another origin; and no page may show the server's in a frame, or have it load anything from elsewhere. What costs much and comes before
the password is not served.

`python -m flows.guard FD HOST PORT PUBLIC_URL ROOT` serves it on a socket that its parent listens at already, so that the port is never
free for another while the parent lives.
"""

from __future__ import annotations

import socket
import sys
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
ANYWHERE = ("0.0.0.0", "::", "")
_COSTLY = frozenset(["/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"])
"""Prefect's description of its API, which it makes anew for each asking: six seconds in which it answers nobody else.
Below /api it stands behind the password."""


def names(host: str, public_url: str) -> tuple[str, ...]:
    """The names a request may be sent to.

    >>> names("127.0.0.1", ""), names("0.0.0.0", "https://news.example")
    (('127.0.0.1', 'localhost', '[::1]'), ('127.0.0.1', 'localhost', '[::1]', 'news.example'))
    """
    given = (host if host not in ANYWHERE else "", urlsplit(public_url).hostname if public_url else "")
    return tuple(dict.fromkeys((*LOOPBACK, *(written(name).lower() for name in given if name))))


def written(host: str) -> str:
    """A host as it stands in an address: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def origins(host: str, port: int, public_url: str) -> tuple[str, ...]:
    """The origins whose pages may ask the API: the server's own.

    >>> origins("127.0.0.1", 4200, "")
    ('http://127.0.0.1:4200', 'http://localhost:4200')
    """
    others = () if host in ANYWHERE else (host,)
    own = [f"http://{written(name.lower())}:{port}" for name in ("127.0.0.1", "localhost", *others)]
    if public_url:
        url = urlsplit(public_url)
        own.append(f"{url.scheme}://{url.netloc}".lower())
    return tuple(dict.fromkeys(own))


def policy(allowed: tuple[str, ...]) -> str:
    """The Content-Security-Policy of every answer: what the server's pages load comes from the server."""
    sockets = tuple(origin.replace("http", "ws", 1) for origin in allowed)
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            f"connect-src 'self' {' '.join((*allowed, *sockets))}",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class Guard:
    """An ASGI application before another: refuses what a page of another origin sends, and marks all answers."""

    def __init__(self, app: Any, allowed: tuple[str, ...]) -> None:
        self.app = app
        self.allowed = frozenset(origin.encode() for origin in allowed)
        self.headers = [
            (b"content-security-policy", policy(allowed).encode()),
            (b"x-frame-options", b"DENY"),
            (b"referrer-policy", b"no-referrer"),
            (b"x-content-type-options", b"nosniff"),
        ]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        given = [value.lower() for name, value in scope["headers"] if name == b"origin"]
        if any(origin not in self.allowed for origin in given):
            await _refuse(scope["type"], send, 403, b"a page of another origin may not ask this server\n")
            return
        if scope["path"] in _COSTLY:
            await _refuse(scope["type"], send, 404, b"not served here\n")
            return

        async def marked(message: Any) -> None:
            if message["type"] == "http.response.start":
                ours = {name for name, _ in self.headers}
                message["headers"] = [h for h in message.get("headers", ()) if h[0].lower() not in ours] + self.headers
            await send(message)

        await self.app(scope, receive, marked)


async def _refuse(kind: str, send: Any, status: int, text: bytes) -> None:
    if kind == "websocket":
        await send({"type": "websocket.close", "code": 1008})  # before it is accepted: answered with 403
        return
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def guarded(app: Any, host: str, port: int, public_url: str) -> Any:
    """Prefect's application behind the door."""
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    behind = Guard(app, origins(host, port, public_url))
    return TrustedHostMiddleware(behind, allowed_hosts=list(names(host, public_url)), www_redirect=False)


def main(fd: str, host: str, port: str, public_url: str, root: str) -> None:
    """Serve on a listening socket until SIGTERM. `root` is there to be seen in the list of processes."""
    import uvicorn
    from prefect.server.api.server import create_app
    from prefect.settings import get_current_settings

    settings = get_current_settings()
    if not settings.server.api.auth_string:
        sys.exit("no PREFECT_SERVER_API_AUTH_STRING: a server without a password is not started")
    app = guarded(create_app(final=True), host, int(port), public_url)
    config = uvicorn.Config(
        app,
        timeout_keep_alive=settings.server.api.keepalive_timeout,
        timeout_graceful_shutdown=5,
        log_level=settings.server.logging_level.lower(),
        server_header=False,
    )
    with socket.socket(fileno=int(fd)) as listening:
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(*sys.argv[1:6])
