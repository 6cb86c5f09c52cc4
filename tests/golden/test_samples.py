"""The sample articles: what a coder would write of each, and the exact records, pinned."""

from __future__ import annotations

import json

import pytest

from tests.golden.regenerate import GOLDEN, golden_lines

# (title, incidents as (sub-event type, day, place, killed low-high, injured low-high), aggregate claims), written by hand from the articles.
Expected = tuple[list[tuple[str, str, str, str, str]], int]
BY_HAND: dict[str, Expected] = {
    "Militants hit outpost near Hawija": ([("Armed clash", "2025-03-09", "Hawija", "4-4", "6-6")], 0),
    "Bomb blasts and shootings leave ten dead across Diyala": (
        [
            ("Remote explosive/landmine/IED", "2025-04-21", "Muqdadiyah", "3-3", "-"),
            ("Attack", "2025-04-20", "Abu Saida", "2-2", "-"),
            ("Air/drone strike", "2025-04-19", "Hamrin", "5-5", "-"),
        ],
        0,
    ),
    "Two tolls given after market blast in Sadr City": (
        [("Suicide bomb", "2025-05-04", "Sadr City", "12-15", "40-40")],
        0,
    ),
    "Toll of Baghdad market bombing rises": ([("Suicide bomb", "2025-05-04", "Sadr City", "19-19", "-")], 0),
    "Group boasts of attacks in newsletter": ([], 1),
    "Drone strike kills fighters in northern Syria": (
        [("Air/drone strike", "2025-06-14", "Qamishli", "3-3", "-")],
        0,
    ),
    "Film about siege of Mosul opens to applause": ([], 0),
    "Al-Shabaab ambush kills troops": ([("Armed clash", "2025-02-01", "Afgooye", "18-18", "-")], 0),
    "Ambush near Somali town leaves seven soldiers dead": (
        [("Armed clash", "2025-02-01", "Afgooye", "7-7", "-")],
        0,
    ),
    "Roadside bomb hits minibus in Lower Shabelle": (
        [("Remote explosive/landmine/IED", "2025-03-19", "Qoryoley", "9-9", "4-4")],
        0,
    ),
    "UN counts civilian dead in Ethiopia's Amhara region": ([], 1),
    "Protest in Nairobi broken up": (
        [("Protest with intervention", "2025-05-25", "Nairobi", "0-0", "0-0")],
        0,
    ),
    "Gunmen abduct aid workers in South Sudan": (
        [("Abduction/forced disappearance", "2025-07-07", "Yei", "-", "0-0")],
        0,
    ),
    "Bus plunges into ravine in Ethiopia": ([], 0),
    "Dozens killed in raid on Malian village": ([("Attack", "2025-01-18", "Diallassagou", "12-", "-")], 0),
    "Gunmen kill worshippers in Nigeria's Zamfara": ([("Attack", "2025-02-10", "Tsafe", "8-8", "-")], 0),
    "Army says it killed 20 militants in Borno": (
        [("Armed clash", "2025-03-02", "Konduga", "22-22", "-")],
        0,
    ),
    "Attack on Burkina base claimed by JNIM": ([("Armed clash", "2025-03-28", "Djibo", "15-", "-")], 0),
    "Niger denies attack on village": ([], 0),
    "Insurgents have carried out seven attacks in Cabo Delgado this month": ([], 1),
    "Blast at Quetta police post": (
        [("Remote explosive/landmine/IED", "2025-02-16", "Quetta", "2-2", "5-5")],
        0,
    ),
    "Police foil bomb attack in Peshawar": (
        [("Disrupted weapons use", "2025-03-11", "Peshawar", "0-0", "0-0")],
        0,
    ),
    "Taliban forces and IS fighters clash in Jalalabad": (
        [("Armed clash", "2025-05-18", "Jalalabad", "10-10", "-")],
        0,
    ),
    "Ten years on, survivors remember school massacre": ([], 0),
    "MAOISTS AMBUSH PATROL IN CHHATTISGARH": ([("Armed clash", "2025-09-01", "Sukma", "5-5", "3-3")], 0),
    "Air strike on Sagaing village": ([("Air/drone strike", "2025-01-27", "Kanbalu", "11-11", "20-20")], 0),
    "Cholera outbreak kills dozens": ([], 0),
    "Bomb wounds rangers in southern Thailand": (
        [("Remote explosive/landmine/IED", "2025-06-29", "Yala", "0-0", "3-3")],
        0,
    ),
    "United win cup after dramatic shootout": ([], 0),
    "Dissidents attack police station in Cauca": (
        [("Armed clash", "2025-02-23", "Toribio", "1-1", "3-3")],
        0,
    ),
    "Gang massacre near Port-au-Prince": ([("Attack", "2025-03-15", "Kenscoff", "22-", "-")], 0),
    "Court jails former colonel for 1989 killings": ([], 0),
    "Rebels seize town in North Kivu": (
        [("Non-state actor overtakes territory", "2025-01-26", "Sake", "13-13", "-")],
        0,
    ),
    "ADF fighters kill villagers near Beni": ([("Attack", "2025-05-10", "Oicha", "14-14", "-")], 0),
    "Missiles hit Kharkiv apartment block": (
        [("Shelling/artillery/missile attack", "2025-03-07", "Kharkiv", "5-8", "23-23")],
        0,
    ),
    "Armies rehearse river crossing": ([], 0),
    "Commander warns of offensive": ([], 0),
    "Attaque près de Gao": ([], 0),
    "Ataque en Cali": ([], 0),
    "Shelling hits camp in Darfur": (
        [("Shelling/artillery/missile attack", "2025-04-13", "El Fasher", "16-16", "-")],
        0,
    ),
    "Rockets fired at base in eastern Syria": (
        [("Shelling/artillery/missile attack", "2025-08-17", "Al-Shaddadi", "0-0", "0-0")],
        0,
    ),
    "Minister arrives for talks in Amman": ([], 0),
    "Houthi missile hits market in Marib": (
        [("Shelling/artillery/missile attack", "2025-02-09", "Marib", "4-4", "13-13")],
        0,
    ),
    "Teacher shot dead in Bamenda": ([("Attack", "2025-05-19", "Bamenda", "1-1", "-")], 0),
    "Soldiers and rebels clash in Samar": ([("Armed clash", "2025-11-03", "Las Navas", "3-3", "-")], 0),
}
RECORDS = {entry["title"]: entry for entry in map(json.loads, golden_lines().splitlines())}


def _span(incident: dict[str, int | None], stem: str) -> str:
    low, high = incident[f"{stem}_low"], incident[f"{stem}_high"]
    return f"{'' if low is None else low}-{'' if high is None else high}"


def test_every_sample_was_read_by_hand() -> None:
    assert RECORDS.keys() == BY_HAND.keys()
    assert len(RECORDS) >= 30


@pytest.mark.parametrize("title", BY_HAND)
def test_the_record_is_what_a_coder_would_write(title: str) -> None:
    entry = RECORDS[title]
    found = [
        (i["sub_event_type"], i["date_start"], i["place_name"], _span(i, "fatalities"), _span(i, "injured"))
        for i in entry["incidents"]
    ]
    assert (found, len(entry["aggregate_claims"])) == BY_HAND[title]


def test_the_exact_records_are_as_pinned() -> None:
    assert golden_lines() == GOLDEN.read_text(encoding="utf-8"), (
        "read the difference, then: python -m tests.golden.regenerate"
    )
