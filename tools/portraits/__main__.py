"""Draws all portraits anew, into demo/people/portraits: `python -m tools.portraits`.

Needed only when people.json or the drawing changes. The pictures are kept, because a hall that is
tried out should not wait for them, and because their bytes depend on the machine's libwebp.
"""

from __future__ import annotations

from demo.rows import rows
from tools.portraits.portrait import PEOPLE, of_member


def main() -> None:
    """Draw those of people.json; who is no longer in it has none."""
    folder = PEOPLE / "portraits"
    drawn = {f"{row['staff_number']}.webp": of_member(row) for row in rows(PEOPLE / "people.json")}
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.webp"):
        if path.name not in drawn:
            path.unlink()
    for name, picture in drawn.items():
        (folder / name).write_bytes(picture)
    print(f"{len(drawn)} portraits, {sum(map(len, drawn.values())) // 1024} KiB, in {folder}")


if __name__ == "__main__":
    main()
