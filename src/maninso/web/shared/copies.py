"""What a static copy's pages say of themselves."""

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from maninso.web.shared.addresses import site_origin


def say_copy(language: str) -> str:
    """Return the note, as HTML, that stands above every page of a copy."""
    with translation.override(language):
        context = {"host": settings.MANINSO.host, "origin": site_origin()}
        return str(render_to_string("maninso/parts/copy.html", context)).strip()
