"""The measure on gun violence articles."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.eval import gva

GOLD = {"num_killed": 2, "num_injured": 0, "date": "2016-05-01", "latlon": [29.7863, -95.2934]}
FOUND = {
    **{f"fatalities_{bound}": 2 for bound in ("low", "best", "high")},
    **{f"injured_{bound}": None for bound in ("low", "best", "high")},
    "date_start": "2016-05-01",
    "latitude": 29.76,
    "longitude": -95.37,
}


def _article(text: str, name: str = "Ann Lee") -> dict:
    return {"text": text, "gold": {"participants": [{"Name": name}], "city_or_county": "Norfolk (Ghent)"}}


def test_a_right_incident_is_right_in_all_and_none_is_wrong_in_all() -> None:
    assert set(gva.figures_of(GOLD, FOUND).values()) == {True}
    assert set(gva.figures_of(GOLD, None).values()) == {False}
    assert "injured exact, where somebody was" not in gva.figures_of(GOLD, FOUND)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"fatalities_high": None}, "killed exact"),
        ({"injured_low": 1, "injured_best": 1, "injured_high": 1}, "injured exact"),
        ({"date_start": "2016-05-02"}, "date exact"),
        ({"latitude": 30.4}, "within 25 km"),
        ({"latitude": None, "longitude": None}, "within 25 km"),
    ],
)
def test_each_figure_sees_its_own_fault(change: dict, wrong: str) -> None:
    assert gva.figures_of(GOLD, FOUND | change)[wrong] is False


def test_coordinates_that_gold_lacks_are_not_measured() -> None:
    assert "within 25 km" not in gva.figures_of(GOLD | {"latlon": None}, FOUND)


def test_the_nearest_incident_is_taken_and_the_first_of_equals() -> None:
    off = FOUND | {"date_start": None}
    case = gva.Case(GOLD, [off, FOUND, dict(FOUND)], tells=True)
    assert gva.nearest(case) is case.found[1]
    assert gva.first(case) is off
    assert gva.nearest(gva.Case(GOLD, [], tells=True)) is None


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("Police named the dead woman as Ann Lee.", True),
        ("Two people were shot in Ghent.", True),
        ("Already a subscriber? Norfolk's paper needs you.", False),
        ("Two people were shot in Richmond.", False),
    ],
)
def test_an_article_tells_of_its_shooting_by_name_or_by_town_and_shot(text: str, *, tells: bool) -> None:
    assert gva.tells_of(_article(text)) is tells


def test_distance() -> None:
    assert gva.kilometres((0, 0), (0, 1)) == pytest.approx(111.2, abs=0.1)


def test_absent_data_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gva, "DEV", tmp_path / "dev.jsonl")
    gva.main()
    assert "nothing is measured" in capsys.readouterr().out
