"""The embedded PostgreSQL: a server of our own under MANINSO_HOME, for sites without DATABASE_URL.

It listens on a unix socket only. Whoever uses it holds a shared lock on one file; who leaves last stops it. A start or
a stop happens under an exclusive lock on another, so that processes that start at once agree on one server. What is
left after a crash (a process file, a socket) is recognised and cleared; PostgreSQL's own recovery does the rest.

Sources: PostgreSQL manual, "Creating a Database Cluster", "pg_ctl", "Peer Authentication"; unix(7) for the length of a
socket's path; src/backend/utils/init/miscinit.c (CreateLockFile) for what a stale process file stops.
"""

import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from maninso.run.memory import read_memory
from maninso.run.postgres_programs import (
    Account,
    PostgresError,
    choose_account,
    find_binaries,
    read_command_line,
    run_program,
    user_name,
)
from maninso.run.settings import Settings

DATABASE = "maninso"
ROLE = "maninso"
PATIENCE = 60.0  # seconds; recovery after a crash has to fit in
_PORT = 5432  # only part of the socket's name
_BUFFERS_OF_MEMORY = 4  # a quarter of the memory, as PostgreSQL's manual has it, is for pages that were read
_FEWEST_BUFFERS, _MOST_BUFFERS = 128, 4096  # MB
_LONGEST_SOCKET = 107  # bytes, sun_path of unix(7) without its last zero
_NO_PROCESS = 2**31 - 2  # above every system's largest process number

_CONFIGURATION = """\
# Written at every start by `maninso`. Put changes of your own at the end of postgresql.conf.
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket_dir}'
# Sixteen web processes with thirty each, the worker, and commands.
max_connections = 500
shared_buffers = {shared_buffers}MB
jit = off
fsync = on
synchronous_commit = on
wal_compression = {wal_compression}
# A file of the log that has to be made first holds every commit up for some 30 ms: enough for a peak are kept.
min_wal_size = 1GB
max_wal_size = 4GB
checkpoint_timeout = 15min
log_line_prefix = '%m [%p] %a '
lc_messages = 'C'
"""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server: its address in libpq's URI form, its folders, the process number of its postmaster."""

    url: str
    data: Path
    socket_dir: Path
    process: int


@dataclass(frozen=True, kw_only=True)
class _Places:
    """Where the cluster's parts lie; `base` belongs to the site's account, `data` to the server's."""

    base: Path
    log: Path

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def new_data(self) -> Path:
        return self.base / "data.new"

    @property
    def process_file(self) -> Path:
        return self.data / "postmaster.pid"


