"""How a branch sets a rule."""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from hall import ledger
from hall.events import Event, publish
from hall.models import Branch, RuleRow, Service
from hall.rules import Rule

T = TypeVar("T")


def set_rule(
    *,
    branch: Branch,
    rule: Rule[T],
    value: T | None,
    service: Service | None = None,
    by: ledger.By = ledger.HALL,
    now: dt.datetime | None = None,
) -> RuleRow:
    """Set a rule from now on (None: as if it never was set); what it was before is kept.

    Raises ValidationError for a value that the rule does not allow.
    """
    with transaction.atomic():
        row, _is_new = RuleRow.objects.update_or_create(
            branch=branch,
            service=service,
            name=rule.name,
            valid_from=now or timezone.now(),
            defaults={"value": value},
        )
        # The ledger takes no words.
        told = value if isinstance(value, int) else None
        place = service.pk if service else None
        ledger.record("rule.set", of=row, by=by, rule=rule.name, service=place, value=told)
        publish(branch.pk, Event.PLACE_CHANGED)
    branch.forget_rules()
    return row
