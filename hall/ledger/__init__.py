"""The ledger: who did what, written in the transaction that does it (docs/ledger.md)."""

from hall.ledger.rows import DEVICE, HALL, VISITOR, Actor, Fact, moment, record

__all__ = ["DEVICE", "HALL", "VISITOR", "Actor", "Fact", "moment", "record"]
