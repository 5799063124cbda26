"""Everything that changes a matter: lock, move, write the time line, publish.

Arguments are by keyword; ``by`` is the member of staff who acts (None: the visitor). Each raises
``Refused`` with a sentence for that person if the rules do not allow it; then nothing changed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterable, Iterator

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints import outgoing, owed, owners, states
from complaints.models import TEXT_LIMIT, Kind, Matter, Source
from hall import calendar, clocks
from hall.actions import outbox
from hall.events import Event, publish
from hall.languages import known
from hall.models import Branch, Counter, Offering, Service
from hall.refusal import Refused
from queueing.models import Sitting, Ticket
from staff.models import Member

# With changed_at: auto_now sets it, but update_fields saves only what it names.
CHANGEABLE = (
    "state state_since owner due_on contacted_at extended_at replied_at closed_at news_since "
    "changed_at"
).split()


class Outdated(Refused):
    """Somebody else has written in the time line since the page was made."""


def receive(
    *,
    branch: Branch,
    kind: str,
    text: str,
    name: str = "",
    contact: str = "",
    ticket: Ticket | None = None,
    counter: Counter | None = None,
    service: Service | None = None,
    about: Iterable[Member] = (),
    source: str = Source.BOX,
    language: str = "",
    visited_on: dt.date | None = None,
    remark: str = "",
    request_id: uuid.UUID | None = None,
    by: Member | None = None,
    now: dt.datetime | None = None,
) -> Matter:
    """Take a matter into the register, with an owner and a due date at once.

    The same ``request_id`` gives the same matter. Who served the ticket, or sat at the counter
    on the day of the visit (today, if not told), is whom a complaint is about; they are never its
    owner. A ``remark`` is for the staff: it stands in the time line.
    """
    moment = now or timezone.now()
    _check_text(text)
    department_id = _department(branch, ticket, service, counter)
    counter = counter or (ticket.counter if ticket else None)
    service = service or (ticket.service if ticket else None)
    day = calendar.local_day(branch, moment)
    week = calendar.work_week(branch)
    subjects = {member.pk: member for member in about}
    # Settled before an owner is chosen: nobody handles a complaint about themselves (ISO 10002).
    concerned = _concerned(ticket, counter, kind, visited_on or day)
    subjects |= {member.pk: member for member in concerned}
    matter = Matter(
        branch=branch,
        kind=Kind(kind),
        source=Source(source),
        text=text,
        name=name,
        contact=contact,
        language=known(language),
        ticket=ticket,
        counter=counter,
        service=service,
        department_id=department_id,
        owner=owners.choose(branch, day, subjects),
        state_since=moment,
        received_at=moment,
        day=day,
        due_on=clocks.due_day(week, day, owed.ANSWER_DAYS.at(branch, moment)),
        request_id=request_id or uuid.uuid4(),
    )
    if source == Source.RATING:
        days = owed.CONTACT_DAYS.at(branch, moment)
        matter.contact_due_on = clocks.due_day(week, day, days)
    # No look before: of two presses of one form at once, the constraint decides which one is it.
    try:
        with transaction.atomic():
            matter.save(force_insert=True)
            matter.about.set(subjects.values())
            states.apply(matter, "receive", at=moment, by=by, text=remark)
            publish(branch.pk, Event.MATTER_CHANGED, matter=matter.pk)
    except IntegrityError:
        # Without an id of its own there is no second press: then the fault is another one.
        twin = Matter.objects.filter(request_id=request_id).first() if request_id else None
        if twin is None:
            raise
        return twin
    return matter


def add_words(*, matter: Matter, text: str, now: dt.datetime | None = None) -> Matter:
    """What the visitor says besides; the owner sees it on the time line and in the list."""
    moment = now or timezone.now()
    _check_text(text)
    with _changing(matter) as row:
        # The first words that nobody has read count, however many follow.
        row.news_since = row.news_since or moment
        states.apply(row, "words", at=moment, by=None, text=text, is_public=True)
    return row


def take(
    *, matter: Matter, by: Member, seen: int | None = None, now: dt.datetime | None = None
) -> Matter:
    """Take the matter in hand; who takes it owns it."""
    with _handling(matter, by, seen) as row:
        row.owner = by
        states.apply(row, "take", at=now or timezone.now(), by=by)
    return row


def assign(
    *,
    matter: Matter,
    owner: Member,
    by: Member,
    reason: str = "",
    seen: int | None = None,
    now: dt.datetime | None = None,
) -> Matter:
    """Give the matter to another owner, who may neither be whom it is about nor a stranger."""
    with _handling(matter, by, seen) as row:
        if not owners.handlers(row.branch).exclude(matters_about=row).filter(pk=owner.pk).exists():
            raise Refused(_("%(name)s cannot handle this matter.") % {"name": owner.name})
        row.owner = owner
        states.apply(row, "assign", at=now or timezone.now(), by=by, text=reason)
    return row


def note(
    *,
    matter: Matter,
    text: str,
    by: Member,
    seen: int | None = None,
    now: dt.datetime | None = None,
) -> Matter:
    """A note among the staff."""
    _check_text(text)
    with _handling(matter, by, seen) as row:
        states.apply(row, "note", at=now or timezone.now(), by=by, text=text)
    return row


def contact(
    *,
    matter: Matter,
    by: Member,
    text: str = "",
    seen: int | None = None,
    now: dt.datetime | None = None,
) -> Matter:
    """The visitor was contacted; the first time counts."""
    moment = now or timezone.now()
    with _handling(matter, by, seen) as row:
        # The promise was of the first contact; later ones neither mend nor spoil it.
        row.contacted_at = row.contacted_at or moment
        states.apply(row, "contact", at=moment, by=by, text=text)
    return row


def extend(
    *,
    matter: Matter,
    reason: str,
    by: Member,
    seen: int | None = None,
    now: dt.datetime | None = None,
) -> Matter:
    """Put the answer off, once, with a reason that the visitor sees."""
    moment = now or timezone.now()
    if not reason.strip():
        raise Refused(_("Please say why the answer takes longer."))
    with _handling(matter, by, seen) as row:
        if row.extended_at is not None:
            raise Refused(_("The answer was put off once already."))
        if row.replied_at is not None:
            raise Refused(_("This matter is answered already."))
        row.extended_at = moment
        days = owed.EXTENSION_DAYS.at(row.branch, moment)
        row.due_on = clocks.due_day(calendar.work_week(row.branch), row.due_on, days)
        states.apply(row, "extend", at=moment, by=by, text=reason, is_public=True)
    return row


def reply(
    *,
    matter: Matter,
    text: str,
    by: Member,
    and_close: bool = False,
    seen: int | None = None,
    now: dt.datetime | None = None,
) -> Matter:
    """Answer the visitor, and close the matter if asked."""
    moment = now or timezone.now()
    _check_text(text)
    with _handling(matter, by, seen) as row:
        # The first reply was due, and a month counts it once: a later one is on the time line.
        row.replied_at = row.replied_at or moment
        entry = states.apply(row, "reply", at=moment, by=by, text=text, is_public=True)
        # In the reply's own transaction, one parcel a reply: rolled back, it tells nobody.
        if outgoing.can_tell(row):
            told = {"matter": row.pk}
            outbox.put(outgoing.ANSWER, told, key=str(entry.pk), branch=row.branch, now=moment)
        if and_close:
            _close(row, by, moment)
    return row


def close(
    *, matter: Matter, by: Member, seen: int | None = None, now: dt.datetime | None = None
) -> Matter:
    """Close the matter; raises Refused while it has no reply."""
    with _handling(matter, by, seen) as row:
        _close(row, by, now or timezone.now())
    return row


def reopen(
    *,
    matter: Matter,
    reason: str,
    by: Member,
    seen: int | None = None,
    now: dt.datetime | None = None,
) -> Matter:
    """Open a closed matter again, with a reason."""
    if not reason.strip():
        raise Refused(_("Please say why the matter is opened again."))
    with _handling(matter, by, seen) as row:
        row.closed_at = None
        states.apply(row, "reopen", at=now or timezone.now(), by=by, text=reason)
    return row


def find_owner(*, matter: Matter, now: dt.datetime | None = None) -> Matter:
    """Give the matter an owner, if it has none who may handle it and somebody else may."""
    moment = now or timezone.now()
    with transaction.atomic():
        row = _locked(matter)
        # Asked again under the lock: two workers may look at once, or somebody took it meanwhile.
        if not owners.ownerless(row.branch).filter(pk=row.pk).exists():
            return row
        subjects = set(row.about.values_list("pk", flat=True))
        owner = owners.choose(row.branch, calendar.local_day(row.branch, moment), subjects)
        if owner is not None:
            row.owner = owner
            states.apply(row, "assign", at=moment, by=None)
            _save(row)
    return row


# --- what they share ---


def _close(row: Matter, by: Member, moment: dt.datetime) -> None:
    states.apply(row, "close", at=moment, by=by, is_public=True)
    row.closed_at = moment


def _check_text(text: str) -> None:
    if not text.strip():
        raise Refused(_("Please write a few words."))
    if len(text) > TEXT_LIMIT:
        raise Refused(
            _("The text is too long: at most %(limit)s characters.") % {"limit": TEXT_LIMIT}
        )


def _concerned(
    ticket: Ticket | None, counter: Counter | None, kind: str, day: dt.date
) -> Iterable[Member]:
    """Whom a matter is about, as far as the hall knows."""
    if ticket is not None:
        return Member.objects.filter(pk__in=ticket.steps.values("member"))
    # Who asks for help at a counter, or has an idea, speaks of nobody.
    if counter is None or kind not in (Kind.COMPLAINT, Kind.PRAISE):
        return []
    start, end = calendar.day_bounds(counter.branch, day)
    # A seat ends with its day: who sat down before it sat there no more.
    sat = Sitting.objects.filter(counter=counter, started_at__gte=start, started_at__lt=end)
    return Member.objects.filter(pk__in=sat.values("member"))


def _department(
    branch: Branch, ticket: Ticket | None, service: Service | None, counter: Counter | None
) -> int | None:
    """The section whose business it is: of a visit, the one that had it then."""
    if ticket is not None and (service is None or service.pk == ticket.service_id):
        return ticket.department_id
    if service is not None:
        offering = Offering.objects.filter(branch=branch, service=service)
        return offering.values_list("department_id", flat=True).first()
    return counter.department_id if counter else None


def _locked(matter: Matter) -> Matter:
    """The matter's current row, locked until the end of the transaction."""
    rows = Matter.objects.select_for_update(of=("self",)).select_related("branch", "owner")
    return rows.get(pk=matter.pk)


