"""OPML, in which feed readers hand over their subscriptions: bytes → feeds, feeds → text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from extractors.links import clean_link
from extractors.listings import NotAListing, refuse_entities


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed of a list."""

    title: str
    address: str
    folder: str | None = None
    """The heading it stands under."""


def read_opml(body: bytes) -> tuple[Subscription, ...]:
    """Every feed in an OPML file, each address once, in its order.

    Raises:
        NotAListing: it is no OPML.
    """
    from lxml import etree

    refuse_entities(body)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    try:
        tree = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotAListing(f"no OPML: {error}"[:300]) from error
    if tree is None or not isinstance(tree.tag, str) or tree.tag.lower() != "opml":
        raise NotAListing("no OPML: it does not begin with <opml>")
    found: dict[str, Subscription] = {}
    for outline in tree.iter("outline"):
        # Names alone first: lxml looks for each value from the first attribute on, which of 100,000 takes half a minute.
        named = {str(key).lower(): key for key in outline.keys()}  # noqa: SIM118
        said = {key: str(outline.get(named[key])).strip() for key in ("xmlurl", "title", "text") if key in named}
        address = clean_link(said.get("xmlurl", ""))
        if address and address not in found:
            above = outline.getparent()
            folder = None if above is None or above.tag != "outline" else above.get("title") or above.get("text")
            found[address] = Subscription(said.get("title") or said.get("text") or address, address, folder or None)
    return tuple(found.values())


def write_opml(title: str, subscriptions: Iterable[Subscription]) -> str:
    """An OPML 2.0 file.

    >>> print(write_opml("News", [Subscription("A & B", "https://a.example/?x=1&y=2")]))
    <?xml version="1.0" encoding="utf-8"?>
    <opml version="2.0">
    <head><title>News</title></head>
    <body>
    <outline type="rss" text="A &amp; B" title="A &amp; B" xmlUrl="https://a.example/?x=1&amp;y=2"/>
    </body>
    </opml>
    """
    lines = [
        f'<outline type="rss" text={quoteattr(s.title)} title={quoteattr(s.title)} xmlUrl={quoteattr(s.address)}/>'
        for s in subscriptions
    ]
    head = f"<head><title>{quoteattr(title)[1:-1]}</title></head>"
    return "\n".join(
        ['<?xml version="1.0" encoding="utf-8"?>', '<opml version="2.0">', head, "<body>", *lines, "</body>", "</opml>"]
    )
