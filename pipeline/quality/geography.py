"""Whether a point lies in a country, by the vendored base map at 1:110 million and a tolerance for its coarseness."""

from __future__ import annotations

import json
import math
from functools import cache
from itertools import pairwise
from typing import Any

import pycountry

from pipeline.config import SCHEMAS_DIR

TOLERANCE_DEGREES = 1.0
"""Coasts and borders of the map are off by up to some 100 km; islands that it leaves out lie further away."""
Ring = list[tuple[float, float]]
_KOSOVO = "Kosovo"


def is_in_country(latitude: float, longitude: float, code: str | None) -> bool:
    """True inside or within the tolerance, and for countries that the map does not have."""
    rings = _countries().get(code or "")
    if not rings:
        return True
    inside = sum(_crosses(latitude, longitude, ring) for ring in rings) % 2 == 1
    return inside or any(_is_near(latitude, longitude, ring) for ring in rings)


def _crosses(latitude: float, longitude: float, ring: Ring) -> int:
    """Edges that a ray to the east crosses."""
    crossed = 0
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > latitude) != (y2 > latitude):
            crossed += longitude < x1 + (latitude - y1) * (x2 - x1) / (y2 - y1)
    return crossed


def _is_near(latitude: float, longitude: float, ring: Ring) -> bool:
    """True where the outline passes within the tolerance; degrees of longitude shrink towards the poles."""
    shrunk = max(0.1, math.cos(math.radians(latitude)))
    px, py = longitude * shrunk, latitude
    for (x1, y1), (x2, y2) in pairwise(ring):
        ax, ay, bx, by = x1 * shrunk, y1, x2 * shrunk, y2
        length = (bx - ax) ** 2 + (by - ay) ** 2
        along = 0.0 if length == 0 else ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length
        along = min(1.0, max(0.0, along))
        if math.hypot(px - ax - along * (bx - ax), py - ay - along * (by - ay)) <= TOLERANCE_DEGREES:
            return True
    return False


@cache
def _countries() -> dict[str, list[Ring]]:
    """Rings of each country by ISO alpha-3 code, holes among them."""
    path = SCHEMAS_DIR / "basemap" / "countries-110m.json"
    topology: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    arcs = [_degrees(arc, topology["transform"]) for arc in topology["arcs"]]
    found: dict[str, list[Ring]] = {}
    for shape in topology["objects"]["countries"]["geometries"]:
        country = pycountry.countries.get(numeric=shape.get("id", ""))
        code = "XKX" if shape["properties"]["name"] == _KOSOVO else country and country.alpha_3
        if code:
            polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
            found[code] = [_ring(line, arcs) for polygon in polygons for line in polygon]
    return found


def _degrees(arc: list[list[int]], transform: dict[str, list[float]]) -> Ring:
    """Arcs hold whole steps from the point before."""
    (scale_x, scale_y), (move_x, move_y) = transform["scale"], transform["translate"]
    x = y = 0
    line = []
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        line.append((x * scale_x + move_x, y * scale_y + move_y))
    return line


def _ring(numbers: list[int], arcs: list[Ring]) -> Ring:
    """A negative number is an arc walked backwards."""
    ring: Ring = []
    for number in numbers:
        line = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += line if not ring else line[1:]
    return ring
