"""``{% csrf_token %}`` as Django has it, and beside it whose page the form stands on.

So no form, ours or the administration's, can forget to say so.
"""

from __future__ import annotations

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hall.pages import PAGE_OF
from staff import whose
from staff.models import Member

register = template.Library()


class FormKeys(CsrfTokenNode):
    """The form's key against forgery, and the mark of a page that acts in somebody's name."""

    def render(self, context: Context) -> SafeString:
        mark = whose.of_page(context.get("request"))
        return format_html("{}{}", super().render(context), field(mark) if mark else "")


@register.tag
def csrf_token(_parser: Parser, _token: Token) -> FormKeys:
    return FormKeys()


@register.simple_tag
def page_of(member: Member) -> SafeString:
    """The mark in a form that names somebody on a page which acts in nobody's name."""
    return field(whose.Mark(member.pk))


def field(mark: whose.Mark) -> SafeString:
    return format_html('<input type="hidden" name="{}" value="{}">', PAGE_OF, mark)
