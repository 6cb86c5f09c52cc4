"""Row checks of incident reports: codes, counts, days, places and the words they rest on."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import pycountry

from pipeline.quality.geography import is_in_country
from pipeline.quality.related import CORRECTED, Related
from pipeline.quality.spans import EVIDENCE_OF, is_named, stands
from pipeline.schema.declarations import read_declaration
from pipeline.schema.tables import sub_event_types

Row = Mapping[str, Any]
_CLASSES = ("civilians", "security_forces", "militants", "unknown")
_MOST_DAYS = {1: 1, 2: 6, 3: 8, 4: 31}
"""Days that a date of each UCDP precision may span at most; a longer span is 5. A single uncertain day may have any."""
_FAR_YEARS = 2
_LONG_AGO = re.compile(r"\b(?:years?|decades?|centur(?:y|ies)|anniversar(?:y|ies)) ?(?:ago|earlier|before|of|since|old)?\b", re.I)  # fmt: skip
_MANY = {"fatalities_high": 5_000, "fatalities_best": 5_000, "injured_high": 20_000, "abducted": 2_000}
_QUOTE_CHARACTERS = 2_000
_PLACE_CHARACTERS = 100


def killed_classes_fit_total(row: Row, article: Row, batch: Related) -> bool:
    """Killed by class do not exceed the highest total the text supports; one that is open upwards ("at least") has none."""
    known = [row[f"fatalities_{name}"] for name in _CLASSES if row[f"fatalities_{name}"] is not None]
    if not known:
        return True
    if row["fatalities_high"] is None:
        return row["fatalities_low"] is not None or row["fatalities_best"] is not None
    return bool(sum(known) <= max(row["fatalities_high"], row["fatalities_best"] or 0))


def sub_event_type_fits_event_type(row: Row, article: Row, batch: Related) -> bool:
    """ACLED's codebook puts the sub-event type under the event type."""
    return row["sub_event_type"] in sub_event_types().get(row["event_type"], ())


def starts_by_publication(row: Row, article: Row, batch: Related) -> bool:
    """A report of the past is not dated after its article (one day is allowed for time zones)."""
    if row["date_start"] is None or row["status"] == "threatened":
        return True
    latest: dt.date = article["published_on"] + dt.timedelta(days=1)
    return bool(row["date_start"] <= latest)


def date_precision_fits(row: Row, article: Row, batch: Related) -> bool:
    """First day, last day and precision are given together."""
    return len({row[name] is None for name in ("date_start", "date_end", "date_precision")}) == 1


def days_fit_precision(row: Row, article: Row, batch: Related) -> bool:
    """The span from first to last day is not longer than the precision allows."""
    if row["date_start"] is None or row["date_end"] is None or row["date_precision"] not in _MOST_DAYS:
        return True
    return bool((row["date_end"] - row["date_start"]).days < _MOST_DAYS[row["date_precision"]])


def year_fits_date(row: Row, article: Row, batch: Related) -> bool:
    """The partition's year is that of the first day."""
    start = row["date_start"]
    return bool(row["incident_year"] == (start.year if start else None))


def distant_year_is_told(row: Row, article: Row, batch: Related) -> bool:
    """A year long before the publication stands in the article, or it speaks of years ago."""
    start = row["date_start"]
    if start is None or article["published_on"].year - start.year <= _FAR_YEARS:
        return True
    told = f"{article['title'] or ''} {article['text']}"
    return str(start.year) in told or _LONG_AGO.search(told) is not None


def date_words_are_verbatim(row: Row, article: Row, batch: Related) -> bool:
    """The words the date was read from stand in the article."""
    return is_named(row["date_text"], article)


def country_code_is_assigned(row: Row, article: Row, batch: Related) -> bool:
    """ISO 3166-1 has the code; XKX is Kosovo's in common use."""
    code = row["country_code"]
    return code in (None, "XKX") or pycountry.countries.get(alpha_3=code) is not None


def country_name_fits_code(row: Row, article: Row, batch: Related) -> bool:
    """The name is one of the country's own."""
    names = _country_names().get(row["country_code"])
    return names is None or row["country_name"] is None or row["country_name"].casefold() in names


def country_named_with_code(row: Row, article: Row, batch: Related) -> bool:
    """Code and name are given together."""
    return (row["country_code"] is None) == (row["country_name"] is None)


def coordinates_in_pairs(row: Row, article: Row, batch: Related) -> bool:
    """Latitude, longitude and geo precision belong together."""
    if (row["latitude"] is None) != (row["longitude"] is None):
        return False
    return row["latitude"] is None or row["geo_precision"] is not None


def coordinates_are_a_place(row: Row, article: Row, batch: Related) -> bool:
    """0, 0 in the Gulf of Guinea stands for a place that was not found, and what is no number for no place."""
    coordinates = (row["latitude"], row["longitude"])
    return coordinates != (0, 0) and not any(value is not None and math.isnan(value) for value in coordinates)


