"""Is there a Prefect server to run under? Asked before Prefect is imported: an answer costs milliseconds, the import a second."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request

from flows.config import Workspace


def find_server(space: Workspace) -> tuple[str | None, str]:
    """The server of PREFECT_API_URL, else the workspace's own (`dateline serve` writes its address there).

    Returns:
        The API's address if it answers, else None; and the one line to tell the user ('' when there is nothing to say).
    """
    given = os.environ.get("PREFECT_API_URL", "")
    for url, whose in ((given, "PREFECT_API_URL"), (_own(space), "the workspace's server")):
        if not url:
            continue
        if answers(url):
            return url, f"running as a Prefect flow at {url} (--direct: without Prefect)"
        return None, f"{whose} ({url}) does not answer: running without Prefect (same rows)"
    return None, "no Prefect server: running directly (same rows)"


def _own(space: Workspace) -> str:
    try:
        url = json.loads((space.prefect_home / "server.json").read_text()).get("api_url", "")
    except (OSError, ValueError, AttributeError):
        return ""
    return url if isinstance(url, str) else ""


def answers(url: str, timeout: float = 2.0) -> bool:
    """Whether a Prefect API answers at this address within `timeout` seconds."""
    if not url.lower().startswith(("http://", "https://")):
        return False
    try:
        with urllib.request.urlopen(url.rstrip("/") + "/health", timeout=timeout) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False
