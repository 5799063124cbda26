"""Lists of the administration: what was not understood is said."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.cast import Cast

pytestmark = pytest.mark.once  # the database makes no difference

SENTENCE = "A filter in this address was not understood"


@pytest.mark.parametrize("query", ["branch__id__exact=x", "is_open__exact=1&branch__id__exact=x"])
def test_a_filter_that_is_not_understood_is_told(cast: Cast, client: Client, query: str) -> None:
    client.cookies["django_language"] = "en"
    client.force_login(cast.administrator)
    page = client.get(f"/admin/hall/offering/?{query}", follow=True)
    assert page.status_code == 200 and SENTENCE in page.text


def test_a_filter_that_is_understood_is_not(cast: Cast, client: Client) -> None:
    client.cookies["django_language"] = "en"
    client.force_login(cast.administrator)
    page = client.get(f"/admin/hall/offering/?branch__id__exact={cast.branch.pk}")
    assert page.status_code == 200 and SENTENCE not in page.text
