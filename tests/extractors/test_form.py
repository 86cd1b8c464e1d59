"""The form of the coding guide: what the coder read comes back as words, and from them as the same spans; what people get wrong is named.

None of it needs the extra `train`, but for the last step: that training takes what was packed.
"""

from __future__ import annotations

import copy
import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from extractors.events.coder import read_article, rows_of
from extractors.events.form import form_of, whole_words
from extractors.tagger.session import load
from extractors.tagger.train.lines import read_lines
from extractors.tagger.train.pack import main, pack
from tests.extractors.test_coder import ARTICLE, LEXICONS, SOUP

TEXT = """Ghana accused Togo of arming rebels near the border on Monday, officials said.

Police arrested 12 protesters in Accra on Tuesday, and police also beat a reporter. Eleven of those arrested were later released.

The two presidents will meet in Lagos next week. Togo had accused Ghana of the same in 2009 – a claim that “no one believed”."""
PUBLISHED = date(2024, 3, 6)


@pytest.fixture(scope="module")
def read_form() -> tuple[dict[str, Any], list[Any]]:
    """The form of TEXT as it comes from a file, and the rows it was made from in the order of the text."""
    read = read_article(TEXT, LEXICONS, PUBLISHED)
    rows = list(rows_of(read, LEXICONS, PUBLISHED))
    form = json.loads(json.dumps(form_of("g1", TEXT, PUBLISHED, "Ghana and Togo", read, rows)))
    return form, sorted(rows, key=lambda row: row[0].tellings[0].proposal.start)


def test_a_form_gives_back_what_was_read(read_form: tuple[dict[str, Any], list[Any]]) -> None:
    form, rows = read_form
    article, faults = pack(form)
    assert faults == []
    assert [TEXT[a:b] for a, b in article["sentences"]] == form["sentences"]
    assert len(rows) == len(article["events"]) >= 3
    for (act, event), said, packed in zip(rows, form["events"], article["events"], strict=True):
        first = act.tellings[0].proposal
        assert packed["trigger"] == [first.start, first.end]
        assert (packed["type"], packed["mode"], packed["status"]) == (event.event_type, event.event_mode, event.status)
        assert (packed["date_start"], packed["date_end"]) == tuple(
            d and str(d) for d in (event.date_start, event.date_end)
        )
        for key in ("trigger", "clause", "date", "place", "by"):
            assert said[key] == (packed[key] and TEXT[slice(*packed[key])])
        for key, sides in (("actors", event.actors), ("recipients", event.recipients)):
            told = [None if a.how == "implied" else [a.char_start, a.char_end] for a in sides]
            assert [a["span"] for a in packed[key]] == told
            assert [(a["country"], a["sector"]) for a in packed[key]] == [(a.country, a.sector) for a in sides]
    arrest = next(e for e in form["events"] if e["mode"] == "arrest")
    assert (arrest["s"], arrest["trigger"], arrest["start"], arrest["counts"]) == (
        1,
        "arrested",
        "2024-03-05",
        {"arrested": 12},
    )
    assert ("Police", "COP") in [(a["t"], a["k"]) for a in arrest["actors"]]
    assert (arrest["place"], arrest["pc"], arrest["type"], arrest["x"]) == ("Accra", "GHA", "COERCE", None)
    assert form["events"][0]["date"] in ("Monday", "on Monday")


@settings(max_examples=8, deadline=None)
@given(SOUP)
def test_the_form_of_any_text_has_no_faults(soup: str) -> None:
    text = ARTICLE + soup
    read = read_article(text, LEXICONS, PUBLISHED)
    rows = sorted(rows_of(read, LEXICONS, PUBLISHED), key=lambda row: row[0].tellings[0].proposal.start)
    article, faults = pack(form_of("a", text, PUBLISHED, None, read, rows))
    assert faults == []
    firsts = [act.tellings[0].proposal for act, _ in rows]
    assert [e["trigger"] for e in article["events"]] == [[p.start, p.end] for p in firsts]


def test_training_takes_what_was_packed(read_form: tuple[dict[str, Any], list[Any]]) -> None:
    pytest.importorskip("torch")
    from extractors.tagger.train.data import coded

    article, _ = pack(read_form[0])
    assert len(coded(article, load().tokenizer).triggers) == len(article["events"])


