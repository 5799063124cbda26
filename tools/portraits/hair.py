"""Draws the hair of a portrait: what hangs behind the head, and what covers it."""

from __future__ import annotations

from tools.portraits.looks import FALLS, Look
from tools.portraits.pen import WHITE, Pen, Point, mirrored, mix, smooth


def hair_behind(pen: Pen, look: Look) -> None:
    """Long hair, a bun or a tail: drawn before the head."""
    wide = look.cheek + 11
    dark = mix(look.hair, (0, 0, 0), 0.3)
    if look.back in FALLS:
        pen.blob(mirrored([(0, -100), (-58, -86), *_fall(look, wide)]), look.hair)
        low = 84.0 if look.back == "bob" else 124.0
        pen.shape(mirrored([(0, 30), (-50, 30), (-44, low), (0, low)]), dark)
    elif look.back == "bun":
        pen.oval(0, -113, 33, 29, look.hair)
        pen.stroke([(-26, -102), (0, -92), (26, -102)], 4, dark)
    elif look.back == "tail":
        side = -1 if look.flip else 1
        tail: list[Point] = [(36, -60), (80, -48), (97, 14), (88, 84), (72, 122), (66, 66), (54, 8)]
        pen.blob([(x * side, y) for x, y in tail], mix(look.hair, (0, 0, 0), 0.15))


def _fall(look: Look, wide: float) -> list[Point]:
    """The left edge of hair that falls beside the face, from the temple down to the neck."""
    if look.back == "long":
        return [(-wide - 3, -20), (-wide - 7, 70), (-60, 150), (-22, 152)]
    if look.back == "waves":
        below: list[Point] = [(-wide - 14, 76), (-wide - 4, 116), (-46, 134), (0, 122)]
        return [(-wide - 5, -24), (-wide - 1, 30), *below]
    return [(-wide - 4, -24), (-wide - 9, 36), (-wide + 3, 78), (-34, 88), (0, 80)]


def _outline(look: Look) -> list[Point]:
    """The outer edge of the hair that covers the skull, from the left ear to the right one."""
    wide = look.cheek
    half: list[Point]
    if look.fringe == "crew":
        half = [(-wide - 1, 2), (-wide - 3, -34), (-wide + 4, -72), (-34, -96), (0, -101)]
    elif look.woman:
        low = 44.0 if look.back in FALLS else 12.0
        half = [(-wide - 6, low), (-wide - 11, -26), (-wide + 2, -78), (-32, -106), (0, -111)]
    elif look.fringe == "receding":
        half = [(-wide - 4, 10), (-wide - 7, -26), (-wide + 3, -66), (-34, -88), (0, -93)]
    else:
        half = [(-wide - 3, 8), (-wide - 6, -34), (-wide + 2, -80), (-34, -106), (0, -112)]
    return mirrored(half)


def _hairline(look: Look) -> list[Point]:
    """The lower edge of the hair, from the left ear to the right one."""
    edge = look.cheek - 4
    low = 52.0 if look.back in FALLS else 10.0
    if look.fringe == "bangs":
        return mirrored([(-edge, low), (-edge + 3, -12), (-edge + 10, -30), (-22, -36), (0, -37)])
    if look.fringe == "middle":
        return mirrored([(-edge, low), (-edge + 4, -8), (-40, -44), (-14, -70), (0, -80)])
    if look.fringe == "forward":
        return mirrored([(-edge, 6), (-edge + 3, -24), (-44, -44), (-20, -50), (0, -46)])
    if look.fringe == "crew":
        return mirrored([(-edge, 0), (-edge + 2, -34), (-46, -58), (-20, -64), (0, -65)])
    if look.fringe == "brushed":
        return mirrored([(-edge, 4), (-edge + 3, -30), (-46, -62), (-18, -74), (0, -74)])
    if look.fringe == "receding":
        half = [(-edge, 4), (-edge + 2, -28), (-edge + 8, -56), (-35, -73), (-16, -71), (0, -70)]
        return mirrored(half)
    part, top = (22.0, -77.0) if look.fringe == "side" else (36.0, -69.0)
    line: list[Point] = [(-edge, low), (-edge + 4, -16), (-38, -38), (-4, -58), (part, top)]
    line += [(part + 10, -62), (edge - 4, -26), (edge, low)]
    return [(-x, y) for x, y in reversed(line)] if look.flip else line


def hair_before(pen: Pen, look: Look) -> None:
    """The hair that covers the skull: drawn after the face."""
    outer = smooth(_outline(look), closed=False)
    inner = smooth(_hairline(look), closed=False)
    pen.shape([*outer, *reversed(inner)], look.hair)
    if look.fringe == "bangs":
        for x in (-34, -12, 12, 34):
            pen.stroke([(x, -58), (x * 1.06, -41)], 1.6, mix(look.hair, (0, 0, 0), 0.35))
    if look.fringe != "receding":
        side = 1 if look.flip else -1
        line: list[Point] = [(side * 53, -62), (side * 44, -80), (side * 26, -94)]
        pen.stroke(line, 4.5, mix(look.hair, WHITE, 0.2))
