"""What a correction of a report changes besides the fields that a person set, so that the row goes on saying one thing.

A country's name follows its code. The parties stand in a report twice, by name (``perpetrators``, ``targets``, ``claimed_by``) and with
what is known of them (``actors``): each follows the other.
"""

from __future__ import annotations

from typing import Any

from pipeline.extract.actors import find_actors
from pipeline.extract.gazetteer import country_name

Row = dict[str, Any]
_ROLES = {"perpetrators": "perpetrator", "targets": "target", "claimed_by": "claimant"}


def with_implied(values: Row, held: Row) -> Row:
    """The corrected ``values`` of a report that was ``held``, and those of other fields that follow from them."""
    implied: Row = {}
    if "country_code" in values:
        implied["country_name"] = country_name(values["country_code"]) if values["country_code"] else None
    if "actors" not in held:  # the row was cut off: what it said is not known
        return implied | values
    if "actors" in values:
        implied["perpetrators"] = _names(values["actors"], "perpetrator")
        implied["targets"] = [*_names(values["actors"], "target"), *_things(held)]
    elif values.keys() & _ROLES.keys():
        implied["actors"] = _actors(values, held)
    return implied | values


def _names(actors: list[Row], role: str) -> list[str]:
    return [actor["name"] for actor in actors if actor["role"] == role]


def _things(held: Row) -> list[str]:
    """Targets that are no party: a bridge, a convoy."""
    parties = _names(held["actors"], "target")
    return [name for name in held["targets"] if name not in parties]


def _actors(values: Row, held: Row) -> list[Row]:
    """The actors that are held, but in the corrected roles those that are named now."""
    known = {actor["name"].casefold(): actor for actor in held["actors"]}
    things = _things(held)
    actors = [actor for actor in held["actors"] if actor["role"] not in _ROLES.values()]
    for field, role in _ROLES.items():
        if field not in values:
            actors += [actor for actor in held["actors"] if actor["role"] == role]
            continue
        named = [values[field]] if isinstance(values[field], str) else values[field] or []
        actors += [
            (known.get(name.casefold()) or _known_by_name(name)) | {"name": name, "role": role}
            for name in named
            if name not in things
        ]
    return actors


def _known_by_name(name: str) -> Row:
    """Id and type of a party of which there is only a name; without a type where the extractor knows none."""
    whole = [party for party in find_actors(name) if (party.start, party.end) == (0, len(name))]
    if not whole:
        return {"actor_id": None, "actor_type": None}
    return {"actor_id": whole[0].actor_id, "actor_type": whole[0].actor_type}
