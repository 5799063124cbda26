"""What people may send about a ticket."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from queueing.models import Lane

# A lane that needs proof (express) or a booking is never the visitor's own choice.
PUBLIC_LANES = [(lane.value, lane.label) for lane in (Lane.ORDINARY, Lane.ASSISTED)]


class TakeForm(forms.Form):
    """A visitor at a kiosk wants a ticket; pressing twice sends the same ``request_id``."""

    offering = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    request_id = forms.UUIDField()
    lane = forms.ChoiceField(choices=PUBLIC_LANES, required=False)

    def __init__(self, data: Any = None, *, offering: int | None = None) -> None:
        # Each form on a page has a request id of its own, made when the page is.
        super().__init__(data, initial={"offering": offering, "request_id": uuid.uuid4()})

    def clean_lane(self) -> str:
        """The ordinary lane if nothing else was asked for."""
        return self.cleaned_data["lane"] or Lane.ORDINARY.value
