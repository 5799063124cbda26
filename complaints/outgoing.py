"""What the box tells people outside the hall: that there is an answer, never what it says."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import Matter
from hall.outbox.kinds import Content, Kind, Needless
from hall.outbox.notifier import notifier


def can_tell(matter: Matter) -> bool:
    """Whether the visitor left an e-mail address, and the hall has a way to write to it."""
    return bool(settings.HALL_NOTIFIER) and is_email(matter.contact)


def is_email(contact: str) -> bool:
    """Whether somebody's contact is an e-mail address and nothing else."""
    try:
        validate_email(contact)
    except ValidationError:
        return False
    return True


def tell_of_answer(content: Content) -> None:
    """Tell the visitor where the answer is: whoever reads their mail does not read the matter."""
    matter = Matter.objects.select_related("branch").filter(pk=content.payload["matter"]).first()
    way = notifier()
    # Asked again: the parcel may be hours old, and holds no address.
    if way is None or matter is None or not is_email(matter.contact):
        raise Needless
    with translation.override(matter.language):
        said = {"hall": matter.branch.name}
        subject = _("%(hall)s: there is an answer to your message") % said
        said["address"] = settings.HALL_PUBLIC_URL + matter.get_absolute_url()
        text = _(
            "There is an answer to your message to %(hall)s. You find it here:\n\n"
            "%(address)s\n\n"
            "This e-mail was written by a machine, please do not answer it. "
            "If you did not write to us, just ignore it."
        )
    way.send(matter.contact, subject, text % said, key=content.key)


ANSWER: Final = Kind("answer", gettext_lazy("e-mail that there is an answer"), tell_of_answer)
