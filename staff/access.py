"""May this member do this, here and now; and who may. Everything that asks, asks here.

The answer stands in grants (``staff.models.Grant``) and in what their roles hold. It is asked of
the database once for each request (kept on the member, who is read anew with the next one), so
that what was taken away is gone with the next press.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Concatenate, Final, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from hall.models import Branch
from hall.pages import htmx
from staff.models import Grant, Member
from staff.rights import Right

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
StaffView = Callable[Concatenate[HttpRequest, Member, P], HttpResponse]

# Where a right holds: ids of branches; None among them is every branch.
Places = frozenset[int | None]
NOWHERE: Final[Places] = frozenset()


# --- may this member ---


def may(
    member: Member, right: str, branch: Branch | None = None, at: dt.datetime | None = None
) -> bool:
    """Whether the member may do this at the branch; without one, whether anywhere at all."""
    found = places(member, right, at)
    return bool(found) if branch is None else None in found or branch.pk in found


def may_everywhere(member: Member, right: str) -> bool:
    """Whether the member may do this at every branch, those to come included."""
    return None in places(member, right)


def may_at(member: Member, right: str, branch: Branch | None) -> bool:
    """Whether the member may do this where something belongs: to a branch, or (None) to all."""
    return may_everywhere(member, right) if branch is None else may(member, right, branch)


def covers(by: Member, right: str, member: Member) -> bool:
    """Whether somebody has a right wherever another member works, or may do anything.

    Who sets somebody's password could act as them: nobody reaches further by that.
    """
    where = _anything(member) | {member.branch_id}
    found = places(by, right)
    return None in found or where <= found


def works_at(member: Member, branch: Branch) -> bool:
    """Whether the branch is the member's own, or there is anything that they may do there."""
    if not member.is_active:
        return False
    where = _anything(member)
    return member.branch_id == branch.pk or None in where or branch.pk in where


def _anything(member: Member) -> Places:
    """Where the member may do anything at all."""
    return NOWHERE.union(*held(member).values())


def places(member: Member, right: str, at: dt.datetime | None = None) -> Places:
    return held(member, at).get(right, NOWHERE) if member.is_active else NOWHERE


def held(member: Member, at: dt.datetime | None = None) -> Mapping[str, Places]:
    """Every right of the member, and where it holds; at another moment than now if told."""
    if at is not None:
        return _held(member, at)
    if member.held is None:
        member.held = _held(member, timezone.now())
    return member.held


def _held(member: Member, at: dt.datetime) -> Mapping[str, Places]:
    # Without the model's order, which would join the members to sort by their numbers.
    grants = Grant.objects.standing(at).filter(member=member).order_by()
    found = defaultdict[str, set[int | None]](set)
    for branch_id, single, of_role in grants.values_list("branch", "right", "role__rights__right"):
        found[single or of_role or ""].add(branch_id)
    return {right: frozenset(where) for right, where in found.items() if right}


# --- where ---


def within(member: Member, right: str, field: str = "branch") -> Q:
    """The condition that a row's branch is one where the member may do this."""
    found = places(member, right)
    return Q() if None in found else Q(**{f"{field}__in": found})


def branches(member: Member, right: str) -> QuerySet[Branch]:
    return Branch.objects.filter(within(member, right, "pk"))


def branch_for(member: Member, right: str, slug: str) -> Branch:
    """The branch of this address name; raises Http404 if the member may not do this there."""
    return get_object_or_404(branches(member, right), slug=slug)


def only_branch(member: Member, right: str) -> Branch | None:
    """The branch at which alone the member may do this; None if there are several, or all."""
    found = places(member, right)
    if not found or reaches_several(member, right):
        return None
    return member.branch if member.branch_id in found else branches(member, right).get()


def reaches_several(member: Member, right: str) -> bool:
    """Whether the member may do this at more branches than one."""
    found = places(member, right)
    return None in found or len(found) > 1


# --- who may ---


