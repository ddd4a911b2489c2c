"""A database is used only if Maninso can run on it, and is brought to this version once."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from django.db.migrations.loader import MigrationLoader
from tests.databases import make_database

from maninso import UnreadableError
from maninso.run.database import (
    DatabaseError,
    check_database,
    connect,
    read_applied_migrations,
    read_known_migrations,
)
from maninso.run.settings import Settings


def with_database(settings: Settings, name: str, properties: str = "") -> Settings:
    """Make a database on the tests' server and give the settings with it."""
    assert settings.database_url is not None
    return dataclasses.replace(settings, database_url=make_database(settings.database_url, name, properties))


def test_a_right_database_is_described(settings_site: Settings) -> None:
    facts = check_database(settings_site)
    assert (facts.encoding, facts.finds_hangul, facts.fsync, facts.synchronous_commit) == ("UTF8", True, True, "on")
    assert facts.version >= 150000
    assert abs(facts.clock_ahead) < 60


def test_an_encoding_that_is_not_utf8_is_refused(settings_site: Settings) -> None:
    settings = with_database(settings_site, "check_encoding", "ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'")
    with pytest.raises(DatabaseError) as caught:
        check_database(settings)
    assert str(caught.value) == "the database's encoding is SQL_ASCII, not UTF8"


def test_a_locale_without_hangul_is_refused(settings_site: Settings) -> None:
    settings = with_database(settings_site, "check_locale", "ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'")
    with pytest.raises(DatabaseError) as caught:
        check_database(settings)
    assert "takes no Hangul for letters" in str(caught.value)


def test_with_trigrams_installed_it_is_they_who_are_asked(settings_site: Settings) -> None:
    settings = with_database(settings_site, "check_trigrams", "ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'")
    with connect(settings) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        row = connection.execute("SELECT cardinality(show_trgm('가나')) > 0").fetchone()
    assert row is not None
    if row[0]:
        assert check_database(settings).finds_hangul
    else:
        with pytest.raises(DatabaseError):
            check_database(settings)


def test_an_address_that_is_none_is_unreadable(settings_site: Settings) -> None:
    with pytest.raises(UnreadableError) as caught:
        connect(dataclasses.replace(settings_site, database_url="not an address"))
    assert str(caught.value) == "DATABASE_URL is not an address that PostgreSQL understands"


@pytest.mark.django_db
def test_the_known_migrations_are_those_that_django_would_run() -> None:
    assert read_known_migrations() == set(MigrationLoader(None).disk_migrations)
    assert read_known_migrations() <= read_applied_migrations()


def test_two_migrations_at_once_agree(settings_site: Settings, tmp_path: Path) -> None:
    settings = with_database(settings_site, "migrate_twice")
    assert settings.database_url is not None
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "maninso", "migrate", "--json"],
            env={
                "PATH": "/usr/bin:/bin",
                "DATABASE_URL": settings.database_url,
                "MANINSO_HOME": str(tmp_path),
                "MANINSO_SECRET_KEY": "x" * 32,
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = sorted((each.communicate()[0] for each in both), key=len)
    assert [each.returncode for each in both] == [0, 0]
    assert answers[0] == '{"applied": []}\n'
    assert "petitions.0001_signing" in answers[1]
