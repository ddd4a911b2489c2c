"""Runs signing/schema.sql, so that the signing path's tables come with the same command as the rest."""

from importlib.resources import files
from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """The tables of the signing path."""

    initial = True
    dependencies: ClassVar = []
    operations: ClassVar = [
        migrations.RunSQL(files("maninso.signing").joinpath("schema.sql").read_text(encoding="utf-8")),
    ]
