"""A GeoNames dump loaded as the user's own gazetteer: an invented one, of places that are nowhere."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.config import Settings
from pipeline.doctor import examine
from pipeline.errors import ConfigError
from pipeline.extract import geonames
from pipeline.extract.gazetteer import default_gazetteer
from pipeline.extract.geonames import Load, load_geonames
from pipeline.extract.protocol import get_extractor
from pipeline.records import Article, IncidentReport

DAY = dt.date(2025, 3, 5)
TEXT = "BAGHDAD, Iraq – Four soldiers were killed on Monday when ISIS militants attacked a checkpoint in Qarzabad."


def row(
    geonames_id: object, name: str, *, alternatives: str = "", latitude: object = 35.5, longitude: object = 44.5,
    feature: str = "P.PPL", country: str = "IQ", division: str = "99", population: object = 0,
) -> str:  # fmt: skip
    """A line of a dump, as GeoNames writes it."""
    return "\t".join(
        str(column)
        for column in (geonames_id, name, name, alternatives, latitude, longitude, *feature.split("."), country, "",
                       division, "", "", "", population, "", 100, "Asia/Baghdad", "2025-01-01")
    )  # fmt: skip


VILLAGE = row(900000001, "Qarzābād", alternatives="Karzabad,قرزاباد,Garzawa")
GOOD = [
    row(900000009, "Zardan Province", feature="A.ADM1"),
    VILLAGE,
    row(900000002, "Nimaroq", feature="P.PPLH"),
    row(900000003, "Lake Qarz", feature="H.LK"),
]
BROKEN = [
    "",
    "not a dump",
    row("x", "Idless"),
    row(900000004, "North of north", latitude=95),
    row(900000005, "Nowhere", longitude="nan"),
    row(900000006, "No land", country="ZZ"),
    row(900000007, " "),
    row(900000008, "Crowd", population="many"),
]


@pytest.fixture(autouse=True)
def fresh(home: Settings) -> Iterator[Settings]:
    """An installation without a gazetteer of its own, and nothing opened before or after."""
    for opened in (default_gazetteer, get_extractor):
        opened.cache_clear()
    yield home
    for opened in (default_gazetteer, get_extractor):
        opened.cache_clear()


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "allCountries.txt"
    path.write_bytes("\n".join([*GOOD, *BROKEN]).encode() + b"\n" + row(900000010, "Caf\udce9").encode("utf-8", "surrogateescape") + b"\n")  # fmt: skip
    return path


def load(dump: Path, home: Settings, alternate_names: Path | None = None) -> Load:
    """Load it, and forget what was opened before."""
    done = load_geonames(dump, alternate_names, home.home, lambda _line: None)
    default_gazetteer.cache_clear()
    get_extractor.cache_clear()
    return done


def incident() -> IncidentReport:
    [found] = get_extractor("rules").extract(Article(article_id="a", text=TEXT, published_on=DAY)).incidents
    return found


def test_a_village_is_unknown_before_and_resolved_after(dump: Path, fresh: Settings) -> None:
    before = incident()
    assert (before.latitude, before.geonames_id) == (None, None)
    load(dump, fresh)
    after = incident()
    assert (after.latitude, after.longitude, after.geonames_id) == (35.5, 44.5, 900000001)
    assert (after.place_name, after.admin1_name, after.country_code) == ("Qarzabad", "Zardan Province", "IRQ")


@pytest.mark.parametrize("name", ["Qarzābād", "Karzabad", "Garzawa", "qarzabad"])
def test_every_spelling_is_found(dump: Path, fresh: Settings, name: str) -> None:
    load(dump, fresh)
    assert [place.geonames_id for place in default_gazetteer().lookup(name)] == [900000001]


@pytest.mark.parametrize("name", ["Nimaroq", "Lake Qarz"])
def test_what_is_no_place_of_today_is_left_out(dump: Path, fresh: Settings, name: str) -> None:
    load(dump, fresh)
    assert default_gazetteer().lookup(name) == []


def test_broken_lines_are_counted_and_stop_nothing(dump: Path, fresh: Settings) -> None:
    done = load(dump, fresh)
    assert (done.lines_read, done.lines_broken, done.places) == (
        len(GOOD) + len(BROKEN) + 1,
        len(BROKEN) + 1,
        2,
    )
    assert done.examples[:3] == [
        "allCountries.txt, line 5: 1 columns instead of 19",
        "allCountries.txt, line 6: 1 columns instead of 19",
        "allCountries.txt, line 7: geonameid is 'x'",
    ]


def test_other_names_come_from_their_own_file(dump: Path, fresh: Settings, tmp_path: Path) -> None:
    alternate_names = tmp_path / "alternateNamesV2.txt"
    alternate_names.write_text(
        "1\t900000001\ten\tOld Bridge Town\t1\t\t\t\n"
        "2\t900000001\tlink\thttps://test.example/qarz\t\t\t\t\n"
        "3\t900000777\ten\tGhost Town\t\t\t\t\n"
        "4\t900000001\n",
        encoding="utf-8",
    )
    done = load(dump, fresh, alternate_names)
    assert [p.name for p in default_gazetteer().lookup("Old Bridge Town")] == ["Qarzābād"]
    assert (
        default_gazetteer().lookup("Ghost Town") == default_gazetteer().lookup("httpstestexampleqarz") == []
    )
    assert done.lines_broken == len(BROKEN) + 2


def test_the_shipped_places_are_still_found(dump: Path, fresh: Settings) -> None:
    shipped = default_gazetteer().lookup("Hawija")
    load(dump, fresh)
    assert default_gazetteer().lookup("Hawija") == shipped != []


def test_a_place_of_both_is_one_and_the_loaded_one(fresh: Settings, tmp_path: Path) -> None:
    [first, *others] = default_gazetteer().lookup("Hawija")
    path = tmp_path / "IQ.txt"
    path.write_text(
        row(first.geonames_id, "Hawija", latitude=35.33, longitude=43.77) + "\n", encoding="utf-8"
    )
    load(path, fresh)
    found = default_gazetteer().lookup("Hawija")
    assert len(found) == len(others) + 1
    assert (35.33, 43.77) in [(p.latitude, p.longitude) for p in found]


@pytest.mark.parametrize(("population", "is_found"), [(0, False), (900, True)])
def test_a_hamlet_does_not_stand_beside_a_known_place_of_its_name(
    fresh: Settings, tmp_path: Path, population: int, is_found: bool
) -> None:
    path = tmp_path / "FR.txt"
    path.write_text(row(900000011, "Hawija", country="FR", latitude=45, longitude=3, population=population) + "\n", encoding="utf-8")  # fmt: skip
    load(path, fresh)
    assert ("FRA" in {p.country_code for p in default_gazetteer().lookup("Hawija")}) == is_found


def test_the_order_of_lines_and_the_size_of_runs_change_nothing(
    dump: Path, fresh: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [load(dump, fresh).folder / name for name in ("places.bin",)]
    made = [path.read_bytes() for path in files]
    monkeypatch.setattr(geonames, "_LINES_IN_MEMORY", 2)
    dump.write_text("\n".join(reversed(GOOD)) + "\n", encoding="utf-8")
    load(dump, fresh)
    assert [path.read_bytes() for path in files] == made


@pytest.mark.parametrize("content", [b"", b"no dump\n", "\n".join(BROKEN).encode(), bytes(range(256)) * 50])
def test_a_file_without_places_changes_nothing(
    dump: Path, fresh: Settings, tmp_path: Path, content: bytes
) -> None:
    load(dump, fresh)
    other = tmp_path / "other.txt"
    other.write_bytes(content)
    with pytest.raises(ConfigError, match="holds no place"):
        load(other, fresh)
    assert incident().geonames_id == 900000001
    assert [path.name for path in fresh.home.iterdir()] == ["gazetteer"]


def test_a_file_that_is_not_there_is_said(fresh: Settings, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.txt", fresh)


def test_the_extractors_version_names_the_gazetteer(dump: Path, fresh: Settings) -> None:
    before = get_extractor("rules").version
    load(dump, fresh)
    assert get_extractor("rules").version.startswith(f"{before}+gazetteer.")


def test_doctor_tells_which_gazetteer_is_in_use(dump: Path, fresh: Settings) -> None:
    def told() -> tuple[bool, str]:
        [finding] = [f for f in examine(fresh) if f.check == "gazetteer"]
        return finding.is_well, finding.finding

    assert told()[1].startswith("the shipped one")
    folder = load(dump, fresh).folder
    assert told() == (True, f"{folder}, 2 places of allCountries.txt, before the shipped one")
    (folder / "places.idx").write_bytes(b"cut")
    assert not told()[0]
    with pytest.raises(ConfigError, match="Load it again"):
        default_gazetteer()


def test_the_command_loads_and_reports(dump: Path, fresh: Settings) -> None:
    shown = CliRunner().invoke(app, ["gazetteer", "load", str(dump), "--json"])
    assert shown.exit_code == 0
    report = json.loads(shown.stdout)
    assert (report["places"], report["lines_broken"]) == (2, len(BROKEN) + 1)
    assert Path(report["folder"]) == fresh.home / "gazetteer"
