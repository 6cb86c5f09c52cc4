"""How likely an incident is right in type, day, country and killed, by the way the article tells it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from pipeline.config import SCHEMAS_DIR
from pipeline.extract.individuation import Incident
from pipeline.extract.roles import Parties
from pipeline.extract.setting import When, Where
from pipeline.extract.toll import Toll
from pipeline.schema.declarations import read_declaration

WEIGHTS = SCHEMAS_DIR / "lexicons" / "confidence.yaml"
_FEW = 2


def traits_of(
    incident: Incident, where: Where, when: When | None, killed: Toll, parties: Parties, event_type: str
) -> dict[str, bool]:
    """What speaks for an incident; each trait that holds can only raise its confidence."""
    told = [*incident.scenes, *incident.details]
    return {
        "day_known": when is not None,
        "day_in_anchor": incident.anchor.day is not None,
        "place_named": where.mention is not None,
        "admin1_named": where.admin1 is not None,
        "country_of_place": where.country_code is not None and where.country_span is None,
        "killed_exact": killed.best is not None and killed.low == killed.best == killed.high,
        "people_counted": any(scene.casualties for scene in told),
        "all_harmed_counted": not any(scene.persons for scene in told),
        "target_told": bool(parties.targets),
        "few_kinds_of_act": len({t.sub_event_type for s in incident.scenes for t in s.triggers}) <= _FEW,
        "not_against_civilians": event_type != "Violence against civilians",
    }


def confidence_of(traits: Mapping[str, bool]) -> float:
    """The probability that type, day, country and killed are all right, by the fitted weights."""
    weights = _weights()
    total = weights["intercept"] + sum(weights["traits"][name] for name, holds in traits.items() if holds)
    return round(1 / (1 + math.exp(-total)), 2)


@cache
def _weights() -> dict[str, Any]:
    loaded: dict[str, Any] = read_declaration("lexicons/confidence")
    return loaded
