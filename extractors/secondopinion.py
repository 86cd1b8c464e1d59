"""A second opinion on a page of which little was found: trafilatura's, an optional extra (`pip install dateline[second-opinion]`)."""

from __future__ import annotations


def second_opinion(text: str) -> tuple[str, ...]:
    """The paragraphs trafilatura finds; none when it is not installed, finds nothing or fails."""
    try:
        import trafilatura
    except ImportError:
        return ()
    try:
        found = trafilatura.extract(text, include_comments=False, include_tables=True)
    except Exception:  # another library's errors on hostile pages are no reason to lose ours
        return ()
    return tuple(line for line in (found or "").splitlines() if line.strip())
