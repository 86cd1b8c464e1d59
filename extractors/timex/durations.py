"""How long and how often: "nearly four months", "the past three days", "twice a week"."""

from __future__ import annotations

from extractors.timex.here import Here, amount_of, unit_of
from extractors.timex.periods import Time, moved
from extractors.timex.tense import is_sentence_end
from extractors.timex.words import grammar


def length(amount: float | None, unit: str) -> str:
    """A TIMEX3 duration; decades and centuries in years, X for an amount not said."""
    factor, letter = {"E": (10, "Y"), "C": (100, "Y"), "F": (2, "W"), "H": (1, "H"), "I": (1, "M"), "S": (1, "S")}.get(
        unit, (1, unit)
    )
    clock = "T" if unit in ("H", "I", "S") else ""
    return f"P{clock}{'X' if amount is None else f'{amount * factor:.10g}'}{letter}"


def read_past(here: Here) -> Time | None:
    """ "the past three days", with the days it covers."""
    amount, unit = amount_of(here), unit_of(here)
    if unit == "T" or here.one("unit") == "second":
        return None
    value = length(amount, unit)
    rel = here.one("rel")
    if rel == "last" and here.led_by("modal"):
        return None  # "is expected to last six weeks"
    if rel in ("first", "final") or here.published is None or amount is None or unit in ("H", "I", "S"):
        return Time("DURATION", value)
    today = here.published
    forward = rel in grammar().values["COMING"]
    if rel in grammar().values["THIS"]:
        return Time("DURATION", value)
    other = moved(unit, int(amount) if forward else -int(amount), today)
    return Time("DURATION", value, min(today, other), max(today, other))


def read_pastone(here: Here) -> Time | None:
    """ "the past week"."""
    unit, today = unit_of(here), here.today()
    if unit == "T" or here.one("unit") == "second":
        return None
    if unit in ("H", "I", "S"):
        return Time("DURATION", length(1, unit))
    return Time("DURATION", length(1, unit), moved(unit, -1, today), today)


def read_duration(here: Here) -> Time | None:
    """ "four months", "a two-week truce", "for hours"; "$3 million a year" is a rate."""
    word, tokens, first, last = here.one("unit") or here.one("x"), here.tokens, here.match.first, here.match.last
    before, words = tokens.lower(first - 1), grammar()
    if here.has("length"):
        return Time("DURATION", words.value("LENGTH", here.one("length")))
    if here.has("alone"):
        return Time("DURATION", length(1, words.value("UNIT", here.one("alone"))))
    if here.one("halfof") == "quarter":
        return Time("DURATION", "P25Y" if word == "century" else "PT15M")
    if here.has("halfof"):
        halves = {"hour": "PT30M", "day": "PT12H", "year": "P6M", "decade": "P5Y", "century": "P50Y", "month": "P15D"}
        return Time("DURATION", halves[word]) if word in halves else None
    if not here.has("unit"):
        return _bare(here, word)
    unit = unit_of(here)
    if unit == "T" or (here.has("one") and word in ("second", "quarter", "night", "weekend")) or word == "second":
        return None
    if unit == "Q" and not word.endswith("s"):
        return None
    if here.has("one") and tokens.low[first] in ("a", "an") and tokens.lower(last - 1) == word:
        counted = tokens.lower(first - 2)[:1].isdigit() or bool(words.value("NUMWORD", tokens.lower(first - 2)))
        if (
            before[:1].isdigit()
            or words.value("NUMWORD", before)
            or here.led_by("rate")
            or (counted and before.endswith("s"))
        ):
            return Time("SET", length(1, unit))
    if before == "as" and here.one("x") == "many":
        return None  # "his third win in as many days"
    amount = None if here.has("one") and words.value("UNITS", word) else amount_of(here, -1)  # "a months-long siege"
    if amount is not None and amount > 999999:
        return None
    return Time("DURATION", length(amount, unit))


def _bare(here: Here, word: str) -> Time | None:
    """ "for weeks", "years of war", "decades-long"."""
    unit = grammar().value("UNITS", word.split()[-1])
    if here.said()[0] == "over":
        return Time("DURATION", length(None, unit)) if unit in "DWMYE" else None
    before, behind = here.before(), here.behind()
    if unit in ("Q", "N", "T", "WE") or before in grammar().refuse["unsure_hours"]:
        return None
    long = here.match.last - here.match.first > 2
    if not (long or here.led_by("bare") or behind in grammar().around["bare_behind"]):
        return None
    return Time("DURATION", length(None, unit))


def read_set(here: Here) -> Time | None:
    """ "every Friday", "twice a week", "daily"."""
    words = grammar()
    low = here.said()
    if here.has("frequency"):
        written = here.tokens.word(here.match.first)
        opens = here.match.first == 0 or is_sentence_end(here.tokens, here.match.first - 1)
        if written[0].isupper() and (not opens or here.tokens.word(here.match.last)[:1].isupper()):
            return None  # "the Daily Mail", "People's Daily"
        return Time("SET", words.value("FREQUENCY", here.one("frequency")))
    if here.has("set"):
        return Time("SET", f"XXXX-WXX-{words.value('WEEKDAYS', here.one('set'))}")
    if here.has("setday"):
        weekday = words.value("WEEKDAY", here.one("setday"))
        return Time(
            "SET", f"XXXX-WXX-{weekday}" if weekday else f"XXXX-{int(words.value('MONTH', here.one('setday'))):02}"
        )
    if "n" in here.match.parts and "times" not in low:
        return Time("SET", length(amount_of(here), unit_of(here)))
    if here.has("x") and "times" not in low:
        return Time("SET", length(None, unit_of(here)))
    word = here.one("unit") or here.one("every")
    part = words.value("PART", word)
    if part:
        return Time("SET", f"XXXX-XX-XXT{part}")
    if words.value("SEASON", word):
        return Time("SET", f"XXXX-{words.value('SEASON', word)}")
    unit = words.value("UNIT", word)
    if not unit or unit == "T":
        return None
    step = 2 if "other" in low else words.value("ORDINAL", here.one("ord")) or 1
    return Time("SET", length(float(step), unit))
