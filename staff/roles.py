"""The roles of members of staff: groups, and what each may do.

A role is a Django group, so an administrator can change what it holds. The roles below are made
with the first `migrate` of a hall, and no later one touches them: a permission that an upgrade
brings is given to them by a migration of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.db import transaction
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
        "branch zone department category service serviceguide offering counter openinghours "
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


def begin_roles(sender: AppConfig, **kwargs: Any) -> None:
    """Make the roles of a hall that has none of them yet (a post_migrate receiver)."""
    names = [each.slug for each in ROLES]
    Group = apps.get_model("auth", "Group")
    # Once there are any they are the administrator's: what was taken away never comes back.
    if sender.label != "staff" or Group.objects.filter(name__in=names).exists():
        return
    Permission = apps.get_model("auth", "Permission")
    for label in sorted({name.split(".")[0] for each in ROLES for name in each.permissions}):
        create_permissions(apps.get_app_config(label), verbosity=0)  # before Django's own receiver
    known = {
        f"{each.content_type.app_label}.{each.codename}": each
        for each in Permission.objects.select_related("content_type")
    }
    with transaction.atomic():
        for each in ROLES:
            group = Group.objects.create(name=each.slug)
            group.permissions.set(known[name] for name in each.permissions)