def written(**changed: Any) -> dict[str, Any]:
    """A form of one event as a person writes it, what may be left out left out."""
    event = {
        "s": 1,
        "trigger": "released",
        "clause": "they released him",
        "type": "RETREAT",
        "mode": "release",
        "status": "actual",
        "pri": "core",
    }
    form = {
        "id": 7,
        "published": "2024-03-06",
        "text": "They held him. Later they released him.",
        "sentences": ["They held him.", "Later they released him."],
    }
    return form | {"events": [event | changed]}


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"trigger": "release"}, "event 0: trigger 'release' is not in the clause"),
        ({"trigger": None}, "event 0: trigger None is not in the clause"),
        ({"clause": "They held him"}, "event 0: clause 'They held him' is not in sentence 1"),
        ({"s": 2}, "event 0: there is no sentence 2"),
        ({"s": "1"}, "event 0: there is no sentence '1'"),
        ({"s": -1}, "event 0: there is no sentence -1"),
        ({"type": "RELEASE", "mode": None}, "event 0: type 'RELEASE': one of None, AGREE, CONSULT, "),
        ({"type": "other", "mode": None}, "event 0: type 'other': one of None, AGREE"),
        ({"type": None, "mode": None}, "event 0: x None: a word for an act of type null, else null"),
        ({"x": "law"}, "event 0: x 'law': a word for an act of type null, else null"),
        ({"mode": "arrest"}, "event 0: mode 'arrest': one of None, access, ceasefire"),
        ({"status": "done"}, "event 0: status 'done': one of actual, planned"),
        ({"pri": None}, "event 0: pri None: one of core, optional"),
        ({"accept": ["CONCEED"]}, "event 0: accept ['CONCEED']: types of PLOVER"),
        ({"pc": "Ghana"}, "event 0: country 'Ghana': three capitals"),
        ({"place": "Accra"}, "event 0: place 'Accra' is not in sentence 1"),
        ({"start": "6 March"}, "event 0: ValueError: Invalid isoformat string: '6 March'"),
        ({"start": "2024-03-06", "end": "2024-03-05"}, "event 0: it ends 2024-03-05, before it starts"),
        ({"counts": {"dead": 3}}, "event 0: counts {'dead': 3}: numbers of killed, injured"),
        ({"counts": {"killed": "3"}}, "event 0: counts {'killed': '3'}: numbers of killed"),
        ({"again": [4]}, "event 0: there is no sentence 4"),
        ({"again": [1]}, "event 0: again 1: another sentence than its own"),
        ({"actors": [{"s": 0, "t": "they"}]}, "event 0: side 'they' is not in sentence 0"),
        ({"actors": [{"t": "they"}]}, "event 0: there is no sentence None"),
        ({"recipients": [{"c": "gha"}]}, "event 0: country 'gha': three capitals"),
        ({"recipients": [{"k": "POL"}]}, "event 0: sector 'POL': one of AGR, BUS"),
        ({"recipients": "him"}, "event 0: AttributeError: "),
        ({"recipient": []}, "event 0: no such key: recipient"),
    ],
)  # fmt: skip
def test_a_fault_is_named(changed: dict[str, Any], fault: str) -> None:
    _, faults = pack(written(**changed))
    assert [f[: len(fault)] for f in faults] == [fault]


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"id": "b", "error": "not JSON"}, "no form: no published, text, sentences, events in it"),
        ([], "no form: no id, published, text, sentences, events in it"),
        (3, "no form: "),
        (written() | {"id": ""}, "no form: an id is wanted"),
        (written() | {"prefilled": "false"}, "no form: an id is wanted, and for `prefilled` true or false"),
        (written() | {"published": "March"}, "no form: Invalid isoformat string"),
        (
            written() | {"sentences": ["Later they released him.", "They held him."]},
            "no form: sentence 1 is not in the text",
        ),
        (written() | {"events": [None]}, "event 0: TypeError"),
        (written() | {"events": 3}, "no form: "),
    ],
)
def test_a_line_that_is_no_form_is_named(form: object, fault: str) -> None:
    _, faults = pack(form)
    assert [f[: len(fault)] for f in faults] == [fault]


def test_words_are_whole_and_nearest_to_the_trigger() -> None:
    text = "The army left. Armyworms and an army of critics met the army_two, the army, who cheered the army."
    event = {"s": 1, "trigger": "cheered", "clause": text[15:], "type": "SUPPORT", "status": "actual", "pri": "core", "actors": [{"s": 1, "t": "army"}]}  # fmt: skip
    form = {"id": 1, "published": None, "text": text, "sentences": [text[:14], text[15:]], "events": [event]}
    article, faults = pack(form)
    assert faults == []
    assert article["events"][0]["actors"][0]["span"][0] == text.index("army, who")
    assert [m.start() for m in whole_words("two").finditer(text)] == [text.index("two")]


def test_what_is_still_prefilled_never_judges() -> None:
    drawn = [pack(written() | {"id": n})[0]["split"] for n in range(1000)]
    assert 70 < drawn.count("valid") < 130
    assert drawn == [pack(written() | {"id": str(n), "prefilled": False})[0]["split"] for n in range(1000)]
    for share in (0.1, 1.0):
        assert {pack(written() | {"id": n, "prefilled": True}, share)[0]["split"] for n in range(1000)} == {"train"}
    assert {pack(written() | {"id": n}, 1.0)[0]["split"] for n in range(100)} == {"valid"}


def put(path: Path, *forms: object) -> Path:
    path.write_text("\n".join(f if isinstance(f, str) else json.dumps(f) for f in forms), "utf-8")
    return path


def test_the_command_packs_and_says_who_judges(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drafts = [
        written() | {"id": n, "prefilled": True, "text": "They held him. Later they released him. \ud800"}
        for n in (1, 2)
    ]
    forms, out = put(tmp_path / "forms.jsonl", *drafts, "", written() | {"id": 3}), tmp_path / "out.jsonl.gz"
    main([str(forms), str(out), "--valid-share", "1"])
    assert "2 articles train (2 still prefilled, which never judge), 1 judge" in capsys.readouterr().out
    articles = list(read_lines(out))
    assert [(a["id"], a["split"], a["kind"]) for a in articles] == [
        ("1", "train", "own"),
        ("2", "train", "own"),
        ("3", "valid", "own"),
    ]
    first = gzip.decompress(out.read_bytes())
    main([str(forms), str(out), "--valid-share", "1"])
    assert gzip.decompress(out.read_bytes()) == first


def test_the_command_writes_nothing_if_anything_is_wrong(tmp_path: Path) -> None:
    wrong = copy.deepcopy(written(trigger="freed")) | {"id": 8}
    forms = put(tmp_path / "forms.jsonl", written(), "{broken", wrong, written())
    with pytest.raises(SystemExit) as end:
        main([str(forms), str(tmp_path / "out.jsonl.gz")])
    said = str(end.value).splitlines()
    assert said[0].startswith("line 2: not JSON: ")
    assert said[1:] == [
        "line 3: event 0: trigger 'freed' is not in the clause",
        "line 4: a second '7'",
        "3 faults: nothing is written",
    ]
    assert not (tmp_path / "out.jsonl.gz").exists()
