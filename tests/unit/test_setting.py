"""Where and when of an act, by the words of its sentence and of those beside it."""

from __future__ import annotations

import datetime as dt

import pytest

from pipeline.extract.gazetteer import countries_by_name, country_names
from pipeline.extract.names import fold
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


@pytest.mark.parametrize("name", sorted(country_names()))
def test_every_country_and_territory_is_known_by_its_whole_name(name: str) -> None:
    [incident] = incidents(f"Gunmen killed five people in {name} on Monday.")
    assert incident.country_code == countries_by_name()[fold(name)]


@pytest.mark.parametrize(
    ("text", "place", "country"),
    [
        ("PORT MORESBY, Papua New Guinea – Raiders killed 26 people in Angoram, Papua New Guinea, on Monday.", "Angoram", "PNG"),
        ("Soldiers shot dead two people in the Jordan Valley in the West Bank on Monday.", "Jordan Valley", "PSE"),
        ("Gunmen killed nine fishermen on Lake Chad in Nigeria on Monday.", "Lake Chad", "NGA"),
        ("Gunmen killed five people in Cote d’Ivoire on Monday.", None, "CIV"),
    ],
)  # fmt: skip
def test_a_country_inside_a_longer_name_is_not_meant(text: str, place: str | None, country: str) -> None:
    [incident] = incidents(text)
    assert (incident.place_name, incident.country_code) == (place, country)


CONDEMNED = (
    " The United States condemned the attack. American officials said that the United States would act."
)


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Rebels killed 20 people in Goma on Tuesday." + CONDEMNED, "COD"),
        ("DAMASCUS, Syria – Warplanes killed 20 civilians in eastern Ghouta on Tuesday." + CONDEMNED, "SYR"),
        ("MY LAI, Vietnam – Soldiers killed 347 villagers in My Lai on March 16, 1968." + CONDEMNED, "VNM"),
        ("DAMASCUS, Syria – Warplanes killed 20 civilians in Xuqwalu on Tuesday." + CONDEMNED, "SYR"),
        ("OUAGADOUGOU – Gunmen killed 12 people near Fada N'Gourma, near the border with Niger, on Monday.", "BFA"),
    ],
)  # fmt: skip
def test_who_speaks_of_an_act_does_not_move_it_to_his_country(text: str, country: str) -> None:
    [incident] = incidents(text)
    assert incident.country_code == country


@pytest.mark.parametrize(
    ("text", "latitude", "longitude", "precision"),
    [
        ("Air strikes killed 12 people in eastern Ghouta, Syria, on Monday.", 33.5, 36.4, 5),
        ("Air strikes killed 12 people in Douma, Syria, on Monday.", 33.57, 36.4, 1),
        ("Militants killed 12 people in Marawi, Philippines, on Monday.", 8.0, 124.28, 1),
        ("Gunmen killed 12 fishermen in Baga, Nigeria, on Monday.", 13.12, 13.82, 1),
    ],
)
def test_of_places_of_one_name_the_one_that_news_means(
    text: str, latitude: float, longitude: float, precision: int
) -> None:
    [incident] = incidents(text)
    assert (incident.latitude, incident.longitude, incident.geo_precision) == (latitude, longitude, precision)


def test_of_villages_of_one_name_far_apart_none_is_taken() -> None:
    [incident] = incidents("Gunmen killed two men in the village of Kasindi in Congo on Monday.")
    assert (incident.place_name, incident.country_code, incident.latitude) == ("Kasindi", "COD", None)
    [incident] = incidents("Gunmen killed two men in the village of Kasindi near Beni in Congo on Monday.")
    assert incident.latitude is not None
    assert abs(incident.latitude) < 0.1


@pytest.mark.parametrize(
    ("text", "place", "country", "precision"),
    [
        ("Gunmen killed three people in Xuqwalu, Nigeria, on Monday.", "Xuqwalu", "NGA", 6),
        ("Gunmen killed three people in Xuqwalu on Monday.", "Xuqwalu", None, None),
        ("Houthi missiles killed three sailors on a ship in the Red Sea on Monday.", "Red Sea", None, 7),
        ("Pirates shot dead three sailors on a ship in the Gulf of Aden on Monday.", "Gulf of Aden", None, 7),
    ],
)  # fmt: skip
def test_the_precision_says_what_is_known_where_there_are_no_coordinates(
    text: str, place: str, country: str | None, precision: int | None
) -> None:
    [incident] = incidents(text)
    assert (incident.place_name, incident.country_code, incident.geo_precision) == (place, country, precision)
    assert incident.latitude is None


@pytest.mark.parametrize(
    ("text", "admin1", "country"),
    [
        ("Gunmen killed eight people in Zamfara state in Nigeria on Monday.", "Zamfara", "NGA"),
        ("Gunmen killed eight farmers in Benue on Monday.", "Benue", "NGA"),
        ("Rebels killed eight villagers in North Kivu province on Monday.", "North Kivu", "COD"),
        ("The Taliban killed eight policemen in Helmand on Monday.", "Helmand", "AFG"),
    ],
)
def test_of_a_province_alone_the_coordinates_are_the_provinces(text: str, admin1: str, country: str) -> None:
    [incident] = incidents(text)
    told = (incident.place_name, incident.admin1_name, incident.country_code, incident.geo_precision)
    assert told == (None, admin1, country, 4)
    assert incident.latitude is not None


@pytest.mark.parametrize(
    ("text", "place", "admin1", "country"),
    [
        ("NEW YORK - A bomb killed eight people in Peshawar on Monday.", "Peshawar", "Khyber Pakhtunkhwa", "PAK"),
        ("GAZA - An Israeli air strike in Khan Younis killed eight people on Monday.", "Khan Younis", "Khan Yunis", "PSE"),
        ("LONDON - Houthi rebels fired missiles at a ship in the Red Sea on Monday, killing two sailors.", "Red Sea", None, None),
        ("Militants killed eight soldiers in Sinai on Monday.", "Sinai", None, "EGY"),
    ],
)  # fmt: skip
def test_the_dateline_is_not_the_place_of_the_act(
    text: str, place: str, admin1: str | None, country: str | None
) -> None:
    [incident] = incidents(text)
    assert (incident.place_name, incident.admin1_name, incident.country_code) == (place, admin1, country)


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


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("The bones of 50 villagers massacred by soldiers in Nebaj in Guatemala in 1983 were buried on Monday.", dt.date(1983, 1, 1)),
        ("A mass grave of 70 men killed by Islamic State in Sinjar, Iraq, in 2015 was found on Monday.", dt.date(2015, 1, 1)),
        ("A gunman who killed two soldiers in Newry in 1978 was buried on Monday.", dt.date(1978, 1, 1)),
        ("On Monday gunmen killed 12 people in a camp near Gao, Mali, founded in 1982.", dt.date(2023, 5, 8)),
        ("Soldiers of the 14 October brigade killed two people in Aden, Yemen, on Monday.", dt.date(2023, 5, 8)),
    ],
)  # fmt: skip
def test_a_past_act_is_never_of_this_week(text: str, day: dt.date) -> None:
    assert [i.date_start for i in incidents(text)] == [day]


@pytest.mark.parametrize(
    "text",
    [
        "Madrid on Monday remembered the 191 people killed when bombs exploded on trains in March 2004.",
        "An inquest heard on Monday that soldiers shot dead nine people in Derry in January 1972.",
    ],
)
def test_what_is_remembered_is_no_incident(text: str) -> None:
    assert incidents(text) == []


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
