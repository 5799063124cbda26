"""Arguments that commands of the line have in common."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser

from django.core.management.base import CommandError

from hall import typed
from hall.models import Branch


def add_branch(parser: ArgumentParser) -> None:
    """The branch, by its address name."""
    parser.add_argument("branch", help="address name of the branch, as nanshan")


def branch_of(slug: str) -> Branch:
    """The branch of that name; raises CommandError."""
    branch = Branch.objects.filter(slug=slug).first()
    if branch is None:
        known = ", ".join(Branch.objects.values_list("slug", flat=True))
        raise CommandError(f"There is no branch {slug}; there are: {known or 'none'}.")
    return branch


def day(text: str) -> dt.date:
    """A day as YYYY-MM-DD; raises ValueError."""
    found = typed.day(text)
    if found is None:
        raise ValueError(text)
    return found
