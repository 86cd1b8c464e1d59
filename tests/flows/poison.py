"""What a worker is asked to do in the tests of the workers; imported by the workers themselves, so it imports little."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path


def do(what: str) -> object:
    """A number is doubled; a word says how the worker is to suffer."""
    if what.isdigit():
        return 2 * int(what)
    if what == "eat":
        held = []
        while True:
            held.append(b"x" * 20_000_000)
    elif what == "sleep":
        time.sleep(3600)
    elif what == "hold":  # a pattern that holds the interpreter for longer than anybody waits
        re.match(r"(a*)*b", "a" * 60)
    elif what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "exit":
        os._exit(7)
    elif what.startswith("once "):  # dies the first time only
        mark = Path(what.removeprefix("once "))
        if not mark.exists():
            mark.touch()
            os._exit(7)
        return "done"
    elif what == "pid":
        return os.getpid()
    raise ValueError(what)


def unready() -> None:
    """A preparation that fails."""
    raise LookupError("no lexicon")


def stillborn() -> None:
    """A preparation that ends the process."""
    os._exit(3)
