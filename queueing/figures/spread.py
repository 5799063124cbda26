"""How lengths are spread."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class Spread:
    """How lengths are spread: how many there are, their median and their 90th percentile.

    The median of an even number of lengths is the mean of the middle two. The 90th percentile is
    the shortest length that at least nine in ten do not exceed (nearest rank). None of none.
    """

    count: int
    median: dt.timedelta | None
    p90: dt.timedelta | None

    @classmethod
    def of(cls, lengths: Iterable[dt.timedelta]) -> Spread:
        return cls.of_microseconds(length // MICROSECOND for length in lengths)

    @classmethod
    def of_microseconds(cls, lengths: Iterable[int]) -> Spread:
        """The spread of lengths in microseconds: quicker for many."""
        ordered = sorted(lengths)
        if not ordered:
            return cls(0, None, None)
        # -(-a // b) rounds up in whole numbers: no float moves a rank. ~half is the same place
        # counted from the end: an odd number has its middle twice.
        half, rank = len(ordered) // 2, -(-9 * len(ordered) // 10)
        median = (ordered[half] + ordered[~half]) / 2
        return cls(len(ordered), median * MICROSECOND, ordered[rank - 1] * MICROSECOND)
