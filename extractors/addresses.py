"""Addresses of pages: what of one may be kept, and which addresses are of one site."""

from __future__ import annotations

import re

_USERINFO = re.compile(r"(?<![\w+.-])([a-z][a-z0-9+.-]{0,30}:[\\/]{2,})[^\s/\\?#\"'<>]{0,4000}@", re.IGNORECASE)


def without_userinfo(text: str) -> str:
    """A text whose addresses say no user and no password.

    >>> without_userinfo("https://ann:secret@example.org/a@b"), without_userinfo("https://example.org/@ann")
    ('https://example.org/a@b', 'https://example.org/@ann')
    """
    return _USERINFO.sub(r"\1", text) if "@" in text else text
