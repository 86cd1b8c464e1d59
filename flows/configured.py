"""Where news comes from, as the user wrote it in the workspace's dateline.toml: one table `[sources.NAME]` a source.

    [sources.example-news]
    kind = "feed"
    address = "https://example.org/feed.xml"
    country = "KEN"
    schedule = "every 30 minutes"

Reading checks every key, so that a slip of the pen is an error that names file, source and key. Writing keeps the user's comments.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from extractors.links import without_userinfo
from flows.config import SettingsError, Workspace, from_home, read_settings

FETCHED = ("feed", "sitemap", "site", "urls")
"""Kinds whose address is a URL: a feed of any kind, a sitemap or its index, a front page with its links, pages to be read themselves."""
LOCAL = ("folder", "warc")
"""Kinds whose address is a path."""
KINDS = FETCHED + LOCAL

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_COUNTRY = re.compile(r"[A-Z]{3}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_DURATION = re.compile(r"(\d{1,4}) ?(second|minute|hour|day)s?")
_EVERY = re.compile(r"every (?:(\d{1,4}) )?(minute|hour|day)s?")


@dataclass(frozen=True, slots=True)
class Source:
    """One source. The fields are the keys of its table, but for `name`; durations are written as "90 seconds", "2 hours"."""

    name: str
    kind: str
    """One of KINDS."""
    address: tuple[str, ...]
    """URLs, or for `folder` and `warc` paths; a relative path counts from the workspace. One may stand without brackets."""
    country: str | None = None
    """ISO 3166-1 alpha-3, of the publisher."""
    language: str | None = None
    """ISO 639-1."""
    schedule: str | None = None
    """A cron line of five fields, or "every 30 minutes"; none: only when asked for."""
    timezone: str = "UTC"
    """Of the cron line, an IANA name."""
    jitter: timedelta = timedelta(0)
    """How much later than its schedule a run may begin, so that not all begin together."""
    pause: timedelta = timedelta(seconds=2)
    """Between two requests to one host; robots.txt may ask for more."""
    fresh: timedelta = timedelta(days=1)
    """A page fetched within this time is not asked for again, unless the feed says that it changed."""
    limit: int = 1000
    """New pages in one run, the newest first; the rest comes with the next runs."""
    allow_private: bool = False
    """Whether addresses that are not public (loopback, a local network) may be connected to."""
    robots: bool = True
    """Whether robots.txt is asked. Set to false only with the publisher's leave."""
    licence: str | None = None
    """A note for yourself: under which terms the texts may be used."""

    @property
    def every(self) -> timedelta | None:
        """The interval of a schedule such as "every 30 minutes"; None of a cron line, and without a schedule."""
        return _interval(self.schedule) if self.schedule else None

    @property
    def cron(self) -> str | None:
        """The schedule when it is a cron line."""
        return self.schedule if self.every is None else None

    def paths(self, space: Workspace) -> tuple[Path, ...]:
        """The addresses of a `folder` or `warc`, absolute."""
        return tuple(space.root / from_home(given) for given in self.address)


def read_sources(space: Workspace) -> tuple[Source, ...]:
    """All configured sources, in the order of the file.

    Raises:
        SettingsError: the file, a source or one of its keys is wrong.
    """
    tables = read_settings(space).get("sources", {})
    if not isinstance(tables, dict):
        raise SettingsError(f"{space.settings}: sources: tables such as [sources.example-news]")
    return tuple(source_from(name, table, str(space.settings)) for name, table in tables.items())


def source_named(space: Workspace, name: str) -> Source:
    """One configured source.

    Raises:
        SettingsError: there is none of this name, or the file is wrong.
    """
    sources = read_sources(space)
    for source in sources:
        if source.name == name:
            return source
    there = ", ".join(s.name for s in sources) or "none yet: `dateline sources add NAME ADDRESS`"
    raise SettingsError(f"{space.settings}: no source {name!r}; there is {there}")


