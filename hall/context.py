"""What every template may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from hall.devices import COOKIE
from hall.languages import HTML_TAG, known

MARKS = [("zh-hans", "简体中文", "中"), ("zh-hant", "繁體中文", "繁"), ("en", "English", "EN")]


def hall(request: HttpRequest) -> dict[str, Any]:
    """The language of the page and those on offer; is this a trial, is it one of our screens?"""
    code = known(translation.get_language())
    return {
        "language": code,
        "html_lang": HTML_TAG[code],
        "languages": MARKS,
        "trial": settings.HALL_TRIAL,
        "is_device": COOKIE in request.COOKIES,
    }
