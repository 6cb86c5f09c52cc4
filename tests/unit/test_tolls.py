"""How many an act killed, by what its sentence says: parts, speakers, other days and totals are not added to it."""

from __future__ import annotations

import datetime as dt

import pytest

from pipeline.extract.protocol import get_extractor
from pipeline.records import Article, Extraction

Toll = tuple[int | None, int | None, int | None]


def extract(text: str) -> Extraction:
    article = Article(article_id="a", title=None, text=text, published_on=dt.date(2023, 5, 12), language="en")
    return get_extractor("rules").extract(article)


def tolls(text: str) -> list[Toll]:
    return [(i.fatalities_low, i.fatalities_best, i.fatalities_high) for i in extract(text).incidents]


@pytest.mark.parametrize(
    ("text", "killed"),
    [
        ("Three soldiers were among 20 people killed in an attack in Goma, Congo, on Monday.", 20),
        ("Two women and a child were among 14 people killed by a bomb in Kabul on Monday.", 14),
        ("Among the 14 people killed by a bomb in Kabul on Monday were two women and a child.", 14),
    ],
)
def test_people_among_those_killed_are_counted_once(text: str, killed: int) -> None:
    assert tolls(text) == [(killed, killed, killed)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The army denied that 40 soldiers were killed in an attack in Goma on Monday, saying 4 died.", (4, 4, 40)),
        ("The army denied that 40 soldiers were killed in an attack in Goma on Monday.", (None, None, 40)),
        ("Boko Haram claimed to have killed 60 soldiers in Baga, Nigeria, on Monday; the army said it lost two.", (2, 60, 60)),
        ("Houthis said 30 civilians were killed in an air strike in Marib on Monday; the coalition said three fighters died.", (3, 30, 30)),
        ("Residents said 30 civilians died in a raid in Goma on Monday, but the army said it killed 25 militants.", (25, 30, 30)),
        ("Police said ten militants died in a raid in Goma on Monday, but officials said two soldiers were also killed.", (12, 12, 12)),
        ("Armenia said two of its soldiers were killed near Goris on Monday; Azerbaijan said that a lieutenant was dead.", (3, 3, 3)),
    ],
)  # fmt: skip
def test_two_speakers_tolls_are_spanned_unless_they_count_different_people(text: str, expected: Toll) -> None:
    assert tolls(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Gunmen killed 3 policemen in Kabul on Monday, a year after 200 people were killed in the city.", (3, 3, 3)),
        ("Gunmen killed three people in Kabul on Monday, down from an earlier report of five dead.", (3, 3, 3)),
        ("Gunmen killed 30 people in Sabha on Monday, while in Benghazi 12 soldiers died.", (30, 30, 30)),
        ("Gunmen killed nine people in Kabul on Monday, bringing the death toll of the attack to 12.", (12, 12, 12)),
    ],
)  # fmt: skip
def test_the_dead_of_another_day_report_or_place_are_not_added(text: str, expected: Toll) -> None:
    assert tolls(text)[0] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The TTP said its men killed 26 soldiers in Bannu, Pakistan, on Monday. The army said it lost two men and killed seven militants.", (9, 26, 26)),
        ("Boko Haram said it killed 26 soldiers in Baga, Nigeria, on Monday. The army said that all nine attackers were killed and one soldier died.", (10, 26, 26)),
        ("Malian troops killed 35 civilians in Gossi, residents said on Monday. The army said it had killed 35 militants there and that no civilian died.", (35, 35, 35)),
        ("Rebels killed 12 soldiers in Goma, Congo, on Monday, the army said. The M23 said that two fighters also died.", (14, 14, 14)),
    ],
)  # fmt: skip
def test_what_two_sides_claim_of_one_act_is_never_summed(text: str, expected: Toll) -> None:
    assert tolls(text) == [expected]


def test_who_speaks_claims_an_act_and_not_whom_it_killed() -> None:
    text = (
        "Ethiopian troops killed 35 civilians in Merawi, residents said on Monday. "
        "The army said it had killed 35 Fano militants there."
    )
    assert [incident.claimed_by for incident in extract(text).incidents] == [None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Israeli strikes killed at least 14 people in Rafah on Monday.", [(14, 14, None)]),
        ("An Israeli strike killed 14 people in Rafah on Monday.", [(14, 14, 14)]),
        ("Fourteen people were killed in Russian strikes in Kharkiv, Ukraine, on Monday.", [(14, 14, 14)]),
        ("Overnight strikes killed 14 people in Khartoum, Sudan, on Monday.", [(14, 14, 14)]),
        ("An American strike by 14 teachers in Denver ended on Monday.", []),
        ("A car bomb killed 8 people in Mosul, Iraq, on Monday. Hours later, a second car bomb killed 3 people.", [(8, 8, 8), (3, 3, 3)]),
        ("A car bomb killed 8 people in Mosul, Iraq, on Monday. Minutes later, a second bomb killed 3 people.", [(11, 11, 11)]),
    ],
)  # fmt: skip
def test_strikes_and_second_bombs_are_told_like_first_ones(text: str, expected: list[Toll]) -> None:
    assert tolls(text) == expected