def source_from(name: str, table: Any, where: str) -> Source:
    """Check one source's table.

    Args:
        where: what holds it, for the errors.
    Raises:
        SettingsError: names `where`, the source and the key, and says what may stand there.
    """

    def wrong(key: str, may: str) -> SettingsError:
        said = f" = {table[key]!r}" if isinstance(table, dict) and key in table else ""
        return SettingsError(f"{where}: [sources.{name}] {key}{said}: {may}")

    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"{where}: [sources.{name}]: a name has letters, digits, '.', '-' and '_', at most 60, a letter or digit first"
        )
    if not isinstance(table, dict):
        raise SettingsError(f"{where}: sources.{name}: a table such as [sources.{name}]")
    keys = {f.name for f in fields(Source)} - {"name"}
    for key in table:
        if key not in keys:
            raise wrong(key, f"no such key; there is {', '.join(sorted(keys))}")
    kind = table.get("kind")
    if kind not in KINDS:
        raise wrong("kind", f"must be one of {', '.join(KINDS)}")
    values: dict[str, Any] = {"kind": kind, "address": _addresses(table.get("address"), kind, wrong)}
    for key, pattern, may in (
        ("country", _COUNTRY, "three capital letters, ISO 3166-1 alpha-3, such as KEN"),
        ("language", _LANGUAGE, "two letters, ISO 639-1, such as en"),
    ):
        if key in table:
            if not (isinstance(table[key], str) and pattern.fullmatch(table[key])):
                raise wrong(key, may)
            values[key] = table[key]
    for key in ("jitter", "pause", "fresh"):
        if key in table:
            values[key] = _duration(table[key])
            if values[key] is None:
                raise wrong(key, 'a duration such as "2 seconds", "90 minutes", "1 day", or a number of seconds')
    for key in ("allow_private", "robots"):
        if key in table:
            if not isinstance(table[key], bool):
                raise wrong(key, "true or false")
            values[key] = table[key]
    if "limit" in table:
        if type(table["limit"]) is not int or not 1 <= table["limit"] <= 100_000:
            raise wrong("limit", "a number from 1 to 100000")
        values["limit"] = table["limit"]
    if "licence" in table:
        if not isinstance(table["licence"], str):
            raise wrong("licence", "a text")
        values["licence"] = table["licence"]
    values |= _when(table, wrong)
    return Source(name, **values)


def _addresses(given: Any, kind: str, wrong: Any) -> tuple[str, ...]:
    found = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, list) else ()
    if not found or not all(isinstance(a, str) and a.strip() for a in found):
        raise wrong("address", "a text, or a list of them, is needed")
    if kind in FETCHED and not all(a.lower().startswith(("http://", "https://")) for a in found):
        raise wrong("address", f"a {kind} has an address that begins with http:// or https://")
    if kind in FETCHED and any(without_userinfo(a) != a for a in found):
        raise wrong("address", "no user and no password: they are not used, and would be shown")
    return found


def _when(table: dict[str, Any], wrong: Any) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "timezone" in table:
        try:
            ZoneInfo(table["timezone"])
        except (ValueError, TypeError, OSError, LookupError):
            raise wrong("timezone", "an IANA name such as Africa/Nairobi") from None
        values["timezone"] = table["timezone"]
    if "schedule" in table:
        schedule = table["schedule"]
        if not isinstance(schedule, str) or not (_interval(schedule) or _is_cron(schedule)):
            raise wrong("schedule", 'a cron line such as "0 6 * * *", or "every 30 minutes"')
        values["schedule"] = schedule
    return values


def _interval(schedule: str) -> timedelta | None:
    found = _EVERY.fullmatch(schedule.strip().lower())
    number = int(found[1] or 1) if found else 0
    return timedelta(**{f"{found[2]}s": number}) if found and number else None


def _duration(given: Any) -> timedelta | None:
    """
    >>> _duration("90 seconds"), _duration(0.5), _duration("soon")
    (datetime.timedelta(seconds=90), datetime.timedelta(microseconds=500000), None)
    """
    if type(given) in (int, float):
        return timedelta(seconds=given) if 0 <= given <= 86400 * 366 else None
    found = _DURATION.fullmatch(given.strip().lower()) if isinstance(given, str) else None
    return timedelta(**{f"{found[2]}s": int(found[1])}) if found else None


