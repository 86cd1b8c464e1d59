"""Three doors, one record: pages, plain texts and JSON lines as articles, or the reason why not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from extractors.article import read_article
from extractors.dateline import Dateline, find_dateline
from extractors.html import MAX_BYTES, decode
from extractors.language import find_language
from extractors.records import Article, Capture, ExtractionError, NotAnArticle, Undecodable

PAGES = Path(__file__).parent.parent / "pages"
PROSE = (
    "The council of Lowmere met on Monday, and it voted to build a new bridge over the river before the winter comes. "
)


def page(name: str, url: str | None = None) -> Article:
    return read_article(Capture((PAGES / name).read_bytes(), name, url=url))


def plain(text: str) -> Article:
    return read_article(Capture(text.encode(), "a.txt", "text/plain"))


def test_page_gives_the_story_and_nothing_else() -> None:
    article = page("news.html")
    paragraphs = [article.text[a:b] for a, b in article.paragraphs]
    assert len(paragraphs) == 6
    assert paragraphs[0].startswith("LOWMERE, May 17 (Coastwire) — Dockers in Lowmere voted")
    assert paragraphs[2] == "Shops ran short"
    assert paragraphs[-2:] == [
        "“Nobody won,” said Fenn.",
        "The port authority, which lost an estimated six million crowns, declined to comment.",
    ]
    for junk in (
        "Cranes",
        "Ferry",
        "Who pays",
        "Sign up",
        "teaser",
        "forty years",
        "Copyright",
        "By Ines",
        "Read more",
    ):
        assert junk not in article.text


def test_page_record_is_consistent() -> None:
    article = page("news.html")
    assert article.text == "\n\n".join(article.text[a:b] for a, b in article.paragraphs)
    assert "  " not in article.text
    assert article.text_hash == hashlib.sha256(article.text.encode()).hexdigest()
    assert article.canonical_url == "https://post.lowmere.example/2024/05/17/harbour-strike"
    assert article.article_id == hashlib.sha256(article.canonical_url.encode()).hexdigest()[:32]
    assert len(article.version_id) == 32
    assert (article.dateline, article.wire, article.language) == ("LOWMERE", "Coastwire", "en")
    assert 0 < article.extract_confidence <= 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ((PAGES / "list.html").read_bytes(), "list_page"),
        ((PAGES / "consent.html").read_bytes(), "consent_page"),
        (b"", "empty"),
        (b"<html><body><div id='app'></div></body></html>", "empty_shell"),
        (b"<html><body><p></p></body></html>", "empty"),
        (
            b"<html><body><article><p>The page you asked for is not here any more, sorry.</p></article></body></html>",
            "error_page",
        ),
        (
            b"<html><body><article><p>The ferry to the islands leaves at noon.</p></article></body></html>",
            "too_short",
        ),
    ],
)
def test_what_is_no_article_says_why(body: bytes, reason: str) -> None:
    with pytest.raises(NotAnArticle) as caught:
        read_article(Capture(body, "page"))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("body", "media_type", "reason"),
    [
        (b"a" * (MAX_BYTES + 1), "text/html", "too_large"),
        (b"text\x00text", "text/plain", "binary"),
        (b"%PDF-1.7 ...", "text/html", "binary"),
        (b"{broken", "application/json", "bad_json"),
        (b"[" * 100_000, "application/json", "bad_json"),
        (b"x", "image/png", "media_type"),
    ],
)
def test_what_cannot_be_understood_says_why(body: bytes, media_type: str, reason: str) -> None:
    with pytest.raises(Undecodable) as caught:
        read_article(Capture(body, "page", media_type))
    assert caught.value.reason == reason


@pytest.mark.parametrize("opening", [" date 2023-02-09 ", "date 2023-02-09\n\n", "\n Date: 2023-02-09\n"])
def test_leading_date_is_published_and_not_body(opening: str) -> None:
    article = plain(opening + PROSE + "\n\n" + PROSE)
    assert article.published_at is not None
    assert article.published_at.isoformat() == "2023-02-09T00:00:00+00:00"
    assert (article.published_from, article.published_precision) == ("header", "day")
    assert article.text.startswith("The council")
    assert len(article.paragraphs) == 2
    assert article.title is None


def test_first_short_line_is_the_title() -> None:
    article = plain(f"Lowmere builds a bridge\n\n{PROSE}\nIt will  cost much.\n \n{PROSE}")
    assert article.title == "Lowmere builds a bridge"
    assert [article.text[a:b][:11] for a, b in article.paragraphs] == ["The council", "The council"]
    assert "comes. It will cost much." in article.text


def test_json_line_wins_over_what_the_page_says() -> None:
    line = {
        "url": "https://x.example/a?utm_medium=rss",
        "html": (PAGES / "news.html").read_text(),
        "title": "Given",
        "published_at": "2024-05-20",
        "source": "s",
    }
    article = read_article(Capture(json.dumps(line).encode(), "f.jsonl#1", "application/json"))
    assert (article.title, article.source, article.published_from) == ("Given", "s", "input")
    assert article.published_at is not None
    assert article.published_at.day == 20
    assert article.url == "https://x.example/a?utm_medium=rss"


def test_json_line_with_text_only() -> None:
    article = read_article(Capture(json.dumps({"text": PROSE}).encode(), "f.jsonl#1", "application/json"))
    assert article.text == PROSE.strip()
    assert article.article_id == hashlib.sha256(article.text.encode()).hexdigest()[:32]
    with pytest.raises(NotAnArticle):
        read_article(Capture(b'{"title": "only"}', "f.jsonl#2", "application/json"))


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("\ufeffcafé".encode(), None, "café"),
        ("café".encode("utf-16"), None, "café"),
        ("café".encode("latin-1"), "iso-8859-1", "café"),
        ("“café”".encode("cp1252"), "ISO-8859-1", "“café”"),
        ("café".encode(), "no-such-charset", "café"),
        ("<meta charset='windows-1251'>Привет".encode("cp1251"), None, "<meta charset='windows-1251'>Привет"),
        ("<meta charset='windows-1251'>Привет".encode("cp1251"), "iso-8859-1", "<meta charset='windows-1251'>Привет"),
        ("<meta charset='shift_jis'>橋の会議".encode("cp932"), "latin1", "<meta charset='shift_jis'>橋の会議"),
        (
            "<meta charset=utf-8>Die Brücke über ".encode() + "schön".encode("cp1252"),
            "iso-8859-1",
            "<meta charset=utf-8>Die Brücke über schön",
        ),
        (
            "Le maire a dit que la forêt brûlée serait replantée après l’été, où les élèves iront voir.".encode(
                "cp1252"
            ),
            None,
            "Le maire a dit que la forêt brûlée serait replantée après l’été, où les élèves iront voir.",
        ),
        (
            "Rada řekla, že nový most bude stát u řeky příští rok a že město už má peníze na jeho stavbu.".encode(
                "cp1250"
            ),
            None,
            "Rada řekla, že nový most bude stát u řeky příští rok a že město už má peníze na jeho stavbu.",
        ),
    ],
)
def test_decode(body: bytes, charset: str | None, text: str) -> None:
    assert decode(body, charset) == text


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>" * 50_000,
        "<b>" * 50_000,
        "<table><tr><td>" * 5_000,
        '<div class="sidebar">' * 2_000,
        "<",
        "<p>by A" + " B" * 20_000,
    ],
)
def test_hostile_pages_end_in_an_answer(hostile: str) -> None:
    reason = text = ""
    try:
        text = read_article(Capture((hostile + f"<p>{PROSE * 3}</p>").encode(), "page")).text
    except ExtractionError as error:
        reason = error.reason
    assert bool(text) != bool(reason)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ASTANA, June 12 (Kazinform) — Ministers met on Monday.", Dateline("ASTANA", "June 12", "Kazinform", 30)),
        ("Geneva (Reuters) - Talks began.", Dateline("Geneva", None, "Reuters", 19)),
        ("CAIRO — Crowds gathered.", Dateline("CAIRO", None, None, 8)),
        ("Mr Smith — who had waited — left.", None),
        ("The talks - long awaited - began.", None),
        ("", None),
    ],
)
def test_dateline(text: str, expected: Dateline | None) -> None:
    assert find_dateline(text) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (PROSE, "en"),
        ("Der Rat der Stadt hat am Montag beschlossen, dass eine neue Brücke über den Fluss gebaut werden soll.", "de"),
        (
            "Le conseil de la ville a décidé lundi que le nouveau pont sur la rivière sera construit dans les mois qui viennent.",
            "fr",
        ),
        (
            "El consejo de la ciudad decidió el lunes que se construya un nuevo puente sobre el río antes de que llegue el invierno.",
            "es",
        ),
        ("Городской совет в понедельник решил построить новый мост, который был обещан ещё весной.", "ru"),
        ("市議会は月曜日に新しい橋を建設することを決めた。冬までに完成する。", "ja"),
        ("قرر مجلس المدينة يوم الاثنين بناء جسر جديد فوق النهر قبل حلول الشتاء", "ar"),
        ("1 2 3", None),
    ],
)
def test_language(text: str, language: str | None) -> None:
    assert find_language(text) == language


STORY = (
    "<p>The council of Lowmere met on Monday to talk about the bridge, and voted to build a new one before the winter comes.</p>"
    "<p>Dockers said that they would not wait for the spring, since floods had closed the old bridge twice in two years.</p>"
    "<p>The mayor said that the money was there, and that engineers would look at the old piers within three weeks.</p>"
)
CONSENT = (
    "<h2>We respect your privacy</h2><p>We and our 61 partners keep data on your device and read it, such as cookies and identifiers.</p>"
    "<p>You may change your settings or withdraw your consent whenever you like, and refuse personalised advertising.</p>"
)


def of(body: str, title: str = "Council votes for bridge", head: str = "") -> Article:
    page = f"<html lang='en'><head><title>{title}</title>{head}</head><body><main>{body}</main></body></html>"
    return read_article(Capture(page.encode(), "page"))


@pytest.mark.parametrize(
    ("body", "title", "reason"),
    [
        (CONSENT, "Your choices", "consent_page"),
        ("<p>Wir und unsere Partner speichern Cookies auf Ihrem Gerät. Mit Ihrer Einwilligung zeigen wir personalisierte Werbung; Sie können Ihre Einstellungen jederzeit ändern.</p>", "Bevor Sie fortfahren", "consent_page"),
        ("<p>Avec votre consentement, nous et nos partenaires lisons des données sur votre appareil. Vous pouvez accepter ou refuser, et changer vos paramètres à tout moment.</p>", "Votre vie privée", "consent_page"),
        ("<p>You have reached your limit of four free articles. Create a free account or sign in to keep reading the Lowmere Post, it takes a minute and you will get our letter every morning.</p>", "Sign in", "paywall_stub"),
        ("<p>Dieser Artikel ist nur für Abonnenten. Jetzt weiterlesen mit einem Abo der Lowmere Post, monatlich kündbar, mit allen Artikeln und Newslettern und dem Archiv seit 1911.</p>", "Weiterlesen", "paywall_stub"),
        ("<p>It seems that you come from a country in which we may not show you this page. Please write to our office if something is urgent, or call us during the week between eight and five.</p>", "451: Unavailable for legal reasons", "error_page"),
        ("".join(f"<div><h3><a href='/{n}'>Council votes for bridge number {n}</a></h3><p>The council met on Monday to talk about bridge {n}, and voted for it.</p><time>{n} May 2024</time></div>" for n in range(1, 8)), "Local", "list_page"),
    ],
    ids=["consent", "consent-de", "consent-fr", "log-in", "wall-de", "legal", "list"],
)  # fmt: skip
def test_walls_and_lists_are_no_articles(body: str, title: str, reason: str) -> None:
    with pytest.raises(NotAnArticle) as caught:
        of(f"<h1>{title}</h1>{body}", title)
    assert caught.value.reason == reason


def test_a_request_for_consent_in_front_of_a_story_is_not_its_text() -> None:
    article = of(f"<article><h1>Council votes for bridge</h1><div id='x'>{CONSENT}</div>{STORY}</article>")
    assert article.text.startswith("The council of Lowmere")
    assert len(article.paragraphs) == 3


def test_a_report_about_consent_is_an_article() -> None:
    told = (
        "<p>The data protection office fined a shop on Monday because it had stored cookies on the devices of visitors without consent.</p>"
        "<p>Privacy settings had been hidden, the office said, and partners of the shop had tracked 9,000 people for advertising.</p>"
    )
    assert (
        len(of(f"<article><h1>Shop fined over cookies</h1>{told}</article>", "Shop fined over cookies").paragraphs) == 2
    )


@pytest.mark.parametrize(
    "offer",
    [
        "<p>This story is reserved for subscribers. Subscribe to read on, and search our archive.</p>",
        "<h3>Read on with the Post</h3><p>Start your free trial today and cancel whenever you like.</p><p>Already a subscriber? Log in.</p>",
        "<p>Cet article est réservé aux abonnés. Abonnez-vous pour un euro.</p>",
        "<p>Para seguir leyendo, suscríbete o inicia sesión.</p>",
    ],
)
def test_an_offer_that_ends_a_text_is_cut_and_said(offer: str) -> None:
    article = of(f"<article><h1>Council votes for bridge</h1>{STORY}{offer}</article>")
    assert article.text.endswith("within three weeks.")
    assert article.paywalled is True


def test_a_quotation_set_as_a_figure_is_text_once() -> None:
    own = "We will close the old bridge again if the water rises by even one more hand, and nobody should doubt it."
    again = "Dockers said that they would not wait for the spring, since floods had closed the old bridge twice in two years."
    figures = "".join(
        f"<figure><blockquote><p>{q}</p></blockquote><figcaption>A. Weller</figcaption></figure>" for q in (own, again)
    )
    text = of(f"<article><h1>Council votes for bridge</h1>{STORY}{figures}</article>").text
    assert (text.count(own), text.count(again), "Weller" in text) == (1, 1, False)
