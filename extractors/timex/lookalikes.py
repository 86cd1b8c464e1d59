"""What only looks like time: rooms and flights with the number of a year, people called April, the Friday Mosque, the Daily Mail."""

from __future__ import annotations

from extractors.timex.words import Match, Tokens, grammar

_NAMED_AFTER = frozenset(("civil", "month", "weekday", "year", "season", "today", "numeric", "holiday"))


def is_name(tokens: Tokens, match: Match) -> bool:
    """Whether the words of a match name something else than a time."""
    refuse, kind, at = grammar().refuse, match.rule.kind, match.first
    following = tokens.word(match.last)
    if kind in _NAMED_AFTER and following[:1].isupper():
        heads = refuse["name_heads"]  # "the Friday Mosque", "the Saturday Evening Post"
        if following.lower() in heads or (
            tokens.word(match.last + 1)[:1].isupper() and tokens.lower(match.last + 1) in heads
        ):
            return True
    match kind:
        case "year" | "yearspan":
            return "era" not in match.parts and _is_number(tokens, match)
        case "month":
            if tokens.lower(at - 1) == "on" and tokens.lower(match.last).isdigit():
                return True  # "on February 31"
            return match.last - at <= 2 and len(match.parts) == 1 and _is_person(tokens, match)
        case "weekday":
            return tokens.lower(at - 1) in refuse["weekday_names"] and match.last - at == 1
        case "season":
            return tokens.word(match.last - 1)[0].isupper() and tokens.word(match.last - 2)[:1].isupper()
        case "today":
            return tokens.word(at)[0].isupper() and (tokens.word(at - 1)[:1].isupper() or tokens.lower(at - 1) == "the")
        case "holiday":
            return following[:1].isupper() and following.lower() in refuse["holiday_names"]
    return False


def _is_number(tokens: Tokens, match: Match) -> bool:
    """A number with four digits that is no year: Camp 2020, 2000 people, $1999."""
    refuse = grammar().refuse
    before, behind = tokens.lower(match.first - 1), tokens.lower(match.last)
    if before in refuse["number_heads"] or before == "/" or behind in refuse["measures"]:
        return True
    if before in refuse["counted_leads"] and match.rule.kind == "year":
        return True
    if before == "." and tokens.lower(match.first - 2) in ("no", "art", "sec", "vol", "para"):
        return True
    if behind in refuse["count_nouns"] or _is_address(tokens, match.last):
        return True
    if behind == "-" and match.rule.kind == "year" and tokens.word(match.last + 1).islower():
        return True  # "a 1500-seat hall"
    if before == "-" and tokens.lower(match.first - 2).isdigit():
        return True  # "call 555-2020"
    known = before in refuse["year_leads"]
    if tokens.word(match.first - 1)[:1].isupper() and not known and tokens.codes[match.first - 1] == ".":
        return True  # "Expo 2020", "Vision 2030"
    number = int(tokens.low[match.parts["year"][0][0]])
    if number < 1500 and before not in refuse["old_leads"]:
        return True
    counted = tokens.word(match.last).islower() and behind.endswith("s") and len(behind) > 3
    if counted and (not known or before in refuse["weak_leads"]):
        return True  # "rose to 1900 points"
    if before in refuse["sure_leads"] or match.rule.kind == "yearspan":
        return number > 2150
    return not 1800 <= number <= 2100


def _is_address(tokens: Tokens, at: int) -> bool:
    """Whether a street's name follows: "1119 Eighth St."."""
    return tokens.word(at)[:1].isupper() and any(
        tokens.lower(k) in grammar().refuse["address"] for k in (at + 1, at + 2)
    )


def _is_person(tokens: Tokens, match: Match) -> bool:
    """A month's name alone that is a person's, a verb or an abbreviation: "Mr April", "May the minister", "Jan told"."""
    refuse, at = grammar().refuse, match.first
    before, month, following = tokens.lower(at - 1), tokens.low[at], tokens.word(match.last)
    led = before in refuse["month_leads"]
    if before in refuse["titles"]:
        return True
    if len(month) < 4 and month != "may":
        return not (tokens.lower(at + 1) == "." and led)
    paired = before in ("and", "or", "to", "-") and grammar().value("MONTH", tokens.lower(at - 2)) != ""
    if month == "may" and not paired and (not led or before in ("and", "or", "for", "to", "-")):
        return True  # "May said", "May's government"
    if led and not following[:1].isupper():
        return False
    if month in refuse["people_months"]:
        return not (following in ("'", "’") and before != "")
    return following[:1].isupper() and tokens.codes[match.last] == "." and not led
