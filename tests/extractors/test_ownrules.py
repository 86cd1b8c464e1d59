"""Own rules: words in their forms, gaps and choices; how a rule speaks beside the tagger; rules of old, rewritten or refused."""

from __future__ import annotations

import time
import tomllib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from extractors.oldrules import as_toml, rewritten
from extractors.ownrules import (
    GAP,
    UNMEASURED,
    Hit,
    OwnRule,
    RuleBook,
    apply_rules,
    check_rule,
    find,
    load_own_rules,
    read_own_rules,
    read_rule,
)
from extractors.sentences import tokenize
from extractors.tagger.proposals import Proposal, Words
from extractors.wordforms import word_forms

BOOK = load_own_rules()


def book_of(tmp_path: Path, *rules: str) -> RuleBook:
    """A book of the rules given as `id type words…`, with words parted by a comma."""
    lines = []
    for rule in rules:
        name, kind, words = rule.split(" ", 2)
        listed = ", ".join(f'"{w.strip()}"' for w in words.split(","))
        lines.append(f'[[rule]]\nid = "{name}"\ntype = "{kind}"\nwords = [{listed}]\ncodes = "a"\nskips = "b"\n')
    (tmp_path / "own.toml").write_text("\n".join(lines))
    return read_own_rules([tmp_path], BOOK.types)


def hits(text: str, book: RuleBook) -> list[Hit]:
    return find(tokenize(text, 0, len(text)), book)


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("sail", "sails sailed sailing"),
        ("ban", "bans banned banning"),
        ("admit", "admitted admitting"),
        ("travel", "travelled traveled travelling traveling"),
        ("deny", "denies denied denying"),
        ("clash", "clashes clashed clashing"),
        ("agree", "agrees agreed agreeing"),
        ("die", "died dying"),
        ("take", "took taken taking"),
        ("swear", "swore sworn swearing"),
        ("be", "is was were been being"),
        ("gunman", "gunmen"),
        ("embassy", "embassies"),
        ("crisis", "crises"),
        ("life", "lives"),
    ],
    ids=lambda cell: cell.split()[0],
)
def test_a_word_is_found_in_all_its_forms(word: str, forms: str) -> None:
    assert word_forms(word) >= {word, *forms.split()}


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        ("sail ~ fleet", "France sailed its fleet to Libya.", ["sailed", "fleet"]),
        ("sail ~ fleet", "France SAILED FLEETS to Libya.", ["SAILED FLEETS"]),
        ("sail ~ fleet", "Tourists sailed to Libya.", []),
        ("sail ~ fleet", "They sailed a b c d e fleet.", ["sailed", "fleet"]),
        ("sail ~ fleet", "They sailed a b c d e f fleet.", []),
        ("sail ~ fleet", "They sailed; the fleet stayed.", []),
        ("sail ~ fleet", "The fleet sailed.", []),
        ("take office", "She took office in May.", ["took office"]),
        ("take office", "She took the office.", []),
        ("hold|conduct ~ vote|poll", "Kenya conducts a new poll.", ["conducts", "poll"]),
        ("a ~ b ~ c", "a x b y z c", ["a", "b", "c"]),
        # The nearest b is too far from c, the next one is not.
        ("a ~ b ~ c", "a b 1 b 2 3 4 5 c", ["a", "b", "c"]),
        ("call off", "The visit was called off.", ["called off"]),
        ("won't", "They won't.", []),
        ("strike", "The union’s strikes went on.", ["strikes"]),
        ("sit-in", "Students held sit-ins.", ["sit-ins"]),
    ],
)
def test_words_are_found(tmp_path: Path, words: str, text: str, found: list[str]) -> None:
    if words == "won't":
        with pytest.raises(ValueError, match="not one word"):
            book_of(tmp_path, f"own.x ACCUSE {words}")
        return
    book = book_of(tmp_path, f"own.x ACCUSE {words}")
    spans = [span for hit in hits(text, book) for span in hit.spans]
    assert [text[start:end] for start, end in spans] == found


