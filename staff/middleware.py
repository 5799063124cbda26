"""A page acts for whom it was made for, or for nobody (``staff.whose``)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from hall.pages import htmx, words_sent
from staff import access, whose

Respond = Callable[[HttpRequest], HttpResponse]
# Signing in is nobody's page yet.
STRANGERS = frozenset({"login"})


class WhosePage:
    """Stops what comes from a page of somebody else, before the view.

    It stands before Django's guard against forgery, whose "open for too long" would be said of
    the same press, and would not tell that another is signed in.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *_sent: object
    ) -> HttpResponse | None:
        """Answer in place of the view if the page is another's; mark the page that comes else."""
        if not is_in_ones_name(request, view):
            return None
        member = access.signed_in(request)
        before = whose.of_another(request, member)
        if before and (member or is_lost(request, view, before)):
            return whose.stop(request, member, before, home=getattr(view, "home", ""))
        if member:
            whose.mark(request, whose.Mark(member.pk))
        return None


def is_in_ones_name(request: HttpRequest, view: Callable[..., HttpResponse]) -> bool:
    """Whether what the view does is done in the name of who is signed in."""
    if access.acts_in_ones_name(view):
        return True
    found = request.resolver_match
    return bool(found and found.app_name == "admin" and found.url_name not in STRANGERS)


def is_lost(request: HttpRequest, view: Callable[..., HttpResponse], before: whose.Mark) -> bool:
    """Whether the way to the sign-in, where the view leads who is nobody, costs what was typed."""
    if request.method == "GET" and htmx(request):
        return before.counter is None  # a desk has nothing in it; other pages may
    return bool(words_sent(request)) and not access.keeps_words(view)
