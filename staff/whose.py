"""Whose page a request comes from: a page acts for the person and the seat it names, or for nobody.

A browser has one sign-in for all its tabs, and a member one seat at whatever machine: a page that
stands open may have become another's. So every page that acts in somebody's name carries its
*mark*, in each form (by ``{% csrf_token %}``) and with each request of htmx. Django's own key is
changed by a sign-in too, but a part that refreshes itself brings the new one into the old page.

A request without a mark is let through: it comes from no page of ours, or from one that was
opened before pages had marks, and does what it always did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, cast
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_htmx.http import reswap, retarget

from hall.models import Counter
from hall.pages import PAGE_OF, htmx, words_sent
from hall.plugs import Socket
from staff.models import Member

HEADER: Final = "X-Hall-Page"
# At which counter a member sits now: asked only to say so.
SITS_AT: Socket[Callable[[Member], Counter | None]] = Socket("where a member sits")


@dataclass(frozen=True)
class Mark:
    """Whose a page is, and at which counter it acts, by their ids."""

    member: int
    counter: int | None = None

    def __str__(self) -> str:
        return self.signed

    @cached_property
    def signed(self) -> str:
        """As it stands on the page; signed, for else it would tell names to who counts through."""
        return _signer().sign(f"{self.member}.{self.counter or ''}")


NOBODYS: Final = Mark(0)


class Marked(HttpRequest):
    """A request to which the answer is a page in somebody's name."""

    whose: Mark


def mark(request: HttpRequest, mine: Mark) -> None:
    """Have the page that answers this request carry the mark."""
    cast(Marked, request).whose = mine


def of_page(request: HttpRequest | None) -> Mark | None:
    """The mark of the page that answers this request, if it acts in somebody's name."""
    return getattr(request, "whose", None)


def of_another(request: HttpRequest, member: Member | None) -> Mark | None:
    """The mark of the page that sends a request, if it is another's than the member's."""
    mine = member.pk if member else None
    return next((each for each in _sent(request) if each.member != mine), None)


def elsewhere(request: HttpRequest, counter: Counter) -> Mark | None:
    """The mark of the page that sends a request, if it acts at another counter than this."""
    return next((m for m in _sent(request) if m.counter not in (None, counter.pk)), None)


def _sent(request: HttpRequest) -> list[Mark]:
    # All of them count: what is sent once more has the first page's mark beside the second's.
    texts = {*request.POST.getlist(PAGE_OF), request.headers.get(HEADER, "")}
    return [_read(text) for text in sorted(texts) if text]


def _read(text: str) -> Mark:
    try:
        member, counter = _signer().unsign(text).split(".")
    except signing.BadSignature:
        return NOBODYS
    return Mark(int(member), int(counter) if counter else None)


def _signer() -> signing.Signer:
    return signing.Signer(salt="staff.whose")


# --- what is said ---


def stop(
    request: HttpRequest, member: Member | None, before: Mark, *, home: str = ""
) -> HttpResponse:
    """Do nothing, say what changed, and give back what was typed.

    htmx gets a part. A desk is emptied, for its keys press buttons wherever the focus is; any
    other page gets the sentence above what its reader may be writing.
    """
    again = _again(request, home)
    context: dict[str, Any] = {
        "told": told(before, member),
        "again": again if member else redirect_to_login(again).url,
        "is_press": request.method not in ("GET", "HEAD"),
        "is_desk": before.counter is not None,
        "member": member,
        "written": words_sent(request),
    }
    if not htmx(request):
        return render(request, "staff/whose/page.html", context, status=409)
    place = "#main" if before.counter else "#whose"
    return reswap(retarget(render(request, "staff/whose/part.html", context), place), "innerHTML")


def told(before: Mark, member: Member | None) -> str:
    """Whose the page was, and who is there now."""
    owner = Member.objects.filter(pk=before.member).first()
    old = Counter.objects.filter(pk=before.counter).first() if before.counter else None
    first = (
        _("This page belonged to %(who)s.") % {"who": _at(owner, old)}
        if owner
        else _("It cannot be told whose page this was.")
    )
    return f"{first} {_now(member, is_same=member == owner)}"


def _now(member: Member | None, *, is_same: bool) -> str:
    if member is None:
        return _("Nobody is signed in on this machine now.")
    counter = next((found for asks in SITS_AT if (found := asks(member))), None)
    if is_same and counter:
        return _("You sit at counter %(number)s now.") % {"number": counter.number}
    return _("Now %(who)s is signed in on this machine.") % {"who": _at(member, counter)}


def _at(member: Member, counter: Counter | None) -> str:
    if counter is None:
        return member.name
    words = {"name": member.name, "number": counter.number}
    return _("%(name)s at counter %(number)s") % words


def _again(request: HttpRequest, home: str) -> str:
    """The address of the page itself; a press has another, which may answer to nothing else."""
    if home:
        return reverse(home)
    if htmx(request):
        return htmx(request).current_url_abs_path or "/"
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        return reverse("hall:start")
    return urlunsplit(urlsplit(came_from)._replace(scheme="", netloc=""))