def test_a_hit_says_its_tokens(tmp_path: Path) -> None:
    text = "Yesterday France sailed its fleet."
    sentence = tokenize(text, 0, len(text))
    (hit,) = find(sentence, book_of(tmp_path, "own.sail MOBILIZE sail ~ fleet"))
    assert (hit.first, hit.last, sentence.span(hit.first, hit.last)) == (2, 5, "sailed its fleet")
    assert text[hit.start : hit.end] == "sailed its fleet"


@pytest.mark.parametrize(
    ("rules", "text", "speaks"),
    [
        (("own.a ACCUSE slam", "own.b x_storm slam into"), "It slammed into a wall.", ["own.b"]),
        (("own.a ACCUSE slam", "own.b none slam"), "He slammed her.", ["own.b"]),
        (("own.b ACCUSE slam", "own.a REJECT slam"), "He slammed her.", ["own.a"]),
        (("own.a ACCUSE slam", "own.b SUPPORT praise"), "He slammed her and praised me.", ["own.a", "own.b"]),
        (("own.a ACCUSE slam", "own.b none slam ~ door"), "He slammed a door, then slammed her.", ["own.b", "own.a"]),
        # What stands in a rule's gap is another's to take.
        (
            ("own.a x_won win ~ election", "own.b COERCE arrest"),
            "He won after arrests an election.",
            ["own.a", "own.b"],
        ),
    ],
)
def test_one_rule_speaks_in_one_place(tmp_path: Path, rules: tuple[str, ...], text: str, speaks: list[str]) -> None:
    assert [hit.rule.id for hit in hits(text, book_of(tmp_path, *rules))] == speaks


def proposal(text: str, words: str, kind: str, score: float = 0.9, **more: Any) -> Proposal:
    start = text.index(words)
    types = ((kind, 0.7), ("REQUEST", 0.2), ("ACCUSE", 0.1))
    return Proposal(0, start, start + len(words), kind, score, types, None, "actual", 0.5, **more)


def no_sides(start: int, end: int, kind: str) -> Proposal:
    raise AssertionError("the tagger had a trigger there")


TEXT = "Police arrested ten men when the fleet sailed to Libya and Paris protested."


def tagged() -> list[Proposal]:
    fleet = Words(33, 38, 0.8)
    return [
        proposal(TEXT, "arrested", "COERCE"),
        proposal(TEXT, "fleet", "other", 0.3),
        proposal(TEXT, "sailed", "CONSULT", 0.6, actors=(fleet,)),
        proposal(TEXT, "protested", "PROTEST"),
    ]


def test_a_rule_replaces_what_the_tagger_read_at_its_words(tmp_path: Path) -> None:
    book = book_of(tmp_path, "own.sail MOBILIZE fleet sail")
    before = tagged()
    after = apply_rules(before, hits(TEXT, book), no_sides)
    assert [p.rule_id for p in after] == ["tagger", "own.sail", "tagger"]
    assert (after[0], after[2]) == (before[0], before[3])
    made = after[1]
    assert (TEXT[made.start : made.end], made.type, made.types[0][0]) == ("fleet sailed", "MOBILIZE", "MOBILIZE")
    # Sides, status and core are of the likeliest trigger among those replaced.
    assert made == replace(
        before[2], start=made.start, end=made.end, type="MOBILIZE", types=made.types, rule_id="own.sail"
    )
    assert made.types[1:] == (("CONSULT", 0.7), ("REQUEST", 0.2))


def test_where_the_tagger_has_no_trigger_it_is_asked_for_the_sides(tmp_path: Path) -> None:
    asked = []

    def sides(start: int, end: int, kind: str) -> Proposal:
        asked.append((TEXT[start:end], kind))
        return proposal(TEXT, "men", "other", 0.1, recipients=(Words(0, 6, 0.5),))

    book = book_of(tmp_path, "own.men x_men ten men")
    made = apply_rules(tagged(), hits(TEXT, book), sides)
    assert asked == [("ten men", "x_men")]
    assert [p.rule_id for p in made] == ["tagger", "own.men", "tagger", "tagger", "tagger"]
    assert (made[1].type, TEXT[made[1].start : made[1].end], made[1].recipients) == (
        "x_men",
        "ten men",
        (Words(0, 6, 0.5),),
    )


