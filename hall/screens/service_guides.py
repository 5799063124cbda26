"""The published guides to the services: read in one's own language, found by words.

A page in a language that a guide does not have shows the hall's own, with a note.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Final, Protocol

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from hall.models import Branch, Offering, Service, ServiceGuide
from hall.plugs import Socket

NAME_FIELDS: Final = ("name_zh_hans", "name_zh_hant", "name_en")
NAMES: Final = tuple(
    f"{row}__{field}" for row in ("service", "service__category") for field in NAME_FIELDS
)
TEXTS: Final = ("summary", "documents", "conditions", "steps", "handling", "basis", "delivery")
MOST_CHARACTERS: Final = 100
# Each word is a condition on ten columns: a pasted letter must not become a query of a page.
MOST_WORDS: Final = 8
MOST_LOOSE: Final = 10
HAN_RUN: Final = re.compile(r"[\u3400-\u9fff]+|[^\u3400-\u9fff]+")


class Waiting(Protocol):
    """Who knows how many people wait for a service at each branch; nobody waits elsewhere."""

    def __call__(self, service: Service, branches: Collection[Branch]) -> dict[int, int]: ...


class Taken(Protocol):
    """Who knows, by their ids, which offerings have no ticket left today."""

    def __call__(self, offerings: Collection[Offering]) -> set[int]: ...


PEOPLE_WAITING: Socket[Waiting] = Socket("people waiting")
ALL_TAKEN: Socket[Taken] = Socket("all taken")


@dataclass(frozen=True)
class Office:
    """A branch that offers a service, how many wait there for it now, and whether it is too late
    for a ticket of today."""

    offering: Offering
    waiting: int
    is_all_taken: bool = False

    @property
    def branch(self) -> Branch:
        return self.offering.branch


@dataclass(frozen=True)
class Found:
    """The guides that a search found, the best first."""

    guides: list[ServiceGuide]
    words: list[str]
    is_loose: bool = False  # none holds all of the words; these hold some of them, or parts


def of_service(slug: str, language: str) -> ServiceGuide | None:
    """The guide to a service in this language, else in the hall's own, else in any (one query)."""
    rows = ServiceGuide.objects.select_related("service__category").filter(service__slug=slug)
    by_language = {guide.language: guide for guide in rows.order_by("pk")}
    for wanted in (language, settings.LANGUAGE_CODE, *by_language):
        if wanted in by_language:
            return by_language[wanted]
    return None


def published(language: str) -> QuerySet[ServiceGuide]:
    """One guide for each service: in this language, or else in the hall's own."""
    own = ServiceGuide.objects.filter(service=OuterRef("service"), language=language)
    rows = ServiceGuide.objects.filter(
        Q(language=language) | Q(~Exists(own), language=settings.LANGUAGE_CODE)
    )
    return rows.select_related("service__category").order_by(
        "service__category__order", "service__category", "service__order", "service"
    )


def listed(language: str) -> QuerySet[ServiceGuide]:
    """The same for a list: without the long texts."""
    return published(language).only(
        *NAMES, "service__slug", "service__category__icon", "language", "summary"
    )


def offices(service: Service) -> list[Office]:
    """The branches that offer a service now (one query, one of who counts people waiting, and one
    of who counts tickets if a branch has a limit)."""
    rows = Offering.objects.filter(service=service, is_open=True, branch__is_active=True)
    offerings = list(
        rows.select_related("branch", "zone").order_by("branch__order", "branch__slug")
    )
    waiting: Counter[int] = Counter()
    for count in PEOPLE_WAITING:
        waiting.update(count(service, [each.branch for each in offerings]))
    taken = set().union(*(find(offerings) for find in ALL_TAKEN))
    return [Office(each, waiting[each.branch_id], each.pk in taken) for each in offerings]


def search(typed: str, language: str) -> Found:
    """The guides that hold every word in their names or texts; else those that hold some.

    Chinese is written without spaces, so a run of it that is found nowhere is tried in pieces.
    """
    words = words_of(typed)
    if not words:
        return Found([], [])
    rows = published(language)
    exact = list(rows.filter(reduce(and_, map(_holds, words))))
    if exact:
        signs = signs_of(words)
        exact.sort(key=lambda each: -_score(each, words) - _likeness(each, signs))
        return Found(exact, words)
    return Found(_nearest(list(rows), words), words, is_loose=True)


def words_of(typed: str) -> list[str]:
    """The words of what somebody typed, whatever it is."""
    text = unicodedata.normalize("NFKC", typed[:MOST_CHARACTERS]).casefold()
    kept = "".join(each if unicodedata.category(each)[0] in "LMN" else " " for each in text)
    return list(dict.fromkeys(kept.split()))[:MOST_WORDS]


def pieces_of(words: Iterable[str]) -> list[str]:
    """Pairs of Chinese characters, and the stems of other words."""
    found: list[str] = []
    for run in (run for word in words for run in HAN_RUN.findall(word)):
        if _is_han(run[0]):
            found += [run[at : at + 2] for at in range(len(run) - 1)] or [run]
        elif len(run) > 2:
            # An ending does not matter; of what stays four letters at least say something.
            found.append(run[: max(4, len(run) - 3)])
    return list(dict.fromkeys(found))


def signs_of(words: Iterable[str]) -> set[str]:
    return {each for word in words for each in word if _is_han(each)}


def _holds(word: str) -> Q:
    """A guide whose names or texts hold the word; a short form (社保卡) has the long one's name."""
    held = reduce(or_, (Q(**{f"{field}__icontains": word}) for field in (*NAMES, *TEXTS)))
    if len(word) == 1 or not all(map(_is_han, word)):
        return held
    apart = ".*".join(word)  # Chinese characters only: none means anything to a pattern
    return held | reduce(or_, (Q(**{f"{field}__regex": apart}) for field in NAMES))


def _nearest(guides: Iterable[ServiceGuide], words: list[str]) -> list[ServiceGuide]:
    """Those that hold the most of the words' pieces, and none that is far behind the best."""
    pieces = pieces_of(words)
    signs = signs_of(words)
    scores = {guide: _score(guide, pieces) + _likeness(guide, signs) for guide in guides}
    best = sorted((each for each in scores if scores[each]), key=lambda each: -scores[each])
    return [each for each in best if 2 * scores[each] >= scores[best[0]]][:MOST_LOOSE]


def _likeness(guide: ServiceGuide, signs: set[str]) -> int:
    """How many of the characters the name holds: a short form has some of the long one's."""
    shared = len(signs & set(_name(guide)))
    return 6 * shared if shared > 1 else 0


def _score(guide: ServiceGuide, words: Iterable[str]) -> int:
    """How well a guide answers: the name counts most, then the summary, then the rest."""
    name, summary = _name(guide), guide.summary.casefold()
    rest = "\n".join(getattr(guide, field) for field in TEXTS).casefold()
    return sum(9 * (word in name) + 3 * (word in summary) + (word in rest) for word in words)


def _name(guide: ServiceGuide) -> str:
    """The service's name in every language."""
    return "\n".join(getattr(guide.service, field) for field in NAME_FIELDS).casefold()


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"
