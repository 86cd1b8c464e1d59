"""`dateline doctor`: one look at everything that has gone wrong before, each with its remedy. Changes nothing."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from flows import inbox
from flows.config import SettingsError, Workspace
from flows.locks import alone, is_locked
from flows.secret import is_open_to_others, read_secret, secret_file
from flows.server import PASSWORD, answers, call, own_server, password_for, refuses
from flows.terminal import say
from flows.wording import for_json

ZOMBIES = "dateline: a run without a sign of life is marked as crashed"
"""Name of the automation that `dateline serve` installs."""
_PINS = (
    ("prefect", (3, 8, 8), (3, 9)),
    ("fastapi", (0,), (0, 151)),
    ("sqlalchemy", (2,), (2, 1)),
    ("duckdb", (2, 0), (3,)),
    ("pyarrow", (26,), (10_000,)),
)
"""Package, the first version that works, the first that does not: with later ones no flow starts, or no schedule makes a run."""
_ROOM = 1 << 30
_DATABASE = 4 << 30


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    state: str
    """ok, note (worth knowing) or wrong."""
    found: str
    remedy: str = ""


def examine(space: Workspace) -> list[Check]:
    """Look at everything, in the order in which it would be mended."""
    found = [*_packages(), *_tagger(), *_settings(space), *_disk(space), *_warehouse(space), *_inbox(space)]
    return found + list(_server(space))


def report(found: list[Check], form: str) -> bool:
    """Print the checks; returns whether nothing is wrong."""
    good = all(c.state != "wrong" for c in found)
    if form == "json":
        print(for_json({"ok": good, "checks": [asdict(c) for c in found]}, indent=1))
        return good
    for check in found:
        say(f"{ {'ok': ' ok  ', 'note': 'note ', 'wrong': 'WRONG'}[check.state] } {check.name}: {check.found}")
        if check.remedy:
            say(f"       → {check.remedy}")
    return good


def _packages() -> Iterator[Check]:
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        yield Check("python", "note", sys.version.split()[0], "Dateline is tested with Python 3.11 to 3.13.")
    for name, first, end in _PINS:
        try:
            there = version(name)
        except PackageNotFoundError:
            yield Check(name, "wrong", "is not installed", "pip install . in the clone of Dateline")
            continue
        numbers = tuple(int(part) for part in there.split(".")[:3] if part.isdigit())
        wanted = f">={'.'.join(map(str, first))},<{'.'.join(map(str, end))}"
        if first <= numbers < end:
            yield Check(name, "ok", there)
        else:
            yield Check(
                name, "wrong", f"{there} is installed, and Dateline needs {wanted}", f"pip install '{name}{wanted}'"
            )


_REFERENCE = ("Police in Nairobi arrested six opposition lawmakers on Tuesday.", "COERCE")
"""A sentence that every whole model reads as an event of this type."""


def _tagger() -> Iterator[Check]:
    """Whether the model is whole and reads on this machine."""
    from extractors.tagger import decode, session
    from extractors.tagger.card import model_id, read_card

    remedy = "install Dateline anew: pip install --force-reinstall --no-deps ."
    try:
        if session.digest() != read_card()["model"]["sha256"]:
            yield Check("tagger", "wrong", "its files are not those that its card names", remedy)
            return
        text, kind = _REFERENCE
        read = decode.propose(session.load(), text, [(0, len(text))])
    except Exception as error:  # whatever is wrong with the files or the runtime, it is said and the rest looked at
        yield Check("tagger", "wrong", f"{type(error).__name__}: {error}", remedy)
        return
    if any(p.type == kind and p.score > 0.5 for p, _ in read):
        yield Check("tagger", "ok", f"model {model_id()} reads")
    else:
        yield Check("tagger", "wrong", "the model misreads a plain sentence on this processor", remedy)


def _settings(space: Workspace) -> Iterator[Check]:
    from flows.coding import read_coding
    from flows.configured import read_sources
    from flows.confine import readable
    from flows.engine import read_engine

    try:
        sources = read_sources(space)
        read_engine(space)
        read_coding(space)
        readable(space)
    except SettingsError as error:
        yield Check(
            "settings", "wrong", str(error), "mend the line; `dateline serve` keeps the schedules it has until then."
        )
        return
    timed = sum(s.schedule is not None for s in sources)
    yield Check("settings", "ok", f"{len(sources)} sources, {timed} with a schedule ({space.settings})")


def _disk(space: Workspace) -> Iterator[Check]:
    place = next(p for p in (space.root, *space.root.parents) if p.exists())
    if not os.access(place, os.W_OK):
        yield Check(
            "disk", "wrong", f"{place} cannot be written", "give the user that runs Dateline the right to write there."
        )
        return
    room = shutil.disk_usage(place).free
    text = f"{room / 1e9:,.1f} GB free at {place}"
    if room < _ROOM:
        yield Check("disk", "wrong", text, "make room: `dateline gc`, a shorter `[captures] keep`, or a larger disk.")
    else:
        yield Check("disk", "ok", text)
    if space.root.is_dir():
        yield _locks(space)


def _locks(space: Workspace) -> Check:
    """Whether the file system can do what commits and the inbox stand on: a second name that fails if it is taken, and locks."""
    with tempfile.TemporaryDirectory(dir=space.root, prefix=".doctor-") as folder:
        one, two = Path(folder, "one"), Path(folder, "two")
        try:
            with alone(one) as held:
                os.link(one, two)
                good = held and is_locked(one)
        except OSError as error:
            return Check("locks", "wrong", f"{space.root}: {error.strerror or error}", "put the workspace on a file system with hard links and locks (NFS: version 4).")  # fmt: skip
    if not good:
        return Check("locks", "wrong", f"{space.root}: a lock that is held does not show", "the file system ignores locks: put the workspace on another, or run one process at a time.")  # fmt: skip
    serving = " (held by `dateline serve`)" if is_locked(space.prefect_home / "serve.lock") else ""
    return Check(
        "locks", "ok", f"hard links and locks work{serving}; a lock ends with its process, so none is ever stale"
    )


def _warehouse(space: Workspace) -> Iterator[Check]:
    import warehouse

    if not (space.root / "_log").is_dir():
        yield Check(
            "warehouse",
            "note",
            f"{space.root} holds none yet",
            "`dateline ingest PATH`, or drop a file into the inbox.",
        )
        return
    try:
        snapshot = warehouse.read_log(space.root)
    except (warehouse.CorruptFile, warehouse.NewerSchema, OSError) as error:
        yield Check("warehouse", "wrong", str(error), "`dateline verify` names what is damaged.")
        return
    missing = [f for files in snapshot.files.values() for f in files if not (space.root / f.path).exists()]
    if missing:
        yield Check("warehouse", "wrong", f"{len(missing)} live parts are not there, {missing[0].path} first", "restore them from a backup; `dateline verify` lists them.")  # fmt: skip
    else:
        yield Check("warehouse", "ok", f"version {snapshot.version}, {len(snapshot.paths)} live parts")
    yield from _catalogue(space, snapshot.version)


def _catalogue(space: Workspace, version: int) -> Iterator[Check]:
    import duckdb

    path = space.root / "catalog.duckdb"
    if not version:
        return
    if not path.exists():
        yield Check(
            "catalogue",
            "note",
            "catalog.duckdb is not there",
            "the next ingest writes it; `dateline sql` does without.",
        )
        return
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            con.execute("select count(*) from duckdb_views() where not internal").fetchone()
    except duckdb.Error as error:
        yield Check("catalogue", "wrong", f"{path}: {str(error).splitlines()[0]}", f"delete it: it is derived, and the next ingest writes it anew (rm {path}).")  # fmt: skip
        return
    yield Check("catalogue", "ok", str(path))


def _inbox(space: Workspace) -> Iterator[Check]:
    if not space.inbox.is_dir():
        return
    served = is_locked(space.prefect_home / "serve.lock")
    waits = sum(1 for _ in inbox.waiting(space.inbox, settle=60))
    idle = [b for b in inbox.batches(space.inbox) if not inbox.held(space.inbox, b)]
    failed = sum(1 for p in (space.inbox / inbox.FAILED).rglob("*.reason.txt"))
    if waits or idle:
        remedy = "it is served: they are taken up within minutes." if served else "start `dateline serve`."
        yield Check(
            "inbox",
            "note",
            f"{waits} files wait for more than a minute, {len(idle)} batches are held by nobody",
            remedy,
        )
    else:
        yield Check("inbox", "ok", f"nothing waits in {space.inbox}")
    if failed:
        yield Check(
            "inbox failures",
            "note",
            f"{failed} files gave no article",
            f"each has its reason beside it: {space.inbox / inbox.FAILED}",
        )


def _server(space: Workspace) -> Iterator[Check]:
    api = os.environ.get("PREFECT_API_URL") or own_server(space)
    yield from _secret(space)
    served = is_locked(space.prefect_home / "serve.lock")
    if not api and not served:
        yield Check(
            "server",
            "note",
            "this workspace is not being served",
            "`dateline serve` starts server, schedules and inbox; without it only commands run.",
        )
        return
    if not api or not answers(api, 5.0):
        why = f"the server at {api} does not answer" if api else "it is being served, and the server is not up yet"
        yield Check("server", "wrong", why, f"look into {space.prefect_home / 'logs' / 'server.log'}, or end `dateline serve` and start it again.")  # fmt: skip
        return
    password = password_for(space, api) or None
    if refuses(api, password):
        yield Check("server", "wrong", f"the server at {api} wants another password", f"export {PASSWORD}=… with what the server has as PREFECT_SERVER_API_AUTH_STRING.")  # fmt: skip
        return
    yield Check("server", "ok", api)
    if not refuses(api, ""):
        yield Check("server password", "note", f"the server at {api} asks for none: whoever reaches it, a page in a browser too, can run commands on this machine", f"start it with PREFECT_SERVER_API_AUTH_STRING=NAME:PASSWORD, and give Dateline the same as {PASSWORD}; or let `dateline serve` start its own.")  # fmt: skip
    if not served:
        yield Check(
            "serve",
            "note",
            "the server answers, and no `dateline serve` runs for this workspace",
            "nothing takes the inbox or the schedules: start it (with --no-server for this server).",
        )
    try:
        yield from _schedules(space, api, password)
        yield from _automation(api, password)
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield Check(
            "server",
            "wrong",
            f"does not answer as Prefect {_PINS[0][1][0]} does: {error}",
            "see the log of the server.",
        )
    database = space.prefect_home / "prefect.db"
    if database.exists():
        size = database.stat().st_size
        state = "note" if size > _DATABASE else "ok"
        remedy = (
            "runs older than 30 days are removed by themselves; PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD (seconds) shortens that."
            if state == "note"
            else ""
        )
        yield Check("server database", state, f"{size / 1e6:,.0f} MB", remedy)


def _secret(space: Workspace) -> Iterator[Check]:
    if is_open_to_others(space):
        yield Check("secret", "wrong", f"others may read {secret_file(space)}, the password of this workspace's server", "start `dateline serve` again: it makes a new one.")  # fmt: skip
    elif read_secret(space):
        yield Check("secret", "ok", f"{secret_file(space)} is yours alone")


def _schedules(space: Workspace, api: str, password: str | None) -> Iterator[Check]:
    query = {"deployments": {"tags": {"all_": ["dateline"]}}, "limit": 200}
    ours = [
        d
        for d in call(api, "POST", "/deployments/filter", query, password=password)
        if (d.get("parameters") or {}).get("root") == str(space.root)
    ]
    if not ours:
        yield Check("schedules", "wrong", "no deployment of this workspace is registered", "start `dateline serve`; its log `runs.log` says why if that does not help.")  # fmt: skip
        return
    timed = [d for d in ours if not d.get("paused") and any(s.get("active") for s in d.get("schedules") or ())]
    barren = []
    for deployment in timed:
        of = {"flow_runs": {"deployment_id": {"any_": [deployment["id"]]}, "state": {"type": {"any_": ["SCHEDULED"]}}}}
        fresh = datetime.fromisoformat(deployment["created"].replace("Z", "+00:00")) > datetime.now(UTC) - timedelta(
            minutes=2
        )
        if not fresh and not call(api, "POST", "/flow_runs/count", of, password=password):
            barren.append(deployment["name"])
    if barren:
        yield Check("schedules", "wrong", f"no run is planned for {', '.join(barren[:5])}", "the scheduler makes none: check sqlalchemy above, and server.log.")  # fmt: skip
    else:
        yield Check("schedules", "ok", f"{len(ours)} deployments, {len(timed)} with a schedule, runs are planned")
    late = {"flow_runs": {"deployment_id": {"any_": [d["id"] for d in ours]}, "state": {"name": {"any_": ["Late"]}}}}
    if count := call(api, "POST", "/flow_runs/count", late, password=password):
        yield Check(
            "late runs",
            "note",
            f"{count} runs have not begun in time",
            "the runner is busy or gone: see `dateline serve`.",
        )


def _automation(api: str, password: str | None) -> Iterator[Check]:
    found = [
        a
        for a in call(api, "POST", "/automations/filter", {"limit": 200}, password=password)
        if a.get("name") == ZOMBIES
    ]
    if found and found[0].get("enabled"):
        yield Check("automation", "ok", "killed runs are marked as crashed")
    else:
        why = "is switched off" if found else "is not installed"
        yield Check("automation", "wrong", f"the one that marks killed runs as crashed {why}", "start `dateline serve` again, or switch it on in the UI under Automations.")  # fmt: skip
