"""Template tags and filters of the portal's components."""

from typing import Any

from django import template

from common.http import tenant_url

register = template.Library()


@register.simple_tag(takes_context=True)
def turl(context: template.Context, name: str, **kwargs: Any) -> str:
    """`{% turl "usage:line" pk=line.pk %}`: the address of a page of the tenant in view."""
    return tenant_url(context["request"], name, **kwargs)
