"""Every rule codes its own examples and skips its own counter-examples, through the whole coder."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractors.lexicon import load_lexicons
from extractors.rulecheck import check_rule
from extractors.rules import Rule, read_rules

LEXICONS = load_lexicons()
RULES = list(LEXICONS.rules.rules.values())


@pytest.mark.parametrize("rule", RULES, ids=[r.id for r in RULES])
def test_a_rule_codes_and_skips_its_sentences(rule: Rule) -> None:
    assert not [str(failure) for failure in check_rule(rule, LEXICONS)]


def test_every_rule_has_both() -> None:
    assert not [r.id for r in RULES if not r.codes or not r.skips]


def test_every_type_and_mode_has_a_rule() -> None:
    covered = {(r.type, m) for r in RULES for m in (r.mode, *(name for name, _ in r.modes))}
    types = {r.type for r in RULES}
    wanted = [(t, m) for t, facts in LEXICONS.rules.types.items() for m in facts.get("modes", {})]
    assert not [pair for pair in wanted if pair not in covered]
    assert types == LEXICONS.rules.types.keys()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[rule]]\nid = "own.x"\ntype = "ASSAULT"\nverb = ["hit"]\n', r"own\.toml.*verb"),
        ('[[rule]]\nid = "own.x"\ntype = "ASSAULT"\nverbs = ["hit ~ @nothing"]\n', r"own\.x.*@nothing"),
        ('[[rule]\nid = "own.x"\n', r"own\.toml"),
    ],
    ids=["unknown-key", "unknown-group", "not-toml"],
)
def test_a_malformed_rule_says_where(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_rules([tmp_path])


def test_every_rule_carries_a_measured_confidence() -> None:
    assert all(0 < r.confidence < 1 for r in RULES)
    assert sum(r.count for r in RULES) > 1000
    assert len({r.confidence for r in RULES}) > 20
    rare = [r for r in RULES if 0 < r.count < 3]
    assert rare
    assert all(0.3 < r.confidence < 0.95 for r in rare), "a rule seen twice leans on its type"
