"""What the tagger says of a piece of text: the labels of its heads, in the order of their outputs.

Training and reading both stand on these: a change makes every stored model unreadable, and the card says which labels it knows.
"""

from __future__ import annotations

TYPES = (
    "AGREE", "CONSULT", "SUPPORT", "CONCEDE", "COOPERATE", "AID", "RETREAT", "REQUEST", "ACCUSE", "REJECT", "THREATEN", "PROTEST",
    "SANCTION", "MOBILIZE", "COERCE", "ASSAULT", "other",
)  # fmt: skip
"""PLOVER's sixteen event types, and `other`: an act that PLOVER has no type for. A piece's label 0 is "no event", label n is `TYPES[n - 1]`."""

PLOVER = TYPES[:-1]
"""The types without `other`."""

ROLES = ("actor", "recipient", "date", "place", "speaker")
"""What the words near a trigger are to it."""

STATUSES = ("actual", "planned", "called_for", "threatened", "hypothetical", "negated", "historical")

MODES: dict[str, tuple[str, ...]] = {
    "CONSULT": ("multilateral", "phone", "third-party", "visit"),
    "RETREAT": ("access", "ceasefire", "disarm", "release", "resign", "withdraw"),
    "REQUEST": ("assist", "change", "meet", "yield"),
    "REJECT": ("assist", "change", "meet", "yield"),
    "ACCUSE": ("allege", "disapprove", "investigate"),
    "THREATEN": ("arrest", "expel", "relations", "restrict", "territory", "violence"),
    "PROTEST": ("boycott", "demo", "hunger", "obstruct", "riot", "strike", "vandalize"),
    "SANCTION": ("convict", "discontinue", "expel", "withdraw"),
    "MOBILIZE": ("militia", "police", "troops", "weapons"),
    "COERCE": ("arrest", "censor", "curfew", "cyber", "deport", "martial-law", "misinformation", "restrict", "seize", "withhold"),
    "ASSAULT": (
        "abduct", "aerial", "beat", "crowd-control", "destroy", "drone", "explosives", "firearms", "heavy-weapons", "primitive",
        "sexual", "suicide-attack", "targeted", "torture", "unconventional",
    ),
}  # fmt: skip
"""The modes of each type that has some; "no mode" goes with all of them."""

MODE_NAMES = (None, *sorted({mode for modes in MODES.values() for mode in modes}))
"""Outputs of the mode head: none first. `withdraw` is one name of two types; which modes count is the type's to say."""
