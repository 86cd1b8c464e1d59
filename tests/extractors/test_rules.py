"""Every rule codes its own examples and skips its own counter-examples, through the whole coder."""

from __future__ import annotations

import pytest

from extractors.coder import code
from extractors.lexicon import Lexicons, load_lexicons
from extractors.rules import read_rules

LEXICONS = load_lexicons()
CASES = [(rule, text) for rule in LEXICONS.rules.rules.values() for text in rule.codes]
SKIPS = [(rule, text) for rule in LEXICONS.rules.rules.values() for text in rule.skips]


@pytest.fixture(scope="module")
def lexicons() -> Lexicons:
    return LEXICONS


@pytest.mark.parametrize(("rule", "text"), CASES, ids=[f"{r.id}-{n}" for n, (r, _) in enumerate(CASES)])
def test_codes(lexicons: Lexicons, rule, text: str) -> None:  # type: ignore[no-untyped-def]
    events = code(text, lexicons=lexicons).events
    assert (rule.type, rule.id) in [(e.event_type, e.rule_id) for e in events], [
        (e.event_type, e.rule_id) for e in events
    ]


@pytest.mark.parametrize(("rule", "text"), SKIPS, ids=[f"{r.id}-{n}" for n, (r, _) in enumerate(SKIPS)])
def test_skips(lexicons: Lexicons, rule, text: str) -> None:  # type: ignore[no-untyped-def]
    assert rule.id not in [e.rule_id for e in code(text, lexicons=lexicons).events if e.status != "negated"]


def test_every_rule_has_both() -> None:
    assert not [r.id for r in LEXICONS.rules.rules.values() if not r.codes or not r.skips]


def test_a_malformed_rule_names_its_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "own.toml").write_text('[[rule]]\nid = "own.x"\ntype = "ASSAULT"\nverb = ["hit"]\n')
    with pytest.raises(ValueError, match=r"own\.toml.*verb"):
        read_rules([tmp_path])
