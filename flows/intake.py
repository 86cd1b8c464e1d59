"""A claimed batch of the inbox: its documents in, and afterwards a verdict on every file. Plain functions, no Prefect.

A file is done when at least one document of it is in the warehouse, now or before; failed when it gave none, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from extractors.records import Capture
from extractors.storable import shown_name
from flows import pipeline
from flows.gate import Gate
from flows.inbox import Dropped
from flows.pipeline import Counts, Item
from flows.readers.files import Inputs
from flows.readers.warc import Archive

Rejected = tuple[str, str, str]
"""Of one document: input, reason, message."""


@dataclass(slots=True)
class Tally:
    """What one file came to."""

    documents: int = 0
    forgotten: int = 0
    """Of these, turned away because they were forgotten."""
    capture_id: str | None = None
    """Of its only document."""
    archive: bool = False
    """Whether it is an archive: then `documents` is 1 however many it holds."""
    rejected: list[Rejected] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    """The keys of its first documents."""


_REMEMBERED = 200
"""Documents of a file whose keys are kept, to see that one repeats another that was rejected."""


class Intake:
    """The files of a batch on their way through the pipeline."""

    def __init__(self, files: Iterable[Dropped], gate: Gate | None = None) -> None:
        self.files, self._gate = tuple(files), gate
        self.tallies = {file.name: Tally() for file in self.files}
        self._keys: dict[str, str] = {}
        self._bad: dict[str, Rejected] = {}

    def items(self, counts: Counts, advance: Callable[[int], None]) -> Iterator[Item]:
        """Every document of the files, named as they were dropped. As `pipeline.read_items`."""
        for file in self.files:
            if file.problem:
                continue
            tally = self.tallies[file.name]
            found = Inputs((file.path,), (), 0)
            for item in pipeline.read_items(found, file.source, counts, advance):
                tally.documents += 1
                content = item.content
                tally.archive = isinstance(content, Archive)
                tally.capture_id = content.capture_id if isinstance(content, Capture) and tally.documents == 1 else None
                shown = "inbox/" + file.name + content.input.removeprefix(shown_name(file.path))
                if tally.documents <= _REMEMBERED:
                    tally.items.append(item.item_id)
                    self._keys.setdefault(shown, item.item_id)
                given = replace(item, content=replace(content, input=shown, source=content.source or file.source))
                if self._gate is not None and not self._gate.passes(given):
                    tally.forgotten += 1
                    counts.forgotten += 1
                    continue
                yield given

    def reject(self, rejected: Iterable[Rejected]) -> None:
        """Note the documents a committed batch rejected."""
        for one in rejected:
            name = one[0].removeprefix("inbox/")
            tally = self.tallies.get(name) or self.tallies.get(name.rpartition("#")[0])
            if tally is not None:
                tally.rejected.append(one)
            if one[0] in self._keys:
                self._bad[self._keys[one[0]]] = one

    def verdict(self, root: Path, known: int) -> tuple[list[Dropped], dict[Dropped, str]]:
        """The files that are done, and those that failed with the reason; asked when all is committed.

        Args:
            known: documents the warehouse had already; without one no file can have been rejected before.
        """
        done: list[Dropped] = []
        failed: dict[Dropped, str] = {}
        for file in self.files:
            tally = self.tallies[file.name]
            if file.problem:
                failed[file] = file.problem
            elif not tally.documents:
                failed[file] = "empty: there is no document in it"
            elif tally.forgotten == tally.documents:
                failed[file] = "forgotten: it is not taken again by itself; `dateline ingest PATH` brings it back"
            elif tally.archive:
                broken = [f"{reason}: {message}" for given, reason, message in tally.rejected if given.endswith("#0")]
                if broken and len(tally.rejected) == 1:
                    failed[file] = broken[0]
                else:
                    done.append(file)
            elif len(tally.rejected) >= tally.documents or (
                tally.documents == len(tally.items) and self._bad.keys() >= set(tally.items)
            ):
                _, reason, message = self._bad[tally.items[0]] if tally.items[0] in self._bad else tally.rejected[0]
                more = f" (the first of {tally.documents:,} lines; none gave an article)" if tally.documents > 1 else ""
                failed[file] = f"{reason}: {message}{more}"
            else:
                done.append(file)
        if known:
            before = _known_rejects(root, {i for f in done if (i := self.tallies[f.name].capture_id)})
            failed |= {f: why for f in done if (why := before.get(self.tallies[f.name].capture_id or ""))}
        return [file for file in done if file not in failed], failed


def _known_rejects(root: Path, captures: set[str]) -> dict[str, str]:
    """Why the warehouse, which knows these captures, has no article of them; those it has articles of are left out."""
    import warehouse

    if not captures or not warehouse.read_log(root).files.get("rejects"):
        return {}
    con = warehouse.connect(root, comments=False)
    try:
        found = con.execute(
            "select capture_id, any_value(reason) || ': ' || any_value(message) from (from rejects where list_contains($ids, capture_id)) "
            "anti join articles_all using (capture_id) group by capture_id",
            {"ids": list(captures)},
        ).fetchall()
    finally:
        con.close()
    return {capture: f"{why} (as when it came before)" for capture, why in found}
