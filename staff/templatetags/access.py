"""What a template asks before it offers a way: the page at its end asks for itself."""

from __future__ import annotations

from django import template
from django.http import HttpRequest

from hall.models import Branch
from staff import access
from staff.rights import Right

register = template.Library()


@register.simple_tag(takes_context=True)
def may(context: template.RequestContext, right: str, branch: Branch | None = None) -> bool:
    """Whether the person who looks may do this (``Right`` by its name) at the branch."""
    member = access.signed_in(_request(context))
    return member is not None and access.may(member, Right[right], branch)


@register.simple_tag(takes_context=True)
def may_elsewhere(context: template.RequestContext, right: str) -> bool:
    """Whether the person who looks may do this at more than one branch."""
    member = access.signed_in(_request(context))
    return member is not None and access.reaches_several(member, Right[right])


def _request(context: template.RequestContext) -> HttpRequest:
    request = context["request"]
    assert isinstance(request, HttpRequest)
    return request
