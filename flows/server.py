"""A Prefect server, asked over HTTP without Prefect: is one there, and start a run. An answer costs milliseconds, the import a second."""

from __future__ import annotations

import base64
import json
import os
import urllib.error
import urllib.request
from typing import Any

from flows.config import Workspace


def find_server(space: Workspace) -> tuple[str | None, str]:
    """The server of PREFECT_API_URL, else the workspace's own (`dateline serve` writes its address there).

    Returns:
        The API's address if it answers, else None; and the one line to tell the user ('' when there is nothing to say).
    """
    given = os.environ.get("PREFECT_API_URL", "")
    for url, whose in ((given, "PREFECT_API_URL"), (own_server(space), "the workspace's server")):
        if not url:
            continue
        if answers(url):
            return url, f"running as a Prefect flow at {url} (--direct: without Prefect)"
        return None, f"{whose} ({url}) does not answer: running without Prefect (same rows)"
    return None, "no Prefect server: running directly (same rows)"


def own_server(space: Workspace) -> str:
    """The address `dateline serve` wrote down for this workspace; '' when it is not being served."""
    try:
        url = json.loads((space.prefect_home / "server.json").read_text()).get("api_url", "")
    except (OSError, ValueError, AttributeError):
        return ""
    return url if isinstance(url, str) else ""


def answers(url: str, timeout: float = 2.0) -> bool:
    """Whether a Prefect API answers at this address within `timeout` seconds."""
    try:
        call(url, "GET", "/health", timeout=timeout)
    except (OSError, ValueError):
        return False
    return True


def call(api: str, method: str, path: str, body: Any = None, timeout: float = 10.0) -> Any:
    """Ask a Prefect API.

    Args:
        api: its address, such as http://127.0.0.1:4200/api.
        body: sent as JSON.
    Returns:
        The answer's JSON; None for an empty answer.
    Raises:
        OSError: the server is away, or refuses (urllib.error.HTTPError, with `code`).
        ValueError: the address is no HTTP address, or the answer no JSON.
    """
    if not api.lower().startswith(("http://", "https://")):
        raise ValueError(f"{api}: an address begins with http:// or https://")
    headers = {"content-type": "application/json"} | _credentials()
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(api.rstrip("/") + path, data, headers, method=method)
    # Loopback and one's own server: no proxy of the environment stands between.
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=timeout) as answer:
        text = answer.read()
    return json.loads(text) if text.strip() else None


def _credentials() -> dict[str, str]:
    if key := os.environ.get("PREFECT_API_KEY"):
        return {"authorization": f"Bearer {key}"}
    if given := os.environ.get("PREFECT_API_AUTH_STRING"):
        return {"authorization": "Basic " + base64.b64encode(given.encode()).decode()}
    return {}


def start_run(api: str, deployment: str, parameters: dict[str, Any], key: str) -> dict[str, Any]:
    """Start a run of a deployment, once for each key; one that ended without doing its work is followed by another.

    The key of the follower is made from the dead run's id, so that asking twice never starts two.

    Args:
        deployment: "flow/name".
    Returns:
        The run as the API tells it, under way or waiting.
    Raises:
        OSError, ValueError: as `call`.
    """
    found = call(api, "GET", f"/deployments/name/{deployment}")
    for _ in range(100):
        body = {"parameters": parameters, "idempotency_key": key, "state": {"type": "SCHEDULED"}}
        run: dict[str, Any] = call(api, "POST", f"/deployments/{found['id']}/create_flow_run", body)
        if run.get("state_type") not in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
            return run
        key = f"after-{run['id']}"
    return run


def is_missing(error: OSError) -> bool:
    """Whether a server answered that there is no such thing."""
    return isinstance(error, urllib.error.HTTPError) and error.code == 404
