"""Instants as pages write them for machines and readers: ISO 8601, mail dates, "12 March 2024", a path with the day in it.

Only what says its own order is read: 03/04/2024 may be March or April and is left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

_ISO = re.compile(
    r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:(?:T|\s+|,\s*)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2}\b)?)?(?!\d)"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?(Z)?$")
_MONTHS = {
    m: i
    for i, names in enumerate(
        (
            "jan january januar janvier enero gennaio janeiro januari", "feb february februar février fevrier febrero febbraio fevereiro februari",
            "mar march märz maerz mars marzo março maart", "apr april avril abril aprile", "may mai mayo maggio maio mei maj",
            "jun june juni juin junio giugno junho", "jul july juli juillet julio luglio julho", "aug august août aout agosto augustus augusti",
            "sep sept september septembre septiembre settembre setembro", "oct october oktober octobre octubre ottobre outubro okt",
            "nov november novembre noviembre novembro", "dec december dezember décembre decembre diciembre dicembre dezembro dez",
        ),
        1,
    )
    for m in names.split()
}  # fmt: skip
_DAY_FIRST = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|\.|º)?\s+(?:de\s+)?([^\W\d_]{3,10})\.?,?\s+(?:de\s+)?(\d{4})\b")
_MONTH_FIRST = re.compile(r"\b([^\W\d_]{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b")
_DOTTED = re.compile(r"\b(\d{1,2})\.(\d{1,2})\.(\d{4})\b")
_IN_URL = re.compile(r"[/=_-]((?:19|20)\d{2})([/_-]?)(\d{1,2}|[a-z]{3})\2(\d{2}|\d)(?=[/_.-]|$|[^\d])")


@dataclass(frozen=True, slots=True)
class Instant:
    """A UTC-aware instant, and how much of it was said (`second`, `minute`, `day`, `month`)."""

    at: datetime
    precision: str


def parse_instant(text: str) -> Instant | None:
    """Read one instant; without an offset it is taken as UTC. None when the text says none, or not clearly.

    >>> parse_instant("2024-03-12T08:30:00+02:00").at.isoformat()
    '2024-03-12T06:30:00+00:00'
    """
    text = " ".join(text[:120].split())
    match = _COMPACT.match(text) or _ISO.match(text)
    if match:
        year, month, day, hour, minute, second, zone = match.groups()
        precision = "month" if day is None else "day" if hour is None else "minute" if second is None else "second"
        return _make(
            int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), zone, precision
        )
    if len(text) > 14 and text[0].isalpha() and ":" in text:
        try:
            mail = parsedate_to_datetime(text)
            return Instant((mail if mail.tzinfo else mail.replace(tzinfo=UTC)).astimezone(UTC), "second")
        except (ValueError, TypeError, IndexError, OverflowError):
            pass
    match = _MONTH_FIRST.search(text)
    if match and (month_number := _MONTHS.get(match[1].lower())):
        return _make(int(match[3]), month_number, int(match[2]))
    match = _DAY_FIRST.search(text)
    if match and (month_number := _MONTHS.get(match[2].lower())):
        return _make(int(match[3]), month_number, int(match[1]))
    match = _DOTTED.search(text)
    return _make(int(match[3]), int(match[2]), int(match[1])) if match else None


def instant_in_url(url: str) -> Instant | None:
    """The day in an address's path: `/2024/03/12/` or `-2024-03-12`, also `/2024/mar/12/`."""
    for match in _IN_URL.finditer(url[:500].lower()):
        year, separator, month, day = match.groups()
        number = _MONTHS.get(month, 0) if month.isalpha() else int(month)
        if not separator and (len(month) != 2 or len(day) != 2):
            continue
        found = _make(int(year), number, int(day))
        if found:
            return found
    return None


def _make(
    year: int,
    month: int,
    day: int,
    hour: int = 0,
    minute: int = 0,
    second: int = 0,
    zone: str | None = None,
    precision: str = "day",
) -> Instant | None:
    try:
        at = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=_zone(zone))
        return Instant(at.astimezone(UTC), precision)
    except (ValueError, OverflowError):
        return None


def _zone(name: str | None) -> timezone:
    if name is None or name[0] not in "+-":
        return UTC
    digits = name[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
    return timezone(-offset if name[0] == "-" else offset)
