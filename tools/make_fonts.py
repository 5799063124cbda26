"""Makes Hall's own face, static/fonts/. Needed only to change it.

    python -m tools.make_fonts [--into static/fonts]

It needs npm on the PATH, which fetches Adobe's Source Sans 3; fonttools makes the letters that
Hall writes of it, as woff2. Which letters those are, and why: docs/fonts.md.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Final

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

PACKAGE: Final = "source-sans@3.52.0"
SHA256: Final = "49cf78ddd79b436591ee696785222b54ff28102922e3d3df297fe382d7fdfa88"
INTO: Final = Path(__file__).resolve().parent.parent / "static" / "fonts"
# "Source" is a reserved name: what was made of the font must be called otherwise.
NAME: Final = "Hall Sans"
WEIGHTS: Final = {400: "Regular", 700: "Bold"}
# The licence asks that copyright and licence stay in the font.
KEPT_NAMES: Final = [0, 1, 2, 3, 4, 5, 6, 13, 14]
FEATURES: Final = ["kern", "mark", "mkmk", "ccmp", "locl"]
LETTERS: Final = [
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),  # the names of people from everywhere in Europe
    *range(0x1CD, 0x1DD),  # pinyin with its tones
    *(0x218, 0x219, 0x21A, 0x21B),
    *range(0x300, 0x305),
    *(0x30C, 0x2009, 0x202F),
    *map(ord, "–—‘’“”•…‹›€−"),  # signs of a Latin text
]


def fetch(folder: Path) -> Path:
    """Fetch the package, and answer with the folder that holds what is in it."""
    subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, text=True)
    (archive,) = folder.glob("*.tgz")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{PACKAGE} is not what it was: SHA-256 {found}")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / "package"


def make(source: Path, style: str, target: Path) -> None:
    """Keep the letters that Hall writes, under a name of their own."""
    font = TTFont(source, recalcTimestamp=False)
    subsetter = Subsetter(
        Options(layout_features=FEATURES, name_IDs=KEPT_NAMES, hinting=False, notdef_outline=True)
    )
    subsetter.populate(unicodes=LETTERS)
    subsetter.subset(font)
    whole = f"{NAME} {style}"
    for number, name in {1: NAME, 3: whole, 4: whole, 6: whole.replace(" ", "-")}.items():
        font["name"].setName(name, number, 3, 1, 0x409)
    font.flavor = "woff2"
    font.save(target)


def main() -> None:
    """Make a file of each weight, and put the licence beside them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--into", type=Path, default=INTO)
    into = parser.parse_args().into
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        package = fetch(Path(name))
        for weight, style in WEIGHTS.items():
            target = into / f"hall-sans-{weight}.woff2"
            make(package / "TTF" / f"SourceSans3-{style}.ttf", style, target)
            print(f"{target.name}: {target.stat().st_size} bytes")
        licence = (package / "LICENSE.md").read_text(encoding="utf-8")
    (into / "LICENSE.md").write_text(licence, encoding="utf-8")


if __name__ == "__main__":
    main()
