"""A site starts only on a database that agrees with what was signed, and says what to do if it does not."""

import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from tests.databases import make_database

from maninso.ledger.checkpoint import Checkpoint
from maninso.run.agreement import MOST_NAMED, DisagreementError, require_agreement
from maninso.run.settings import Settings, read_settings
from maninso.signing.signed import SignedFiles
from maninso.signing.sitelog import start_site_log

from .conftest import run_maninso

HOST = "petitions.example.org"
BEHIND = f"{HOST}/log was signed at 7 leaves, and the database has 0"


@pytest.fixture
def site(database_url: str, migrated_database: str, tmp_path: Path) -> Settings:
    """A site whose own log was signed at 7 leaves, on a database that knows of none of them."""
    url = make_database(database_url, "agreement", template=migrated_database)
    settings = read_settings({"MANINSO_HOME": str(tmp_path), "DATABASE_URL": url, "MANINSO_HOST": HOST})
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        start_site_log(cursor, host=HOST)
    SignedFiles(settings.signed_dir).record(Checkpoint(f"{HOST}/log", 7, b"r" * 32))
    return settings


def run(site: Settings, *words: str) -> "subprocess.CompletedProcess[str]":
    return run_maninso(*words, home=site.home, DATABASE_URL=site.database_url or "", MANINSO_HOST=HOST)


def test_serve_and_worker_refuse_to_start_and_say_the_cure(site: Settings) -> None:
    for words in (("serve", "--port", "18979"), ("worker",)):
        done = run(site, *words)
        assert (done.returncode, done.stdout) == (1, "")
        first, cure = done.stderr.splitlines()
        assert first == f"maninso: the database disagrees with what was signed and published: {BEHIND}"
        assert "put the newer database in its place, or rebuild the log from its published tiles" in cure
        assert "docs/howto/recover-a-log.md" in cure
        assert "--let-stand" in cure


def test_told_so_the_worker_starts_and_the_log_stands_still(site: Settings) -> None:
    environment = {"MANINSO_HOME": str(site.home), "DATABASE_URL": site.database_url or "", "MANINSO_HOST": HOST}
    command = [sys.executable, "-m", "maninso", "worker", "--let-stand"]
    with (site.home / "out").open("w+") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
        try:
            deadline = time.monotonic() + 60
            while "stands still" not in (site.home / "out").read_text() and time.monotonic() < deadline:
                time.sleep(0.1)
            assert process.poll() is None
        finally:
            process.terminate()
            process.wait(30)
    assert f"log 0 stands still: {BEHIND}" in (site.home / "out").read_text()


def test_a_site_that_agrees_starts(site: Settings) -> None:
    for path in site.signed_dir.iterdir():
        path.unlink()
    require_agreement(site)


def test_of_many_logs_the_first_are_named(site: Settings) -> None:
    for number in range(1, MOST_NAMED + 3):
        SignedFiles(site.signed_dir).record(Checkpoint(f"{HOST}/p/{number}/log", 2, b"r" * 32))
    with pytest.raises(DisagreementError) as refusal:
        require_agreement(site)
    assert str(refusal.value).count("was signed at") == MOST_NAMED
    assert str(refusal.value).endswith("; and 3 more")
    assert refusal.value.cure.count("newer database") == 2  # one cure for what is behind, one for what is not there
