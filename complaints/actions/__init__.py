"""Everything that changes a matter: lock, move, write the time line, publish."""

from complaints.actions.matter import (
    CHANGEABLE,
    Outdated,
    add_words,
    assign,
    close,
    contact,
    extend,
    find_owner,
    note,
    receive,
    reopen,
    reply,
    take,
)

__all__ = [
    "CHANGEABLE",
    "Outdated",
    "add_words",
    "assign",
    "close",
    "contact",
    "extend",
    "find_owner",
    "note",
    "receive",
    "reopen",
    "reply",
    "take",
]
