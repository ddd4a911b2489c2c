"""Examines the site: configuration, charter, database, keys, disk, clock and mail; for each fault it says the cure."""

import datetime as dt
import os
import shutil
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from maninso import ManinsoError
from maninso.charter import is_in_force, legal_day, read_charter
from maninso.run.database import (
    EXTENSIONS,
    check_database,
    connect,
    missing_migrations,
    open_database,
    start_django,
    unknown_migrations,
)
from maninso.run.settings import Settings, read_settings
from maninso.signing.signed import SignedFiles
from maninso.signing.tree import find_contradictions

KEYS = ("secret.key", "wrap.key", "log.key")
MOST_DUE = 1000  # petitions that may wait for the search index: an import of an archive makes many due at once
MOST_LOGS = 10  # of those that are behind, one by one
LITTLE_DISK = 5 * 2**30  # bytes; below it a warning
NO_DISK = 2**29  # bytes; below it a failure: PostgreSQL stops when its disk is full
WRONG_CLOCK = 2.0  # seconds between our clock and the database's; petitions close by the database's
OLDEST_DAY = dt.date(2025, 1, 1)  # before this program was written


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found: the verdict is ok, warn or fail, and the cure is empty where there is nothing to do."""

    check: str
    verdict: str
    message: str
    cure: str = ""


def examine() -> list[Finding]:
    """Examine the site that the environment describes; a check that breaks is a finding too, never an exception."""
    try:
        settings = read_settings()
    except ManinsoError as error:
        return [Finding(check="configuration", verdict="fail", message=str(error), cure=error.cure)]
    findings = [_say("configuration", "ok", f"read; the site's folder is {settings.home}")]
    checks: list[tuple[str, Callable[[Settings], Iterator[Finding]]]] = [
        ("charter", _check_charter),
        ("keys", _check_keys),
        ("database", _check_database),
        ("disk", _check_disk),
        ("clock", _check_clock),
        ("mail", _check_mail),
        ("host", _check_host),
    ]
    for name, check in checks:
        try:
            findings.extend(check(settings))
        except ManinsoError as error:
            findings.append(_say(name, "fail", str(error), error.cure))
        except OSError as error:
            cure = "let the account that runs the site read and write its folder"
            findings.append(_say(name, "fail", str(error), cure))
    return findings


def _say(check: str, verdict: str, message: str, cure: str = "") -> Finding:
    return Finding(check=check, verdict=verdict, message=message, cure=cure)


def _check_charter(settings: Settings) -> Iterator[Finding]:
    charter = read_charter(settings.charter)
    today = legal_day(charter, dt.datetime.now(dt.UTC))
    if is_in_force(charter, today):
        yield _say("charter", "ok", f"{charter.id} is right and in force")
    else:
        cure = "for a site of your own, set MANINSO_CHARTER to your institution's charter"
        yield _say("charter", "warn", f"{charter.id} is right, but it was not in force on {today}", cure)


def _check_keys(settings: Settings) -> Iterator[Finding]:
    present = [path for name in (*KEYS, "promise.key", "subject.key") if (path := settings.keys_dir / name).exists()]
    present += settings.keys_dir.glob("petitions/*.key")
    bad = 0
    for path in [settings.keys_dir, *present] if present else []:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            bad += 1
            cure = f"chmod {'700' if path.is_dir() else '600'} {path}, and think about who may have read it"
            yield _say("keys", "fail", f"{path} can be read by other accounts (mode {mode:o})", cure)
        elif path.stat().st_uid != os.geteuid() and os.geteuid() != 0:
            bad += 1
            yield _say(
                "keys", "fail", f"{path} belongs to another account", "run the site as that account, or chown it"
            )
    missing = [name for name in KEYS if not (settings.keys_dir / name).exists()]
    if "secret.key" in missing and os.environ.get("MANINSO_SECRET_KEY"):
        missing.remove("secret.key")
    if missing:
        cure = "they are made at the first start; if the site had run before, restore them from your backup"
        yield _say("keys", "warn", f"not there yet: {', '.join(missing)}", cure)
    elif not bad:
        yield _say("keys", "ok", "present, and closed to other accounts")


def _check_database(settings: Settings) -> Iterator[Finding]:
    if settings.database_url is None:
        cure = "fine for trying out; a serious site sets DATABASE_URL to a server with a standby and backups"
        yield _say("database", "warn", "embedded: one machine, no standby", cure)
    with ExitStack() as stack:
        opened = stack.enter_context(open_database(settings))
        facts = check_database(opened)
        version = f"{facts.version // 10000}.{facts.version % 10000}"
        yield _say("database", "ok", f"PostgreSQL {version}, encoding {facts.encoding}, finds Hangul")
        if facts.synchronous_commit == "off" or not facts.fsync:
            cure = "set fsync = on and synchronous_commit = on (or more) in the server's postgresql.conf"
            yield _say("durability", "fail", "the server says yes before a commit is on disk", cure)
        else:
            yield _say("durability", "ok", f"fsync is on, synchronous_commit is {facts.synchronous_commit}")
        absent = [name for name in EXTENSIONS if name not in facts.extensions]
        if absent:
            cure = "install pgvector on the server to find by meaning, too; or leave it: words find without it"
            yield _say("extensions", "warn", f"not available: {', '.join(absent)}", cure)
        if abs(facts.clock_ahead) > WRONG_CLOCK:
            cure = "let both machines keep their clocks by NTP: petitions open and close by the database's clock"
            yield _say("clock", "fail", f"the database's clock differs by {facts.clock_ahead:+.1f} seconds", cure)
        yield from _check_migrations()
        if not (unknown_migrations() or missing_migrations()):
            yield from _check_logs(opened)
            yield from _check_search(opened)


def _check_migrations() -> Iterator[Finding]:
    start_django()
    unknown, missing = unknown_migrations(), missing_migrations()
    if unknown:
        cure = "install the newer version again, or restore the backup made before"
        yield _say("migrations", "fail", f"a newer version changed the database: {', '.join(unknown)}", cure)
    elif missing:
        yield _say(
            "migrations", "fail", f"not applied: {', '.join(missing)}", "make a backup, then run `maninso migrate`"
        )
    else:
        yield _say("migrations", "ok", "the database is at this version")


def _check_logs(settings: Settings) -> Iterator[Finding]:
    with connect(settings) as connection, connection.cursor() as cursor:
        wrong = find_contradictions(cursor, SignedFiles(settings.signed_dir))
        cursor.execute("SELECT count(*) FROM signing_tree")
        row = cursor.fetchone()
    for _, error in wrong[:MOST_LOGS]:
        yield _say("logs", "fail", str(error), error.cure)
    if len(wrong) > MOST_LOGS:
        yield _say("logs", "fail", f"and {len(wrong) - MOST_LOGS} logs more", wrong[-1][1].cure)
    if not wrong:
        yield _say("logs", "ok", f"{row[0] if row else 0} logs, none behind what was signed last")


def _check_search(settings: Settings) -> Iterator[Finding]:
    from maninso.petitions.discovery import has_vectors, index_lag, vector_lag

    due = index_lag()
    if due > MOST_DUE:
        cure = "see that the worker runs, or run `maninso index`"
        yield _say("search", "warn", f"{due:,} petitions wait to be indexed", cure)
    else:
        yield _say("search", "ok", f"{due:,} petitions wait to be indexed")
    if settings.semantic and not has_vectors():
        cure = "let a superuser run CREATE EXTENSION vector (pgvector 0.8 or newer), then run `maninso migrate`"
        yield _say("meanings", "warn", "petitions are found by words alone: the database has no pgvector", cure)
    elif settings.semantic:
        missing = vector_lag()
        cure = "the worker makes them, about two a second" if missing else ""
        yield _say("meanings", "warn" if missing else "ok", f"{missing:,} petitions have no vector yet", cure)


def _check_disk(settings: Settings) -> Iterator[Finding]:
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    verdict = "fail" if free < NO_DISK else "warn" if free < LITTLE_DISK else "ok"
    cure = "" if verdict == "ok" else "make room: a full disk stops the database"
    yield _say("disk", verdict, f"{free / 2**30:.1f} GiB free in {folder}", cure)


def _check_clock(settings: Settings) -> Iterator[Finding]:
    wall, steady = time.time(), time.monotonic()
    time.sleep(0.05)
    drift = (time.time() - wall) - (time.monotonic() - steady)
    today = dt.datetime.now(dt.UTC).date()
    if today < OLDEST_DAY or abs(drift) > 0.5:
        yield _say(
            "clock", "fail", f"this machine says it is {today}, or its clock jumps", "set it, and keep it by NTP"
        )
    else:
        yield _say("clock", "ok", f"{today} (UTC), and it runs evenly")


def _check_mail(settings: Settings) -> Iterator[Finding]:
    parts = urlsplit(settings.email_url)
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        if not os.access(nearest, os.W_OK):
            cure = "let the site's account write there, or set MANINSO_EMAIL_URL"
            yield _say("mail", "fail", f"{folder} cannot be written", cure)
        else:
            cure = "fine for trying out; to send mail, set MANINSO_EMAIL_URL=smtp://user:password@host:587"
            yield _say("mail", "warn", f"messages are kept in {folder}, nothing is sent", cure)
        return
    try:
        port = parts.port or 587
    except ValueError:
        port = 0
    if not parts.hostname or not port:
        cure = "write it as smtp://user:password@host:587 or smtps://user:password@host:465"
        yield _say("mail", "fail", "MANINSO_EMAIL_URL names no host, or a port that is none", cure)
        return
    try:
        socket.create_connection((parts.hostname, port), timeout=5).close()
    except OSError as error:
        cure = "see that the mail server runs, and that name and port are right"
        yield _say("mail", "fail", f"{parts.hostname}:{port} does not answer: {error}", cure)
    else:
        yield _say("mail", "ok", f"{parts.hostname}:{port} answers")


def _check_host(settings: Settings) -> Iterator[Finding]:
    if settings.host.split(":")[0] in ("localhost", "127.0.0.1"):
        cure = "set MANINSO_HOST before the first petition opens: it becomes part of each log's name for ever"
        yield _say("host", "warn", f"the site calls itself {settings.host}", cure)
    else:
        yield _say("host", "ok", settings.host)
    if settings.rehearsal:
        cure = "unset MANINSO_REHEARSAL on a real site: anybody can sign as a made-up person"
        yield _say("rehearsal", "warn", "this is a rehearsal", cure)
