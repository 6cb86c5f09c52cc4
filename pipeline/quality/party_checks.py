"""Row checks of the parties of an incident: named in the article, known to the codebook, consistent with each other."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from typing import Any

from pipeline.config import SCHEMAS_DIR
from pipeline.quality.related import Related
from pipeline.quality.spans import is_named
from pipeline.schema.tables import codebook

Row = Mapping[str, Any]
_ROLES = {"perpetrator", "target", "claimant", "other"}


def parties_are_in_the_article(row: Row, article: Row, batch: Related) -> bool:
    """Perpetrators and targets are named as the article names them."""
    return all(is_named(name, article) for name in (*row["perpetrators"], *row["targets"]))


def weapons_are_in_the_article(row: Row, article: Row, batch: Related) -> bool:
    """Weapons are named as the article names them."""
    return all(is_named(name, article) for name in row["weapons"])


def nobody_attacks_himself(row: Row, article: Row, batch: Related) -> bool:
    """No party is perpetrator and target at once."""
    perpetrators = {name.casefold() for name in row["perpetrators"]}
    return perpetrators.isdisjoint(name.casefold() for name in row["targets"])


def actor_codes_are_known(row: Row, article: Row, batch: Related) -> bool:
    """Role and type are codes of the codebook."""
    types = {None, *codebook()["actor_types"]}
    return all(actor["role"] in _ROLES and actor["actor_type"] in types for actor in row["actors"])


def actor_ids_are_known(row: Row, article: Row, batch: Related) -> bool:
    """UCDP's list of actors has the id."""
    return all(actor["actor_id"] is None or actor["actor_id"] in _ids() for actor in row["actors"])


def perpetrators_are_actors(row: Row, article: Row, batch: Related) -> bool:
    """Every perpetrator is among the actors too."""
    return set(row["perpetrators"]) <= {actor["name"] for actor in row["actors"]}


def claimant_has_claimed(row: Row, article: Row, batch: Related) -> bool:
    """The group that claimed the incident has a claim of responsibility in the batch."""
    return row["claimed_by"] is None or (row["report_id"], row["claimed_by"]) in batch.claimed


@cache
def _ids() -> frozenset[str]:
    with (SCHEMAS_DIR / "actors" / "ucdp_actors.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row["actor_id"] for row in csv.DictReader(file))
