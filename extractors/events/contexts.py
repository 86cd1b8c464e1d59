"""What the events of a sentence are about: PLOVER's contexts, told by its words."""

from __future__ import annotations

from extractors.cues import CueTable, find_cues
from extractors.sentences import Sentence


def find_contexts(sentence: Sentence, table: CueTable) -> tuple[str, ...]:
    """The contexts of a sentence, sorted.

    Args:
        table: `Lexicons.contexts`.
    """
    return tuple(sorted({cue.topic for cue in find_cues(sentence.lower, table)}))