@pytest.mark.parametrize(
    ("kind", "mode", "made"),
    [("COERCE", None, ("seize", 0.6)), ("COERCE", "arrest", ("arrest", 1.0)), ("SANCTION", None, (None, 1.0))],
)
def test_the_taggers_mode_is_kept_where_the_rule_says_none_and_the_type_is_the_same(
    tmp_path: Path, kind: str, mode: str | None, made: tuple[str | None, float]
) -> None:
    said = f'mode = "{mode}"\n' if mode else ""
    (tmp_path / "own.toml").write_text(
        f'[[rule]]\nid = "own.x"\ntype = "{kind}"\n{said}words = ["arrest"]\ncodes = "a"\nskips = "b"\n'
    )
    book = read_own_rules([tmp_path], BOOK.types)
    read = replace(tagged()[0], mode="seize", mode_probability=0.6)
    (spoken,) = apply_rules([read], hits(TEXT, book), no_sides)
    assert (spoken.mode, spoken.mode_probability) == made


def test_none_silences_only_its_words(tmp_path: Path) -> None:
    book = book_of(tmp_path, "own.quiet none sail")
    assert [TEXT[p.start : p.end] for p in apply_rules(tagged(), hits(TEXT, book), no_sides)] == [
        "arrested",
        "fleet",
        "protested",
    ]
    assert apply_rules([], hits(TEXT, book), no_sides) == []


@pytest.mark.parametrize(("kind", "rule"), [("other", "x.election"), ("SUPPORT", "tagger")])
def test_a_rule_that_waits_for_the_tagger_speaks_at_its_type_only(kind: str, rule: str) -> None:
    text = "Alice Example won in Lagos."
    (made,) = apply_rules([proposal(text, "won", kind)], hits(text, BOOK), no_sides)
    assert (made.rule_id, made.type) == (rule, "x_election" if rule == "x.election" else kind)
    assert apply_rules([], hits(text, BOOK), no_sides) == []


@pytest.mark.parametrize(
    ("rules", "speaks"),
    [
        (("own.a ACCUSE slam", "own.b REJECT door"), ["own.a"]),
        (("own.a ACCUSE slam|door",), ["own.a"]),
        (("own.a none door", "own.b REJECT slam"), []),
    ],
    ids=["two-rules", "one-rule-twice", "silence"],
)
def test_a_trigger_is_one_act(tmp_path: Path, rules: tuple[str, ...], speaks: list[str]) -> None:
    text = "He slammed the door."
    found = hits(text, book_of(tmp_path, *rules))
    assert len(found) == 2
    made = apply_rules([proposal(text, "slammed the door", "COERCE")], found, no_sides)
    assert [p.rule_id for p in made] == speaks


def test_the_order_of_what_is_handed_in_is_all_one(tmp_path: Path) -> None:
    book = book_of(tmp_path, "own.sail MOBILIZE fleet sail", "own.march PROTEST protest")
    found = hits(TEXT, book)
    assert apply_rules(tagged()[::-1], found[::-1], no_sides) == apply_rules(tagged(), found, no_sides)


