"""What can be stored: text of whole characters, instants that have a UTC, numbers of 64 bits.

JSON may spell half a character, a file name holds any bytes, and a page may say the last hour of the year 9999 west of Greenwich. What
cannot be stored is mended where it is read, so that it costs itself only.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

LARGEST = 2**63 - 1
"""Numbers above are none that anybody counted."""
_HALVES = re.compile("[\ud800-\udfff]")


def whole(text: str) -> str:
    r"""The text with a replacement character for every half of a surrogate pair; offsets stay as they are.

    >>> whole("caf\udce9"), whole("café")
    ('caf\ufffd', 'café')
    """
    return text if text.isascii() else _HALVES.sub("\ufffd", text)


def shown_name(path: object) -> str:
    r"""A path as text, whatever bytes it has: a character that is no UTF-8 is one replacement character.

    >>> shown_name("caf\udce9.txt")
    'caf\ufffd.txt'
    """
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def countable(day: date | None) -> date | None:
    """The day when others can be counted from it, forward and back; None of one at either end of what a calendar can say.

    >>> countable(date(1, 1, 1)), countable(date(2024, 5, 2))
    (None, datetime.date(2024, 5, 2))
    """
    return day if day is not None and 1000 <= day.year <= 9000 else None


def has_utc(at: datetime) -> bool:
    """Whether an aware instant lies in the years that UTC can say.

    >>> has_utc(datetime.fromisoformat("9999-12-31T23:59:59-12:00")), has_utc(datetime.fromisoformat("2024-05-02T00:00:00Z"))
    (False, True)
    """
    try:
        at.astimezone(UTC)
    except (OverflowError, ValueError):
        return False
    return True
