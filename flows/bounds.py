"""What reading one document may take, as the user wrote it in the workspace's dateline.toml:

    [limits]
    memory = 1500     # MB of one worker process, its lexicons included
    seconds = 60      # of the processor, for one document; ten times as many on the clock

A document that takes more is set aside as a reject `too_costly`; all others are stored. All other bounds: docs/bounds.md.
"""

from __future__ import annotations

from flows.config import SettingsError, Workspace, read_settings
from flows.workers import Bounds

LEAST_MEMORY = 400
"""MB; the lexicons alone take a third of it."""


def read_bounds(space: Workspace) -> Bounds:
    """The workspace's bounds.

    Raises:
        SettingsError: names the file and the key, and says what may stand there.
    """
    table = read_settings(space).get("limits", {})
    if not isinstance(table, dict):
        raise SettingsError(f"{space.settings}: limits: a table [limits] with memory = 1500 and seconds = 60")
    most: dict[str, tuple[float, float, str]] = {
        "memory": (LEAST_MEMORY, 1_000_000, "MB"),
        "seconds": (0.1, 86_400, "seconds"),
    }
    for key, value in table.items():
        if key not in most:
            raise SettingsError(f"{space.settings}: [limits] {key}: no such key; there is {', '.join(most)}")
        least, largest, unit = most[key]
        if type(value) not in (int, float) or not least <= value <= largest:
            raise SettingsError(f"{space.settings}: [limits] {key} = {value!r}: {unit}, from {least} to {largest}")
    plain = Bounds()
    memory, seconds = table.get("memory"), table.get("seconds")
    return Bounds(int(memory * 1e6) if memory else plain.memory, float(seconds or plain.seconds))
