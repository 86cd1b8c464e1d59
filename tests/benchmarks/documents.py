"""Synthetic news articles of the usual length (300-400 words), any number of them and no two alike, as `ingest` reads them.

Everything is drawn from a seed of the article's number: the same number gives the same article. About half of the sentences tell an
event, as in the news; the rest is background and colour, which costs an extractor as much.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

START = datetime(2025, 1, 1, 6)
WORDS = 350

# country, its adjective, its capital, two more of its towns
LANDS = [
    row.split("|")
    for row in (
        "Kenya|Kenyan|Nairobi|Mombasa|Kisumu",
        "Ethiopia|Ethiopian|Addis Ababa|Mekelle|Dire Dawa",
        "Nigeria|Nigerian|Abuja|Lagos|Maiduguri",
        "Senegal|Senegalese|Dakar|Thies|Saint-Louis",
        "Egypt|Egyptian|Cairo|Alexandria|Suez",
        "Israel|Israeli|Jerusalem|Haifa|Ashdod",
        "Jordan|Jordanian|Amman|Irbid|Zarqa",
        "Iraq|Iraqi|Baghdad|Mosul|Basra",
        "Iran|Iranian|Tehran|Isfahan|Tabriz",
        "Turkey|Turkish|Ankara|Istanbul|Gaziantep",
        "Ukraine|Ukrainian|Kyiv|Kharkiv|Odesa",
        "Russia|Russian|Moscow|Belgorod|Kazan",
        "Poland|Polish|Warsaw|Gdansk|Lublin",
        "Germany|German|Berlin|Hamburg|Dresden",
        "France|French|Paris|Marseille|Lille",
        "Norway|Norwegian|Oslo|Bergen|Tromso",
        "Kazakhstan|Kazakh|Astana|Almaty|Shymkent",
        "Pakistan|Pakistani|Islamabad|Karachi|Quetta",
        "India|Indian|New Delhi|Mumbai|Imphal",
        "Bangladesh|Bangladeshi|Dhaka|Chittagong|Khulna",
        "Japan|Japanese|Tokyo|Osaka|Nagasaki",
        "Indonesia|Indonesian|Jakarta|Surabaya|Jayapura",
        "Brazil|Brazilian|Brasilia|Manaus|Recife",
        "Colombia|Colombian|Bogota|Cali|Cucuta",
        "Mexico|Mexican|Mexico City|Tijuana|Oaxaca",
        "Peru|Peruvian|Lima|Cusco|Arequipa",
    )
]
OFFICES = [
    "foreign minister",
    "defence minister",
    "interior minister",
    "president",
    "prime minister",
    "trade minister",
    "army chief",
]
NAMES = [
    "Aldana",
    "Berik",
    "Corvin",
    "Dalmer",
    "Ekwenu",
    "Farsani",
    "Golubin",
    "Hadary",
    "Imrani",
    "Jelsma",
    "Karoun",
    "Lindahl",
    "Mbeki-Lund",
    "Nardello",
    "Okoth",
    "Petrasz",
    "Quinde",
    "Ramzani",
    "Sandvik",
    "Tolkan",
    "Umarel",
    "Varga",
    "Wekesa",
    "Yardim",
    "Zelaya",
]
GROUPS = [
    "teachers",
    "students",
    "farmers",
    "dock workers",
    "nurses",
    "lawyers",
    "bus drivers",
    "pensioners",
    "miners",
    "journalists",
]
GOODS = [
    "wheat",
    "medicines",
    "blankets",
    "water pumps",
    "generators",
    "tents",
    "cooking oil",
    "vaccines",
    "school books",
    "diesel",
]
TOPICS = [
    "fuel prices",
    "a new water law",
    "the border crossing",
    "unpaid wages",
    "the election date",
    "fishing rights",
    "a rail link",
    "prisoners",
    "refugees",
    "customs duties",
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

EVENTS = """\
{A}'s {office} {n1} met the {bdem} {office2} {n2} in {acap} on {day} to discuss {topic}.
{A} and {B} signed an agreement on {topic} in {bcity} on {day}.
{A} condemned {B} on {day} over {topic}, and summoned the {bdem} ambassador in {acap}.
At least {k} people were killed and {w} injured when gunmen attacked a market in {acity} on {day}, police said.
Thousands of {group} marched through {acity} on {day} to protest against {topic}.
{A} imposed sanctions on {k} {bdem} companies on {day}, the {adem} {office} said.
The {adem} government sent {m} tonnes of {goods} to {bcity} on {day}, officials in {bcap} said.
{adem} police arrested {w} {group} in {acity} on {day} after a demonstration over {topic}.
{A} accused {B} of shelling a village near {acity}, in which {k} civilians were wounded.
The {bdem} {office2}, {n2}, rejected the demand and called it an insult.
{A} threatened to close the road to {bcity} unless {B} withdraws its troops by {day}.
{adem} forces withdrew from {bcity} on {day}, {m} days after they had entered it.
{B} released {w} {adem} prisoners on {day} under a deal reached in {bcap}.
{A} called on {B} to end the blockade of {acity} and to let trucks with {goods} through.
{adem} and {bdem} officials agreed on {day} to resume talks about {topic} next month.
About {m} families were evacuated from {acity} after floods, the {adem} interior minister said.
An {adem} court sentenced {k} {group} to prison on {day} for their part in a riot in {acity}.
{B} expelled {k} {adem} diplomats on {day}, and {A} said it would answer in kind.
""".splitlines()
COLOUR = """\
Prices in the shops of {acity} have risen by {w} percent since last year, and many of the {group} have not been paid.
"We have waited {w} days for an answer, and nobody has come to see us," said {n3}, one of the {group}.
The road between {acity} and {acap} was open again by noon, residents said by telephone.
{n3}, who teaches history at the university of {acity}, said the quarrel was older than both governments.
The two countries share a border of {m} kilometres and have argued about {topic} for decades.
It was not clear how many of the {group} had taken part, and the figures given by the two sides could not be checked.
A spokesman in {bcap} declined to comment and asked for questions in writing.
Heavy rain is forecast for the region around {acity} over the coming week.
The harvest of {goods} was poor for the second year, according to a report of {w} pages seen by reporters.
Analysts said that {topic} would weigh on the next budget, which parliament is due to debate in {w} days.
Shops along the main street stayed shut, and a single cafe near the station served tea to those who waited.
"My grandfather built this house, and I shall not leave it," said {n3}, {w}, standing at the gate.
The dispute over {topic} began {k} years ago, when a contract for {goods} was cancelled without a reason being given.
Few of the {m} people who live in the old quarter of {bcity} had heard of the decision.
The market of {bcity} trades {goods} with towns on both banks of the river.
Newspapers in {acap} gave the story its front page, while those in {bcap} printed a few lines.
""".splitlines()
HEADLINES = """\
{A} and {B} argue over {topic}
{adem} {office} in {bcity} for talks on {topic}
{group} in {acity} wait for an answer on {topic}
What {topic} means for {A}
{B} answers {A} on {topic}
""".splitlines()


def article(number: int, least: int = WORDS) -> tuple[str, list[str], datetime]:
    """Headline, paragraphs and time of publication of an article of at least `least` words and two sentences more at most."""
    chance = random.Random(number)
    published = START + timedelta(minutes=7 * number)
    title = _filled(chance.choice(HEADLINES), chance)
    words, paragraphs = 0, []
    while words < least:
        told = [_filled(chance.choice(EVENTS if chance.random() < 0.5 else COLOUR), chance) for _ in range(2)]
        paragraphs.append(" ".join(told))
        words += paragraphs[-1].count(" ") + 1
    paragraphs[0] = f"{chance.choice(LANDS)[2].upper()}, {published:%B} {published.day} (Reuters) - {paragraphs[0]}"
    return title[0].upper() + title[1:], paragraphs, published


def _filled(sentence: str, chance: random.Random) -> str:
    (a, adem, acap, *atowns), (b, bdem, bcap, *btowns) = chance.sample(LANDS, 2)
    n1, n2, n3 = chance.sample(NAMES, 3)
    return sentence.format(
        A=a, adem=adem, acap=acap, acity=chance.choice(atowns), B=b, bdem=bdem, bcap=bcap, bcity=chance.choice(btowns),
        n1=n1, n2=n2, n3=n3, office=chance.choice(OFFICES), office2=chance.choice(OFFICES), group=chance.choice(GROUPS),
        goods=chance.choice(GOODS), topic=chance.choice(TOPICS), day=chance.choice(DAYS),
        k=chance.randint(2, 40), w=chance.randint(11, 95), m=chance.randint(100, 990),
    )  # fmt: skip


def _page(title: str, paragraphs: list[str], published: datetime) -> str:
    menu = "".join(f'<li><a href="/{word}">{word.title()}</a></li>' for word in ("world", "politics", "sport", "money"))
    more = "".join(f'<li><a href="/{n}">{escape(headline)}</a></li>' for n, headline in enumerate(HEADLINES))
    body = "\n".join(f"<p>{escape(p)}</p>" for p in paragraphs)
    return (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)} | The Wire</title>"
        f"<meta property='article:published_time' content='{published:%Y-%m-%dT%H:%M:%S}+00:00'></head>"
        f"<body><nav><ul>{menu}</ul></nav><article><h1>{escape(title)}</h1>\n{body}\n</article>"
        f"<aside><h3>More</h3><ul>{more}</ul></aside><footer>About us</footer></body></html>"
    )


def lines(first: int, count: int, html: bool, least: int) -> Iterator[str]:
    """JSON lines for the `.jsonl` door: pages when `html`, else plain texts."""
    for number in range(first, first + count):
        title, paragraphs, published = article(number, least)
        line = {"url": f"https://wire.example/{published:%Y/%m/%d}/{number}"}
        if html:
            line["html"] = _page(title, paragraphs, published)
        else:
            line |= {"title": title, "text": "\n\n".join(paragraphs), "published_at": f"{published:%Y-%m-%dT%H:%M:%SZ}"}
        yield json.dumps(line) + "\n"


def write(folder: Path, count: int, html: bool = False, files: int = 1, least: int = WORDS) -> list[Path]:
    """`count` documents in `files` files of about the same length."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for part in range(files):
        first, after = count * part // files, count * (part + 1) // files
        path = folder / f"documents-{part:04d}.jsonl"
        with path.open("w", encoding="utf-8") as out:
            out.writelines(lines(first, after - first, html, least))
        written.append(path)
    return written