def _save(row: Matter) -> None:
    """Save what moves change, and announce it."""
    row.save(update_fields=CHANGEABLE)
    publish(row.branch_id, Event.MATTER_CHANGED, matter=row.pk)


@contextlib.contextmanager
def _changing(matter: Matter) -> Iterator[Matter]:
    """The matter's current row, locked; at the end of the block it is saved and announced."""
    with transaction.atomic():
        row = _locked(matter)
        yield row
        _save(row)


@contextlib.contextmanager
def _handling(matter: Matter, by: Member, seen: int | None = None) -> Iterator[Matter]:
    """As ``_changing``, for one who may handle this matter; raises Refused for all others.

    ``seen`` is the last entry that the member has seen: raises Outdated if there is a later one.
    """
    with _changing(matter) as row:
        # Under the lock, as is what follows: of two who answer at once, the second is told.
        if not owners.handlers(row.branch).filter(pk=by.pk).exists() or owners.is_about(row, by):
            raise Refused(_("You cannot handle this matter."))
        if seen is not None and row.entries.filter(pk__gt=seen).exists():
            raise Outdated(
                _("Meanwhile something was added; it is marked. Please read it, then send again.")
            )
        yield row
        # Before it is saved: who did something with the matter has read what the visitor added.
        row.news_since = None
