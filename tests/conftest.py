"""What every test may use."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.utils import translation

from tests.cast import Cast, gather
from tools import catalogues

catalogues.compile_all()


@pytest.fixture
def cast(db: None) -> Cast:
    """The hall of the tests, with everybody in it (see tests/cast.py)."""
    cache.clear()
    return gather()


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Sentences in English, the source; a request still speaks the language of its cookie."""
    with translation.override("en"):
        yield
