"""Areas: rect, circle, poly, ellipse and default, as in HTML image maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .types import Point

SHAPES = frozenset(("rect", "circle", "poly", "ellipse", "default"))
Area = Callable[[Point], bool]


def parse_coords(shape: str, text: str) -> tuple[float, ...]:
    """Numbers between commas (or blanks); raises `ValueError` where their count is wrong."""
    words = text.replace(",", " ").split()
    if any(word.endswith("%") for word in words):
        raise ValueError("percentages need the size of the picture")
    coords = tuple(float(word) for word in words)
    expected = {"rect": 4, "circle": 3, "ellipse": 4, "default": None}
    if shape == "poly":
        if len(coords) < 6 or len(coords) % 2:
            raise ValueError(text)
    elif shape not in expected or (expected[shape] is not None and len(coords) != expected[shape]):
        raise ValueError(text)
    return coords


def area(shape: str, coords: Sequence[float]) -> Area:
    """A test whether a point lies in the area; its edge belongs to it."""
    match shape:
        case "rect":
            x1, y1, x2, y2 = coords
            left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
            return lambda p: left <= p.x <= right and top <= p.y <= bottom
        case "circle":
            x, y, r = coords
            return lambda p: (p.x - x) ** 2 + (p.y - y) ** 2 <= r * r
        case "ellipse":
            x, y, h, v = coords
            # with no width or no height only the line between is left
            if h <= 0 or v <= 0:
                return lambda p: abs(p.x - x) <= h and abs(p.y - y) <= v
            return lambda p: ((p.x - x) / h) ** 2 + ((p.y - y) / v) ** 2 <= 1
        case "poly":
            points = [(coords[i], coords[i + 1]) for i in range(0, len(coords), 2)]
            return lambda p: in_polygon(points, p)
        case _:
            return lambda p: True


def in_polygon(points: Sequence[tuple[float, float]], p: Point) -> bool:
    inside = False
    x1, y1 = points[-1]
    for x2, y2 in points:
        cross = (x2 - x1) * (p.y - y1) - (y2 - y1) * (p.x - x1)
        if cross == 0 and min(x1, x2) <= p.x <= max(x1, x2) and min(y1, y2) <= p.y <= max(y1, y2):
            return True
        if (y1 > p.y) != (y2 > p.y) and p.x < (x2 - x1) * (p.y - y1) / (y2 - y1) + x1:
            inside = not inside
        x1, y1 = x2, y2
    return inside
