"""Addresses as pages and feeds give them → one address an article: absolute, without fragment, tracking parameters and default port.

courlan's cleaning, which names an article in `article_id`, also takes off parameters such as `cid` and `source` that some sites
need to find the page; what is asked for keeps them.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, quote, urljoin, urlsplit

_USERINFO = re.compile(r"(?<![\w+.-])([a-z][a-z0-9+.-]{0,30}:[\\/]{2,})[^\s/\\?#\"'<>]{0,4000}@", re.IGNORECASE)
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


def same_site(one: str, other: str) -> bool:
    """Whether two addresses are of one registered domain, so that one may speak for the other.

    The rules of public suffixes, private ones too, come with the package `tld`: whoever has ann.github.io does not own bob.github.io.

    >>> same_site("https://www.example.co.uk/a", "http://m.example.co.uk/b"), same_site("https://a.co.uk/", "https://b.co.uk/")
    (True, False)
    >>> same_site("https://ann.github.io/a", "https://bob.github.io/a"), same_site("https://10.0.0.1/", "https://9.0.0.1/")
    (False, False)
    """
    hosts = [_host(url) for url in (one, other)]
    return bool(hosts[0]) and (hosts[0] == hosts[1] or _registered(hosts[0]) == _registered(hosts[1]))


def _host(url: str) -> str:
    """In small letters of its own script: suffixes are listed in it."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
    if "xn--" not in host:
        return host
    try:
        return host.encode("ascii").decode("idna").lower()
    except UnicodeError:
        return host


@lru_cache(maxsize=4096)
def _registered(host: str) -> str:
    from tld import Result, get_tld

    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        found = get_tld(f"https://{host}/", as_object=True, fail_silently=True)
    except (ValueError, IndexError, TypeError):
        found = None
    # A suffix that no rule names is one label: this is the rule "*" of the list.
    return str(found.fld) if isinstance(found, Result) else ".".join(host.split(".")[-2:])


def without_userinfo(text: str) -> str:
    """A text whose addresses say no user and no password.

    >>> without_userinfo("https://ann:secret@example.org/a@b"), without_userinfo("https://example.org/@ann")
    ('https://example.org/a@b', 'https://example.org/@ann')
    """
    return _USERINFO.sub(r"\1", text) if "@" in text else text


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
