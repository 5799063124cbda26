"""The duty roster: a month of a branch, read by who watches over it, changed by who plans it."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from hall import calendar, typed
from hall.calendar import Month
from hall.models import Branch
from hall.refusal import Refused
from staff import forms
from staff.access import branch_for, may, requires
from staff.models import Member
from staff.rights import Right
from staff.screens import roster as roster_screen


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.WATCH)
def roster(request: HttpRequest, member: Member, branch: str) -> HttpResponse:
    """A month's roster; POST saves it, ``copy`` then takes over the week before."""
    place = branch_for(member, Right.WATCH, branch)
    now = timezone.now()
    month = month_asked(request, place, now)
    found = roster_screen.of_month(place, month, now)
    if request.method != "POST":
        return page(request, member, found)
    if not may(member, Right.PLAN, place):
        raise PermissionDenied
    saved = forms.save(found, request.POST, member)
    if saved.failed:
        found = roster_screen.of_month(place, month, now, saved.failed)
        return page(request, member, found, saved)
    say_saved(request, saved)
    if request.POST.get("copy"):
        copy(request, member, roster_screen.of_month(place, month, now))
    return redirect(f"{reverse('staff:roster', args=[place.slug])}?month={month}")


def month_asked(request: HttpRequest, branch: Branch, now: dt.datetime) -> Month:
    """The month in the address; this month if there is none, or none that is one."""
    asked = typed.month(request.GET.get("month"))
    return Month(*asked) if asked else Month.of(calendar.local_day(branch, now))


def page(
    request: HttpRequest,
    member: Member,
    found: roster_screen.Roster,
    saved: forms.Saved | None = None,
) -> HttpResponse:
    """The month as a table; with fields for who may plan."""
    context = {
        "branch": found.branch,
        "roster": found,
        "saved": saved,
        "may_plan": may(member, Right.PLAN, found.branch),
    }
    return render(request, "staff/roster/page.html", context)


def say_saved(request: HttpRequest, saved: forms.Saved) -> None:
    if saved.days:
        text = ngettext("%(count)s day was saved.", "%(count)s days were saved.", saved.days)
        messages.success(request, text % {"count": saved.days})
    elif not request.POST.get("copy"):
        messages.info(request, _("Nothing was changed."))


def copy(request: HttpRequest, member: Member, found: roster_screen.Roster) -> None:
    """Take over the week before, and say what came of it."""
    monday = typed.day(request.POST["copy"])
    if monday is None:
        return
    try:
        count = forms.copy_week(found.branch, monday, found, member)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return
    if count:
        text = ngettext(
            "%(count)s day was taken over from the week before.",
            "%(count)s days were taken over from the week before.",
            count,
        )
        messages.success(request, text % {"count": count})
    else:
        messages.info(request, _("There was no empty day to fill from the week before."))
