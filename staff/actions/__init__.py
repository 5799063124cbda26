"""What changes rights, the roster and the devices: lock, write, publish.

By keyword; ``by`` says who.
"""

from staff.actions.access import check_grant, grant, revoke, set_rights
from staff.actions.device import (
    AT_COUNTERS,
    WRONG_CODES,
    log,
    pair_device,
    revoke_device,
)
from staff.actions.duty import plan_day, put_on_duty, take_off_duty
from staff.actions.outbox import settle_parcel
from staff.actions.sign_in import sign_in_failed, signed_in, signed_out

__all__ = [
    "AT_COUNTERS",
    "WRONG_CODES",
    "check_grant",
    "grant",
    "log",
    "pair_device",
    "plan_day",
    "put_on_duty",
    "revoke",
    "revoke_device",
    "set_rights",
    "settle_parcel",
    "sign_in_failed",
    "signed_in",
    "signed_out",
    "take_off_duty",
]
