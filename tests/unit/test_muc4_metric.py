"""The MUC-4 measure on examples counted by hand, and how records become role templates."""

from __future__ import annotations

import pytest

from bench.eval.muc4 import (
    SLOTS,
    TYPE,
    Count,
    Template,
    by_document,
    by_template,
    entities,
    kind_of,
    normalize,
    one_to_one,
    pair_templates,
    read_keys,
    to_template,
    total,
)
from pipeline.records import Actor, Evidence, IncidentReport


def template(kind: str, **roles: list[list[str]]) -> Template:
    return Template(kind, {role: entities(roles.get(role, [])) for role in SLOTS})


def whole(counts: dict[str, Count]) -> Count:
    return total(counts, counts)


BUILDING = ["Pilmai telephone company building", "telephone company building", "telephone company offices"]
KEYS = [BUILDING, ["water pipes"], ["public telephone booth"]]


def test_case_punctuation_and_articles_do_not_count() -> None:
    assert normalize('The  "SANTO TOMAS" Farm, a farm') == "santo tomas farm farm"


def test_found_is_right_where_all_its_mentions_are_of_one_key() -> None:
    key = [template("bombing", Target=KEYS)]
    part = by_template([template("bombing", Target=[["water pipes"], BUILDING[:2]])], key)
    assert part["Target"] == (2, 2, 2, 3)
    assert part[TYPE] == (1, 1, 1, 1)
    assert whole(part).f1 == pytest.approx(2 * 1 * 0.75 / 1.75)
    mixed = by_template([template("bombing", Target=[["water pipes", "public telephone booth"]])], key)
    assert mixed["Target"] == (0, 1, 0, 3)


def test_a_key_named_twice_is_right_twice_by_the_program_and_once_one_to_one() -> None:
    found = [
        template("bombing", Target=[["water pipes"], BUILDING[:1], ["public telephone booth"], BUILDING[2:]])
    ]
    key = [template("bombing", Target=KEYS)]
    assert by_template(found, key)["Target"] == (4, 4, 3, 3)
    strict = by_template(found, key, one_to_one)
    assert strict["Target"] == (3, 4, 3, 3)
    assert whole(strict).precision == pytest.approx(4 / 5)
    assert whole(strict).recall == 1


def test_entities_are_paired_so_that_most_fit() -> None:
    found = entities([["a1"], ["a1", "b1"]])
    assert one_to_one(found, entities([["a1", "b1"], ["a1", "c1"]])) == (2, 2)


def test_templates_of_other_types_are_missing_and_spurious() -> None:
    counts = by_template(
        [template("attack", Weapon=[["bomb"]])], [template("bombing", Weapon=[["bomb"], ["rifle"]])]
    )
    assert counts[TYPE] == (0, 1, 0, 1)
    assert counts["Weapon"] == (0, 1, 0, 2)
    assert whole(counts).f1 == 0


def test_a_key_of_two_types_takes_either() -> None:
    assert pair_templates([template("attack")], [template("bombing / attack")]) == [(0, 0)]


def test_templates_are_paired_for_the_best_whole() -> None:
    found = [
        template("attack", PerpInd=[["guerrillas"]], Victim=[["Cerezo"]]),
        template("attack", PerpInd=[["guerrillas"]], Weapon=[["rifle"]]),
    ]
    keys = [
        template("attack", PerpInd=[["guerrillas"]], Weapon=[["rifle"]]),
        template("attack", Victim=[["Cerezo"]]),
    ]
    assert pair_templates(found, keys) == [(0, 1), (1, 0)]
    counts = by_template(found, keys)
    assert counts["PerpInd"] == (1, 2, 1, 1)
    assert whole(counts) == (5, 6, 5, 5)


def test_nothing_found_and_nothing_to_find() -> None:
    assert whole(by_template([], [])) == (0, 0, 0, 0)
    assert whole(by_template([], [template("arson", Target=[["truck"]])])) == (0, 0, 0, 2)
    assert whole(by_template([template("arson", Target=[["truck"]])], [])) == (0, 2, 0, 0)


