"""The forms of a rating."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from ratings.models import COMMENT_LIMIT, REASONS, Grade, Rating


class ReasonsForm(forms.Form):
    """Why the visitor gave the grade, all of it optional."""

    use_required_attribute = False

    reasons = forms.MultipleChoiceField(
        label=_("Reasons"), required=False, widget=forms.CheckboxSelectMultiple
    )
    comment = forms.CharField(
        label=_("Anything else you want to say"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": COMMENT_LIMIT}),
        help_text=_("At most 500 characters. Please leave out names and numbers of other people."),
    )

    def __init__(self, rating: Rating, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        reasons = self.fields["reasons"]
        assert isinstance(reasons, forms.MultipleChoiceField)
        reasons.choices = [(each.value, each.label) for each in REASONS[Grade(rating.grade)]]
        self.fields["comment"].widget.attrs["aria-describedby"] = "id_comment_helptext"

    def clean_comment(self) -> str:
        """The words with plain line ends, as their length was counted while typing."""
        text: str = self.cleaned_data["comment"].replace("\r\n", "\n")
        if len(text) > COMMENT_LIMIT:
            raise forms.ValidationError(
                _("The text is too long: at most %(limit)s characters."),
                params={"limit": COMMENT_LIMIT},
            )
        return text
