"""From corrected forms to the articles that training reads.

    python -m extractors.tagger.train.pack FORMS.jsonl OUT.jsonl.gz [--valid-share 0.1]

A line of FORMS is a form as `dateline code --as-training` writes it. All is checked first: what is wrong is named by line and event, and
nothing is written. Which articles judge (split `valid`) is drawn by hash of the id; a form that still says "prefilled": true only
trains, else the coder would judge itself.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from extractors.events.form import whole_words
from extractors.lexicon_check import SECTORS
from extractors.storable import whole
from extractors.tagger.labels import MODES, PLOVER, STATUSES

_COUNTED = ("killed", "injured", "missing", "displaced", "arrested", "abducted", "evacuated", "participants")
_KEYS = (
    "s", "trigger", "clause", "type", "x", "accept", "mode", "status", "pri", "actors", "recipients",
    "date", "start", "end", "place", "pc", "by", "counts", "again",
)  # fmt: skip
_NEEDED = ("id", "published", "text", "sentences", "events")
_UNSHAPED = (KeyError, TypeError, ValueError, AttributeError)
"""What reading raises where an object, a list or a text stands in the place of another, or a day is none."""


def pack(form: Any, valid_share: float = 0.1) -> tuple[dict[str, Any], list[str]]:
    """A form in the format of training (`data.py`).

    Args:
        form: any value that JSON can say.
        valid_share: of the articles that people corrected, how many shall judge, 0 to 1.
    Returns:
        The article, and what is wrong with the form, in words; the article is worth something only if nothing is.
    """
    faults: list[str] = []
    article: dict[str, Any] = {}
    try:
        article = _article(form, valid_share)
        for n, said in enumerate(form["events"]):
            sheet = _Sheet(article["text"], article["sentences"], [])
            try:
                article["events"].append(_event(sheet, dict.fromkeys(_KEYS) | said))
            except _UNSHAPED as error:
                sheet.faults.append(f"{type(error).__name__}: {error}")
            faults += [f"event {n}: {fault}" for fault in sheet.faults]
    except _UNSHAPED as error:
        faults.append(f"no form: {error}")
    return article, faults


def _article(form: dict[str, Any], valid_share: float) -> dict[str, Any]:
    """The form without its events.

    Raises:
        One of `_UNSHAPED`: something is wrong with it.
    """
    if missing := [key for key in _NEEDED if key not in form]:
        raise ValueError(f"no {', '.join(missing)} in it")
    prefilled = form.get("prefilled", False)
    if form["id"] in (None, "") or prefilled not in (True, False):
        raise ValueError("an id is wanted, and for `prefilled` true or false")
    key, text, at, sentences = whole(str(form["id"])), form["text"], 0, []
    for n, sentence in enumerate(form["sentences"]):
        start = text.find(sentence, at)
        if start < 0:
            raise ValueError(f"sentence {n} is not in the text behind the one before it")
        at = start + len(sentence)
        sentences.append([start, at])
    # The first byte of the hash halves `valid` for calibration; the next four draw it, so that the halves stay even.
    drawn = int.from_bytes(hashlib.sha256(key.encode()).digest()[1:5], "big") / 2**32
    split = "valid" if drawn < valid_share and not prefilled else "train"
    return {
        "id": key, "kind": "own", "split": split, "prefilled": prefilled, "published": _day(form["published"]), "title": form.get("title"),
        "text": text, "sentences": sentences, "events": [],
    }  # fmt: skip


def _day(value: Any) -> str | None:
    return None if value is None else date.fromisoformat(value).isoformat()


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The text of a form, its sentences [start, end], and what is wrong with one event."""

    text: str
    sentences: list[list[int]]
    faults: list[str]

    def hold(self, right: bool, fault: str) -> None:
        if not right:
            self.faults.append(fault)

    def is_code(self, value: str | None) -> None:
        self.hold(not value or re.fullmatch("[A-Z]{3}", value) is not None, f"country {value!r}: three capitals")

    def is_sentence(self, number: object) -> bool:
        right = type(number) is int and 0 <= number < len(self.sentences)
        self.hold(right, f"there is no sentence {number!r}")
        return right

    def span(self, what: str, words: str | None, number: Any, near: int = 0) -> list[int] | None:
        """Where words stand in a sentence, as whole words and nearest to an offset; None for None."""
        if words is None or not self.is_sentence(number):
            return None
        return self.within(self.sentences[number], words, near, f"{what} {words!r} is not in sentence {number}")

    def within(self, bounds: Sequence[int], words: str, near: int, fault: str) -> list[int] | None:
        found = whole_words(words).finditer(self.text, *bounds)
        best = min((list(m.span()) for m in found), key=lambda s: abs(s[0] - near), default=None)
        self.hold(bool(words) and best is not None, fault)
        return best


