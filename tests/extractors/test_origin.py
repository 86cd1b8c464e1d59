"""Where a source writes from."""

from __future__ import annotations

from datetime import date

import pytest

from extractors import extract
from extractors.lexicon import load_lexicons
from extractors.origin import source_country
from extractors.records import Capture


@pytest.mark.parametrize(
    ("url", "shares", "country"),
    [
        ("https://www.example.co.uk/a", None, "GBR"),
        ("https://example.com.au/a", None, "AUS"),
        ("https://example.de:8080/a", None, "DEU"),
        ("https://example.com/a", None, None),
        ("https://example.io/a", None, None),
        ("http://[broken", None, None),
        (None, None, None),
        ("https://example.com/a", {"KEN": 0.7, "KEN/Nairobi Area": 0.9, "UGA": 0.1}, "KEN"),
        ("https://example.co.uk/a", {"IRN": 0.8}, "IRN"),
        ("https://example.co.uk/a", {"IRN": 0.2}, "GBR"),
    ],
)
def test_source_country(url: str | None, shares: dict[str, float] | None, country: str | None) -> None:
    assert source_country(url, shares) == country


@pytest.mark.parametrize(("host", "day"), [("example.co.uk", date(2024, 4, 3)), ("example.us", date(2024, 3, 4))])
def test_an_article_s_days_are_read_as_its_country_writes_them(host: str, day: date) -> None:
    text = "Gunmen killed nine soldiers in the north of Mali on 03/04/2024, the army said in a statement that was read on state television. "
    capture = Capture(text.encode(), "a.txt", "text/plain", url=f"https://{host}/a")
    (found,) = [m for m in extract(capture, load_lexicons()).mentions if m.kind == "date"]
    assert found.date_start == day
