"""Draws the face of a portrait."""

from __future__ import annotations

from typing import Final

from tools.portraits.looks import Look, shade
from tools.portraits.pen import WHITE, Colour, Pen, Point, mirrored, mix, oval

ROSE: Final[Colour] = (214, 106, 98)


def face(pen: Pen, look: Look) -> None:
    """Ears, the shape of the face, cheeks."""
    wide = look.cheek
    for side in (-1, 1):
        pen.oval(side * (wide - 1), 8, 10, 17, shade(look, 0.1))
        pen.oval(side * (wide + 1), 9, 4.5, 9, shade(look, 0.32))
        if look.woman and look.back in {"bun", "short", "tail"}:
            pen.oval(side * (wide + 3), 27, 3.6, 3.6, (236, 232, 222))
    half: list[Point] = [(0, -86), (-40, -76), (-wide, -32), (-wide, 8)]
    half += [(-wide * look.jaw, 46), (-wide * look.jaw * 0.62, 72), (-15, 85), (0, 87)]
    pen.blob(mirrored(half), look.skin)
    blush = mix(look.skin, ROSE, 0.2 if look.woman else 0.1)
    for side in (-1, 1):
        pen.oval(side * (wide - 23), 35, 13, 9, blush)


def features(pen: Pen, look: Look) -> None:
    """Eyes, brows, nose, mouth."""
    for side in (-1, 1):
        _eye(pen, look, side)
        _brow(pen, look, side)
    pen.stroke([(-7, 29), (-2, 33), (6, 30)], 2.4, shade(look, 0.5))
    if look.lined:
        for side in (-1, 1):
            pen.stroke([(side * 21, 32), (side * 28, 41), (side * 29, 49)], 1.6, shade(look, 0.3))
    _mouth(pen, look)


def _eye(pen: Pen, look: Look, side: int) -> None:
    ink: Colour = (44, 34, 34)
    x, size = side * 26.0, look.eye
    lens: list[Point] = [(-12, 2), (-6, -5), (2, -6.5), (9, -3), (12, 2), (2, 5.5), (-6, 5)]
    pen.blob([(x + side * px * size, py * size) for px, py in lens], WHITE)
    pen.oval(x, -0.3, 6.2 * size, 6.2 * size, ink)
    pen.oval(x + 2.2, -2.6, 1.9 * size, 1.9 * size, WHITE)
    lid = [(x + side * px * size, py * size) for px, py in [(-12.5, 2.5), (-6, -5.5), (2, -7.2)]]
    lid += [(x + side * 9 * size, -3.6 * size), (x + side * 14 * size, 1.5 * size)]
    pen.stroke(lid, 3.2 if look.woman else 2.4, ink)


def _brow(pen: Pen, look: Look, side: int) -> None:
    colour = mix(look.hair, look.skin, 0.15)
    rise = look.brow
    line: list[Point] = [(13, -19 + rise / 2), (27, -24 + rise), (41, -19 + rise)]
    pen.stroke([(side * x, y) for x, y in line], 3.4 if look.woman else 5, colour)


def _mouth(pen: Pen, look: Look) -> None:
    wide = 17 * look.smile
    lip = mix(look.skin, (190, 66, 70), 0.72 if look.woman else 0.42)
    if look.teeth:
        smile: list[Point] = [(-wide, 50), (-wide / 2, 52), (0, 53), (wide / 2, 52), (wide, 50)]
        below: list[Point] = [(wide * 0.6, 61), (0, 65), (-wide * 0.6, 61)]
        pen.blob([*smile, *below], WHITE)
        pen.ring([*smile, *below], 2.4, lip)
        return
    pen.stroke([(-wide, 51), (-wide / 2, 56.5), (0, 58.5), (wide / 2, 56.5), (wide, 51)], 3.4, lip)
    if look.woman:
        pen.blob([(-9, 58), (0, 59), (9, 58), (5, 63), (0, 64.5), (-5, 63)], lip)


def glasses(pen: Pen, look: Look, frame: Colour) -> None:
    """Round or square glasses."""
    for side in (-1, 1):
        x = side * 26.0
        if look.round_glasses:
            pen.ring(oval(x, 1, 19, 18), 3, frame)
        else:
            box = mirrored([(0, -13), (-19, -11), (-18, 8), (-10, 15)])
            pen.ring([(x + px, py) for px, py in box], 3, frame)
        pen.stroke([(side * 45, -3), (side * (look.cheek + 1), -5)], 3, frame)
    pen.stroke([(-8, -2), (0, -5), (8, -2)], 3, frame)
