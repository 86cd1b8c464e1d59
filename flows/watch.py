"""The watcher: claims what lands in the inbox, batch by batch, and has a run started for each. Needs neither Prefect nor the warehouse.

It looks once a second instead of waiting for the system to tell it: looking into a folder costs nothing, it sees files that other
machines put on a shared disk, and it adds half a second to the six a run takes to start. While two batches are under way
no third is claimed, so files that come in a stream are taken in larger and larger batches.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from flows import inbox as ledger
from flows.config import Workspace, workspace
from flows.mishaps import paused
from flows.server import OWN_API, only_while_served, start_run
from flows.wording import for_terminal

DEPLOYMENT = "inbox/dropped"
LOOK = 1.0
"""Seconds between two looks."""
AT_ONCE = 2
"""Batches under way before no more is claimed."""
ASK_AGAIN = 15.0
"""Seconds until a batch that still lies there is asked for again: its run may have died, or the server was away."""


class Watcher:
    """What one watcher remembers; all of it may be lost."""

    def __init__(self, space: Workspace, api: str, suffix: str, say: Callable[[str], None]) -> None:
        self.space, self.api, self.say = space, api, say
        self.deployment = DEPLOYMENT + suffix
        self.asked: dict[str, float] = {}
        self.failing = ""

    def look(self, now: float) -> None:
        """Claim what has settled, and ask for a run for every batch that needs one."""
        inbox = self.space.inbox
        under_way = ledger.batches(inbox)
        while len(under_way) < AT_ONCE and (batch := ledger.claim(inbox)):
            under_way += (batch,)
        self.asked = {batch: at for batch, at in self.asked.items() if batch in under_way}
        for batch in under_way:
            if now - self.asked.get(batch, -ASK_AGAIN) >= ASK_AGAIN and not (
                ledger.held(inbox, batch) or paused(inbox, batch)
            ):
                self._ask(batch, now)

    def _ask(self, batch: str, now: float) -> None:
        first = batch not in self.asked
        self.asked[batch] = now
        try:
            start_run(self.api, self.deployment, {"batch": batch, "root": str(self.space.root)}, batch)
        except (OSError, ValueError) as error:
            self.asked[batch] = now - ASK_AGAIN + 2  # soon again: the batch is safe, it only waits
            if self.failing != str(error):
                self.say(f"inbox: the server does not take the batch ({error}); trying on, nothing is lost")
            self.failing = str(error)
            return
        if first or self.failing:
            files = len(ledger.files_of(self.space.inbox, batch))
            self.say(f"inbox: {files} file{'s' * (files != 1)} on the way (batch {batch[:8]})")
        self.failing = ""


def main(root: str, api: str, suffix: str = "") -> None:
    """Watch until SIGTERM or Ctrl-C."""
    space = workspace(root)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if own := os.environ.get(OWN_API):
        only_while_served(space, own)

    def say(text: str) -> None:
        print(for_terminal(f"{datetime.now():%H:%M:%S} {text}"), flush=True)

    watcher = Watcher(space, api, suffix, say)
    ledger.ensure(space.inbox)
    while True:
        try:
            watcher.look(time.monotonic())
        except OSError as error:  # the disk is full, or a folder was taken away: said once, tried on
            if watcher.failing != str(error):
                say(f"inbox: {error}")
            watcher.failing = str(error)
            if not Path(space.inbox).is_dir():
                ledger.ensure(space.inbox)
        time.sleep(LOOK)


if __name__ == "__main__":
    main(*sys.argv[1:4])
