"""``manage.py administrator N1001``: make one of a hall's first two administrators."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from typing import Any, Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from hall.refusal import Refused
from staff import access, actions
from staff.models import BY_COMMAND, Member
from staff.rights import Right
from staff.roles import ADMINISTRATOR

BY_COMMAND_ALONE: Final = 2  # who may grant everywhere; all others are granted it by one of them


class Command(BaseCommand):
    help = (
        "Make an administrator of all branches, and the member if there is none of this number. "
        "Once two are there, they grant everything else, in the administration."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("staff_number")
        parser.add_argument("--name", default="", help="the name of somebody who is not there yet")

    def handle(self, *args: Any, staff_number: str, name: str, **options: Any) -> None:
        there = access.who_may_everywhere(Right.GRANT).exclude(staff_number=staff_number)
        if there.count() >= BY_COMMAND_ALONE:
            numbers = ", ".join(each.staff_number for each in there)
            raise CommandError(f"There are administrators: {numbers}. They grant this to others.")
        member = Member.objects.filter(staff_number=staff_number).first()
        if member is None:
            member = _new(staff_number, name)
        try:
            actions.grant(
                member=member, role=ADMINISTRATOR, branch=None, reason=BY_COMMAND, by=None
            )
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{member} is an administrator of all branches.")


def _new(staff_number: str, name: str) -> Member:
    member = Member(staff_number=staff_number, name_zh_hans=name)
    # full_clean wants some password; the person is asked for theirs when all else is right.
    member.set_unusable_password()
    try:
        member.full_clean()
        chosen = _asked()
        validate_password(chosen, member)
    except ValidationError as error:
        raise CommandError("\n".join(error.messages)) from error
    member.set_password(chosen)
    member.save()
    return member


def _asked() -> str:
    """The password, typed twice; a script writes it once."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Password (again): "):
        raise CommandError("These two passwords differ.")
    return first
