"""The roles of members of staff: groups, and what each may do.

A role is a Django group, so an administrator can change what it holds. Migrating adds the
permissions below to a role that lacks them, and takes none away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Role:
    """A role: its group's name, what people call it, and its permissions (app.codename)."""

    slug: str
    name: Promise
    summary: Promise
    permissions: frozenset[str]
    opens_admin: bool = False


PLACE: Final = frozenset(
    f"hall.{action}_{model}"
    for model in (
        "branch zone department category service guide offering counter openinghours "
        "specialday notice"
    ).split()
    for action in ("view", "add", "change", "delete")
)
PEOPLE: Final = frozenset(f"staff.{action}_member" for action in ("view", "add", "change"))

ROLES: Final = [
    Role(
        "clerk",
        _("Clerk"),
        _("calls and serves visitors at a counter"),
        frozenset({"queueing.serve_visitors"}),
    ),
    Role(
        "guide",
        _("Guide"),
        _("helps at the door and takes tickets for visitors"),
        frozenset({"queueing.issue_for_visitors"}),
    ),
    Role(
        "supervisor",
        _("Supervisor"),
        _("watches over the hall and steps in"),
        frozenset(
            {
                "queueing.serve_visitors",
                "queueing.issue_for_visitors",
                "queueing.watch_hall",
                "staff.plan_duty",
                "complaints.handle_matters",
                "ratings.read_summaries",
                "hall.pair_device",
                "hall.view_notice",
                "hall.add_notice",
                "hall.change_notice",
            }
        ),
        opens_admin=True,
    ),
    Role(
        "complaint-handler",
        _("Complaint handler"),
        _("sees that every matter is answered"),
        frozenset({"complaints.handle_matters"}),
    ),
    Role(
        "inspector",
        _("Inspector"),
        _("checks service, unannounced"),
        frozenset({"queueing.watch_hall", "ratings.read_summaries"}),
    ),
    Role(
        "duty-leader",
        _("Duty leader"),
        _("the leader on duty today"),
        frozenset({"queueing.watch_hall", "complaints.handle_matters", "ratings.read_summaries"}),
    ),
    Role(
        "administrator",
        _("Administrator"),
        _("sets up branches, counters, services and people"),
        PLACE
        | PEOPLE
        | {
            "queueing.watch_hall",
            "staff.plan_duty",
            "hall.pair_device",
            "ratings.read_summaries",
        },
        opens_admin=True,
    ),
]


def role(slug: str) -> Role | None:
    """The role of this slug, if there is one."""
    return next((each for each in ROLES if each.slug == slug), None)


def grant_permissions(sender: AppConfig, **kwargs: Any) -> None:
    """Give every role the permissions of one app that it lacks (a post_migrate receiver)."""
    if sender.label not in {name.split(".")[0] for each in ROLES for name in each.permissions}:
        return
    create_permissions(sender, verbosity=0)  # ours may run before Django's own receiver
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for each in ROLES:
        wanted = [
            name.split(".")[1] for name in each.permissions if name.startswith(f"{sender.label}.")
        ]
        group, _created = Group.objects.get_or_create(name=each.slug)
        group.permissions.add(
            *Permission.objects.filter(content_type__app_label=sender.label, codename__in=wanted)
        )
