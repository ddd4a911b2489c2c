"""The one Django application: every model of the site is here."""

from django.apps import AppConfig


class PetitionsConfig(AppConfig):
    """Petitions, what is owed for them, and what came of it."""

    name = "maninso.petitions"
    label = "petitions"
    default_auto_field = "django.db.models.BigAutoField"
