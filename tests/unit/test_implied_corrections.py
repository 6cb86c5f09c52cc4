"""What follows from a corrected field: the row says one thing in all places."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.batches.implied_corrections import with_implied

ARMY = {"name": "the army", "role": "perpetrator", "actor_id": "7", "actor_type": "state_forces"}
FARMERS = {"name": "farmers", "role": "target", "actor_id": None, "actor_type": "civilians"}
CLAIM = {"name": "JNIM", "role": "claimant", "actor_id": "6964", "actor_type": "rebel_group"}
HELD = {
    "perpetrators": ["the army"], "targets": ["farmers", "a bridge"], "claimed_by": "JNIM",
    "actors": [ARMY, FARMERS, CLAIM], "country_code": "MLI", "country_name": "Mali",
}  # fmt: skip
NOBODY = {"name": "the Blue Men", "actor_id": None, "actor_type": None}


@pytest.mark.parametrize(
    ("values", "implied"),
    [
        ({"fatalities_best": 3}, {}),
        ({"country_code": "NER"}, {"country_name": "Niger"}),
        ({"country_code": None}, {"country_name": None}),
        ({"country_code": "NER", "country_name": "the Niger"}, {}),
        ({"perpetrators": []}, {"actors": [FARMERS, CLAIM]}),
        ({"perpetrators": ["the Blue Men"]}, {"actors": [NOBODY | {"role": "perpetrator"}, FARMERS, CLAIM]}),
        (
            {"perpetrators": ["Farmers"], "targets": ["the army", "a bridge"]},
            {
                "actors": [
                    FARMERS | {"name": "Farmers", "role": "perpetrator"},
                    ARMY | {"role": "target"},
                    CLAIM,
                ]
            },
        ),
        ({"claimed_by": None}, {"actors": [ARMY, FARMERS]}),
        ({"claimed_by": "the army"}, {"actors": [ARMY, FARMERS, ARMY | {"role": "claimant"}]}),
        ({"actors": [FARMERS | {"role": "perpetrator"}]}, {"perpetrators": ["farmers"], "targets": ["a bridge"]}),
        ({"actors": [FARMERS], "perpetrators": ["x"]}, {"targets": ["farmers", "a bridge"]}),
    ],
)  # fmt: skip
def test_fields_that_say_the_same_follow_each_other(values: dict[str, Any], implied: dict[str, Any]) -> None:
    assert with_implied(values, HELD) == implied | values


def test_of_a_row_that_was_cut_off_no_party_follows() -> None:
    assert with_implied({"perpetrators": ["x"], "country_code": "NER"}, {}) == {
        "perpetrators": ["x"],
        "country_code": "NER",
        "country_name": "Niger",
    }
