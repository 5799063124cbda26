"""What a member of the demo's staff looks like; always the same for a staff number."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from tools.portraits.pen import Colour, mix

GREY_FROM: Final = 52  # years
SKINS: Final[list[Colour]] = [
    (250, 222, 199),
    (246, 212, 184),
    (240, 200, 168),
    (235, 193, 159),
    (226, 180, 145),
]
HAIRS: Final[list[Colour]] = [(32, 28, 30), (43, 35, 34), (58, 43, 37), (76, 54, 43)]
GREYS: Final[list[Colour]] = [(104, 101, 103), (138, 137, 141), (82, 78, 80), (158, 157, 161)]
TINTS: Final[list[Colour]] = [
    (214, 228, 240),
    (220, 233, 222),
    (243, 230, 213),
    (230, 222, 238),
    (212, 232, 230),
    (243, 221, 216),
    (224, 228, 240),
]
ACCENTS: Final[list[Colour]] = [
    (46, 125, 178),
    (190, 66, 62),
    (214, 148, 44),
    (52, 136, 116),
    (116, 92, 158),
]
FRAMES: Final[list[Colour]] = [(44, 42, 46), (104, 66, 48), (92, 98, 108)]
WOMENS_HAIR: Final = ["long", "bob", "bun", "tail", "short", "waves"]
FALLS: Final = {"long", "bob", "waves"}  # hair that falls beside the face
WOMENS_FRINGES: Final = ["side", "bangs", "middle", "swept"]
MENS_FRINGES: Final = ["side", "brushed", "crew", "swept", "forward"]


@dataclass(frozen=True)
class Look:
    """What one person looks like."""

    skin: Colour
    hair: Colour
    tint: Colour
    accent: Colour
    frame: Colour | None
    round_glasses: bool
    woman: bool
    back: str
    fringe: str
    flip: bool
    cheek: float  # half the width of the face
    jaw: float
    eye: float
    brow: float
    smile: float
    teeth: bool
    tilt: float
    lined: bool
    jacket: bool


def look_of(number: str, *, woman: bool, age: int) -> Look:
    """The looks that belong to a staff number."""
    pick = random.Random(f"portrait {number}")
    turn = int("".join(filter(str.isdigit, number)))
    grey = age >= GREY_FROM
    fringes = WOMENS_FRINGES if woman else MENS_FRINGES
    if not woman and age >= GREY_FROM + 3:
        fringes = ["receding", "brushed"]
    return Look(
        skin=SKINS[min(pick.randrange(5), pick.randrange(5))],
        hair=pick.choice(GREYS if grey else HAIRS),
        tint=TINTS[turn % len(TINTS)],
        accent=ACCENTS[(turn // 2) % len(ACCENTS)],
        frame=pick.choice(FRAMES) if pick.random() < (0.5 if grey else 0.32) else None,
        round_glasses=pick.random() < 0.5,
        woman=woman,
        back=_back(pick, turn, woman=woman, age=age),
        fringe=fringes[pick.randrange(len(fringes))],
        flip=pick.random() < 0.5,
        cheek=pick.uniform(58, 63) + (0 if woman else 2),
        jaw=pick.uniform(0.80, 0.88) + (0 if woman else 0.05),
        eye=pick.uniform(0.9, 1.12) * (1.08 if woman else 0.98),
        brow=pick.uniform(-2, 2),
        smile=pick.uniform(0.85, 1.2),
        teeth=pick.random() < 0.35,
        tilt=pick.uniform(-3, 3),
        lined=age >= GREY_FROM - 4,
        jacket=pick.random() < 0.75,
    )


def _back(pick: random.Random, turn: int, *, woman: bool, age: int) -> str:
    """How the hair falls behind the head; long hair is for the young."""
    if not woman:
        return "none"
    styles = ["bob", "short", "bun"] if age >= GREY_FROM - 4 else WOMENS_HAIR
    return styles[(turn + pick.randrange(2)) % len(styles)]


def shade(look: Look, share: float = 0.16) -> Colour:
    """The skin, so much deeper."""
    return mix(look.skin, (150, 84, 60), share)
