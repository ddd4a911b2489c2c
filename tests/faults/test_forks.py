"""The processes of a site begin as copies of one that has loaded the program: they work, and hold nothing of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.databases import make_database
from tests.faults.crowd import signing_at
from tests.live import LiveSite, embedded_site, find_free_port, live_site
from tests.processes import children_of, files_of, lives, name_of, wait_until, words_of

SIGNERS = 100


@pytest.fixture
def site(migrated_database: str, tmp_path: Path) -> Iterator[LiveSite]:
    with live_site(tmp_path, os.environ["DATABASE_URL"], name=f"forks_{os.getpid()}") as site:
        yield site


def child_named(pid: int, name: str) -> int:
    """Wait until a process has exactly one child of that name; return its number."""

    def named() -> list[int]:
        return [child for child in children_of(pid) if lives(child) and name_of(child) == name]

    wait_until(lambda: len(named()) == 1)
    return named()[0]


def processes_of(site: LiveSite) -> dict[str, int]:
    assert site.process is not None
    first = site.process.pid
    worker = child_named(first, "maninso worker")
    return {
        "serve": first,
        "web": child_named(first, "maninso web"),
        "worker": worker,
        "messages": child_named(worker, "maninso message"),
    }


def test_they_are_copies_that_share_no_connection(site: LiveSite) -> None:
    with signing_at(site, SIGNERS):
        pass
    processes = processes_of(site)
    assert {tuple(words_of(pid)) for pid in processes.values()} == {tuple(words_of(processes["serve"]))}
    files = {name: files_of(pid) for name, pid in processes.items()}
    assert files["serve"] & files["worker"] == set()
    assert files["serve"] & files["messages"] == set()
    assert files["worker"] & files["messages"] == set()
    assert files["web"] & (files["worker"] | files["messages"]) == set()
    assert sum(name.startswith("socket:") for name in files["serve"]) == 1  # which listens


def test_one_that_is_killed_is_started_anew(site: LiveSite) -> None:
    before = processes_of(site)
    os.kill(before["messages"], signal.SIGKILL)
    wait_until(lambda: not lives(before["messages"]))
    assert words_of(child_named(before["worker"], "maninso message"))[-2:] == ["--only", "messages"]
    os.kill(before["worker"], signal.SIGKILL)
    wait_until(lambda: not lives(before["worker"]))
    worker = child_named(before["serve"], "maninso worker")
    assert words_of(worker)[-2:] == ["worker", "--let-stand"]
    assert words_of(child_named(worker, "maninso message"))[1:] == words_of(worker)[1:]  # its copy
    with signing_at(site, SIGNERS):
        pass


def test_all_end_when_the_first_is_killed(site: LiveSite) -> None:
    processes = processes_of(site)
    site.kill()
    wait_until(lambda: not any(lives(pid) for pid in processes.values()))


def test_a_worker_that_does_not_end_keeps_no_port(site: LiveSite) -> None:
    processes = processes_of(site)
    stopped = [processes["worker"], processes["messages"]]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        site.kill()  # returns when the port is free
        assert all(lives(pid) for pid in stopped)
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    wait_until(lambda: not any(lives(pid) for pid in stopped))


@pytest.mark.parametrize(
    ("number", "is_late"), [(signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGTERM, True)]
)
def test_a_terminal_ends_all_in_order(number: int, is_late: bool, migrated_database: str, tmp_path: Path) -> None:
    """Ctrl-C tells every process of the terminal, systemd every process of the unit: each ends by itself, none anew.

    Nor does it matter that the first one, `is_late`, hears of it when its web process has ended already.
    """
    database_url = make_database(os.environ["DATABASE_URL"], f"forks_{os.getpid()}", template=migrated_database)
    site = LiveSite(tmp_path, database_url, find_free_port(), own_session=True)
    site.start()
    try:
        processes = processes_of(site)
        assert site.process is not None
        if is_late:
            site.process.send_signal(signal.SIGSTOP)
        os.killpg(site.process.pid, number)
        if is_late:
            wait_until(lambda: not lives(processes["web"]))
            site.process.send_signal(signal.SIGCONT)
        assert site.process.wait(30) == 0
        assert not any(lives(pid) for pid in processes.values())
    finally:
        site.process.kill()
    log = (tmp_path / "serve.log").read_text()
    assert "Traceback" not in log
    assert "started again" not in log


def test_a_worker_alone_copies_itself_for_its_messages(migrated_database: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "MANINSO_HOME": str(tmp_path),
        "MANINSO_SEMANTIC": "0",
        "DATABASE_URL": make_database(os.environ["DATABASE_URL"], f"alone_{os.getpid()}", template=migrated_database),
    }
    command = [sys.executable, "-m", "maninso", "worker"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as worker:
        try:
            messages = child_named(worker.pid, "maninso message")
            assert words_of(messages) == words_of(worker.pid)
            wait_until(lambda: any(name.startswith("socket:") for name in files_of(messages)))
            assert files_of(messages) & files_of(worker.pid) == set()
        finally:
            worker.terminate()
        assert worker.stderr is not None
        assert (worker.stderr.read(), worker.wait(30)) == ("", 0)
        assert not lives(messages)


def test_the_copies_hold_nothing_of_an_embedded_server(tmp_path: Path) -> None:
    """A lock that they held would say that its server is in use; the thread that keeps it up begins after them."""
    with embedded_site(tmp_path) as site:
        processes = processes_of(site)
        assert words_of(processes["worker"]) == words_of(processes["serve"])
        users = str(tmp_path / "postgres" / "users")
        assert [name for name, pid in processes.items() if users in files_of(pid)] == ["serve", "web"]
