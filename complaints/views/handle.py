"""One matter, before those who answer it: what was said, and what can be done.

A press is a plain form. What the rules refuse comes back as a sentence in that form, with all that
was typed. Each form carries the last entry that its page shows: who writes on an older page is told
what came since, and sends again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from complaints import actions
from complaints.models import Matter
from complaints.screens import handle as handle_screen
from complaints.views.keeping import on_expiry
from hall import typed
from hall.pages import SeeOther, fields_sent, htmx
from hall.refusal import Refused
from staff.access import in_ones_name, requires
from staff.models import Member
from staff.rights import Right


@dataclass(frozen=True)
class Press:
    """One press of a button: which matter, by whom, and what the form says."""

    matter: Matter
    by: Member
    form: QueryDict

    @property
    def text(self) -> str:
        return typed.words(self.form.get("text", ""))

    @property
    def seen(self) -> int:
        """The last entry on the page that was written on; on one that does not say, none."""
        return typed.number(self.form.get("seen")) or 0

    @property
    def owner(self) -> Member:
        """Who was chosen; raises Refused if nobody was."""
        chosen = typed.number(self.form.get("owner"))
        able = handle_screen.assignable(self.matter, self.matter.about.values_list("pk", flat=True))
        found = able.filter(pk=chosen).first() if chosen else None
        if found is None:
            raise Refused(_("Please choose who shall have the matter."))
        return found


@dataclass(frozen=True)
class Move:
    """What a button does, and what is said when it is done."""

    act: Callable[[Press], Matter]
    said: Promise


def reply(press: Press) -> Matter:
    """Answer, and close if that button was pressed."""
    return actions.reply(
        matter=press.matter,
        text=press.text,
        by=press.by,
        and_close="and_close" in press.form,
        seen=press.seen,
    )


MOVES: Final = {
    "take": Move(
        lambda p: actions.take(matter=p.matter, by=p.by, seen=p.seen),
        gettext_lazy("The matter is yours now."),
    ),
    "contact": Move(
        lambda p: actions.contact(matter=p.matter, text=p.text, by=p.by, seen=p.seen),
        gettext_lazy("The contact is noted."),
    ),
    "note": Move(
        lambda p: actions.note(matter=p.matter, text=p.text, by=p.by, seen=p.seen),
        gettext_lazy("The note is kept."),
    ),
    "assign": Move(
        lambda p: actions.assign(
            matter=p.matter, owner=p.owner, reason=p.text, by=p.by, seen=p.seen
        ),
        gettext_lazy("The matter has another owner now."),
    ),
    "extend": Move(
        lambda p: actions.extend(matter=p.matter, reason=p.text, by=p.by, seen=p.seen),
        gettext_lazy("The answer is put off; the visitor sees why."),
    ),
    "reply": Move(reply, gettext_lazy("The answer is sent.")),
    "close": Move(
        lambda p: actions.close(matter=p.matter, by=p.by, seen=p.seen),
        gettext_lazy("The matter is closed."),
    ),
    "reopen": Move(
        lambda p: actions.reopen(matter=p.matter, reason=p.text, by=p.by, seen=p.seen),
        gettext_lazy("The matter is open again."),
    ),
}


def matter_for(member: Member, pk: int) -> Matter:
    """The matter, if the member may know of it; raises Http404."""
    rows = Matter.objects.visible_to(member).select_related(
        "branch", "owner", "ticket__service", "ticket__counter", "counter", "service", "department"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@never_cache
@requires(Right.HANDLE)
def show(request: HttpRequest, member: Member, pk: int) -> HttpResponse:
    """The page; htmx gets the time line alone, with what came since marked."""
    matter = matter_for(member, pk)
    if not htmx(request):
        return page(request, matter)
    seen = Press(matter, member, request.GET).seen
    file = handle_screen.case(matter, seen=seen)
    context = {"file": file, "matter": matter, "branch": matter.branch}
    context["has_changed"] = file.seen > seen
    return render(request, "complaints/handle/page.html#line", context)


def signed_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is no longer signed in keeps what they wrote."""
    context = {
        "text": request.POST.get("text", ""),
        "typed": fields_sent(request),
        "next": reverse("complaints:handle", args=[pk]),
    }
    return render(request, "complaints/handle/signed_out.html", context, status=403)


def expired(request: HttpRequest, pk: int, move: str) -> HttpResponse:
    """The page was open for too long."""
    if not request.user.is_authenticated:
        return signed_out(request, pk)
    return once_more(request, pk, move)


@requires(Right.HANDLE)
def once_more(request: HttpRequest, member: Member, pk: int, move: str) -> HttpResponse:
    """The page again, with what was typed; nothing is changed."""
    press = Press(matter_for(member, pk), member, request.POST)
    told = _("The page had been open for a long time. Please look at it and send once more.")
    return page(request, press.matter, press=press, move=move, refusal=told, status=403)


# Not @requires: it would lead to the sign-in page, and what was written would be gone.
@on_expiry(expired)
@require_POST
@in_ones_name(keeps_words=True)
def act(request: HttpRequest, pk: int, move: str) -> HttpResponse:
    if not request.user.is_authenticated:
        return signed_out(request, pk)
    return make(request, pk, move)


@requires(Right.HANDLE)
def make(request: HttpRequest, member: Member, pk: int, move: str) -> HttpResponse:
    """Make one move with a matter that the member may know of."""
    if move not in MOVES:
        raise Http404
    press = Press(matter_for(member, pk), member, request.POST)
    try:
        MOVES[move].act(press)
    except Refused as refusal:
        # Read anew: what refused the press is what the page has to show.
        fresh = matter_for(member, pk)
        told = str(refusal)
        return page(request, fresh, press=press, move=move, refusal=told, status=409)
    messages.success(request, str(MOVES[move].said))
    return SeeOther(reverse("complaints:handle", args=[pk]))


def page(
    request: HttpRequest,
    matter: Matter,
    *,
    press: Press | None = None,
    move: str = "",
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page of a matter; after a refusal with the sentence and the words in their form."""
    file = handle_screen.case(matter, seen=press.seen if press else None)
    context = {
        "file": file,
        "matter": matter,
        "branch": matter.branch,
        "move": move,
        "has_no_form": bool(refusal) and move not in file.forms,
        "refusal": refusal,
        "text": press.text if press else "",
        "chosen": press.form.get("owner", "") if press else "",
    }
    return render(request, "complaints/handle/page.html", context, status=status)