def test_a_document_is_scored_without_its_templates() -> None:
    keys = {role: entities(KEYS if role == "Target" else []) for role in SLOTS}
    found = {
        role: entities([["water pipes"], BUILDING[:1], BUILDING[1:]] if role == "Target" else [])
        for role in SLOTS
    }
    assert by_document(found, keys)["Target"] == (2, 3, 2, 3)


def test_keys_are_mentions_of_the_text_and_equal_templates_one() -> None:
    def slot(*values: str, optional: bool = False) -> dict[str, object]:
        return {"optional": optional, "alts": [{"value": value} for value in values]}

    slots = {name: [] for name in SLOTS.values()}
    arson = {
        "optional": False,
        "slots": {**slots, TYPE: [slot("ARSON")], "phys_tgt_id": [slot("TRUCK", "LORRY")]},
    }
    attack = {
        "optional": True,
        "slots": {**slots, TYPE: [slot("ATTACK")], "perp_individual_id": [slot("REBELS", optional=True)]},
    }
    article = {
        "text": "LIMA, 1 MAY 90 -- [TEXT] REBELS BURNED A TANK\nTRUCK.",
        "gold": {"templates": [arson, arson, attack]},
    }
    templates, document = read_keys(article)
    assert templates == [template("arson", Target=[["truck"]]), template("attack", PerpInd=[["rebels"]])]
    assert document["Target"] == entities([["truck"]])


def test_a_record_becomes_a_template() -> None:
    found = to_template(
        IncidentReport(
            event_type="Violence against civilians",
            sub_event_type="Attack",
            perpetrators=["FMLN", "SOLDIERS", "GUNMEN"],
            targets=["JUAN PEREZ", "TWO PEASANTS", "ARMY", "A BUS"],
            weapons=["RIFLE"],
            actors=[
                Actor(name="FMLN", role="perpetrator", actor_type="militia"),
                Actor(name="SOLDIERS", role="perpetrator", actor_type="state_forces"),
                Actor(name="GUNMEN", role="perpetrator", actor_type="unknown"),
                Actor(name="JUAN PEREZ", role="target", actor_type="unknown"),
                Actor(name="TWO PEASANTS", role="target", actor_type="civilians"),
                Actor(name="ARMY", role="target", actor_type="state_forces"),
            ],
        )
    )
    assert found == template(
        "attack",
        PerpInd=[["soldiers"], ["gunmen"]],
        PerpOrg=[["fmln"]],
        Target=[["bus"]],
        Victim=[["juan perez"]],
        Weapon=[["rifle"]],
    )


@pytest.mark.parametrize(
    ("sub_event_type", "words", "kind"),
    [
        ("Remote explosive/landmine/IED", "A bomb went off.", "bombing"),
        ("Abduction/forced disappearance", "A judge was kidnapped.", "kidnapping"),
        ("Looting/property destruction", "Rebels set two trucks on fire.", "arson"),
        ("Looting/property destruction", "Rebels looted a shop.", "robbery"),
        ("Attack", "Rebels enforced an armed strike.", "forced work stoppage"),
        ("Armed clash", "Rebels attacked a post.", "attack"),
        ("Arrests", "Two men were arrested.", None),
    ],
)
def test_the_type_of_a_record(sub_event_type: str, words: str, kind: str | None) -> None:
    quote = Evidence(field="event_type", start=0, end=len(words), quote=words)
    record = IncidentReport(event_type="", sub_event_type=sub_event_type, evidence=[quote])
    assert kind_of(record) == kind


def test_fire_of_a_state_force_is_no_incident() -> None:
    army = Actor(name="army", role="perpetrator", actor_type="state_forces")
    assert kind_of(IncidentReport(event_type="Battles", sub_event_type="Armed clash", actors=[army])) is None
