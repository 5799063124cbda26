"""What members of staff type to sign in."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm

from staff.models import Member


class SignInForm(AuthenticationForm):
    """Staff number and password."""

    def clean_username(self) -> str:
        """What is too long to be a staff number is refused before anything looks it up."""
        typed: str = self.cleaned_data["username"]
        if len(typed) > (Member._meta.get_field("staff_number").max_length or 0):
            raise self.get_invalid_login_error()
        return typed
