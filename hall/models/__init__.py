"""The place, as rows: what stands where, when it is open, what it says."""

from hall.models.devices import Device
from hall.models.guides import Guide
from hall.models.hours import OpeningHours, SpecialDay
from hall.models.notices import Notice, NoticeQuerySet
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

__all__ = [
    "Branch",
    "Category",
    "Counter",
    "Department",
    "Device",
    "Guide",
    "Named",
    "Notice",
    "NoticeQuerySet",
    "Offering",
    "OpeningHours",
    "Service",
    "SpecialDay",
    "Zone",
    "validate_timezone",
]