def _is_cron(line: str) -> bool:
    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(line, datetime.now(UTC)))
    except (CronSimError, StopIteration):
        return False
    return len(line.split()) == 5


def is_due(source: Source, last: datetime | None, now: datetime) -> bool:
    """Whether a source's schedule has come round since its last attempt; never for one without a schedule.

    Args:
        last, now: aware; `last` is None for a source that was never tried.
    """
    if source.schedule is None:
        return False
    if last is None:
        return True
    every = source.every
    if every is not None:
        return now - last >= every
    from cronsim import CronSim

    return bool(next(CronSim(source.schedule, last.astimezone(ZoneInfo(source.timezone)))) <= now)


def add_source(space: Workspace, name: str, table: dict[str, Any]) -> Source:
    """Write a new source behind all that dateline.toml holds.

    Args:
        table: its keys as they are to stand in the file.
    Raises:
        SettingsError: the name is taken, or a key is wrong; nothing is written then.
    """
    return add_sources(space, {name: table})[0]


def add_sources(space: Workspace, tables: dict[str, dict[str, Any]]) -> tuple[Source, ...]:
    """Write new sources in one go, or none of them. As `add_source`."""
    taken = {s.name for s in read_sources(space)}
    added = tuple(source_from(name, table, "the new source") for name, table in tables.items())
    for source in added:
        if source.name in taken:
            raise SettingsError(
                f"{space.settings}: [sources.{source.name}] is there already: another name, or `dateline sources remove {source.name}` first"
            )
    text = _text(space)
    for name, table in tables.items():
        lines = [f"[sources.{_key(name)}]", *(f"{key} = {_value(value)}" for key, value in table.items())]
        text = f"{text.rstrip()}\n\n" if text.strip() else ""
        text += "\n".join(lines) + "\n"
    settings = read_settings(space)
    _write(space, text, settings | {"sources": settings.get("sources", {}) | tables})
    return added


def remove_source(space: Workspace, name: str) -> None:
    """Take a source's table out of dateline.toml. What it brought stays in the warehouse.

    Raises:
        SettingsError: there is none of this name.
    """
    source_named(space, name)
    lines = _text(space).splitlines(keepends=True)
    headers = {f"[sources.{_key(name)}]", f"[sources.{json.dumps(name)}]"}
    begin = next((n for n, line in enumerate(lines) if line.partition("#")[0].strip() in headers), len(lines))
    end = next((n for n in range(begin + 1, len(lines)) if lines[n].startswith("[")), len(lines))
    # Comments right above a header belong to it: ours go, those of the next table stay.
    while begin and lines[begin - 1].startswith("#"):
        begin -= 1
    if end < len(lines):
        while lines[end - 1].startswith("#"):
            end -= 1
    settings = read_settings(space)
    settings["sources"] = {key: table for key, table in settings["sources"].items() if key != name}
    text = "".join(lines[:begin]).rstrip() + "\n\n" + "".join(lines[end:])
    _write(space, text.lstrip("\n").rstrip() + "\n", settings)


def _key(name: str) -> str:
    return name if "." not in name else json.dumps(name)


def _value(value: Any) -> str:
    """
    >>> _value(["a", 'b"']), _value(True), _value(2.5)
    ('["a", "b\\\\""]', 'true', '2.5')
    """
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _text(space: Workspace) -> str:
    try:
        return space.settings.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _write(space: Workspace, text: str, meant: dict[str, Any]) -> None:
    """Replace the file whole, only by a text that says what is meant.

    Raises:
        SettingsError: the file is laid out so that the text does not.
    """
    said = tomllib.loads(text) if _is_toml(text) else None
    if said is None or {"sources": {}} | said != {"sources": {}} | meant:
        raise SettingsError(
            f"{space.settings}: its sources are not tables [sources.NAME] of their own: change it by hand"
        )
    space.root.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=space.root, prefix=".dateline-", suffix=".toml")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(temporary, space.settings.stat().st_mode & 0o777 if space.settings.exists() else 0o644)
        os.replace(temporary, space.settings)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except ValueError:
        return False
    return True
