"""Older versions: keeping one under a name, cutting what is forgotten out of those, and going back to one as a new commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from warehouse.index import Index
from warehouse.kept import Kept, drop_kept, keeping_lock, write_kept
from warehouse.kept import kept_versions as read_kept
from warehouse.log import Snapshot, read_log, surviving
from warehouse.record import Commit
from warehouse.rewrite import Chosen, Cut, retried
from warehouse.storage import Storage, locked
from warehouse.store import Draft, LoadConflict, discarding, now, publish_draft
from warehouse.tombstones import MARK, forgotten


def kept_versions(root: Path | str) -> list[Kept]:
    """All names under which versions are kept."""
    return read_kept(Storage(root))


def keep(root: Path | str, name: str, version: int | None = None) -> Kept:
    """Keep a version, by default the last, under a name.

    Raises:
        ValueError: the name is none, or holds another version.
        LookupError: there is no such version, or some of its parts were collected.
    """
    storage = Storage(root)
    read_log(storage)
    with locked(keeping_lock(storage)):
        there = {k.name: k for k in read_kept(storage)}
        snapshot = read_log(storage, version)
        if not snapshot.version:
            raise LookupError(f"{storage.root}: nothing is stored yet, so there is no version to keep")
        if name in there and there[name].version != snapshot.version:
            raise ValueError(f"{name} keeps version {there[name].version}: another name, or let go of that one first")
        check_there(storage, snapshot)
        kept = there.get(name) or Kept(name, snapshot.version, now())
        write_kept(storage, kept)
        return kept


def release(root: Path | str, name: str) -> bool:
    """Let go of a name, so that `gc` collects what nothing else needs; whether there was one."""
    storage = Storage(root)
    with locked(keeping_lock(storage)):
        return drop_kept(storage, name)


def check_there(storage: Storage, snapshot: Snapshot) -> None:
    """Refuse a version some of whose parts are gone.

    Raises:
        LookupError
    """
    for path in sorted(snapshot.paths):
        if not any(entry.name == path for entry in storage.list(path)):
            raise LookupError(f"version {snapshot.version}: its part {path} was collected")


def holding(root: Path | str, chosen: Chosen) -> list[str]:
    """Names whose versions hold rows that are chosen."""
    storage = Storage(root)
    found = []
    for kept in read_kept(storage):
        with Cut(storage, read_log(storage, kept.version), "forget") as cut:
            cut.choose(chosen)
            if cut.count():
                found.append(kept.name)
    return found


def cut_kept(root: Path | str, chosen: Chosen) -> list[str]:
    """Take rows out of every kept version too, and name those that had some; the parts that held them are left to `gc`."""
    storage = Storage(root)
    with locked(keeping_lock(storage)):
        return _cut_kept(storage, lambda cut: chosen)


def _cut_kept(storage: Storage, choose: Callable[[Cut], Chosen]) -> list[str]:
    changed = []
    for kept in read_kept(storage):
        with Cut(storage, read_log(storage, kept.version), "forget") as cut:
            cut.choose(choose(cut))
            if not cut.count():
                continue
            name = hashlib.sha256(f"kept\0{kept.name}\0{now()}".encode()).hexdigest()[:32]
            stands = {old.path: new for old, new in cut.without(Draft(name, "forget", "forget", {}))}
        # A part that stands for an older one already may have to be cut again.
        cuts = {path: stands.pop(file.path, file) if file else None for path, file in kept.cut.items()}
        write_kept(storage, Kept(kept.name, kept.version, kept.at, cuts | stands))
        changed.append(kept.name)
    return changed


def restore_version(root: Path | str, version: int, *, run_id: str = "restore") -> Commit:
    """Make an older version the newest again, as a commit; what was forgotten for good since does not come back.

    Raises:
        LookupError: there is no such version, or some of its parts were collected.
        LoadConflict: other commits kept coming.
    """
    storage = Storage(root)
    read_log(storage)
    with locked(keeping_lock(storage)):
        return retried(storage, lambda snapshot: _restored(storage, snapshot, version, run_id))


def forget_again(root: Path | str) -> int:
    """Take out what tombstones keep away and the tables hold all the same, as after a restoration; returns how many rows went."""
    storage = Storage(root)
    snapshot = read_log(storage)
    with Cut(storage, snapshot, "restore") as cut:
        cut.choose(_bound(snapshot, cut))
        rows = sum(cut.count().values())
    with locked(keeping_lock(storage)):
        _cut_kept(storage, lambda cut: _bound(snapshot, cut))
    if rows:
        restore_version(root, snapshot.version)
    return rows


def _restored(storage: Storage, snapshot: Snapshot, version: int, run_id: str) -> Commit:
    then = read_log(storage, version)
    check_there(storage, then)
    with Cut(storage, then, run_id) as cut:
        cut.choose(_bound(snapshot, cut))
        draft = cut.draft("restore", f"restore\0{version}\0{snapshot.version}", {"restores": str(version)})
        with discarding(storage, draft):
            cut.settle_into(draft)
            left = {f.path: f for files in then.files.values() for f in files}
            for file in draft.removes:
                del left[file.path]
            draft.removes = tuple(f for files in snapshot.files.values() for f in files if f.path not in left)
            draft.revives = tuple(f for path, f in left.items() if not snapshot.is_live(path))
            _turn_back(storage, draft, snapshot, then)
            draft.check = lambda last: _check_same(last, snapshot)
            done = publish_draft(storage, draft, cut.began)
    assert done is not None
    return done


def _check_same(last: Snapshot, snapshot: Snapshot) -> None:
    if last.version != snapshot.version:
        raise LoadConflict("something was committed meanwhile: plan again")


def _bound(snapshot: Snapshot, cut: Cut) -> Chosen:
    """What tombstones keep away, among the rows of an older version."""
    bound = forgotten(snapshot)
    met: dict[str, list[str]] = {"url": [], "source": [], "article": []}
    if bound is not None:
        for kind, query in _SAID.items():
            for (value,) in cut.con.execute(query).fetchall():
                if value and bound.item(kind, value) in bound.known:
                    met[kind].append(value)
    cut.con.execute("create table bound (kind varchar, value varchar)")
    rows = [(kind, value) for kind, values in met.items() for value in values]
    if rows:
        cut.con.executemany("insert into bound values (?, ?)", rows)
    url, source, article = (f"in (select value from bound where kind = '{kind}')" for kind in met)
    return Chosen(
        None,
        f"url {url} or canonical_url {url} or source {source} or article_id {article}" if rows else "false",
        f"url {url} or final_url {url} or source {source}" if rows else "false",
        f"url {url} or source {source}" if rows else "false",
        f"url {url} or source {source}" if rows else "false",
    )


_SAID = {
    "url": "select url from articles union select canonical_url from articles union select url from captures union "
    "select final_url from captures union select url from rejects union select url from fetches",
    "source": "select source from articles union select source from captures union select source from rejects union "
    "select source from fetches",
    "article": "select distinct article_id from articles",
}


def _turn_back(storage: Storage, draft: Draft, snapshot: Snapshot, then: Snapshot) -> None:
    """Make known what was known then, less what goes, and the newest wordings those of then."""
    index, old = Index(), Index()
    values: dict[int, dict[str, str]] = {}
    for number, commit in surviving(storage):
        assert isinstance(commit, Commit), "the log was checked when it was read"
        if number > snapshot.version:
            break
        index.record(commit)
        values[number] = commit.items
        if number == then.version:
            old = Index(items=dict(index.items), articles=dict(index.articles))
    gone = set(draft.gone)
    items: dict[str, str] = {}
    for item, (by, known) in old.items.items():
        stays = known and item not in gone and not item.startswith(MARK)
        if stays and index.items.get(item) != (by, True):
            items[item] = values[by].get(item, "")
    lost = [
        item
        for item, (_, known) in index.items.items()
        if known and not item.startswith(MARK) and (item in gone or not old.items.get(item, (0, False))[1])
    ]
    draft.items, draft.gone = items, tuple(sorted(lost))
    newest = {a: (v, t) for a, (_, v, t) in old.articles.items()} | dict(draft.articles)
    present = {a: (v, t) for a, (_, v, t) in index.articles.items()}
    draft.articles = {
        a: newest.get(a, ("", 0)) for a in sorted({*newest, *present}) if newest.get(a, ("", 0)) != present.get(a)
    }
    pending = (then.superseded | set(draft.superseded)) - set(draft.settled)
    draft.superseded = tuple(sorted(pending - snapshot.superseded))
    draft.settled = tuple(sorted(snapshot.superseded - pending))


__all__ = ["check_there", "cut_kept", "forget_again", "holding", "keep", "kept_versions", "release", "restore_version"]
