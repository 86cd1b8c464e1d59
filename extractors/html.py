"""A page's bytes as text, and its text as one tree: encodings, hostile input and their limits."""

from __future__ import annotations

import codecs
import re
from itertools import islice

from lxml import etree

from extractors.records import Undecodable

MAX_BYTES = 10 * 1024 * 1024
_MOST_TAGS = 250_000
_LONG = 2000
_LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{2000,}")

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.IGNORECASE)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# Browsers read these names as their supersets, and so do pages' authors.
_SUPERSETS = {
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "ascii": "cp1252", "us-ascii": "cp1252",
    "gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932",
    "iso-8859-9": "cp1254", "utf8": "utf-8",
}  # fmt: skip

_BINARY = (
    b"%PDF-",
    b"\x89PNG",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x28\xb5\x2f\xfd",
    b"RIFF",
    b"\x7fELF",
)
_NO_CHARSETS = frozenset(
    (
        "idna",
        "punycode",
        "unicode-escape",
        "raw-unicode-escape",
        "utf-7",
        "undefined",
        "mbcs",
        "oem",
        "unicode_escape",
        "raw_unicode_escape",
    )
)
_WESTERN = frozenset(("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "is", "ca"))
"""Languages that windows-1252 writes."""
_TAGS = re.compile(r"<[^<>]{0,2000}>")
_C1 = re.compile("[\x80-\x84\x86-\x9f]")
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def decode(body: bytes, charset: str | None = None) -> str:
    """Turn a document's bytes into text.

    Order: byte order mark, strict UTF-8, UTF-8 with some stray bytes, the header's charset, the page's own word, a guess. A header that
    names an encoding of one byte, which is often the server's default, comes after the page's own word.

    Args:
        charset: what the transport said, if anything.
    Raises:
        Undecodable: `too_large` above 10 MB, `binary` for what is no text.
    """
    if len(body) > MAX_BYTES:
        raise Undecodable(f"{len(body):,} bytes, more than {MAX_BYTES:,}", "too_large")
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return str(body, encoding, "replace").lstrip("\ufeff")
    if body.startswith(_BINARY):
        raise Undecodable("binary data, not text", "binary")
    if b"\x00" in body:
        body = _without_nul(body)
    found = _META_CHARSET.search(body[:4096])
    declared = found.group(1).decode("ascii", "replace") if found else None
    names: tuple[str | None, ...]
    if b"\x1b$" in body:  # the seven-bit encodings of East Asia are valid UTF-8, and nonsense in it
        charset, declared = (n if n and n.lower().startswith("iso-2022") else None for n in (charset, declared))
        names = (charset, declared, "iso-2022-jp", "utf-8")
    else:
        # Bytes that are UTF-8 by chance are rare, headers that lie are not.
        text = _try(body, "utf-8")
        if text is None:
            text = _mostly_utf8(body, "utf-8" in (_plain_name(charset), _plain_name(declared)))
        if text is not None:
            return text
        names = (declared, charset) if _is_one_byte(charset) else (charset, declared)
    for name in names:
        text = _try(body, name)
        if text is not None:
            return text
    return _guess(body)


def _plain_name(name: str | None) -> str:
    name = (name or "").strip().lower()
    return _SUPERSETS.get(name, name)


def _is_one_byte(name: str | None) -> bool:
    """Whether an encoding has a character for nearly every byte, so that it never fails."""
    return _plain_name(name).startswith(
        ("cp125", "windows-125", "iso-8859", "iso8859", "koi8", "macintosh", "ibm", "cp8")
    )


def _mostly_utf8(body: bytes, said: bool) -> str | None:
    """A page in UTF-8 into which text of another encoding came: its bytes are read as windows-1252, the commonest such.

    Args:
        said: whether the page or the header says UTF-8; else five characters have to be right for one that is not.
    """
    text = body.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    if (len(text) - len(text.encode("ascii", "ignore")) - bad) >= bad * (1 if said else 5):
        return body.decode("utf-8", "windows-1252 inside")
    return None


def _stray(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8, as windows-1252."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("windows-1252 inside", _stray)


def _without_nul(body: bytes) -> bytes:
    """UTF-16 without its mark as UTF-8; a few stray NULs out; many are no text."""
    for order, encoding in ((body[1::2], "utf-16-le"), (body[::2], "utf-16-be")):
        if 2 * order.count(0) > len(order):
            return body.decode(encoding, "replace").encode("utf-8", "replace")
    if 1000 * body.count(0) > len(body):
        raise Undecodable("binary data, not text", "binary")
    return body.replace(b"\x00", b"")


def _try(body: bytes, name: str | None) -> str | None:
    if not name:
        return None
    name = name.strip().lower()
    name = _SUPERSETS.get(name, name)
    try:
        # Python knows "encodings" that are none of a page's, some of them quadratic.
        if codecs.lookup(name).name in _NO_CHARSETS:
            return None
        return str(body, name)
    except (UnicodeError, LookupError, ValueError):
        return None


def repair(text: str) -> str:
    """Text that was decoded as Latin-1 though it was something else, decoded again; other text as it is.

    The control characters of Latin-1 (U+0080 to U+009F) stand in no real text.
    """
    if not _C1.search(text):
        return text
    try:
        return decode(text.encode("latin-1"))
    except (UnicodeEncodeError, Undecodable):
        return text


def clean_text(text: str) -> str:
    r"""One line or paragraph as it is stored: whitespace collapsed, no control or invisible characters, no halves of surrogate pairs.

    Typographic quotes and the marks of right-to-left writing stay.

    >>> clean_text(" Co\u00adoperation\x07\r\n  “works” ")
    'Cooperation “works”'
    """
    return " ".join(_SURROGATES.sub("\ufffd", _UNSEEN.sub("", text)).split())


def _guess(body: bytes) -> str:
    # A few bad bytes in a UTF-8 page (cut comments, mixed feeds) are likelier than another charset.
    text = body.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    if bad <= max(5, len(text) // 2000):
        return body.decode("utf-8", "windows-1252 inside")
    from charset_normalizer import from_bytes

    from extractors.language import find_language

    western = _try(body, "windows-1252")
    if western is not None and find_language(_TAGS.sub(" ", western[:40_000])) in _WESTERN:
        return western  # the guess takes French for Czech when there is little of it
    best = from_bytes(body[:200_000]).best()
    if best is None:
        raise Undecodable("no charset fits", "binary")
    return body.decode(best.encoding, "replace")


def parse(text: str) -> etree._Element:
    """Parse a page's text into one tree; an empty page gives an empty tree.

    Raises:
        Undecodable: `too_large` for more than a quarter of a million tags, which no page of news has.
    """
    text = tame(text)
    # Plain elements: lxml.html's own classes cost a look-up in Python for every element that is touched.
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        tree = etree.fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError):
        tree = None
    return tree if tree is not None else etree.fromstring("<html><body></body></html>", parser=etree.HTMLParser())


def tame(text: str) -> str:
    """A page without what makes parsers slow; the same text for every page that people wrote.

    Raises:
        Undecodable: `too_large`, as `parse`.
    """
    if text.startswith("<?xml") and ">" not in text[:_LONG]:
        text = text.partition(">")[2]  # lxml looks for an encoding in it, in quadratic time
    tags = text.split("<")
    if len(tags) > _MOST_TAGS:
        raise Undecodable(f"more than {_MOST_TAGS:,} tags", "too_large")
    # Splitting is ten times as fast as the pattern, which hardly any page needs.
    if any(len(tag) > _LONG and ">" not in tag[:_LONG] for tag in tags):
        return _LONG_TAG.sub(_shorten, text)
    return text


def _shorten(tag: re.Match[str]) -> str:
    """A tag with hundreds of attributes without them: libxml2 compares each with every other. One long attribute is left."""
    said = tag.group()
    return said if len(said.split(None, 500)) <= 500 else "<" + said[1:40].split()[0]


def inner_text(element: etree._Element, most: int = 60) -> str:
    """All text below an element, whitespace collapsed; nothing when it holds more than `most` elements: then it is no line of text."""
    if next(islice(element.iter(), most, None), None) is not None:
        return ""
    return " ".join("".join(map(str, element.itertext())).split())
