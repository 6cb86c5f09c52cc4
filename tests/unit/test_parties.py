"""Who acts and who suffers, by the words around the act; single persons; things attacked."""

from __future__ import annotations

import datetime as dt

import pytest

from pipeline.extract.casualties import find_casualties
from pipeline.extract.persons import find_persons
from pipeline.extract.protocol import get_extractor
from pipeline.records import Article, IncidentReport

PUBLISHED = dt.date(2023, 5, 12)


def the_incident(text: str) -> IncidentReport:
    article = Article(article_id="a", title=None, text=text, published_on=PUBLISHED, language="en")
    [incident] = get_extractor("rules").extract(article).incidents
    return incident


@pytest.mark.parametrize(
    ("text", "perpetrators"),
    [
        ("Four villagers were killed by Boko Haram fighters near Konduga, Nigeria, on Monday.", ["Boko Haram"]),
        ("On Monday gunmen attacked a police post near Quetta, Pakistan, killing two officers.", ["gunmen"]),
        ("Gunmen of the M23 movement killed three farmers in Rutshuru, Congo, on Monday.", ["M23"]),
        ("Two Palestinians shot dead four Israelis at Eli in the West Bank on Monday. Soldiers searched the area.", ["Palestinians"]),
        ("Three traders were shot dead in Zamfara, Nigeria, on Monday by men on motorcycles. Soldiers searched the area.", ["men"]),
        ("Clashes between the army and Houthi rebels killed nine people in Marib, Yemen, on Monday.", ["Houthi rebels"]),
        ("Uganda carried out air strikes near Beni in eastern Congo on Monday, killing three rebels.", ["Uganda"]),
        ("A bomb killed six soldiers in Mudiyah, Yemen, on Monday. The army blamed al-Qaeda.", ["al-Qaeda"]),
        ("A bomb killed six people in Kabul on Monday. Islamic State said that it was behind the attack.", ["Islamic State"]),
        ("The military junta in Niger said 29 soldiers had been killed in an attack near Tillia on Monday.", []),
        ("Police said rebels killed two people in Beni, Congo, on Monday.", ["rebels"]),
    ],
)  # fmt: skip
def test_the_perpetrator_is_found_where_the_sentence_puts_it(text: str, perpetrators: list[str]) -> None:
    assert the_incident(text).perpetrators == perpetrators


@pytest.mark.parametrize(
    ("text", "perpetrators", "targets"),
    [
        ("Police on Monday detained a soldier who is suspected of shooting dead three comrades in Gao, Mali.", ["soldier"], ["comrades"]),
        ("A soldier was arrested for shooting dead three colleagues in Gao, Mali, on Monday.", ["soldier"], ["colleagues"]),
        ("The air force had been after Boko Haram fighters who killed 30 soldiers in Baga on Monday.", ["Boko Haram"], ["soldiers"]),
        ("Turkish soldiers and YPG fighters clashed near Kobani, Syria, on Monday.", ["Turkish soldiers"], ["YPG"]),
    ],
)  # fmt: skip
def test_enemies_and_those_who_seek_the_doer_are_no_doers(
    text: str, perpetrators: list[str], targets: list[str]
) -> None:
    incident = the_incident(text)
    assert (incident.perpetrators, incident.targets) == (perpetrators, targets)


def test_an_aggregate_is_of_the_area_told_and_counts_no_year() -> None:
    text = "NAIROBI - Al-Shabaab has killed 500 people in Lower Shabelle since January. A group counted any 2011 Bahrain protesters who were killed."
    article = Article(article_id="a", title=None, text=text, published_on=PUBLISHED, language="en")
    claims = get_extractor("rules").extract(article).aggregate_claims
    assert [(claim.area, claim.killed) for claim in claims] == [("Lower Shabelle", 500)]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Rebels attacked an army base near Gao, Mali, on Monday.", "army base"),
        ("Gunmen killed seven election workers in Dargol, Niger, on Monday.", "election workers"),
        ("Militants stormed the village of Chibok in Nigeria on Monday.", "village of Chibok"),
    ],
)
def test_people_and_things_attacked_are_named_as_the_text_does(text: str, target: str) -> None:
    assert the_incident(text).targets == [target]


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("Kin Kin was shot dead near the station.", "was shot dead"),
        ("Turkish forces had killed a top Kurdish commander in Iraq.", "killed a top Kurdish commander"),
        ("Two weeks later he was executed with two bullets.", "was executed"),
    ],
)
def test_a_person_who_is_not_counted_is_one(sentence: str, words: str) -> None:
    [person] = find_persons(sentence, 0, find_casualties(sentence))
    assert (person.text, person.outcome, person.best) == (words, "killed", 1)
    assert sentence[person.start : person.end] == words


@pytest.mark.parametrize(
    "sentence",
    [
        "No one was killed, the army said.",
        "His whole family was killed.",
        "Seven people died, among them Ali Hassan, who was killed at once.",
        "The convoy was hit.",
    ],
)
def test_nobody_is_made_up(sentence: str) -> None:
    assert [p for p in find_persons(sentence, 0, find_casualties(sentence)) if p.outcome == "killed"] == []


@pytest.mark.parametrize(
    ("text", "killed"),
    [
        ("A mine wounded two soldiers near Gao, Mali, on Monday.", 0),
        ("A mine hit a lorry near Gao, Mali, on Monday.", None),
        ("A mine martyred a soldier and wounded two near Bannu, Pakistan, on Monday.", 1),
        ("A mine wounded two soldiers near Gao, Mali, on Monday, and there was word of deaths.", None),
    ],
)
def test_the_killed_are_those_of_the_act(text: str, killed: int | None) -> None:
    assert the_incident(text).fatalities_best == killed