def coordinates_inside_country(row: Row, article: Row, batch: Related) -> bool:
    """The point lies in its country, or near enough for the coarse map."""
    if row["latitude"] is None or row["longitude"] is None or row["geo_precision"] == 7:
        return True
    return is_in_country(row["latitude"], row["longitude"], row["country_code"])


def gazetteer_place_has_coordinates(row: Row, article: Row, batch: Related) -> bool:
    """A place that the gazetteer has is on the map."""
    return row["geonames_id"] is None or row["latitude"] is not None


def geo_precision_fits_place(row: Row, article: Row, batch: Related) -> bool:
    """1 to 3 need a named place, 4 a place or a division, 6 a country; none only where neither coordinates nor country are known."""
    precision = row["geo_precision"]
    if precision in (1, 2, 3):
        return row["place_name"] is not None
    if precision == 4:
        return row["place_name"] is not None or row["admin1_name"] is not None
    if precision == 6:
        return row["country_code"] is not None
    is_placed = row["latitude"] is not None
    is_named = row["place_name"] is not None and row["country_code"] is not None
    return precision is not None or not (is_placed or is_named)


def place_is_a_name(row: Row, article: Row, batch: Related) -> bool:
    """Short, with letters."""
    name = row["place_name"]
    return name is None or (len(name) <= _PLACE_CHARACTERS and any(map(str.isalpha, name)))


def place_is_in_the_article(row: Row, article: Row, batch: Related) -> bool:
    """The place is spelt as the article spells it."""
    return is_named(row["place_name"], article)


def killed_are_plausible(row: Row, article: Row, batch: Related) -> bool:
    """Few single incidents in any codebook tell of more."""
    return all((row[name] or 0) <= most for name, most in _MANY.items())


def nobody_dies_of_a_foiled_attack(row: Row, article: Row, batch: Related) -> bool:
    """What was foiled or only threatened killed nobody but, at most, the attackers."""
    if row["status"] not in ("foiled", "threatened"):
        return True
    attackers = row["fatalities_militants"] or 0
    return (row["fatalities_low"] or 0) <= attackers


def peaceful_protest_kills_nobody(row: Row, article: Row, batch: Related) -> bool:
    """Where protesters were killed it is another sub-event type."""
    return row["sub_event_type"] != "Peaceful protest" or not row["fatalities_low"]


def abduction_takes_somebody(row: Row, article: Row, batch: Related) -> bool:
    """An abduction that happened did not take nobody."""
    is_abduction = row["sub_event_type"] == "Abduction/forced disappearance" and row["status"] == "actual"
    return not is_abduction or row["abducted"] != 0


def best_number_has_a_bound(row: Row, article: Row, batch: Related) -> bool:
    """Where there is a best number there is a low or a high one."""
    return all(
        row[f"{name}_best"] is None or (row[f"{name}_low"], row[f"{name}_high"]) != (None, None)
        for name in ("fatalities", "injured")
    )


def rests_on_no_aggregate(row: Row, article: Row, batch: Related) -> bool:
    """The words of the number killed are not those of a total over a period or several places."""
    version = (row["article_id"], row["article_version"])
    return not any(
        (version, e["start"], e["end"]) in batch.aggregate_spans
        for e in row["evidence"]
        if e["field"].startswith("fatalities")
    )


def evidence_is_verbatim(row: Row, article: Row, batch: Related) -> bool:
    """There is a quote, and each stands in the article's text at its offsets, in code points."""
    text = article["text"]
    return bool(row["evidence"]) and all(
        stands(text, e["start"], e["end"], e["quote"]) for e in row["evidence"]
    )


def evidence_is_short(row: Row, article: Row, batch: Related) -> bool:
    """A quote is a passage, not the article."""
    return all(len(e["quote"]) <= _QUOTE_CHARACTERS for e in row["evidence"])


def fields_have_evidence(row: Row, article: Row, batch: Related) -> bool:
    """Every figure, date, place and party that is filled in has a quote, unless a person has set it."""
    quoted = {e["field"] for e in row["evidence"]}
    set_by_person = set(row.get(CORRECTED, ()))
    return all(
        quoted & set(fields) or name in set_by_person
        for name, fields in EVIDENCE_OF.items()
        if row[name] not in (None, [])
    )


@cache
def _country_names() -> dict[str, set[str]]:
    lexicon = read_declaration("lexicons/countries")
    names = {code: {name.casefold() for name in entry["names"]} for code, entry in lexicon.items()}
    for country in pycountry.countries:
        official = {country.name, getattr(country, "common_name", country.name)}
        names.setdefault(country.alpha_3, set()).update(name.casefold() for name in official)
    return names
