"""What was done in the hall, by whom: rows that are written once, and the seals that chain them."""

from __future__ import annotations

from django.db import models


class LedgerRow(models.Model):
    """One thing that was done. It holds no foreign key: it stays when what it tells of is gone.

    Written by ``hall.ledger.record`` alone; triggers refuse to change or remove it.
    """

    class Actor(models.TextChoices):
        MEMBER = "member"
        VISITOR = "visitor"
        DEVICE = "device"
        HALL = "hall"  # the worker, or a command

    at = models.DateTimeField()
    what = models.CharField(max_length=40)
    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField(null=True)
    branch_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=8, choices=Actor)
    actor_id = models.BigIntegerField(null=True)
    actor_number = models.CharField(max_length=20)
    actor_name = models.CharField(max_length=80)
    for_id = models.BigIntegerField(null=True)
    for_name = models.CharField(max_length=80)
    device_id = models.BigIntegerField(null=True)
    device_kind = models.CharField(max_length=12)
    facts = models.JSONField()
    nonce = models.CharField(max_length=32)

    class Meta:
        # Django makes no rights to it: there is none that could be granted.
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.at.isoformat()} {self.what} {self.kind} {self.object_id or ''}"


class Seal(models.Model):
    """A link of the chain: it holds the hash of the one before, and of the rows that it seals.

    One that ``removes`` seals no rows: it says that the sealed rows of its month are gone.
    """

    number = models.BigIntegerField(primary_key=True)
    month = models.CharField(max_length=7)
    count = models.PositiveIntegerField()
    first_id = models.BigIntegerField(null=True)
    last_id = models.BigIntegerField(null=True)
    reached = models.BigIntegerField()  # the highest id that this seal or one before it holds
    rows_hash = models.CharField(max_length=64)
    removes = models.BooleanField()
    made_at = models.DateTimeField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.number} {self.month} {self.hash[:12]}"


class SealedRow(models.Model):
    """Which seal holds a row, and what the row was then: so that a changed one has a number."""

    row_id = models.BigIntegerField(primary_key=True)
    seal = models.BigIntegerField(db_index=True)
    digest = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.row_id} in {self.seal}"
