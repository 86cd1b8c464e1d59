"""robots.txt as RFC 9309 has it: what the groups for us allow, or those for everybody where none names us. Linear in the file and in the address.

Only our groups are kept, however many agents a file names; of a large one the first 500 KiB are read. Whatever it says is an answer:
a number that is none says nothing, and a wait beyond a day counts as a day.
"""

from __future__ import annotations

import math
import re
from urllib.parse import quote

NAME = "Dateline"
"""What we are called in robots.txt."""
READ = 500 * 1024
"""Bytes that are read at most; the RFC asks for as many at least."""
LONGEST_DELAY = 86400.0
"""Seconds."""
_AGENT = ("user-agent", "useragent", "user agent")
_DISALLOW = ("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw")
_TOKEN = re.compile(r"[a-z_-]*")
_RATE = re.compile(r"(\d{1,9})\s*/\s*(\d{1,9})(?!\d)\s*([smh]?)")
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def text_of(body: bytes) -> str | None:
    """The text of a robots.txt; None when it is none, and then nothing may be concluded from it.

    >>> text_of("User-agent: *".encode("utf-16")), text_of(b"a" + bytes(1))
    ('User-agent: *', None)
    """
    body = body[:READ]
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = body.decode("utf-16", "replace")
    else:
        text = body.decode("utf-8-sig", "replace")
    return None if "\0" in text else text


class Rules:
    """What one robots.txt allows us."""

    def __init__(self, text: str | None) -> None:
        """`text` is None when the file could not be had, and then nothing is allowed."""
        self.known = text is not None
        named, everybody = _Group(), _Group()
        if text:
            _read(text, named, everybody)
        group = named if named.there else everybody
        self.delay = group.delay
        # The longest pattern that matches decides, and of two as long the one that allows.
        self._rules = sorted(group.rules, key=lambda rule: (-len(rule[0]), not rule[1]))

    def allow(self, url: str) -> bool:
        """Whether we may fetch an address."""
        if not self.known:
            return False
        rest = url.partition("://")[2].partition("#")[0]
        at = min((n for n in (rest.find("/"), rest.find("?")) if n >= 0), default=len(rest))
        path = _normal("/" * (rest[at : at + 1] != "/") + rest[at:])
        for pattern, allowed in self._rules:
            if _matches(pattern, path):
                return allowed
        return True


class _Group:
    """The rules of all groups for one agent."""

    def __init__(self) -> None:
        self.there = False
        self.rules: list[tuple[str, bool]] = []
        self.delay = 0.0

    def add(self, key: str, value: str) -> None:
        if key in _DISALLOW or key == "allow":
            if value:
                self.rules.append((_normal(value), key == "allow"))
        elif key == "crawl-delay":
            self.delay = max(self.delay, _delay(value))
        elif key == "request-rate":
            self.delay = max(self.delay, _rate(value))


def _read(text: str, named: _Group, everybody: _Group) -> None:
    ours: list[_Group] = []
    naming = False
    for line in text.replace("\r", "\n").split("\n"):
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key in _AGENT:
            if not naming:
                ours = []
            naming = True
            group = everybody if value == "*" else named if _token(value) == NAME.lower() else None
            if group is not None:
                group.there = True
                ours.append(group)
        elif key != "sitemap":
            naming = False
            for group in dict.fromkeys(ours):
                group.add(key, value)


def _token(value: str) -> str:
    """The product token an agent is named by, without its version.

    >>> _token("Dateline/0.1")
    'dateline'
    """
    found = _TOKEN.match(value.lower())
    return found.group() if found else ""


def _delay(value: str) -> float:
    """
    >>> _delay("2.5"), _delay("1e300"), _delay("-1"), _delay("nan"), _delay("soon")
    (2.5, 86400.0, 0.0, 0.0, 0.0)
    """
    try:
        seconds = float(value[:40])
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), LONGEST_DELAY) if not math.isnan(seconds) else 0.0


def _rate(value: str) -> float:
    """Seconds between two requests.

    >>> _rate("1/5"), _rate("2/1m 0800-1200"), _rate("0/5"), _rate("9" * 400 + "/1")
    (5.0, 30.0, 0.0, 0.0)
    """
    found = _RATE.match(value)
    if found is None or not int(found[1]):
        return 0.0
    return min(int(found[2]) * {"m": 60, "h": 3600}.get(found[3], 1) / int(found[1]), LONGEST_DELAY)


def _normal(text: str) -> str:
    """A path or pattern so that equal ones are spelt alike: characters beyond ASCII escaped, escapes that need not be undone.

    >>> _normal("/caf\u00e9%7e%2f")
    '/caf%C3%A9~%2F'
    """

    def escape(found: re.Match[str]) -> str:
        character = chr(int(found[1], 16))
        return character if character in _UNRESERVED else found[0].upper()

    return _ESCAPE.sub(escape, text if text.isascii() else quote(text, safe="%/?*$=&:;,+!'()@~[]", errors="replace"))


def _matches(pattern: str, path: str) -> bool:
    """Whether a pattern with `*` and an end `$` matches the beginning of a path. Each piece is looked for once, behind the one before.

    >>> [_matches("/a*b$", path) for path in ("/ab", "/a/x/b", "/abc")]
    [True, True, False]
    """
    ends = pattern.endswith("$")
    first, *pieces = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    last = pieces.pop() if ends and pieces else None
    for piece in pieces:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if last is not None:
        return len(path) - len(last) >= at and path.endswith(last)
    return not ends or at == len(path)
