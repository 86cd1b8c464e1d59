"""Addresses as pages and feeds give them → one address an article: absolute, without fragment, tracking parameters and default port.

courlan's cleaning, which names an article in `article_id`, also takes off parameters such as `cid` and `source` that some sites
need to find the page; what is asked for keeps them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from urllib.parse import SplitResult, quote, urljoin, urlsplit

_LONGEST = 2000
_SPACE = str.maketrans("", "", "\t\r\n\0")
_KEPT = "%/:=&?~#+!$,;'@()*[]|"


def clean_link(link: str, base: str = "") -> str | None:
    """The address to ask for; None of what is no web address.

    >>> clean_link("/2026/03/talks?utm_source=rss&id=7#top", "https://Example.org:443/feed")
    'https://example.org/2026/03/talks?id=7'
    >>> clean_link("mailto:desk@example.org") is None
    True
    """
    given = link.strip().translate(_SPACE)
    if not given or len(given) > _LONGEST or given.rstrip("/:").lower() in ("http", "https"):
        return None
    try:
        parts = urlsplit(urljoin(base, given))
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    named = f"[{host}]" if ":" in host else host
    if port is not None and port != (443 if scheme == "https" else 80):
        named = f"{named}:{port}"
    path = quote(parts.path, safe=_KEPT) or "/"
    query = "&".join(p for p in parts.query.split("&") if p and not _tracks(p.partition("=")[0]))
    return SplitResult(scheme, named, path, quote(query, safe=_KEPT), "").geturl()


def site_of(url: str) -> str:
    """The host without `www.`: what two pages of one site share."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _tracks(name: str) -> bool:
    exact, beginnings = _tracking()
    lowered = name.lower()
    return lowered in exact or lowered.startswith(beginnings)


@cache
def _tracking() -> tuple[frozenset[str], tuple[str, ...]]:
    lines = (Path(__file__).parent / "tracking.txt").read_text(encoding="utf-8").split("\n")
    names = [line for line in lines if line and not line.startswith("#")]
    return (
        frozenset(n for n in names if not n.endswith("*")),
        tuple(n.removesuffix("*") for n in names if n.endswith("*")),
    )
