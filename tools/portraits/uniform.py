"""Draws neck and uniform of a portrait."""

from __future__ import annotations

from typing import Final

from tools.portraits.looks import Look, shade
from tools.portraits.pen import WHITE, Colour, Pen, Point, mirrored, mix, smooth

SHIRT: Final[Colour] = (246, 249, 252)
UNIFORM: Final[Colour] = (35, 62, 104)


def body(pen: Pen, look: Look) -> None:
    """Neck, shoulders, shirt and jacket, scarf or tie, badge."""
    _neck(pen, look)
    cloth = UNIFORM if look.jacket else (176, 204, 230)
    shoulders: list[Point] = [(-160, 490), (-152, 424), (-122, 380), (-74, 360), (-36, 344)]
    left = smooth(shoulders, closed=False)
    right = [(-x, y) for x, y in reversed(left)]
    pen.shape([*left, (0, 400 if look.jacket else 364), *right], cloth)
    pen.stroke([(-112, 490), (-106, 450), (-110, 424)], 2.5, mix(cloth, (0, 0, 0), 0.25))
    pen.stroke([(112, 490), (106, 450), (110, 424)], 2.5, mix(cloth, (0, 0, 0), 0.25))
    if look.jacket:
        _jacket(pen)
    _collar(pen, look)
    if look.woman:
        _scarf(pen, look)
    else:
        _tie(pen, look)
    _badge(pen, look)


def _neck(pen: Pen, look: Look) -> None:
    half: list[Point] = [(0, 240), (-31, 240), (-32, 326), (-35, 352), (0, 396)]
    pen.shape(mirrored(half), look.skin)
    chin = smooth([(-31.5, 306), (-16, 318), (0, 321), (16, 318), (31.5, 306)], closed=False)
    pen.shape([(-31, 240), *chin, (31, 240)], shade(look, 0.3))


def _jacket(pen: Pen) -> None:
    dark = mix(UNIFORM, (0, 0, 0), 0.3)
    light = mix(UNIFORM, WHITE, 0.09)
    pen.shape(mirrored([(0, 374), (-38, 342), (-24, 420), (0, 490)]), SHIRT)
    for side in (-1, 1):
        lapel: list[Point] = [(36, 343), (60, 356), (72, 396), (56, 400), (60, 412), (2, 488)]
        pen.shape([(side * x, y) for x, y in [*lapel, (22, 410)]], light)
        pen.stroke([(side * 72, 396), (side * 56, 400), (side * 60, 412)], 2, dark)


def _collar(pen: Pen, look: Look) -> None:
    colour = SHIRT if look.jacket else mix((176, 204, 230), WHITE, 0.45)
    edge = mix(colour, UNIFORM, 0.22)
    for side in (-1, 1):
        leaf: list[Point] = [(28, 324), (43, 346), (26, 386), (0, 362), (22, 344)]
        pen.shape([(side * x, y) for x, y in leaf], colour)
        pen.stroke([(side * 43, 346), (side * 26, 386), (0, 362)], 1.4, edge)


def _scarf(pen: Pen, look: Look) -> None:
    colour, dark = look.accent, mix(look.accent, (0, 0, 0), 0.22)
    for side in (-1, 1):
        tail: list[Point] = [(0, 362), (20, 384), (34, 416), (10, 412), (0, 376)]
        pen.blob([(side * x, y) for x, y in tail], dark if side > 0 else colour)
    wrap: list[Point] = [(0, 342), (-18, 336), (-31, 322), (-36, 338), (-20, 360), (0, 370)]
    pen.blob(mirrored(wrap), colour)
    pen.oval(0, 361, 11, 12, dark)
    spot = mix(look.accent, WHITE, 0.6)
    for x, y in [(-22, 346), (22, 346), (-17, 398), (-9, 385), (18, 394), (0, 348)]:
        pen.oval(x, y, 2.4, 2.4, spot)


def _tie(pen: Pen, look: Look) -> None:
    colour, dark = look.accent, mix(look.accent, (0, 0, 0), 0.22)
    light = mix(look.accent, WHITE, 0.35)
    pen.shape([(-7, 374), (7, 374), (17, 500), (-17, 500)], colour)
    for y in range(392, 500, 26):
        wide = 7 + (y - 374) * 0.08
        pen.shape([(-wide, y + 9), (wide, y - 3), (wide, y + 4), (-wide, y + 16)], light)
    pen.shape([(-11, 357), (11, 357), (7, 377), (-7, 377)], dark)


def _badge(pen: Pen, _look: Look) -> None:
    pen.shape([(64, 428), (108, 428), (108, 446), (64, 446)], WHITE)
    pen.shape([(64, 428), (108, 428), (108, 433), (64, 433)], (46, 125, 178))
    pen.shape([(70, 438), (96, 438), (96, 441), (70, 441)], (120, 130, 145))
