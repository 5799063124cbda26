"""Draws smooth flat shapes: splines on a canvas several times too big, shrunk at the end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw

Point = tuple[float, float]
Colour = tuple[int, int, int]

WHITE: Final[Colour] = (255, 255, 255)
OVERSAMPLING: Final = 3
STEPS: Final = 12  # straight pieces between two points of a curve


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """The colour that lies this share of the way from one to the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def mirrored(points: Sequence[Point]) -> list[Point]:
    """The points of a left half, followed by the right half (mirrored at x = 0)."""
    return [*points, *((-x, y) for x, y in reversed(points) if x)]


def _between(ring: Sequence[Point], t: float) -> Point:
    """A point of the Catmull-Rom curve between the second and the third of four points."""
    a, b, c, d = ring

    def along(p: float, q: float, r: float, s: float) -> float:
        return 0.5 * (
            2 * q
            + (r - p) * t
            + (2 * p - 5 * q + 4 * r - s) * t * t
            + (3 * q - p - 3 * r + s) * t * t * t
        )

    return along(a[0], b[0], c[0], d[0]), along(a[1], b[1], c[1], d[1])


def smooth(points: Sequence[Point], *, closed: bool = True) -> list[Point]:
    """A smooth curve through the points."""
    if closed:
        ring = [points[-1], *points, points[0], points[1]]
    else:
        ring = [points[0], *points, points[-1]]
    return [
        _between(ring[i : i + 4], step / STEPS)
        for i in range(len(ring) - 3)
        for step in range(STEPS + (i == len(ring) - 4))
    ]


def oval(x: float, y: float, rx: float, ry: float) -> list[Point]:
    """The outline of an ellipse."""
    turns = [math.tau * i / 48 for i in range(48)]
    return [(x + rx * math.cos(turn), y + ry * math.sin(turn)) for turn in turns]


class Pen:
    """Draws shapes given relative to an origin, at a scale and turned by a tilt."""

    def __init__(self, size: tuple[int, int], ground: Colour) -> None:
        width, height = size
        self.image = Image.new("RGB", (width * OVERSAMPLING, height * OVERSAMPLING), ground)
        self._draw = ImageDraw.Draw(self.image)
        self.move_to((0, 0))

    def move_to(self, origin: Point, *, scale: float = 1, tilt: float = 0) -> None:
        """From now on shapes are relative to this point, so much larger, tilted by degrees."""
        self._origin = origin
        self._scale = scale * OVERSAMPLING
        self._cos = math.cos(math.radians(tilt)) * self._scale
        self._sin = math.sin(math.radians(tilt)) * self._scale

    def _placed(self, points: Sequence[Point]) -> list[Point]:
        x0, y0 = self._origin[0] * OVERSAMPLING, self._origin[1] * OVERSAMPLING
        cos, sin = self._cos, self._sin
        return [(x0 + x * cos - y * sin, y0 + x * sin + y * cos) for x, y in points]

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a shape with straight edges."""
        self._draw.polygon(self._placed(points), fill=colour)

    def blob(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a smooth shape."""
        self.shape(smooth(points), colour)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Fill an ellipse."""
        self.shape(oval(x, y, rx, ry), colour)

    def stroke(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw a smooth open line with round ends."""
        self._line(smooth(points, closed=False), width, colour)

    def ring(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw the outline of a smooth shape."""
        curve = smooth(points)
        self._line([*curve, curve[0]], width, colour)

    def _line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        placed = self._placed(points)
        thick = width * self._scale
        self._draw.line(placed, fill=colour, width=round(thick), joint="curve")
        for x, y in (placed[0], placed[-1]):
            self._draw.circle((x, y), thick / 2, fill=colour)

    def finished(self) -> Image.Image:
        """The drawing at its real size, with smooth edges."""
        return self.image.reduce(OVERSAMPLING)