def who_may(right: str, branch: Branch, at: dt.datetime | None = None) -> QuerySet[Member]:
    """The members who may do this at the branch."""
    grants = Grant.objects.standing(at or timezone.now()).of(right).reaching(branch)
    return Member.objects.filter(Exists(grants.filter(member=OuterRef("pk"))), is_active=True)


def holding(right: str, at: dt.datetime) -> Exists:
    """The condition that the ``member`` of a row may do this at the row's ``branch``.

    Whether the account is active is a condition of its own.
    """
    grants = Grant.objects.standing(at).of(right).filter(member=OuterRef("member"))
    return Exists(grants.filter(Q(branch=OuterRef("branch")) | Q(branch=None)))


def who_may_everywhere(right: str) -> QuerySet[Member]:
    """The members who may do this at every branch."""
    grants = Grant.objects.standing(timezone.now()).of(right).filter(branch=None)
    return Member.objects.filter(Exists(grants.filter(member=OuterRef("pk"))), is_active=True)


def with_role(*slugs: str) -> QuerySet[Member]:
    """The members who hold one of these roles, wherever."""
    grants = Grant.objects.standing(timezone.now()).filter(role__slug__in=slugs)
    return Member.objects.filter(Exists(grants.filter(member=OuterRef("pk"))), is_active=True)


def role_holders() -> Iterator[tuple[str, Member]]:
    """Who holds which role (its slug), in the order of branches and staff numbers."""
    standing = Grant.objects.standing(timezone.now()).exclude(role=None)
    rows = standing.filter(member__is_active=True).select_related("member", "role")
    for grant in rows.order_by("member__branch__order", "member__staff_number", "pk"):
        if grant.role is not None:
            yield grant.role.slug, grant.member


# --- pages ---


def signed_in(request: HttpRequest) -> Member | None:
    """The member of staff who sends a request; a visitor is nobody's."""
    return request.user if isinstance(request.user, Member) else None


def requires(right: Right, home: str = "") -> Callable[[StaffView[P]], View[P]]:
    """Only for members with this right somewhere; whoever is not signed in does so first.

    A part of a page leads the whole page to the sign-in. ``home`` names the page to come back to
    after a press, whose own address may answer to nothing but a press.
    """

    def guard(view: StaffView[P]) -> View[P]:
        @in_ones_name(home)
        @functools.wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            member = signed_in(request)
            if member is None:
                return to_sign_in(request, home)
            if not may(member, right):
                return _forbid(request, home)
            return view(request, member, *args, **kwargs)

        return guarded

    return guard


def in_ones_name(home: str = "", *, keeps_words: bool = False) -> Callable[[View[P]], View[P]]:
    """What the view does is done in the name of who is signed in: only from a page of theirs.

    ``keeps_words``: the view itself gives back what was typed by who is no longer signed in.
    """

    def note(view: View[P]) -> View[P]:
        view.in_ones_name, view.home = True, home  # type: ignore[attr-defined]
        view.keeps_words = keeps_words  # type: ignore[attr-defined]
        return view

    return note


def acts_in_ones_name(view: object) -> bool:
    return bool(getattr(view, "in_ones_name", False))


def keeps_words(view: object) -> bool:
    """Whether the view gives back by itself what was typed by who is no longer signed in."""
    return bool(getattr(view, "keeps_words", False))


def to_sign_in(request: HttpRequest, home: str = "") -> HttpResponse:
    """The way to the sign-in page and back to the page that the person looks at."""
    if htmx(request):
        return HttpResponseClientRedirect(redirect_to_login(_page(request, home)).url)
    is_press = home and request.method not in ("GET", "HEAD")
    return redirect_to_login(reverse(home) if is_press else request.get_full_path())


def _forbid(request: HttpRequest, home: str) -> HttpResponse:
    """Of a press that may no longer be made the page is fetched anew, and says so itself."""
    if htmx(request) and home:
        return HttpResponseClientRedirect(reverse(home))
    raise PermissionDenied


def _page(request: HttpRequest, home: str) -> str:
    """The page whose part is asked for."""
    if home:
        return reverse(home)
    return htmx(request).current_url_abs_path or "/"
