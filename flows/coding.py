"""How texts are coded, as the user wrote it in the workspace's dateline.toml:

    [coding]
    confidence = 0.5          # `events` and the views on it, and `dateline code`, show rows that are at least as sure
    device = "cuda"           # where the tagger works: "cpu", or a graphics card that onnxruntime can use

Both change what is shown or how fast it comes; what is stored goes by neither.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from extractors.confidence import default_confidence
from flows.config import SettingsError, Workspace, read_settings

DEVICES = ("cpu", "cuda")


@dataclass(frozen=True, slots=True)
class Coding:
    """The table `[coding]`; its fields are the keys."""

    confidence: float
    """0 to 1; where nothing is said, the extractors' default."""
    device: str = "cpu"
    """One of DEVICES."""


def read_coding(space: Workspace) -> Coding:
    """How a workspace has its texts coded.

    Raises:
        SettingsError: names the file and the key, and says what may stand there.
    """
    table = read_settings(space).get("coding", {})

    def wrong(key: str, may: str) -> SettingsError:
        return SettingsError(f"{space.settings}: [coding] {key} = {table[key]!r}: {may}")

    if not isinstance(table, dict):
        raise SettingsError(f"{space.settings}: coding: a table [coding] with confidence = 0.5")
    keys = [f.name for f in fields(Coding)]
    for key in table:
        if key not in keys:
            raise wrong(key, f"no such key; there is {', '.join(keys)}")
    confidence, device = table.get("confidence", default_confidence()), table.get("device", "cpu")
    if type(confidence) not in (int, float) or not 0 <= confidence <= 1:
        raise wrong("confidence", "a number from 0 to 1, such as 0.5")
    if device not in DEVICES:
        raise wrong("device", f"must be one of {', '.join(DEVICES)}")
    return Coding(float(confidence), device)
