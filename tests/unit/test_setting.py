"""Where and when of an act, by the words of its sentence and of those beside it."""

from __future__ import annotations

import datetime as dt

import pytest

from pipeline.extract.protocol import get_extractor
from pipeline.records import Article, IncidentReport

PUBLISHED = dt.date(2023, 5, 12)  # A Friday.


def incidents(text: str, published_on: dt.date = PUBLISHED) -> list[IncidentReport]:
    article = Article(article_id="a", title=None, text=text, published_on=published_on, language="en")
    return get_extractor("rules").extract(article).incidents


@pytest.mark.parametrize(
    ("text", "place", "country"),
    [
        ("Thirty Palestinians have been killed by Israeli air strikes in Gaza, medics said on Monday.", "Gaza", "PSE"),
        ("Israeli warplanes bombed a house in Rafah on Tuesday, killing nine people.", "Rafah", "PSE"),
        ("KABUL, Afghanistan (AP) — A bomb killed six people in Kunduz on Monday.", "Kunduz", "AFG"),
        ("Soldiers from Gao were killed by a mine near Labbezanga in Mali on Monday.", "Labbezanga", "MLI"),
        ("Jihadists killed nine people in the Malian town of Boulkessi, close to the border with Burkina Faso, on Monday.", "Boulkessi", "MLI"),
        ("The Islamic State in Iraq and Syria killed three soldiers in Marawi in the Philippines on Monday.", "Marawi", "PHL"),
        ("Six people were killed by gunmen in El Geneina, Sudan, on Monday in clashes with Masalit fighters.", "El Geneina", "SDN"),
    ],
)  # fmt: skip
def test_the_place_is_that_of_the_act(text: str, place: str, country: str) -> None:
    [incident] = incidents(text)
    assert (incident.place_name, incident.country_code) == (place, country)


def test_a_place_that_no_gazetteer_knows_lies_in_the_known_one_around_it() -> None:
    [incident] = incidents("Gunmen killed two men in Xuquwa Bwelo in Nigeria's Borno State on Monday.")
    assert (incident.place_name, incident.admin1_name, incident.geonames_id) == (
        "Xuquwa Bwelo",
        "Borno",
        None,
    )
    assert incident.geo_precision == 4
    assert incident.latitude is not None
    assert 10 < incident.latitude < 14


def test_of_a_district_and_a_village_the_village_counts_though_it_comes_later() -> None:
    text = (
        "Rebels killed two men in the Ihiala district of Nigeria's Anambra State on Monday. "
        "The attack took place at Lilu town."
    )
    [incident] = incidents(text)
    assert incident.place_name == "Lilu"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Rebels raided Beni in Congo overnight, killing two people, the army said on Tuesday.", dt.date(2023, 5, 8)),
        ("After a clash on Saturday, troops shelled Nam Ha in Myanmar on Sunday, killing four people.", dt.date(2023, 5, 7)),
        ("SRINAGAR, India, May 3: A militant was killed in a gunfight in Kulgam on Friday, police said.", dt.date(2023, 4, 28)),
        ("Gunmen killed two men in Gao, Mali, in February. In Kidal, two soldiers were killed on Monday.", dt.date(2023, 2, 1)),
        ("Gunmen killed two men in Gao, Mali, police said on Thursday.", dt.date(2023, 5, 11)),
    ],
)  # fmt: skip
def test_the_day_is_that_of_the_act_and_not_of_its_telling(text: str, day: dt.date) -> None:
    assert incidents(text)[0].date_start == day


def test_what_goes_on_without_a_day_is_of_the_day_before_it() -> None:
    text = "Gunmen killed two men in Gao, Mali, on Monday. Hours later, rockets hit the camp at Ansongo."
    assert [i.date_start for i in incidents(text)] == [dt.date(2023, 5, 8), dt.date(2023, 5, 8)]


def test_a_heading_above_a_paragraph_dates_and_places_it() -> None:
    text = (
        "Report on attacks in Karenni State\n"
        "5 May 2023, near Khaung Ei village in Myanmar:\n"
        "Twenty civilians were killed by the Burma Army when fighting broke out early in the morning.\n"
        "The fighting went on for two days."
    )
    [incident] = incidents(text)
    assert (incident.date_start, incident.fatalities_best) == (dt.date(2023, 5, 5), 20)
