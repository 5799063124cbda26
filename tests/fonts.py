"""Sets of fonts as other machines have them, for the tests that measure layout.

A browser that is started with `FontSet.environment()` finds the fonts of that set and no others.
The runner (`python -m tests`) gets what is missing if it can, and says what it cannot.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from hall.doctor import families
from tests.servers import Missing

CONFIG: Final = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <include ignore_missing="yes">/etc/fonts/conf.d</include>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""


@dataclass(frozen=True)
class FontSet:
    """The Latin and the Chinese fonts of a machine, and the packages that bring them."""

    name: str
    slug: str
    latin: str
    chinese: tuple[str, ...]
    packages: tuple[str, ...]

    def check(self) -> None:
        """Raise Missing where this machine has not got it."""
        if not files_of(self.latin) or not any(map(files_of, self.chinese)):
            raise Missing(
                f"Layout was not measured with {self.name}: "
                f"apt-get install {' '.join(self.packages)}"
            )

    @property
    def is_here(self) -> bool:
        """Whether this machine has got it."""
        try:
            self.check()
        except Missing:
            return False
        return True

    def environment(self, folder: Path) -> dict[str, str]:
        """What a process finds these fonts by, and no others; the folder is for this set."""
        fonts, config = folder / "fonts", folder / "fonts.conf"
        if not config.exists():
            fonts.mkdir(parents=True)
            for number, file in enumerate(sorted(self.files())):
                (fonts / f"{number}-{file.name}").symlink_to(file)
            config.write_text(CONFIG.format(fonts=fonts, cache=folder / "cache"))
        return {"FONTCONFIG_FILE": str(config)}

    def files(self) -> set[Path]:
        """The files of its families."""
        return {file for family in (self.latin, *self.chinese) for file in files_of(family)}


FONT_SETS: Final = (
    FontSet(
        "DejaVu + Noto Sans CJK",
        "noto",
        "DejaVu Sans",
        ("Noto Sans CJK SC", "Noto Sans CJK HK"),
        ("fontconfig", "fonts-dejavu-core", "fonts-noto-cjk"),
    ),
    FontSet(
        "Liberation + WenQuanYi",
        "wenquanyi",
        "Liberation Sans",
        ("WenQuanYi Zen Hei", "WenQuanYi Micro Hei"),
        ("fontconfig", "fonts-liberation", "fonts-wqy-zenhei"),
    ),
)
NO_CHINESE: Final = (
    "No Chinese font here: pages were tested with boxes in place of characters. "
    "Install one (Debian: apt-get install fonts-noto-cjk)."
)


@cache
def files_of(family: str) -> frozenset[Path]:
    """The font files of a family; none where there is no fontconfig."""
    if not (program := shutil.which("fc-list")):
        return frozenset()
    command = [program, f":family={family}", "file"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return frozenset(Path(line.rstrip(": ")) for line in answer.stdout.splitlines() if line)


def bring() -> None:
    """Install what is missing, where we may."""
    packages = {name for each in FONT_SETS if not each.is_here for name in each.packages}
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends"]
        subprocess.run([*install, *sorted(packages)], check=False, capture_output=True)
        files_of.cache_clear()


def lacking() -> Iterator[str]:
    """What the tests have to do without, a sentence each."""
    if families(":lang=zh") == set():
        yield NO_CHINESE
        return
    for each in FONT_SETS:
        try:
            each.check()
        except Missing as missing:
            yield str(missing)
