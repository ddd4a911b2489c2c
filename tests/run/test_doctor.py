"""The doctor finds each fault, names the cure, and fails only where something is wrong."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import psycopg
from tests.databases import make_database

from maninso.ledger.checkpoint import Checkpoint
from maninso.signing.signed import SignedFiles
from maninso.signing.sitelog import start_site_log

from .conftest import run_maninso

Command = Callable[..., "CompletedProcess[str]"]


def read_findings(done: "CompletedProcess[str]") -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = {}
    answer: dict[str, Any] = json.loads(done.stdout)
    for each in answer["findings"]:
        found.setdefault(each["check"], []).append((each["verdict"], each["message"], each["cure"]))
    assert answer["ok"] is (done.returncode == 0)
    assert all(bool(cure) == (verdict != "ok") for rows in found.values() for verdict, _, cure in rows)
    return found


def test_a_site_that_is_well(on_sample: Command) -> None:
    found = read_findings(on_sample("doctor", "--json"))
    verdicts = {check: [verdict for verdict, _, _ in rows] for check, rows in found.items()}
    assert verdicts == {
        "configuration": ["ok"],
        "charter": ["warn"],  # the default charter's time is over
        "keys": ["ok"],
        "database": ["warn", "ok"],  # embedded, but right
        "durability": ["ok"],
        "migrations": ["ok"],
        "logs": ["ok"],
        "search": ["ok"],
        "meanings": ["ok"],
        "disk": ["ok"],
        "clock": ["ok"],
        "mail": ["warn"],
        "host": ["warn"],
    }


def test_it_prints_lines_that_name_check_verdict_and_cure(on_sample: Command) -> None:
    lines = on_sample("doctor").stdout.splitlines()
    assert lines[0].split("\t") == ["check", "verdict", "found", "what to do"]
    assert [line for line in lines if line.startswith("durability\tok\t")] != []


def test_bad_configuration_is_a_finding(tmp_path: Path) -> None:
    done = run_maninso("doctor", "--json", home=tmp_path, MANINSO_REHEARSAL="yes")
    assert list(read_findings(done)) == ["configuration"]
    assert done.returncode == 1


def test_faults_outside_the_database_are_all_found_at_once(sample_home: Path, tmp_path: Path) -> None:
    shutil.copytree(sample_home / "keys", tmp_path / "keys")
    (tmp_path / "keys" / "wrap.key").chmod(0o644)
    (tmp_path / "keys" / "log.key").unlink()
    settings = {
        "DATABASE_URL": "postgresql://127.0.0.1:1/none",
        "MANINSO_CHARTER": "no-such-charter",
        "MANINSO_EMAIL_URL": "smtp://mail.example.org:none",
        "MANINSO_HOST": "petitions.example.org",
        "MANINSO_REHEARSAL": "1",
    }
    done = run_maninso("doctor", "--json", home=tmp_path, **settings)
    found = read_findings(done)
    assert done.returncode == 1
    verdicts = {check: [verdict for verdict, _, _ in rows] for check, rows in found.items()}
    assert verdicts["charter"] == ["fail"]
    assert verdicts["keys"] == ["fail", "warn"]
    assert verdicts["database"] == ["fail"]
    assert verdicts["mail"] == ["fail"]
    assert (verdicts["host"], verdicts["rehearsal"]) == (["ok"], ["warn"])
    assert found["keys"][0][2].startswith(f"chmod 600 {tmp_path}/keys/wrap.key")


def test_a_mail_server_that_does_not_answer_is_found(on_sample: Command) -> None:
    found = read_findings(on_sample("doctor", "--json", MANINSO_EMAIL_URL="smtp://127.0.0.1:1"))
    assert found["mail"][0][0] == "fail"
    assert found["mail"][0][1].startswith("127.0.0.1:1 does not answer")


def test_a_database_that_is_not_at_this_version_is_found(
    database_url: str, migrated_database: str, tmp_path: Path
) -> None:
    url = make_database(database_url, "doctor_migrations")
    behind = read_findings(run_maninso("doctor", "--json", home=tmp_path, DATABASE_URL=url))
    assert behind["migrations"][0][0] == "fail"
    assert behind["migrations"][0][1].startswith("not applied: petitions.0001_signing")
    refused = run_maninso("charter", "whatif", "university", "--petition", "1", home=tmp_path, DATABASE_URL=url)
    assert (refused.returncode, "run `maninso migrate`" in refused.stderr) == (1, True)
    url = make_database(database_url, "doctor_migrations", template=migrated_database)
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('petitions', '9999_tomorrow', now())"
        )
    ahead = read_findings(run_maninso("doctor", "--json", home=tmp_path, DATABASE_URL=url))
    assert ahead["migrations"][0][:2] == ("fail", "a newer version changed the database: petitions.9999_tomorrow")


def test_a_server_that_does_not_wait_for_its_disk_is_found(database_url: str, tmp_path: Path) -> None:
    url = make_database(database_url, "doctor_durability")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET synchronous_commit = off")
    found = read_findings(run_maninso("doctor", "--json", home=tmp_path, DATABASE_URL=url))
    assert found["durability"][0][0] == "fail"


def test_a_log_that_is_behind_what_was_signed_is_found(
    database_url: str, migrated_database: str, tmp_path: Path
) -> None:
    url = make_database(database_url, "doctor_logs", template=migrated_database)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        start_site_log(cursor, host="petitions.example.org")
    signed = SignedFiles(tmp_path / "keys" / "signed")
    signed.record(Checkpoint("petitions.example.org/log", 7, b"r" * 32))
    done = run_maninso("doctor", "--json", home=tmp_path, DATABASE_URL=url)
    ((verdict, message, cure),) = read_findings(done)["logs"]
    behind = "petitions.example.org/log was signed at 7 leaves, and the database has 0"
    assert (done.returncode, verdict, message) == (1, "fail", behind)
    assert "rebuild the log from its published tiles" in cure
