"""kill -9 at any moment: every signature that was acknowledged is in the log after the next start."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.faults.crowd import signing_at
from tests.live import LiveSite, embedded_site, live_site
from tests.processes import children_of, name_of

from maninso.run.postgres_programs import read_command_line

SIGNERS = 600


@pytest.fixture(scope="module")
def site(migrated_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(tmp_path_factory.mktemp("site"), os.environ["DATABASE_URL"], name="faults") as site:
        yield site


def kill_children(site: LiveSite, *, name: str) -> None:
    assert site.process is not None
    named = [pid for pid in children_of(site.process.pid) if name_of(pid) == name]
    assert len(named) == 1
    os.kill(named[0], signal.SIGKILL)


def test_a_killed_site_starts_again_with_all_it_acknowledged(site: LiveSite) -> None:
    with signing_at(site, SIGNERS):
        site.kill()
        threading.Event().wait(0.3)
        site.start()


def test_a_killed_web_process_is_replaced(site: LiveSite) -> None:
    with signing_at(site, SIGNERS) as crowd:
        kill_children(site, name="maninso web")
    assert crowd.broken > 0


def test_a_killed_worker_is_replaced(site: LiveSite) -> None:
    with signing_at(site, SIGNERS):
        kill_children(site, name="maninso worker")


def test_cut_connections_are_made_anew_and_no_signer_notices(site: LiveSite) -> None:
    with signing_at(site, SIGNERS) as crowd, psycopg.connect(site.database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert (crowd.broken, dict(crowd.statuses)) == (0, {201: SIGNERS})


def test_stopping_answers_everybody_first(site: LiveSite) -> None:
    """SIGTERM: what waits is committed and answered; the exit is clean."""
    with signing_at(site, SIGNERS):
        assert site.stop() == 0
        site.start()


def test_a_killed_postgresql_is_started_again_and_no_signer_notices(tmp_path: Path) -> None:
    with embedded_site(tmp_path) as site:
        with signing_at(site, SIGNERS) as crowd:
            process_file = tmp_path / "postgres" / "data" / "postmaster.pid"
            first = int(process_file.read_text().split()[0])
            os.kill(first, signal.SIGKILL)
        again = int(process_file.read_text().split()[0])
        assert again != first
        assert (crowd.broken, crowd.statuses.keys() - {503}) == (0, {201, 200} & crowd.statuses.keys())
        assert site.stop() == 0
        assert read_command_line(again) == []  # the site that started it again also stops it
