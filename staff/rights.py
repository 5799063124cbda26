"""What a member may be allowed to do: every right that Hall's own code asks for, named once.

The administration asks for some more by Django's names (``hall.add_counter``); ``PLACE`` and
``PEOPLE`` hold those. A right is known by its name in the database: none is ever renamed without a
migration of the rows that hold it.
"""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Right(TextChoices):
    """One thing that a member may do, at one branch or at all."""

    SERVE = "queueing.serve_visitors", _("serve visitors at a counter")
    ISSUE = "queueing.issue_for_visitors", _("take tickets for visitors")
    WATCH = "queueing.watch_hall", _("watch over the hall")
    PLAN = "staff.plan_duty", _("plan the duty roster")
    HANDLE = "complaints.handle_matters", _("handle matters")
    SUMMARIES = "ratings.read_summaries", _("read the monthly summaries")
    PAIR = "hall.pair_device", _("pair screens")
    ADMINISTRATION = "staff.open_administration", _("open the administration")
    GRANT = "staff.grant_rights", _("grant rights to others")
    ROLES = "staff.change_role", _("change what a role may do")


PLACE: Final = frozenset(
    f"hall.{action}_{model}"
    for model in (
        "branch zone department category service guide offering counter openinghours "
        "specialday notice"
    ).split()
    for action in ("view", "add", "change", "delete")
)
PEOPLE: Final = frozenset(f"staff.{action}_member" for action in ("view", "add", "change"))