def test_a_workspaces_rule_replaces_ours_of_its_id(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    text = (tmp_path / "rules" / "own.toml").write_text(
        '[[rule]]\nid = "x.law"\ntype = "none"\nwords = ["pass"]\ncodes = "They passed a law."\nskips = "They met."\n'
    )
    assert text
    book = load_own_rules(tmp_path)
    assert (book.rules["x.law"].type, len(book.rules)) == ("none", len(BOOK.rules))
    assert not [p for patterns in book.starts.values() for p in patterns if p.rule.type == "x_law"]


GOOD = {"id": "own.x", "type": "ASSAULT", "words": ["hit"], "codes": "A hit B.", "skips": "A met B."}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"verb": ["hit"]}, r"f\.toml: rule own\.x: no such key verb; there is id, type"),
        ({"words": []}, "words is missing"),
        ({"codes": ""}, "codes is missing"),
        ({"type": "CRUISE"}, "no event type CRUISE: one of AGREE"),
        ({"type": "x_"}, "no event type x_"),
        ({"mode": "boats"}, "ASSAULT has no mode boats: one of abduct"),
        ({"type": "x_storm", "mode": "wind"}, "x_storm has no mode wind$"),
        ({"type": "none", "mode": "wind"}, "none has no mode wind$"),
        ({"words": ["~ fleet"]}, "begins and ends with a word"),
        ({"words": ["sail ~ ~ fleet"]}, "between two gaps"),
        ({"words": ["sail, fleet"]}, "'sail,' is not one word"),
        ({"words": ["sail ||fleet"]}, "'' is not one word"),
        ({"words": [3]}, "words a list of them"),
        ({"codes": ["A hit B."]}, "are texts"),
        ({"confidence": 2}, r"confidence = 2: a number above 0"),
        ({"confidence": True}, r"confidence = True"),
    ],
    ids=lambda cell: str(cell)[:30],
)
def test_a_malformed_rule_says_where_and_why(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_rule(GOOD | change, "f.toml", BOOK.types)


def test_types_of_ones_own_need_no_table_and_may_have_one(tmp_path: Path) -> None:
    assert read_rule(GOOD | {"type": "x_storm_2"}, "f.toml", BOOK.types).type == "x_storm_2"
    (tmp_path / "own.toml").write_text("[types]\nx_leak = { quad = 3, score = -2, modes = { mail = -1 } }\n")
    types = read_own_rules([tmp_path], BOOK.types).types
    assert types["x_leak"]["score"] == -2
    assert read_rule(GOOD | {"type": "x_leak", "mode": "mail"}, "f.toml", types).mode == "mail"


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[[rule]\n")
    with pytest.raises(ValueError, match=r"own\.toml: "):
        read_own_rules([tmp_path], {})


OLD = {
    "id": "own.sail",
    "type": "MOBILIZE",
    "mode": "troops",
    "verbs": ["sail ~ fleet"],
    "codes": ["France sailed its fleet to Libya."],
    "skips": ["Tourists sailed to Libya."],
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ["sail ~ fleet", "fleet ~ be sail"]),
        ({"verbs": [], "nouns": ["naval review"]}, ["naval review"]),
        ({"verbs": ["sail"], "objects": "fleet ship"}, ["sail ~ fleet|ship", "fleet|ship ~ be sail"]),
        ({"verbs": ["sail"], "subjects": "navy fleet"}, ["navy|fleet ~ sail"]),
        ({"verbs": ["sail"], "complement": "war"}, ["sail ~ war", "war ~ be sail"]),
        ({"verbs": ["sail|move ~ @ships"]}, ["sail|move ~ ship|boat", "ship|boat ~ be sail|move"]),
        ({"verbs": ["suspend @ties"]}, ["suspend tie|ties|relation|relations|link|links|contact|contacts|cooperation|collaboration|partnership"]),
        ({"recipient": "to", "needs": "both", "actor": "subject"}, ["sail ~ fleet", "fleet ~ be sail"]),
    ],
    ids=["verb", "noun", "objects", "subjects", "complement", "own-group", "our-group", "sides"],
)  # fmt: skip
def test_a_rule_of_old_is_rewritten(change: dict[str, Any], words: list[str]) -> None:
    raw = {"groups": {"ships": "ship boat"}, "rule": [OLD | change]}
    (rule,) = rewritten(raw, "own.toml")["rule"]
    assert rule["words"] == words
    assert read_rule(rule, "own.toml", BOOK.types) == OwnRule(
        "own.sail", "MOBILIZE", tuple(words), "France sailed its fleet to Libya.", "Tourists sailed to Libya.", "troops"
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"not_after": "over"}, "not_after has no counterpart"),
        ({"verbs": ["sail ~ @nothing"]}, "there is no group @nothing"),
        ({"skips": []}, "skips is needed"),
        ({"modes": {"weapons": "missile"}}, "modes has no counterpart"),
    ],
)
def test_a_rule_of_old_that_words_cannot_say_is_shown_rewritten(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        rewritten({"rule": [OLD | change]}, "own.toml")
    said = str(refused.value)
    assert said.startswith("own.toml: rule own.sail is written for the coder of old")
    assert '[[rule]]\nid = "own.sail"\ntype = "MOBILIZE"\nmode = "troops"\nwords = ["sail ~' in said


def test_rules_of_both_forms_may_share_a_file() -> None:
    new = {"id": "own.new", "type": "ACCUSE", "words": ["hit"], "codes": "a", "skips": "b"}
    raw = {"rule": [OLD, new], "types": {"x_y": {}}, "groups": {}, "governors": {"pass": "begin"}}
    made = rewritten(raw, "own.toml")
    assert [rule["id"] for rule in made["rule"]] == ["own.sail", "own.new"]
    assert made.keys() == {"rule", "types"}


def coded(*events: tuple[str, str]) -> Any:
    return lambda text: [SimpleNamespace(event_type=kind, rule_id=rule, status="actual") for kind, rule in events]


@pytest.mark.parametrize(
    ("rule", "events", "said"),
    [
        (GOOD, [("ASSAULT", "own.x")], []),
        (GOOD, [("ASSAULT", "tagger")], ["own.x does not code (ASSAULT by tagger): A hit B."]),
        (GOOD, [], ["own.x does not code (nothing is coded): A hit B."]),
        (GOOD | {"codes": "A met B."}, [("ASSAULT", "own.x")], ["own.x does not find its words in: A met B."]),
        (GOOD | {"skips": "B hit A."}, [("ASSAULT", "own.x")], ["own.x codes: B hit A."]),
        (GOOD | {"type": "none"}, [], []),
        (GOOD | {"type": "none"}, [("ASSAULT", "tagger")], ["own.x does not silence (ASSAULT by tagger): A hit B."]),
        (GOOD | {"type": "none", "skips": "B hit A."}, [], ["own.x silences: B hit A."]),
    ],
)
def test_a_rule_is_tested_on_its_own_sentences(
    rule: dict[str, Any], events: list[Any], said: list[str], tmp_path: Path
) -> None:
    read = read_rule(rule, "f.toml", BOOK.types)
    book = book_of(tmp_path, f"own.x {read.type} hit")
    assert [str(failure) for failure in check_rule(read, book, coded(*events))] == said


@pytest.mark.parametrize("rule", BOOK.rules.values(), ids=BOOK.rules.keys())
def test_our_rules_find_what_they_code_and_skip_the_rest(rule: OwnRule) -> None:
    assert rule.id in [hit.rule.id for hit in hits(rule.codes, BOOK)]
    assert rule.id not in [hit.rule.id for hit in hits(rule.skips, BOOK)]
    assert rule.type.startswith("x_"), "what PLOVER has a type for is the tagger's"
    assert rule.confidence != UNMEASURED, "python -m tests.quality.ownrules"


@pytest.mark.parametrize(
    "unit",
    ["sail ", "sail a ", "sail a b c d ", "fleet sail ", "a"],
)
def test_finding_is_linear(tmp_path: Path, unit: str) -> None:
    book = book_of(tmp_path, "own.a MOBILIZE sail ~ sail ~ sail ~ sail ~ fleet", "own.b none sail ~ a ~ a")

    def seconds(size: int) -> float:
        sentence = tokenize(unit * size, 0, len(unit) * size)
        began = time.perf_counter()
        find(sentence, book)
        return time.perf_counter() - began

    small = min(seconds(250) for _ in range(3))
    assert min(seconds(2000) for _ in range(2)) < max(24 * small, 0.2)


def test_applying_is_linear(tmp_path: Path) -> None:
    text = "sail " * 5000
    book = book_of(tmp_path, "own.a MOBILIZE sail")
    made = [
        Proposal(0, at, at + 4, "ACCUSE", 0.5, (("ACCUSE", 0.5),), None, "actual", 0.5) for at in range(0, 25000, 5)
    ]
    found = hits(text, book)
    began = time.perf_counter()
    assert len(apply_rules(made, found, no_sides)) == 5000
    assert time.perf_counter() - began < 5


def test_the_gap_is_as_wide_as_it_says(tmp_path: Path) -> None:
    book = book_of(tmp_path, "own.a MOBILIZE sail ~ fleet")
    assert [bool(hits("sail " + "x " * wide + "fleet", book)) for wide in (0, GAP, GAP + 1)] == [True, True, False]


def test_a_rule_is_written_so_that_it_can_be_read_again() -> None:
    odd = "".join(map(chr, range(0x100))) + "\u2028\U0001f600"
    assert tomllib.loads(as_toml({"id": odd, "words": [odd]})) == {"rule": [{"id": odd, "words": [odd]}]}
