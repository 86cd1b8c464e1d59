"""A Prefect server, asked over HTTP without Prefect: is one there, and start a run. An answer costs milliseconds, the import a second."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import socket
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flows.config import Workspace
from flows.locks import is_locked
from flows.secret import read_secret


def find_server(space: Workspace) -> tuple[str | None, str]:
    """The server of PREFECT_API_URL, else the workspace's own (`dateline serve` writes its address there).

    Returns:
        The API's address if it answers and lets us in, else None; and the one line to tell the user ('' when there is nothing to say).
    """
    given = os.environ.get("PREFECT_API_URL", "")
    for url, whose in ((given, "PREFECT_API_URL"), (own_server(space), "the workspace's server")):
        if not url:
            continue
        if not answers(url):
            return None, f"{whose} ({url}) does not answer: running without Prefect (same rows)"
        if refuses(url, password_for(space, url) or None):
            return None, f"{whose} ({url}) wants another password ({PASSWORD}): running without Prefect (same rows)"
        return url, f"running as a Prefect flow at {url} (--direct: without Prefect)"
    return None, "no Prefect server: running directly (same rows)"


PASSWORD = "PREFECT_API_AUTH_STRING"
"""The variable that holds the password for the server of PREFECT_API_URL, as Prefect itself reads it."""


def own_server(space: Workspace) -> str:
    """The address `dateline serve` wrote down for this workspace; '' when it is not being served.

    What is written there counts only while the lock is held: after a kill another program may listen at the port.
    """
    if not is_locked(space.prefect_home / "serve.lock"):
        return ""
    try:
        url = json.loads((space.prefect_home / "server.json").read_text()).get("api_url", "")
    except (OSError, ValueError, AttributeError):
        return ""
    return url if isinstance(url, str) else ""


def password_for(space: Workspace, url: str) -> str:
    """What to send to a server: the environment's password to the environment's address, the workspace's secret to its own server.

    Returns:
        `user:password`, or '' for nothing.
    """
    if same_address(url, os.environ.get("PREFECT_API_URL", "")) and (given := os.environ.get(PASSWORD, "")):
        return given
    return read_secret(space) if same_address(url, own_server(space)) and _is_of_serve(space) else ""


def _is_of_serve(space: Workspace) -> bool:
    """Whether the server written down was started by `dateline serve`: one of PREFECT_API_URL has a password of its own."""
    try:
        return bool(json.loads((space.prefect_home / "server.json").read_text()).get("own"))
    except (OSError, ValueError, AttributeError):
        return False


def same_address(one: str, other: str) -> bool:
    """Whether two addresses of an API are one.

    >>> same_address("http://127.0.0.1:4200/api", "http://127.0.0.1:4200/api/"), same_address("", "")
    (True, False)
    """
    return bool(one) and one.rstrip("/").lower() == other.rstrip("/").lower()


def use_server(space: Workspace, url: str) -> None:
    """Have Prefect, which is not imported yet, ask this server, with the password that belongs to it and no other."""
    password = password_for(space, url)
    own = bool(password) and same_address(url, own_server(space)) and password == read_secret(space)
    if not same_address(url, os.environ.get("PREFECT_API_URL", "")):
        for name in ("PREFECT_API_KEY", PASSWORD):
            os.environ.pop(name, None)
    os.environ["PREFECT_API_URL"] = url
    if password:
        os.environ[PASSWORD] = password
    if own:
        only_while_served(space, url)


OWN_API = "DATELINE_OWN_API"
"""Environment variable of all that `dateline serve` starts: the address of the server it started itself."""


def only_while_served(space: Workspace, url: str) -> None:
    """Have this process connect to the workspace's own server only while that is being served.

    Prefect's clients send the password with every request, and connect anew when a connection is lost. When `dateline serve` was
    killed somebody else may listen at its port; whatever opens the connection, an attempt is then refused here.
    """
    parts = urllib.parse.urlsplit(url)
    for found in socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM):
        _BOUND[(found[4][0], parts.port)] = space.prefect_home / "serve.lock"
    if not _HOOKED:
        _HOOKED.append(True)
        sys.addaudithook(_let_through)  # for good: Python takes none away


_BOUND: dict[tuple[Any, Any], Path] = {}
"""Addresses and ports that are connected to only while the lock is held."""
_HOOKED: list[bool] = []


def _let_through(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        lock = _BOUND.get(arguments[1][:2])
        if lock is not None and not is_locked(lock):
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"{lock.parent.parent} is no longer being served: nothing is sent to its port")  # fmt: skip


def answers(url: str, timeout: float = 2.0) -> bool:
    """Whether a Prefect API answers at this address within `timeout` seconds. Nothing secret is sent."""
    try:
        call(url, "GET", "/health", timeout=timeout, password="")
    except (OSError, ValueError):
        return False
    return True


def refuses(url: str, password: str | None = None, timeout: float = 5.0) -> bool:
    """Whether the server turns down who comes with this password ('': with none; None: with the environment's)."""
    try:
        call(url, "GET", "/admin/version", timeout=timeout, password=password)
    except urllib.error.HTTPError as error:
        return error.code in (401, 403)
    except (OSError, ValueError):
        return False
    return False


_PAUSES = (0.3, 1.0, 3.0)
"""Seconds before a server that is busy (503: its database was locked, and nothing was done) is asked again."""


def call(api: str, method: str, path: str, body: Any = None, timeout: float = 10.0, password: str | None = None) -> Any:
    """Ask a Prefect API.

    Args:
        api: its address, such as http://127.0.0.1:4200/api.
        body: sent as JSON.
        password: `user:password`; '' sends none; None sends what the environment has, and only to the environment's address.
    Returns:
        The answer's JSON; None for an empty answer.
    Raises:
        OSError: the server is away, or refuses (urllib.error.HTTPError, with `code`).
        ValueError: the address is no HTTP address, or the answer no JSON.
    """
    if not api.lower().startswith(("http://", "https://")):
        raise ValueError(f"{api}: an address begins with http:// or https://")
    headers = {"content-type": "application/json"} | _credentials(api, password)
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(api.rstrip("/") + path, data, headers, method=method)
    # Loopback and one's own server: no proxy of the environment stands between. A redirect would carry the password elsewhere.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Straight())
    pauses = iter(_PAUSES)
    while True:
        try:
            with opener.open(request, timeout=timeout) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            pause = next(pauses, None) if error.code == HTTPStatus.SERVICE_UNAVAILABLE else None
            if pause is None:
                raise
            time.sleep(pause)
        else:
            return json.loads(text) if text.strip() else None


class _Straight(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """No API sends elsewhere: who does is another server."""


def _credentials(api: str, password: str | None) -> dict[str, str]:
    if password is None and same_address(api, os.environ.get("PREFECT_API_URL", "")):
        password = os.environ.get(PASSWORD, "")
        if not password and (key := os.environ.get("PREFECT_API_KEY")):
            return {"authorization": f"Bearer {key}"}
    if not password:
        return {}
    return {"authorization": "Basic " + base64.b64encode(password.encode()).decode()}


_BEGINS, _WAITS = 30.0, 120.0
"""Seconds after which a run that says it runs must hold what it works on, and within which one that was taken up must begin."""


def start_run(api: str, deployment: str, parameters: dict[str, Any], key: str) -> dict[str, Any]:
    """Start a run of a deployment for work that nobody holds, once for each key.

    A run that ended without doing its work, or died and cannot say so, is followed by another. The key of the follower is made
    from the dead run's id, so that asking twice never starts two.

    Args:
        deployment: "flow/name".
    Returns:
        The run as the API tells it, under way or waiting.
    Raises:
        OSError, ValueError: as `call`.
    """
    found = call(api, "GET", f"/deployments/name/{urllib.parse.quote(deployment)}")
    for _ in range(100):
        body = {"parameters": parameters, "idempotency_key": key, "state": {"type": "SCHEDULED"}}
        run: dict[str, Any] = call(api, "POST", f"/deployments/{found['id']}/create_flow_run", body)
        if not _is_dead(run):
            return run
        key = f"after-{run['id']}"
    return run


def _is_dead(run: dict[str, Any]) -> bool:
    kind = run.get("state_type")
    if kind in ("RUNNING", "PENDING"):
        since = datetime.fromisoformat(str(run["state"]["timestamp"]).replace("Z", "+00:00"))
        return (datetime.now(UTC) - since).total_seconds() > (_BEGINS if kind == "RUNNING" else _WAITS)
    return kind in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def suffix_of(space: Workspace, own_server: bool) -> str:
    """What the names of a workspace's deployments end with: nothing on its own server, and a mark of its own on one that others use.

    >>> from pathlib import Path
    >>> suffix_of(Workspace(Path("/srv/news")), True), suffix_of(Workspace(Path("/srv/news")), False)
    ('', '@news-0ca4d511')
    """
    if own_server:
        return ""
    return f"@{space.root.name}-{hashlib.sha256(os.fsencode(space.root)).hexdigest()[:8]}"
