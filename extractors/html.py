"""A page's bytes as text, and its text as one tree: encodings, hostile input and their limits."""

from __future__ import annotations

import re
from itertools import islice

from lxml import etree

from extractors.records import Undecodable

MAX_BYTES = 10 * 1024 * 1024

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.IGNORECASE)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# Browsers read these names as their supersets, and so do pages' authors.
_SUPERSETS = {
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "ascii": "cp1252", "us-ascii": "cp1252",
    "gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932",
    "iso-8859-9": "cp1254", "utf8": "utf-8",
}  # fmt: skip


def decode(body: bytes, charset: str | None = None) -> str:
    """Turn a document's bytes into text.

    Order: byte order mark, the header's charset, strict UTF-8, the page's own word, a guess.

    Args:
        charset: what the transport said, if anything.
    Raises:
        Undecodable: `too_large` above 10 MB, `binary` for NUL bytes or no text at all.
    """
    if len(body) > MAX_BYTES:
        raise Undecodable(f"{len(body):,} bytes, more than {MAX_BYTES:,}", "too_large")
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return str(body, encoding, "replace").lstrip("\ufeff")
    if b"\x00" in body or body.startswith((b"%PDF-", b"\x89PNG", b"PK\x03\x04", b"\x1f\x8b", b"\xff\xd8\xff")):
        raise Undecodable("binary data, not text", "binary")
    declared = _META_CHARSET.search(body[:4096])
    for name in (charset, "utf-8", declared.group(1).decode("ascii", "replace") if declared else None):
        text = _try(body, name)
        if text is not None:
            return text
    return _guess(body)


def _try(body: bytes, name: str | None) -> str | None:
    if not name:
        return None
    try:
        return str(body, _SUPERSETS.get(name.strip().lower(), name.strip()))
    except (UnicodeDecodeError, LookupError, ValueError):
        return None


def _guess(body: bytes) -> str:
    # A few bad bytes in a UTF-8 page (cut comments, mixed feeds) are likelier than another charset.
    text = body.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    if bad <= max(5, len(text) // 2000):
        return text
    from charset_normalizer import from_bytes

    best = from_bytes(body[:200_000]).best()
    if best is None:
        raise Undecodable("no charset fits", "binary")
    return body.decode(best.encoding, "replace")


def parse(text: str) -> etree._Element:
    """Parse a page's text into one tree; an empty page gives an empty tree."""
    # Plain elements: lxml.html's own classes cost a look-up in Python for every element that is touched.
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        tree = etree.fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError):
        tree = None
    return tree if tree is not None else etree.fromstring("<html><body></body></html>", parser=etree.HTMLParser())


def inner_text(element: etree._Element, most: int = 60) -> str:
    """All text below an element, whitespace collapsed; nothing when it holds more than `most` elements: then it is no line of text."""
    if next(islice(element.iter(), most, None), None) is not None:
        return ""
    return " ".join("".join(map(str, element.itertext())).split())
