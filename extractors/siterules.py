"""Site rules: CSS selectors for one publisher's pages, for the hosts on which general rules are not good enough.

Rules are TOML, one publisher a file: `sites/*.toml` here, and the user's own in the `sites` folder of a workspace, which win for
their hosts. A rule may hold for some time only: publishers change their pages. BeautifulSoup runs the selectors, on a tree that is built
only for hosts that have rules; what a rule does not find, the general extractor still does.
"""

from __future__ import annotations

import datetime
import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from extractors.instants import Instant, parse_instant

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

FIELDS = ("body", "title", "author", "date", "remove")


class RuleError(ValueError):
    """A file of rules that cannot be used; the message names the file, the rule and the remedy."""


@dataclass(frozen=True, slots=True)
class SiteRule:
    """The selectors for the pages of some hosts between two days, both inclusive."""

    id: str
    hosts: tuple[str, ...]
    body: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    since: datetime.date | None = None
    until: datetime.date | None = None

    def holds_on(self, day: datetime.date | None) -> bool:
        """Whether the rule is for pages of a day; without a day, whether it is the current one."""
        if day is None:
            return self.until is None
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a rule gave; None or empty where its selectors found nothing."""

    rule_id: str
    paragraphs: tuple[str, ...] = ()
    title: str | None = None
    authors: tuple[str, ...] = ()
    published: Instant | None = None


@dataclass(frozen=True, slots=True)
class SiteRules:
    """All rules by host. `version` changes whenever one of them does."""

    by_host: dict[str, tuple[SiteRule, ...]] = field(default_factory=dict)
    version: str = ""

    def find(self, url: str | None, day: datetime.date | None) -> SiteRule | None:
        """The rule for a page: of its host, else of the domain above, that holds on the day."""
        host = host_of(url)
        while host:
            for rule in self.by_host.get(host, ()):
                if rule.holds_on(day):
                    return rule
            host = host.partition(".")[2]
        return None


_LONGEST_HOST = 253
"""Characters of a name that the domain name system can have."""


def host_of(url: str | None) -> str:
    """The host of an address in lower case, without `www.`; empty when there is none, or none that there can be."""
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.") if len(host) <= _LONGEST_HOST else ""


@cache
def shipped_rules() -> SiteRules:
    """The rules of this package."""
    return _read_folders(Path(__file__).parent / "sites")


def load_site_rules(own: Path | None = None) -> SiteRules:
    """The package's rules, and before them those in a user's folder.

    Raises:
        RuleError: a file is no TOML, or a rule has no hosts, an unknown field or a selector that cannot be read.
    """
    return _read_folders(Path(__file__).parent / "sites", own) if own is not None and own.is_dir() else shipped_rules()


def _read_folders(*folders: Path) -> SiteRules:
    by_host: dict[str, tuple[SiteRule, ...]] = {}
    digest = hashlib.sha256()
    for folder in folders:  # the later folder's rules come first
        here: dict[str, tuple[SiteRule, ...]] = {}
        for path in sorted(folder.glob("*.toml")):
            raw = path.read_bytes()
            digest.update(raw)
            for rule in parse_rules(raw.decode("utf-8", "replace"), path.name):
                for host in rule.hosts:
                    here[host] = (*here.get(host, ()), rule)
        by_host |= {host: (*rules, *by_host.get(host, ())) for host, rules in here.items()}
    return SiteRules(by_host, digest.hexdigest()[:16])


def parse_rules(text: str, name: str) -> Iterator[SiteRule]:
    """Read one file's rules; `name` is used in ids and messages."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"{name}: no TOML: {error}") from error
    hosts = tuple(str(h).lower().removeprefix("www.") for h in _several(data.get("hosts"), name, "hosts"))
    if not hosts:
        raise RuleError(f'{name}: no hosts; begin the file with hosts = ["example.org"]')
    for number, entry in enumerate(data.get("rule", []), 1):
        known = {*FIELDS, "since", "until"}
        if unknown := set(entry) - known:
            raise RuleError(
                f"{name}: rule {number}: unknown {', '.join(sorted(unknown))}; a rule may have {', '.join(sorted(known))}"
            )
        selectors: dict[str, Any] = {f: _several(entry.get(f), name, f) for f in FIELDS}
        for selector in (s for several in selectors.values() for s in several):
            _check(selector, name, number)
        days = {f: entry.get(f) for f in ("since", "until")}
        if any(d is not None and type(d) is not datetime.date for d in days.values()):
            raise RuleError(f"{name}: rule {number}: since and until are days, written 2024-06-30")
        yield SiteRule(f"{name}:{number}", hosts, **selectors, **days)


def _several(value: Any, name: str, of: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(v, str) for v in values):
        raise RuleError(f"{name}: {of} is a text or a list of texts")
    return tuple(values)


def _check(selector: str, name: str, number: int) -> None:
    import soupsieve

    try:
        soupsieve.compile(_attribute(selector)[0])
    except Exception as error:  # soupsieve raises its own, ValueError and NotImplementedError
        raise RuleError(f"{name}: rule {number}: selector {selector!r}: {error}") from error


def _attribute(selector: str) -> tuple[str, str | None]:
    """A selector and the attribute it asks for: `time.published@datetime`."""
    path, at, attribute = selector.rpartition("@")
    return (path, attribute) if at and attribute.replace("-", "").isalnum() else (selector, None)


def apply_rule(rule: SiteRule, text: str) -> Ruled:
    """Run a rule's selectors over a page.

    Args:
        text: the page, decoded.
    Returns:
        What was found. A page nested too deeply for the selectors gives nothing.
    """
    from bs4 import BeautifulSoup

    try:
        soup = BeautifulSoup(text, "lxml")
        title = next(_texts(soup, rule.title), None)
        published = next((p for t in _texts(soup, rule.date) if (p := parse_instant(t))), None)
        authors = tuple(dict.fromkeys(_names(soup, rule.author)))
        for selector in rule.remove:
            for found in soup.select(selector):
                found.decompose()
        return Ruled(rule.id, _paragraphs(soup, rule.body), title, authors, published)
    except RecursionError:
        return Ruled(rule.id)


def _texts(soup: BeautifulSoup, selectors: tuple[str, ...]) -> Iterator[str]:
    for selector in selectors:
        path, attribute = _attribute(selector)
        for found in soup.select(path, limit=20):
            value = found.get(attribute) if attribute else found.get_text(" ")
            text = " ".join((" ".join(value) if isinstance(value, list) else str(value or "")).split())
            if text:
                yield text


def _names(soup: BeautifulSoup, selectors: tuple[str, ...]) -> Iterator[str]:
    from extractors.authors import split_names

    for text in _texts(soup, selectors):
        yield from split_names(text, trusted=True)


def _paragraphs(soup: BeautifulSoup, selectors: tuple[str, ...]) -> tuple[str, ...]:
    """The blocks of the first selector's matches, outermost only, in order."""
    from extractors.blocks import cut_blocks
    from extractors.html import parse

    for selector in selectors:
        matches = soup.select(selector)
        chosen = {id(m) for m in matches}
        outer: list[Tag] = [m for m in matches if not any(id(p) in chosen for p in m.parents)]
        if outer:
            blocks, _ = cut_blocks(
                parse("<html><body>" + "\n".join(m.decode() for m in outer) + "</body></html>"), prune=False
            )
            return tuple(b.text for b in blocks if any(c.isalnum() for c in b.text))
    return ()
