"""The place, as rows: what stands where, when it is open, what it says."""

from hall.models.devices import Device
from hall.models.hours import OpeningHours, SpecialDay
from hall.models.ledger import LedgerRow, Seal, SealedRow
from hall.models.notices import Notice, NoticeQuerySet
from hall.models.outbox import Parcel, ParcelQuerySet
from hall.models.place import (
    Branch,
    Category,
    Counter,
    Department,
    Named,
    Offering,
    Service,
    Zone,
    validate_timezone,
)
from hall.models.rules import RuleRow, fetch_rules
from hall.models.service_guides import ServiceGuide

__all__ = [
    "Branch",
    "Category",
    "Counter",
    "Department",
    "Device",
    "LedgerRow",
    "Named",
    "Notice",
    "NoticeQuerySet",
    "Offering",
    "OpeningHours",
    "Parcel",
    "ParcelQuerySet",
    "RuleRow",
    "Seal",
    "SealedRow",
    "Service",
    "ServiceGuide",
    "SpecialDay",
    "Zone",
    "fetch_rules",
    "validate_timezone",
]
