"""Words from outside on their way out: one function for each way, which makes them text there and nothing else.

Titles, file names, answers of servers and names of sources come from strangers. On a terminal an escape sequence in them moves the cursor,
in Markdown `<img>` fetches, in a spreadsheet `=…` runs. Passwords in addresses leave by none of them. Rich, which takes `[/red]` for markup,
prints through `flows.terminal.console`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from extractors.links import without_userinfo

# Control characters (C0, C1, delete), line and paragraph separators, what turns the direction of text round, halves of surrogate pairs.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSEEN_IN_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MARKDOWN = re.compile(r"[\\`*_\[\]|~#]")
_LINKED = re.compile(r"://|\bwww\.|@", re.IGNORECASE)
_HTML = re.compile(r"[&<>]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MARKED = re.compile(r"[|<>\[\]()`*\\'\"]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that a spreadsheet takes for a formula, in full width too."""


def for_terminal(text: object, *, lines: bool = False) -> str:
    r"""Text whose control characters are shown, not obeyed; without the passwords of addresses.

    Args:
        lines: whether tabs and line ends stay what they are.

    >>> for_terminal("a\x1b[2Jb\nc"), for_terminal("a\x1b[2Jb\nc", lines=True)
    ('a\\x1b[2Jb\\nc', 'a\\x1b[2Jb\nc')
    >>> for_terminal("no answer of https://ann:secret@example.org/feed")
    'no answer of https://example.org/feed'
    """
    return (_UNSEEN_IN_LINES if lines else _UNSEEN).sub(_shown, without_userinfo(str(text)))


def _shown(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape", "backslashreplace").decode("ascii")


def for_markdown(text: object) -> str:
    r"""Text in a line or a cell of Markdown: neither markup nor HTML, no link, no picture.

    >>> for_markdown("a|b <img src=x> [x](http://y) ann@b.org")
    'a\\|b &lt;img src=x&gt; \\[x\\](http&#58;//y) ann&#64;b.org'
    """
    shown = _HTML.sub(lambda m: _ENTITIES[m[0]], _MARKDOWN.sub(r"\\\g<0>", for_terminal(text)))
    return _LINKED.sub(lambda m: m[0].replace(":", "&#58;").replace(".", "&#46;").replace("@", "&#64;"), shown)


def for_name(text: object) -> str:
    """Text in a name or in an example of a command, where nothing can be escaped: what could be markup becomes a space.

    >>> for_name("a|b <img> [x](y)")
    'a b  img   x  y '
    """
    return _MARKED.sub(" ", for_terminal(text))


def for_json(value: object, default: Callable[[Any], Any] | None = None, indent: int | None = None) -> str:
    r"""A value as JSON that holds no character a terminal obeys, nor half a surrogate pair; the value is the same.

    >>> for_json({"title": "é \x1b \x9b \ud800"})
    '{"title": "é \\u001b \\u009b \\ud800"}'
    """
    line = json.dumps(value, ensure_ascii=False, default=default, indent=indent)
    return _UNSEEN_IN_LINES.sub(lambda m: f"\\u{ord(m[0]):04x}", line)


def for_cell(text: str) -> str:
    r"""Text in a cell of CSV: what a spreadsheet would run begins with an apostrophe, control characters are shown.

    >>> for_cell("=1+1"), for_cell("-5 degrees"), for_cell("a\nb\x07")
    ("'=1+1", "'-5 degrees", 'a\nb\\x07')
    """
    shown = _UNSEEN_IN_LINES.sub(_shown, text.replace("\r\n", "\n"))
    return "'" + shown if text.startswith(_FORMULA) else shown
