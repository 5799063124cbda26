"""What a test needs of the machine, and what happens where it is missing."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

import pytest

from tests.servers import Missing

T = TypeVar("T")


def or_skip(find: Callable[[], T]) -> T:
    """What this machine has; what it lacks is a failure with CI=true, and a skip elsewhere."""
    try:
        return find()
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
