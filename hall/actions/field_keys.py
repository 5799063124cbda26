"""Giving what is encrypted a new key."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import connection

from hall import ledger
from hall.fields import EncryptedTextField, Rewritten, rewrite
from hall.keys import need_keys, renewed


def rotate() -> Iterator[tuple[str, Rewritten]]:
    """Encrypt every field with the newest key, one after the other; what came of each by name.

    Each row is a statement of its own, so that it may be interrupted, and nobody waits for it.
    Done twice it changes nothing; what is written meanwhile is encrypted with the newest already.
    """
    need_keys()
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, EncryptedTextField):
                column = str(field.column)
                done = rewrite(connection, model._meta.db_table, column, renewed)
                if done.changed:
                    ledger.record("keys.rotate", by=ledger.HALL, changed=done.changed)
                yield f"{model._meta.label}.{field.name}", done