@pytest.mark.parametrize(
    ("words", "killed"),
    [
        ("Gunmen killed a trader, his wife and their three children", 5),
        ("An air strike killed a man, his two wives and four children", 7),
        ("Gunmen killed a tribal elder and his two guards", 3),
        ("Soldiers killed a commander and three of his men", 4),
        ("A drone strike killed a Taliban commander and two of his guards", 3),
        ("A Taliban commander and his two guards were killed by a drone", 3),
        ("Gunmen killed a woman and her two daughters", 3),
        ("Her husband was killed by gunmen", 1),
    ],
)
def test_families_and_companions_are_counted_whole(words: str, killed: int) -> None:
    assert tolls(f"{words} in Kunduz, Afghanistan, on Monday.") == [(killed, killed, killed)]


@pytest.mark.parametrize(
    ("text", "killed"),
    [
        ("Rebels killed 13 soldiers in Gao, Mali, on Monday in the worst attack since February, when 44 soldiers were killed in Ansongo.", [13, 44]),
        ("Monday's raid on Gao, Mali, in which 13 villagers died, was the deadliest since gunmen killed 45 people in Ansongo in December 2022.", [13, 45]),
        ("Thirteen soldiers were killed in Gao, Mali, on Monday, the worst attack since 2018, when rebels killed 302 people.", [13]),
        ("Rebels killed 13 soldiers in Gao, Mali, on Monday. It came days after an ambush in which 26 soldiers were killed.", [13]),
        ("Rebels killed 13 soldiers in Gao, Mali, on Monday, weeks after an ambush in which 26 soldiers were killed.", [13]),
        ("Rebels killed 13 soldiers in Gao, Mali, on Monday. The attack follows an ambush in which 26 soldiers were killed.", [13]),
        ("Rebels killed 13 soldiers in Gao, Mali, on Monday. It came two weeks after an ambush near Ansongo that killed 26.", [13, 26]),
    ],
)  # fmt: skip
def test_an_older_act_that_measures_this_one_is_not_added_to_it(text: str, killed: list[int]) -> None:
    assert tolls(text) == [(count, count, count) for count in killed]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Nearly 50 people were killed by militants", (None, 50, 50)),
        ("About 50 people were killed by militants", (50, 50, 50)),
        ("Militants attacked a ferry, and 20 people were feared dead", (None, None, 20)),
        ("Militants attacked a ferry, and 20 people may have been killed", (None, None, 20)),
        ("Militants attacked a ferry and may have killed 20 people", (None, None, 20)),
        ("Militants attacked a ferry with a bomb that could have killed 20 people", (None, None, None)),
        ("Rebels killed 14 soldiers, and denied claims that they had killed 60 villagers", (14, 14, 14)),
    ],
)
def test_a_number_that_is_not_sure_leaves_its_bound_open(words: str, expected: Toll) -> None:
    assert tolls(f"{words} in Goma, Congo, on Monday.") == [expected]


@pytest.mark.parametrize(
    ("text", "incidents", "killed"),
    [
        ("Shelling killed nine people in Donetsk on Monday, bringing the number of dead in the week to 530.", [(9, 9, 9)], 530),
        ("In eight days of bombing more than 500 people were killed in Douma, monitors said.", [], 500),
        ("Air strikes have killed 194 people in Douma in the last 48 hours, monitors said.", [], 194),
        ("More than 400 people have been killed in eight days of one of the deadliest bombing campaigns of the war in Douma.", [], 400),
        ("Medics said air strikes killed 61 people in Douma on Tuesday, while monitors said 194 people had died in the last 48 hours.", [(61, 61, 61)], 194),
        ("The latest deaths in Douma brought the weeklong carnage to more than 500 killed in shelling.", [], 500),
        ("At least 200 civilians were killed in air strikes on Douma in a few days last week.", [], 200),
        ("Since Turkey launched a military offensive, around 230 civilians have died in Afrin.", [], 230),
    ],
)  # fmt: skip
def test_the_dead_of_a_period_are_those_of_an_aggregate(
    text: str, incidents: list[Toll], killed: int
) -> None:
    assert tolls(text) == incidents
    assert [claim.killed for claim in extract(text).aggregate_claims] == [killed]
