"""Draws the demo's portraits: flat, friendly, and always the same for a staff number.

Heads are drawn round their centre, bodies below the middle of the picture's upper edge.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from PIL import Image

from demo.rows import Row
from tools.portraits.face import face, features, glasses
from tools.portraits.hair import hair_before, hair_behind
from tools.portraits.looks import look_of
from tools.portraits.pen import WHITE, Pen, mix
from tools.portraits.uniform import body

PEOPLE: Final = Path(__file__).resolve().parent.parent.parent / "demo" / "people"
SIZE: Final = (360, 480)
HEAD: Final = (180.0, 208.0)
HEAD_SCALE: Final = 1.16
BODY: Final = (180.0, 0.0)


def draw(number: str, *, woman: bool, age: int) -> Image.Image:
    """The portrait of a member of staff."""
    look = look_of(number, woman=woman, age=age)
    pen = Pen(SIZE, look.tint)
    pen.oval(180, 214, 162, 162, mix(look.tint, WHITE, 0.45))
    pen.move_to(HEAD, scale=HEAD_SCALE, tilt=look.tilt)
    hair_behind(pen, look)
    pen.move_to(BODY)
    body(pen, look)
    pen.move_to(HEAD, scale=HEAD_SCALE, tilt=look.tilt)
    face(pen, look)
    features(pen, look)
    hair_before(pen, look)
    if look.frame:
        glasses(pen, look, look.frame)
    return pen.finished()


def of_member(row: Row) -> bytes:
    """The portrait of somebody in people.json, as a file."""
    file = io.BytesIO()
    picture = draw(row["staff_number"], woman=row["portrait"] == "woman", age=row["age"])
    picture.save(file, "WEBP", quality=88, method=4)
    return file.getvalue()
