"""Kills and errors at system calls, as the kernel gives them: a commit, a compaction, a collection, a catalogue.

`strace` ends the process at the nth passing of a call, or makes the call fail. Whatever it hits, the warehouse shows what it showed
before or what it shows after, its log is sound, and the work may be repeated.
"""

from __future__ import annotations

import functools
import itertools
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import warehouse
from tests.warehouse.harness import OPERATIONS, facts
from tests.warehouse.makers import MOMENT, digest, load, make_pair, make_tables
from warehouse import log

CALLS = ("write", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "link", "unlink", "symlink", "mkdir")
FAILURES = ("signal=KILL", "error=ENOSPC", "error=EIO")
_CODE = """
import sys
from pathlib import Path
import duckdb, pyarrow.compute, pyarrow.parquet
from tests.warehouse.harness import OPERATIONS
import warehouse
try:
    OPERATIONS[sys.argv[1]](Path(sys.argv[2]))
except (OSError, warehouse.CorruptFile) as error:
    print(type(error).__name__, error)
    sys.exit(3)
"""


@functools.cache
def _usable() -> bool:
    """Whether there is a strace that may trace here."""
    found = shutil.which("strace")
    return bool(found) and subprocess.run([str(found), "-o", "/dev/null", "true"], capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not _usable(), reason="needs strace, and the right to trace")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three loads, a corrected article, the garbage of a compaction, a catalogue."""
    root = tmp_path_factory.mktemp("base") / "w"
    load(root, "one", count=1)
    load(root, "two", count=1)
    warehouse.compact(root)
    load(root, "three", count=1)
    newer = make_pair("two-0", " Corrected.", modified_at=MOMENT.replace(day=24))
    warehouse.commit(root, digest("fix"), make_tables([newer], digest("fix")), run_id="r", versions={})
    warehouse.rebuild(root)
    return root


def _run(operation: str, root: Path, call: str, failure: str, nth: int) -> bool:
    """Run an operation whose nth call of a name fails. Returns whether there was an nth."""
    trace = root.parent / "trace"
    command = ["strace", "-f", "-qq", "-o", str(trace), "-e", f"trace={call}", "-e", f"inject={call}:{failure}:when={nth}"]  # fmt: skip
    environment = os.environ | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [*command, sys.executable, "-c", _CODE, operation, str(root)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    killed = done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
    assert done.returncode in (0, 3) or killed, f"{operation}, {call} {nth}, {failure}: {done.stdout}{done.stderr}"
    return killed or "(INJECTED)" in trace.read_text()


class _Harness:
    """An operation on copies of a warehouse, with what it showed before and shows after."""

    def __init__(self, base: Path, scratch: Path, operation: str) -> None:
        self.base, self.scratch, self.operation = base, scratch, operation
        done = scratch / "done"
        shutil.copytree(base, done, symlinks=True)
        OPERATIONS[operation](done)
        self.before, self.after = facts(base), facts(done)

    def survives(self, call: str, failure: str, nth: int) -> bool:
        """Let the nth call fail and look at what is left. Returns whether there was an nth."""
        root, where = self.scratch / f"{call}-{nth}" / "w", f"{self.operation}: {failure} at {call} {nth}"
        shutil.copytree(self.base, root, symlinks=True)
        if not _run(self.operation, root, call, failure, nth):
            return False
        log._STATES.clear()
        assert facts(root) in (self.before, self.after), f"{where} left something between"
        assert warehouse.verify(root) == [], where
        OPERATIONS[self.operation](root)
        assert facts(root) == self.after, f"{where}: the repeat differs"
        warehouse.rebuild(root)
        shutil.rmtree(root.parent)
        return True


def test_a_commit_that_fails_at_some_calls(base: Path, tmp_path: Path) -> None:
    """The short form."""
    harness = _Harness(base, tmp_path, "load")
    for call, failure, nth in (
        ("write", "error=ENOSPC", 3),
        ("fsync", "error=EIO", 5),
        ("link", "error=EIO", 1),
        ("rename", "signal=KILL", 7),  # of the head: the record is there
    ):
        assert harness.survives(call, failure, nth), call


@pytest.mark.long
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("operation", ["load", "compact", "gc", "rebuild", "forget", "replace"])
def test_every_call_fails_once(base: Path, tmp_path: Path, operation: str, failure: str) -> None:
    harness = _Harness(base, tmp_path, operation)
    hit = sum(
        sum(1 for _ in itertools.takewhile(functools.partial(harness.survives, call, failure), range(1, 200)))
        for call in CALLS
    )
    print(f"{operation}, {failure}: {hit} calls")
    assert hit >= 5


def test_a_catalogue_is_made_in_one_transaction(base: Path, tmp_path: Path) -> None:
    """It waited for the disk 673 times."""
    root = tmp_path / "w"
    shutil.copytree(base, root, symlinks=True)
    _run("rebuild", root, "fsync,fdatasync", "retval=0", 10_000)
    assert 1 < len((tmp_path / "trace").read_text().splitlines()) < 20