@pytest.mark.parametrize(
    ("title", "text", "perpetrators"),
    [
        ("ADF rebels kill nine villagers near Beni", "Nine villagers were killed near Beni in eastern Congo on Monday, the army said. The ADF is active there.", ["ADF"]),
        ("Nine villagers killed near Beni", "Nine villagers were killed near Beni in eastern Congo on Monday, the army said. The ADF is active there.", []),
        (None, "A bomb killed two soldiers near Bannu, Pakistan, on Monday. A group calling itself the Lions of Bannu claimed responsibility.", ["Lions of Bannu"]),
        (None, "Two farmers were found dead near Torit, South Sudan, on Monday. The governor blamed the killing on bandits.", ["bandits"]),
        (None, "A joint patrol of police came under fire near Gao, Mali, on Monday; two officers died, a report by a police officer said.", []),
    ],
)  # fmt: skip
def test_the_doer_is_taken_from_where_the_article_says_it(
    title: str | None, text: str, perpetrators: list[str]
) -> None:
    article = Article(article_id="a", title=title, text=text, published_on=PUBLISHED, language="en")
    [incident] = get_extractor("rules").extract(article).incidents
    assert incident.perpetrators == perpetrators


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "Four Kurdish fighters and two Turkish-backed rebels died in clashes near Kobani, Syria, on Sunday; a day earlier, shelling killed a woman.",
            [(-5, 6), (-6, 1)],
        ),
        (
            "Rebels ambushed a patrol near Bangassou in the Central African Republic on Sunday, killing three soldiers, a day after "
            "five farmers were killed in an attack on the village of Niakari.",
            [(-5, 3), (-6, 5)],
        ),
        (
            "The Taliban stormed a checkpoint in Bala Murghab, Afghanistan, on Sunday and killed nine border guards, while a roadside "
            "bombing killed six civilians in Khash Rod district.",
            [(-5, 9), (-5, 6)],
        ),
        ("Gunmen killed two traders and wounded three in Gusau, Nigeria, on Sunday, while four others were abducted.", [(-5, 2)]),
    ],
)  # fmt: skip
def test_two_acts_in_one_sentence_are_two_incidents(text: str, told: list[tuple[int | None, int]]) -> None:
    article = Article(article_id="a", title=None, text=text, published_on=PUBLISHED, language="en")
    found = get_extractor("rules").extract(article).incidents
    days = [None if i.date_start is None else (i.date_start - PUBLISHED).days for i in found]
    assert list(zip(days, [i.fatalities_best for i in found], strict=True)) == told


def test_acts_at_two_sites_are_two_incidents_and_their_details_are_none() -> None:
    text = (
        "Gunmen killed four traders in Gusau, Nigeria, on Monday. The attack lasted an hour. "
        "In Maradun, others abducted nine women on Tuesday. The gunmen fled on motorcycles."
    )
    article = Article(article_id="a", title=None, text=text, published_on=PUBLISHED, language="en")
    found = get_extractor("rules").extract(article).incidents
    assert [(i.place_name, i.fatalities_best) for i in found] == [("Gusau", 4), ("Maradun", None)]


def test_a_total_that_goes_on_in_the_next_sentence_is_no_incident() -> None:
    text = (
        "Gunmen killed four traders in Gusau, Nigeria, on Monday. "
        "Since January 2020 at least 900 people have been killed in the state. All were killed in attacks by gangs."
    )
    article = Article(article_id="a", title=None, text=text, published_on=PUBLISHED, language="en")
    extraction = get_extractor("rules").extract(article)
    assert [i.fatalities_best for i in extraction.incidents] == [4]
    assert [c.killed for c in extraction.aggregate_claims] == [900]


@pytest.mark.parametrize(
    "text",
    [
        "Police arrested a man of 40 in Salem on Monday after his wife was shot in their kitchen.",
        "In the drill on Monday marines stormed the village of Calatagan in the Philippines and killed 14 attackers, umpires said.",
        "No shot has been fired around Shire since the truce of 2 November, the mayor of the Ethiopian town said.",
        "Nine people were killed when a bus overturned near Gao in Mali on Monday, police said.",
        "Six soldiers were killed on Monday when a military helicopter crashed near Gao, Mali, through engine failure.",
        "The RSF denied on Monday that its men had killed 70 villagers in Kutum in Sudan.",
        "The RSF denied killing 70 villagers in Kutum in Sudan on Monday.",
        "The army rejected reports that its jets killed 70 people in Kutum, Sudan, on Monday.",
        "It is not true that gunmen killed 70 people in Kutum, Sudan, on Monday, the governor said.",
        "Police dismissed as fake news a report that gunmen had killed 35 people in Gusau, Nigeria, on Monday.",
        "A report that a bomb had killed 35 people in Gusau, Nigeria, on Monday was false, police said.",
        "Boko Haram may kill hundreds of people in Maiduguri if troops leave, a general warned on Monday.",
        "Rebels threatened to kill 20 hostages in Goma, Congo, on Monday.",
        "A film about soldiers who kill 30 rebels in an ambush in Gao topped the box office on Monday.",
        "In the new game players kill 30 rebels in an ambush in Gao on Monday.",
    ],
)
def test_crime_drills_denials_and_accidents_are_no_incidents(text: str) -> None:
    article = Article(article_id="a", title=None, text=text, published_on=PUBLISHED, language="en")
    assert get_extractor("rules").extract(article).incidents == []
