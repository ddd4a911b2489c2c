"""kill -9 at any moment: every signature that was acknowledged is in the log after the next start."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
from tests.live import LiveSite, live_site


def rehearse_while(site: LiveSite, disaster: object, *, signers: int) -> dict[str, object]:
    """Let a crowd sign while something happens to the site; returns the rehearsal's summary."""
    from tests.journeys.conftest import open_petition

    petition = open_petition(site)
    rehearsal = ["rehearse", str(petition), "--signers", str(signers), "--rate", "500", "--json", "--url", site.url]
    crowd = subprocess.Popen(
        [sys.executable, "-m", "maninso", *rehearsal], env=site.environment, stdout=subprocess.PIPE
    )
    try:
        with psycopg.connect(site.database_url, autocommit=True) as connection:
            while True:
                row = connection.execute("SELECT size FROM signing_head WHERE petition_id = %s", [petition]).fetchone()
                assert row is not None
                assert crowd.poll() is None
                if row[0] > signers // 4:
                    break
                time.sleep(0.02)
        disaster()  # type: ignore[operator]
        summary: dict[str, object] = json.loads(crowd.communicate(timeout=120)[0])
    finally:
        crowd.kill()
    report = json.loads(site.maninso("verify", f"{site.url}/petitions/{petition}", "--json"))
    assert report["ok"] is True
    assert report["count"] == signers
    return summary


@pytest.mark.parametrize("victim", ["site", "web process", "database connections", "worker"])
def test_nothing_acknowledged_is_lost(postgres_server: None, tmp_path: Path, victim: str) -> None:
    with live_site(tmp_path, os.environ["DATABASE_URL"], name="faults") as site:

        def kill_site() -> None:
            site.kill()
            threading.Event().wait(0.3)
            site.start()

        def kill_child(name: str) -> None:
            assert site.process is not None
            for pid in children_of(site.process.pid):
                if (b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")) == (name == "worker"):
                    os.kill(pid, 9)

        def cut_connections() -> None:
            with psycopg.connect(site.database_url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

        disaster = {
            "site": kill_site,
            "web process": lambda: kill_child("web"),
            "worker": lambda: kill_child("worker"),
            "database connections": cut_connections,
        }[victim]
        summary = rehearse_while(site, disaster, signers=1500)
        assert summary["missing"] == 0
        assert summary["count_after"] == 1500


def children_of(pid: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(folder.name))
    return found


def test_stopping_answers_everybody_first(postgres_server: None, tmp_path: Path) -> None:
    """SIGTERM: what waits is committed and answered; the exit is clean."""
    with live_site(tmp_path, os.environ["DATABASE_URL"], name="faults") as site:
        assert site.stop() == 0
