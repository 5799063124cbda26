"""The roles that Hall brings, and what each may do in a new hall.

They become rows (``staff.models.Role``) with a hall's first migration, and no later one touches
them: from then on the table is the administrators'. A right that an upgrade brings is given to the
roles by a migration of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from staff.rights import PEOPLE, PLACE, Right

ADMINISTRATOR: Final = "administrator"


@dataclass(frozen=True)
class NewRole:
    """A role as a new hall gets it: its name in the database, what people call it, its rights."""

    slug: str
    name: Promise
    summary: Promise
    rights: frozenset[str]


ROLES: Final = [
    NewRole(
        "clerk",
        _("Clerk"),
        _("calls and serves visitors at a counter"),
        frozenset({Right.SERVE}),
    ),
    NewRole(
        "guide",
        _("Guide"),
        _("helps at the door and takes tickets for visitors"),
        frozenset({Right.ISSUE}),
    ),
    NewRole(
        "supervisor",
        _("Supervisor"),
        _("watches over the hall and steps in"),
        frozenset(
            {
                Right.SERVE,
                Right.ISSUE,
                Right.WATCH,
                Right.PLAN,
                Right.HANDLE,
                Right.SUMMARIES,
                Right.PAIR,
                Right.ADMINISTRATION,
                "hall.view_notice",
                "hall.add_notice",
                "hall.change_notice",
            }
        ),
    ),
    NewRole(
        "complaint-handler",
        _("Complaint handler"),
        _("sees that every matter is answered"),
        frozenset({Right.HANDLE}),
    ),
    NewRole(
        "inspector",
        _("Inspector"),
        _("checks service, unannounced"),
        frozenset({Right.WATCH, Right.SUMMARIES}),
    ),
    NewRole(
        "duty-leader",
        _("Duty leader"),
        _("the leader on duty today"),
        frozenset({Right.WATCH, Right.HANDLE, Right.SUMMARIES}),
    ),
    NewRole(
        ADMINISTRATOR,
        _("Administrator"),
        _("sets up branches, counters, services and people"),
        PLACE
        | PEOPLE
        | {
            Right.WATCH,
            Right.PLAN,
            Right.PAIR,
            Right.SUMMARIES,
            Right.ADMINISTRATION,
            Right.GRANT,
            Right.ROLES,
        },
    ),
]


def shipped(slug: str) -> NewRole | None:
    """The role of this name that Hall brings; None for a role of the hall's own."""
    return next((each for each in ROLES if each.slug == slug), None)


def called(slug: str) -> str:
    """What people call a role, in the active language; a hall's own has its one name."""
    known = shipped(slug)
    return str(known.name) if known else slug
