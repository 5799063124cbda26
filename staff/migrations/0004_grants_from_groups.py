"""What groups and permissions gave becomes roles and grants: the same rights at the same branches.

A new hall gets the roles that Hall brings, here and never again. In a hall that is at work the
roles are its groups as they stand, with what was taken from them left out.
"""

from django.db import migrations
from django.utils import timezone

from staff.rights import PEOPLE, PLACE, Right
from staff.roles import ADMINISTRATOR, ROLES

FROM_GROUPS = "held before grants were kept"
OPENED_ADMIN = "could open the administration before grants were kept"
SUPERUSER = "was a superuser before grants were kept"
# What is new as a right of its own, and what could do the same until now.
BEFORE = {Right.GRANT: "staff.change_member", Right.ROLES: "auth.change_group"}
OPENS_ADMIN = {role.slug for role in ROLES if Right.ADMINISTRATION in role.rights}


def fill(apps, schema_editor):
    Group, Member = apps.get_model("auth", "Group"), apps.get_model("staff", "Member")
    if Group.objects.exists() or Member.objects.exists():
        roles = take_over_roles(apps)
        take_over_members(apps, roles)
        Group.objects.all().delete()
    else:
        for role in ROLES:
            make_role(apps, role.slug, role.rights)


def make_role(apps, slug, rights):
    Role, RoleRight = apps.get_model("staff", "Role"), apps.get_model("staff", "RoleRight")
    role = Role.objects.create(slug=slug)
    RoleRight.objects.bulk_create(RoleRight(role=role, right=right) for right in sorted(rights))
    return role


def named(permissions):
    """The names of permissions, with the new rights to what they could do until now."""
    names = {f"{each.content_type.app_label}.{each.codename}" for each in permissions}
    return names | {str(right) for right, before in BEFORE.items() if before in names}


def take_over_roles(apps):
    """A role for each group, by its name; those whose people open the administration open it."""
    Group = apps.get_model("auth", "Group")
    made = {}
    for group in Group.objects.prefetch_related("permissions__content_type"):
        rights = named(group.permissions.all())
        people = group.user_set.filter(is_active=True)
        if group.name in OPENS_ADMIN and not people.filter(is_staff=False).exists():
            rights.add(str(Right.ADMINISTRATION))
        made[group.pk] = make_role(apps, group.name, rights), rights
    return made


def take_over_members(apps, roles):
    Member, Grant = apps.get_model("staff", "Member"), apps.get_model("staff", "Grant")
    now = timezone.now()
    administrator = next((each for each, _ in roles.values() if each.slug == ADMINISTRATOR), None)
    grants = []
    people = Member.objects.prefetch_related("groups", "user_permissions__content_type")
    for member in people.order_by("pk"):

        def give(reason, **what):
            # As it was: at the member's own branch, at all of them for one who belongs to none.
            grants.append(
                Grant(
                    member=member,
                    branch_id=member.branch_id,
                    starts_at=now,
                    made_at=now,
                    reason=reason,
                    **what,
                )
            )

        held = set()
        for group in member.groups.all():
            role, rights = roles[group.pk]
            held |= rights
            give(FROM_GROUPS, role=role)
        for right in sorted(named(member.user_permissions.all())):
            held.add(right)
            give(FROM_GROUPS, right=right)
        if member.is_superuser:
            # Nothing opens by itself any more: all that was open is granted, to be taken back.
            if administrator and not member.groups.filter(name=ADMINISTRATOR).exists():
                held |= set(administrator.rights.values_list("right", flat=True))
                give(SUPERUSER, role=administrator)
            for right in sorted({*map(str, Right), *PLACE, *PEOPLE, "staff.delete_member"} - held):
                give(SUPERUSER, right=right)
        elif member.is_staff and Right.ADMINISTRATION not in held:
            give(OPENED_ADMIN, right=str(Right.ADMINISTRATION))
    Grant.objects.bulk_create(grants)


def empty(apps, schema_editor):
    """Groups and permissions again, from the roles and grants that stand.

    A grant at another branch than the member's own has no like in groups: it is left out.
    """
    Group, Role = apps.get_model("auth", "Group"), apps.get_model("staff", "Role")
    Permission, Grant = apps.get_model("auth", "Permission"), apps.get_model("staff", "Grant")
    Member = apps.get_model("staff", "Member")
    known = {
        f"{each.content_type.app_label}.{each.codename}": each
        for each in Permission.objects.select_related("content_type")
    }
    groups = {}
    for role in Role.objects.prefetch_related("rights"):
        rights = {each.right for each in role.rights.all()}
        rights |= {before for right, before in BEFORE.items() if right in rights}
        groups[role.pk] = Group.objects.create(name=role.slug)
        groups[role.pk].permissions.set(known[right] for right in rights if right in known)
    for grant in Grant.objects.filter(revoked_at=None, ends_at=None).select_related("member", "role"):
        member = grant.member
        if grant.branch_id != member.branch_id:
            continue
        if grant.role_id and grant.reason != SUPERUSER:
            member.groups.add(groups[grant.role_id])
            opens = grant.role.rights.filter(right=Right.ADMINISTRATION).exists()
        elif grant.reason != SUPERUSER and grant.right in known:
            member.user_permissions.add(known[grant.right])
            opens = False
        else:
            opens = grant.right == Right.ADMINISTRATION
        if opens:
            Member.objects.filter(pk=member.pk).update(is_staff=True)
        if grant.reason == SUPERUSER:
            Member.objects.filter(pk=member.pk).update(is_superuser=True, is_staff=True)
    Grant.objects.all().delete()
    Role.objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('staff', '0003_grants'),
    ]

    operations = [migrations.RunPython(fill, empty)]
