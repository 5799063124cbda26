"""What must be settled before a member of staff signs out."""

from __future__ import annotations

from collections.abc import Callable

from hall.plugs import Socket
from staff.models import Member

# Each lets the member go, or gives the address where they settle it first.
SIGN_OUT: Socket[Callable[[Member], str | None]] = Socket("sign-out guards")


def before_sign_out(member: Member) -> str | None:
    """The first address at which something must be settled; those after it are not asked yet."""
    return next((address for guard in SIGN_OUT if (address := guard(member))), None)
