"""The hardest short report: one incident, two aggregates, nothing else; and reports like it about other places."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from pipeline.extract.protocol import get_extractor
from pipeline.records import Article, Extraction


def extract(text: str, published_on: dt.date) -> Extraction:
    article = Article(
        article_id="a", title=text.splitlines()[0], text=text, published_on=published_on, language="en"
    )
    extraction = get_extractor("rules").extract(article)
    for row in [*extraction.incidents, *extraction.aggregate_claims, *extraction.responsibility_claims]:
        assert row.evidence
        assert all(text[e.start : e.end] == e.quote for e in row.evidence)
    return extraction


@pytest.fixture(scope="module")
def seed(evaluation: Path) -> Extraction:
    text = (evaluation / "articles" / "seed_rudaw_2021-12-06.txt").read_text(encoding="utf-8").strip("\n")
    return extract(text, dt.date(2021, 12, 6))


def test_the_seed_article_holds_one_incident_told_completely(seed: Extraction) -> None:
    [incident] = seed.incidents
    assert (incident.event_type, incident.sub_event_type, incident.status) == (
        "Battles",
        "Armed clash",
        "actual",
    )
    assert (incident.date_start, incident.date_end, incident.date_precision) == (
        dt.date(2021, 12, 2),
        dt.date(2021, 12, 2),
        1,
    )
    assert incident.date_text == "Thursday"
    assert (incident.country_code, incident.country_name, incident.admin1_name) == ("IRQ", "Iraq", "Erbil")
    assert incident.place_name == "Makhmour"
    assert incident.latitude == pytest.approx(35.77, abs=0.05)
    assert incident.longitude == pytest.approx(43.58, abs=0.05)
    assert incident.perpetrators == ["ISIS"]
    assert incident.targets == ["Peshmerga fighters", "civilians"]
    assert (incident.fatalities_low, incident.fatalities_best, incident.fatalities_high) == (13, 13, 13)
    assert (
        incident.fatalities_security_forces,
        incident.fatalities_civilians,
        incident.fatalities_militants,
    ) == (10, 3, None)
    assert (incident.injured_low, incident.injured_best, incident.injured_high, incident.abducted) == (
        None,
    ) * 4
    assert incident.claimed_by == "ISIS"
    fields = {e.field for e in incident.evidence}
    assert {
        "event_type",
        "date_text",
        "place_name",
        "admin1_name",
        "fatalities",
        "perpetrators",
        "targets",
        "claimed_by",
    } <= fields


def test_the_seed_article_holds_two_aggregate_claims(seed: Extraction) -> None:
    first, second = seed.aggregate_claims
    assert (first.event_count, first.killed, first.killed_or_injured, first.actor) == (5, 8, None, "ISIS")
    assert (first.period_start, first.period_end) == (dt.date(2021, 11, 6), dt.date(2021, 12, 6))
    assert (first.is_party_propaganda, first.claimant) == (False, None)
    assert (second.event_count, second.killed, second.injured, second.killed_or_injured) == (
        12,
        None,
        None,
        20,
    )
    assert (second.period_start, second.period_end) == (dt.date(2021, 11, 25), dt.date(2021, 12, 2))
    assert (second.is_party_propaganda, second.claimant, second.area) == (True, "ISIS", "Iraq")


def test_the_seed_article_holds_one_responsibility_claim(seed: Extraction) -> None:
    [claim] = seed.responsibility_claims
    assert (claim.incident, claim.group_name, claim.stance) == (0, "ISIS", "claimed")


def test_a_report_like_it_about_mali_comes_out_the_same_way() -> None:
    text = (
        "Army and neighbours must act together, general says\n"
        "BAMAKO, Mali – Only joint action will stop the attacks in the centre of the country, a Malian general told reporters on Sunday.\n"
        "Six soldiers and two villagers were killed on Friday when the jihadist group JNIM attacked a post in the town of Bandiagara. "
        "JNIM claimed responsibility for the attack on Saturday.\n"
        "JNIM has carried out nine attacks on the army in the past month, killing 21 soldiers.\n"
        "In its propaganda magazine, the group claimed to have conducted 14 attacks in Mali from May 1 to May 20, killing and injuring 60 people.\n"
        "JNIM was founded in 2017. Talks with neighbouring Niger began in March.\n"
    )
    found = extract(text, dt.date(2025, 6, 2))
    [incident] = found.incidents
    assert (incident.date_start, incident.country_code, incident.place_name) == (
        dt.date(2025, 5, 30),
        "MLI",
        "Bandiagara",
    )
    assert (incident.fatalities_best, incident.fatalities_security_forces, incident.fatalities_civilians) == (
        8,
        6,
        2,
    )
    assert (incident.perpetrators, incident.claimed_by) == (["JNIM"], "JNIM")
    assert [(c.event_count, c.killed, c.killed_or_injured) for c in found.aggregate_claims] == [
        (9, 21, None),
        (14, None, 60),
    ]


def test_a_report_like_it_about_somalia_in_another_order() -> None:
    text = (
        "Al-Shabaab on the rise\n"
        "Al-Shabaab has killed 40 people in seven attacks over the past two weeks.\n"
        "MOGADISHU – Three policemen were killed and five civilians were wounded on Tuesday when al-Shabaab fighters raided a station near Jowhar, officials said.\n"
        "The group claimed the attack in a radio broadcast.\n"
        "Parliament met on Wednesday to discuss security.\n"
    )
    found = extract(text, dt.date(2025, 8, 14))
    [incident] = found.incidents
    assert (incident.date_start, incident.country_code, incident.place_name) == (
        dt.date(2025, 8, 12),
        "SOM",
        "Jowhar",
    )
    assert (incident.fatalities_best, incident.injured_best) == (3, 5)
    assert [(c.event_count, c.killed) for c in found.aggregate_claims] == [(7, 40)]


def test_a_group_linked_to_another_is_not_that_other_and_the_claimant_did_it() -> None:
    text = (
        "Neighbours pledge joint fight\n"
        "OUAGADOUGOU – Burkina Faso and Mali must fight together, Defence Minister Kassoum Coulibaly told state television on Sunday.\n"
        "Eleven soldiers and four volunteers were killed on Friday when al-Qaeda-linked fighters attacked an army post in Seno province's Dori town. "
        "JNIM claimed responsibility for the attack a day later.\n"
        "In a statement, JNIM claimed to have conducted 15 operations in Burkina Faso from August 1 to August 15, killing 60 people.\n"
    )
    found = extract(text, dt.date(2023, 8, 21))
    [incident] = found.incidents
    assert (incident.perpetrators, incident.targets, incident.claimed_by) == (
        ["JNIM"],
        ["soldiers", "volunteers"],
        "JNIM",
    )
    assert (incident.place_name, incident.country_code, incident.fatalities_best) == ("Dori", "BFA", 15)
    assert [(c.event_count, c.killed, c.is_party_propaganda) for c in found.aggregate_claims] == [
        (15, 60, True)
    ]


def test_the_group_of_a_claim_is_the_one_named_last() -> None:
    text = (
        "Cooperation is key, official says\n"
        "NAIROBI, Kenya – Only cooperation can end the raids, a senior Kenyan police official told reporters on Sunday.\n"
        "On Wednesday, al-Shabaab gunmen attacked a village in Mandera county, killing four villagers and three police reservists. "
        "The group claimed responsibility for the raid on Thursday.\n"
        "Al-Shabaab has killed at least 16 people in five attacks in Kenya since October.\n"
    )
    found = extract(text, dt.date(2022, 11, 14))
    [incident] = found.incidents
    assert (incident.date_start, incident.place_name, incident.claimed_by) == (
        dt.date(2022, 11, 9),
        "Mandera",
        "al-Shabaab",
    )
    assert (incident.fatalities_best, incident.fatalities_civilians, incident.fatalities_security_forces) == (
        7,
        4,
        3,
    )
    assert [(c.event_count, c.killed, c.period_start) for c in found.aggregate_claims] == [
        (5, 16, dt.date(2022, 10, 1))
    ]


def test_a_text_without_a_country_is_placed_where_most_of_its_places_lie() -> None:
    text = (
        "Officials blame gap\n"
        "SULAIMANI – A security gap is being used by ISIS, a commander said on Sunday.\n"
        "An attack by ISIS militants on a Peshmerga outpost near Kifri on Sunday night left five Peshmerga dead and four wounded.\n"
        "Another outpost lies outside Khanaqin.\n"
    )
    [incident] = extract(text, dt.date(2021, 12, 6)).incidents
    assert (incident.country_code, incident.place_name, incident.geo_precision) == ("IRQ", "Kifri", 2)
    assert (incident.perpetrators, incident.fatalities_best, incident.injured_best) == (["ISIS"], 5, 4)
