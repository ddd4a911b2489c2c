"""The Django application that holds pages, JSON, templates, the style sheet and the Korean catalogue."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Registers `maninso.web` with Django: its templates, static files and translations are found by that."""

    name = "maninso.web"
    label = "web"
