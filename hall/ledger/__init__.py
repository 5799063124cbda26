"""The ledger: who did what, written in the transaction that does it (docs/ledger.md)."""

from hall.ledger.rows import (
    COLUMNS,
    DEVICE,
    HALL,
    VISITOR,
    Actor,
    By,
    Fact,
    Signs,
    as_json,
    moment,
    new_nonce,
    record,
    signed,
)

__all__ = [
    "COLUMNS",
    "DEVICE",
    "HALL",
    "VISITOR",
    "Actor",
    "By",
    "Fact",
    "Signs",
    "as_json",
    "moment",
    "new_nonce",
    "record",
    "signed",
]
