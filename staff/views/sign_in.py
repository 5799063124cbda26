"""Signing in and out."""

from __future__ import annotations

import functools

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.views import LoginView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.views.decorators.http import require_POST

from hall.screens.start import TrialRole
from staff import access, guards
from staff.forms import SignInForm
from staff.models import Member
from staff.nav import landing
from staff.roles import ROLES, shipped


def _landing_of(member: Member) -> str:
    return landing(functools.partial(access.may, member))


def trial_members() -> dict[str, Member]:
    """Who stands for each role in the trial: the first of the main hall to hold it."""
    found: dict[str, Member] = {}
    for slug, member in access.role_holders():
        found.setdefault(slug, member)
    return found


def trial_roles() -> list[TrialRole]:
    """The roles that somebody in the demo hall holds."""
    found = trial_members()
    return [
        TrialRole(
            each.slug,
            each.name,
            each.summary,
            found[each.slug],
            landing(each.rights.__contains__),
        )
        for each in ROLES
        if each.slug in found
    ]


class SignIn(LoginView):
    """Staff number and password; then to where the day begins."""

    template_name = "staff/sign_in/page.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_default_redirect_url(self) -> str:
        """The landing of the member who just signed in."""
        member = access.signed_in(self.request)
        return _landing_of(member) if member else resolve_url("hall:start")


@require_POST
@access.in_ones_name()
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out, unless something must be settled first: then go there."""
    member = access.signed_in(request)
    if member is not None:
        settle_at = guards.before_sign_out(member)
        if settle_at:
            return redirect(settle_at)
    logout(request)
    return redirect("hall:start")


@require_POST
def trial_sign_in(request: HttpRequest, role: str) -> HttpResponse:
    """One press signs in as a role of the demo hall; only a trial has this."""
    if not settings.HALL_TRIAL or shipped(role) is None:
        raise Http404
    member = trial_members().get(role)
    if member is None:
        raise Http404
    # No backend has let them in, for there was no password: Django has to be told one.
    login(request, member, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return redirect(_landing_of(member))