def _event(sheet: _Sheet, e: dict[str, Any]) -> dict[str, Any]:
    modes = MODES.get(e["type"], ())
    known = {"type": (None, *PLOVER), "mode": (None, *modes), "status": STATUSES, "pri": ("core", "optional")}
    for key, values in known.items():
        sheet.hold(e[key] in values, f"{key} {e[key]!r}: one of {', '.join(map(str, values))}")
    sheet.hold(e.keys() <= set(_KEYS), f"no such key: {', '.join(e.keys() - set(_KEYS))}")
    sheet.hold((e["x"] is None) == (e["type"] is not None), f"x {e['x']!r}: a word for an act of type null, else null")
    sheet.hold(set(e["accept"] or ()) <= set(PLOVER), f"accept {e['accept']}: types of PLOVER")
    counts = {k: n for k, n in (e["counts"] or {}).items() if k in _COUNTED and type(n) is int and n >= 0}
    sheet.hold(counts == (e["counts"] or {}), f"counts {e['counts']}: numbers of {', '.join(_COUNTED)}")
    sheet.is_code(e["pc"])
    for number in e["again"] or ():
        sheet.hold(not sheet.is_sentence(number) or number != e["s"], f"again {number}: another sentence than its own")
    clause = sheet.span("clause", e["clause"] or "", e["s"])
    trigger = clause and sheet.within(clause, e["trigger"] or "", 0, f"trigger {e['trigger']!r} is not in the clause")
    at = trigger[0] if trigger else 0

    def side(a: dict[str, Any]) -> dict[str, Any]:
        sheet.is_code(a.get("c"))
        sheet.hold(a.get("k") in (None, *SECTORS), f"sector {a.get('k')!r}: one of {', '.join(sorted(SECTORS))}")
        span = sheet.span("side", a.get("t"), a.get("s"), at)
        return {"text": a.get("t"), "span": span, "country": a.get("c"), "sector": a.get("k")}

    start, end = _day(e["start"]), _day(e["end"])
    sheet.hold(not start or not end or start <= end, f"it ends {end}, before it starts")
    return {
        "sentence": e["s"], "trigger": trigger, "clause": clause, "type": e["type"], "x_type": e["x"], "accept": e["accept"] or [],
        "mode": e["mode"], "status": e["status"], "priority": e["pri"],
        "actors": [side(a) for a in e["actors"] or ()], "recipients": [side(a) for a in e["recipients"] or ()],
        "date": sheet.span("date", e["date"], e["s"], at), "place": sheet.span("place", e["place"], e["s"], at),
        "by": sheet.span("by", e["by"], e["s"], at), "date_start": start, "date_end": end,
        "place_country": e["pc"], "counts": counts, "again": e["again"] or [],
    }  # fmt: skip


def read_forms(lines: Iterable[bytes], valid_share: float) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The articles of a file of forms by id, and what is wrong with it, each with the number of its line."""
    articles: dict[str, dict[str, Any]] = {}
    faults: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            article, wrong = pack(json.loads(line), valid_share)
        except (ValueError, RecursionError) as error:
            article, wrong = {}, [f"not JSON: {error}"]
        key = article.get("id", f"line {number}")
        faults += [f"line {number}: {f}" for f in [*wrong, *[f"a second {key!r}"] * (key in articles)]]
        articles[key] = article
    return articles, faults


def main(argv: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("forms", type=Path, metavar="FORMS.jsonl")
    parser.add_argument("out", type=Path, metavar="OUT.jsonl.gz")
    parser.add_argument("--valid-share", type=float, default=0.1, help="of corrected articles, to judge (default: 0.1)")
    o = parser.parse_args(argv)
    if not 0 <= o.valid_share <= 1:
        parser.error("--valid-share: 0 to 1")
    articles, faults = read_forms(o.forms.read_bytes().splitlines(), o.valid_share)
    if faults:
        sys.exit("\n".join([*faults, f"{len(faults)} faults: nothing is written"]))
    lines = (whole(json.dumps(a, ensure_ascii=False)) + "\n" for a in articles.values())
    o.out.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
    splits = Counter(a["split"] for a in articles.values())
    drafts = sum(a["prefilled"] for a in articles.values())
    print(
        f"{o.out}: {splits['train']} articles train ({drafts} still prefilled, which never judge), {splits['valid']} judge"
    )


if __name__ == "__main__":
    main()
