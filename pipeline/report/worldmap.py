"""The map of the data-quality page: countries of the shipped base map and circles, zoomed to where the circles are."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from markupsafe import Markup

from pipeline.config import SCHEMAS_DIR
from pipeline.report.model import Row

Point = tuple[float, float]
Box = tuple[float, float, float, float]
_LEAST_WIDTH, _ASPECT = 50.0, 0.5
_EARTH: Box = (-158.0, -82.0, 158.0, 90.0)


def project(longitude: float, latitude: float) -> Point:
    """Natural Earth projection (Šavrič and others, 2011), in degrees at the equator, y growing to the south."""
    phi = math.radians(latitude)
    p2 = phi * phi
    p4 = p2 * p2
    x = 0.8707 - 0.131979 * p2 + p4 * (-0.013791 + p4 * (0.003971 * p2 - 0.001529 * p4))
    y = 1.007226 + p2 * (0.015085 + p4 * (-0.044475 + 0.028874 * p2 - 0.005916 * p4))
    return longitude * x, -math.degrees(phi * y)


def incident_map(rows: Sequence[Row], kinds: dict[str, str], label: str) -> Markup:
    """Placed incidents as circles, larger with more killed; nothing where none is placed."""
    placed = [
        (*project(row["longitude"], row["latitude"]), row["fatalities_low"] or 0, row["event_type"])
        for row in rows
        if row["latitude"] is not None and row["longitude"] is not None
    ]
    if not placed:
        return Markup("")
    left, top, width, height = view = _view([(x, y) for x, y, _, _ in placed])
    land = Markup("").join(
        Markup('<path d="{}"/>').format(path) for box, path in _countries() if _meets(box, view)
    )
    unit = width / 400
    circles = Markup("").join(
        Markup('<circle class="{}" cx="{:.2f}" cy="{:.2f}" r="{:.2f}"/>').format(
            kinds.get(kind, "other"), x, y, unit * min(16.0, 3 + math.sqrt(killed))
        )
        for x, y, killed, kind in sorted(placed, key=lambda found: -found[2])
    )
    return Markup(
        '<svg class="map" viewBox="{:.1f} {:.1f} {:.1f} {:.1f}" role="img" aria-label="{}">'
        '<g class="land" stroke-width="{:.2f}">{}</g><g stroke-width="{:.2f}">{}</g></svg>'
    ).format(left, top, width, height, label, unit * 0.8, land, unit * 0.8, circles)


def _view(points: Sequence[Point]) -> Box:
    """Left, top, width and height of what is shown: all points, some land around them, never less than a region."""
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(y for _, y in points), max(y for _, y in points)
    width = max(_LEAST_WIDTH, 1.2 * (right - left), 1.2 * (bottom - top) / _ASPECT)
    width = min(width, _EARTH[2] - _EARTH[0])
    height = width * _ASPECT
    x = min(max((left + right - width) / 2, _EARTH[0]), _EARTH[2] - width)
    y = min(max((top + bottom - height) / 2, _EARTH[1]), _EARTH[3] - height)
    return x, y, width, height


def _meets(box: Box, view: Box) -> bool:
    left, top, width, height = view
    return box[0] <= left + width and box[2] >= left and box[1] <= top + height and box[3] >= top


@cache
def _countries() -> list[tuple[Box, str]]:
    """Bounding box and SVG path of each country, decoded from the topology."""
    world: dict[str, Any] = json.loads(
        (SCHEMAS_DIR / "basemap" / "countries-110m.json").read_text(encoding="utf-8")
    )
    arcs = [list(_arc(world, deltas)) for deltas in world["arcs"]]
    return [_country(geometry, arcs) for geometry in world["objects"]["countries"]["geometries"]]


def _arc(world: dict[str, Any], deltas: list[list[int]]) -> Iterator[Point]:
    (scale_x, scale_y), (move_x, move_y) = world["transform"]["scale"], world["transform"]["translate"]
    x = y = 0
    for step_x, step_y in deltas:
        x, y = x + step_x, y + step_y
        yield project(x * scale_x + move_x, y * scale_y + move_y)


def _country(geometry: dict[str, Any], arcs: list[list[Point]]) -> tuple[Box, str]:
    polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    rings = [_ring(indexes, arcs) for polygon in polygons for indexes in polygon]
    xs, ys = [x for ring in rings for x, _ in ring], [y for ring in rings for _, y in ring]
    path = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + "Z" for ring in rings)
    return (min(xs), min(ys), max(xs), max(ys)), path


def _ring(indexes: list[int], arcs: list[list[Point]]) -> list[Point]:
    """A ring from its arcs; a negative index is the arc of its complement, walked backwards."""
    points: list[Point] = []
    for index in indexes:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points += arc[1:] if points else arc
    return points