@contextmanager
def ensure_running(settings: Settings, *, patience: float = PATIENCE) -> Iterator[Server]:
    """Start the embedded server, or attach to the one that runs, and hold it for the time of the block.

    `patience` is in seconds. The database `maninso` exists when the block is entered. Who leaves last stops the server;
    one that was killed leaves it running, and the next start attaches to it. Raises PostgresError with the end of the
    server's log and a cure.
    """
    places = _Places(base=settings.home.resolve() / "postgres", log=settings.home.resolve() / "postgres.log")
    entered_by = os.getpid()
    try:
        places.base.mkdir(parents=True, exist_ok=True)
        with _locked(places.base / "lock", patience):
            server = _attach(places, patience) or _start(settings, places, patience)
            _create_database(server)
            users = os.open(places.base / "users", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(users, fcntl.LOCK_SH)
    except OSError as error:
        raise PostgresError(
            f"the embedded PostgreSQL cannot be started: {error}",
            cure=f"let the account that runs the site own {settings.home} and everything in it",
        ) from error
    try:
        yield server
    finally:
        if os.getpid() == entered_by:  # a forked child that unwinds is no user of its own
            _leave(places, users, patience)


def remove_cluster(settings: Settings, *, patience: float = PATIENCE) -> None:
    """Stop the embedded server and delete its data. Raises PostgresError while somebody uses it."""
    places = _Places(base=settings.home.resolve() / "postgres", log=settings.home.resolve() / "postgres.log")
    if not places.base.exists():
        return
    with _locked(places.base / "lock", patience):
        users = os.open(places.base / "users", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _try_lock(users):
                raise PostgresError(
                    f"the embedded PostgreSQL in {places.base} is in use",
                    cure="stop the site and every other `maninso` that runs on it",
                )
            _stop(places, patience)
            if places.data.exists():
                shutil.rmtree(places.data)
        finally:
            os.close(users)


def is_running(settings: Settings) -> bool:
    """Whether the embedded server's postmaster lives; asks no more than that."""
    base = settings.home.resolve() / "postgres"
    return _running(_Places(base=base, log=settings.home.resolve() / "postgres.log")) is not None


def server_url(socket_dir: Path, database: str = DATABASE) -> str:
    """Give the address of a database of the server whose socket lies in `socket_dir`."""
    return f"postgresql://{ROLE}@/{quote(database, safe='')}?host={quote(str(socket_dir), safe='')}&port={_PORT}"


@contextmanager
def _locked(path: Path, patience: float) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + patience
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                raise PostgresError(
                    f"{path}: another process has been starting or stopping the server for {patience:.0f} seconds",
                    cure="end that process, or wait for it, and try again",
                )
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _leave(places: _Places, users: int, patience: float) -> None:
    """Give the server up, and stop it where nobody else holds it."""
    try:
        with _locked(places.base / "lock", patience):
            if _try_lock(users):
                _stop(places, patience)
    finally:
        os.close(users)


def _running(places: _Places) -> Server | None:
    """Read the postmaster's process file; None where that process is not the postmaster of this folder any more."""
    try:
        lines = places.process_file.read_text().splitlines()
        process, socket_dir = int(lines[0]), Path(lines[4])
    except (FileNotFoundError, ValueError, IndexError):
        return None
    words = read_command_line(process)
    if not words or Path(words[0]).name != "postgres" or str(places.data) not in words:
        return None
    return Server(url=server_url(socket_dir), data=places.data, socket_dir=socket_dir, process=process)


def _attach(places: _Places, patience: float) -> Server | None:
    server = _running(places)
    if server is None:
        return None
    deadline = time.monotonic() + patience
    while True:  # it may still be recovering, if who started it was killed meanwhile
        try:
            psycopg.connect(server_url(server.socket_dir, "postgres")).close()
            return server
        except psycopg.OperationalError as error:
            if _running(places) is None:
                return None
            if time.monotonic() > deadline:
                raise PostgresError(
                    f"the embedded PostgreSQL runs but takes no connection: {error}{_log_end(places, 0)}",
                    cure="if its log says that it is recovering, wait and start again",
                ) from error
        time.sleep(0.1)


def _start(settings: Settings, places: _Places, patience: float) -> Server:
    places.base.chmod(0o711)  # the server may be another account, which has to pass through; `data` itself is closed
    binaries = find_binaries(settings.postgres_bin, made_by=_made_by(places))
    account = choose_account(places.base, places.data, program=binaries.folder / "postgres")
    if not places.data.exists():
        _create_cluster(places, binaries.folder, binaries.major, account)
    socket_dir = _prepare_socket_dir(places, account)
    _write_configuration(places, socket_dir, binaries.folder, account)
    _clear_process_file(places)
    seen = places.log.stat().st_size if places.log.exists() else 0
    places.log.touch(mode=0o600)
    account.give(places.log)
    deadline = time.monotonic() + patience
    while True:
        left = max(1, round(deadline - time.monotonic()))
        command = [binaries.folder / "pg_ctl", "start", "-s", "-w", "-t", left, "-D", places.data, "-l", places.log]
        done = run_program(command, account=account)
        server = _running(places)
        if done.returncode == 0 and server is not None:
            return server
        log_end = _log_end(places, seen)
        # After kill -9 of the postmaster its children need a moment to notice; until then PostgreSQL rightly refuses.
        if "is still in use" not in log_end or time.monotonic() > deadline:
            raise PostgresError(
                f"the embedded PostgreSQL does not start: {done.stderr.strip() or done.stdout.strip()}{log_end}",
                cure=f"the whole log is {places.log}; another server can be named with DATABASE_URL",
            )
        time.sleep(0.2)


def _made_by(places: _Places) -> int | None:
    """Return the major version that made the cluster, or None before there is one."""
    if not places.data.exists():
        return None
    return int((places.data / "PG_VERSION").read_text())


def _create_cluster(places: _Places, folder: Path, major: int, account: Account) -> None:
    """Make the cluster beside its place and rename it, so that a broken-off attempt is never taken for a cluster."""
    if places.new_data.exists():
        shutil.rmtree(places.new_data)
    places.new_data.mkdir(mode=0o700)
    account.give(places.new_data)
    # The built-in C.UTF-8 is the same everywhere, and pg_trgm finds Hangul under it; before 17 the system's has to do.
    locale = ["--locale-provider=builtin", "--locale=C.UTF-8"] if major >= 17 else ["--locale=C.UTF-8"]
    command = [folder / "initdb", *locale, "-E", "UTF8", "-U", ROLE, "-A", "peer", "-D", places.new_data]
    done = run_program(command, account=account)
    if done.returncode != 0:
        raise PostgresError(
            f"the embedded PostgreSQL cannot be created: {done.stderr.strip()}",
            cure=f"see that there is room on the disk, and that nothing but the site writes to {places.base}",
        )
    with (places.new_data / "postgresql.conf").open("a") as file:
        file.write("\ninclude_if_exists = 'maninso.conf'\n")
    places.new_data.rename(places.data)


def _prepare_socket_dir(places: _Places, account: Account) -> Path:
    """Return an empty folder for the socket that only the server's account (and root) may enter.

    It is `socket` beside the data, or, where that path is too long for a socket, a folder made in the run-time or
    temporary folder, whose name is kept in the file `socket-dir` so that the next start uses it again.
    """
    socket_dir = places.base / "socket"
    if not _fits(socket_dir):
        note = places.base / "socket-dir"
        socket_dir = Path(note.read_text()) if note.exists() else Path("/nonexistent")
        owners = (os.geteuid(), account.uid)
        if socket_dir.is_symlink() or not socket_dir.is_dir() or socket_dir.stat().st_uid not in owners:
            socket_dir = _make_short_dir()
            note.write_text(str(socket_dir))
    socket_dir.mkdir(exist_ok=True)
    socket_dir.chmod(0o700)
    account.give(socket_dir)
    # No server runs on our data, and the folder is ours alone: what lies here is left from a crash.
    for name in (f".s.PGSQL.{_PORT}", f".s.PGSQL.{_PORT}.lock"):
        (socket_dir / name).unlink(missing_ok=True)
    return socket_dir


def _fits(socket_dir: Path) -> bool:
    return len(os.fsencode(socket_dir / f".s.PGSQL.{_PORT}")) <= _LONGEST_SOCKET


def _make_short_dir() -> Path:
    for parent in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):  # noqa: S108 -- mkdtemp: 0700, new
        if parent and os.access(parent, os.W_OK) and _fits(Path(parent) / "maninso-12345678"):
            return Path(tempfile.mkdtemp(prefix="maninso-", dir=parent))
    raise PostgresError(
        "there is no folder whose path is short enough for a unix socket",
        cure="set TMPDIR to a folder with a short path",
    )


def _write_configuration(places: _Places, socket_dir: Path, folder: Path, account: Account) -> None:
    """Write the settings of a site that signs, and who may connect: the owner of the site's folder, and root."""
    asked = [folder / "postgres", "-C", "wal_compression", "-c", "wal_compression=lz4", "-D", places.data]
    lz4 = run_program(asked, account=account).returncode == 0
    owners = sorted({user_name(places.base.stat().st_uid), user_name(0)})
    texts = {
        "maninso.conf": _CONFIGURATION.format(
            port=_PORT,
            socket_dir=str(socket_dir).replace("'", "''"),
            shared_buffers=choose_shared_buffers(read_memory()),
            wal_compression="lz4" if lz4 else "off",
        ),
        "pg_hba.conf": "local all all peer map=site\n",
        "pg_ident.conf": "".join(f'site "{owner}" {ROLE}\n' for owner in owners),
    }
    for name, text in texts.items():
        path = places.data / name
        if not path.exists() or path.read_text() != text:  # a start on a full disk writes nothing that it need not
            path.write_text(text)
        path.chmod(0o600)
        account.give(path)


def choose_shared_buffers(memory: int) -> int:
    """Return for how many MB of pages the server has room, where there are so many bytes of memory."""
    return min(max(memory // _BUFFERS_OF_MEMORY // 2**20, _FEWEST_BUFFERS), _MOST_BUFFERS)


def _clear_process_file(places: _Places) -> None:
    """Let a start pass a process file whose number another program has by now.

    PostgreSQL clears the file of a dead process itself, after it has made sure by the shared memory named in it that no
    child of that postmaster still writes. With a number that lives it only refuses. So the number is replaced by one
    that cannot live, and the file stays for the rest of the check.
    """
    try:
        lines = places.process_file.read_text().splitlines(keepends=True)
    except FileNotFoundError:
        return
    if not lines or not lines[0].strip().isdigit():
        places.process_file.unlink()  # the crash came before anything was in it: no server had started under it
        return
    lines[0] = f"{_NO_PROCESS}\n"
    draft = places.process_file.with_suffix(".draft")
    draft.write_text("".join(lines))  # whole or not at all: on a full disk a cut file would not stop a start any more
    draft.replace(places.process_file)


def _stop(places: _Places, patience: float) -> None:
    """Stop the server in PostgreSQL's fast mode: open transactions are rolled back, everything committed is written."""
    server = _running(places)
    if server is None:
        return
    os.kill(server.process, signal.SIGINT)
    deadline = time.monotonic() + patience
    while _running(places) is not None or read_command_line(server.process):
        if time.monotonic() > deadline:
            raise PostgresError(
                f"the embedded PostgreSQL (process {server.process}) has not stopped in {patience:.0f} seconds",
                cure=f"see {places.log}; the next start attaches to it or recovers what it left",
            )
        time.sleep(0.02)


def _create_database(server: Server) -> None:
    with psycopg.connect(server_url(server.socket_dir, "postgres"), autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount == 0:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _log_end(places: _Places, since: int) -> str:
    """Return the last lines of the server's log that were written after its first `since` bytes."""
    if not places.log.exists():
        return ""
    with places.log.open("rb") as file:
        file.seek(since)
        lines = file.read()[-8000:].decode(errors="replace").splitlines()
    return "".join(f"\n  | {line}" for line in lines[-15:])
