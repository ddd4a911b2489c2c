"""`maninso office`: members and the record, from the command line."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import psycopg
import pytest
from tests.databases import make_database

from .conftest import run_maninso

Command = Callable[..., "CompletedProcess[str]"]


def test_the_demonstration_prints_a_link_into_its_office_for_each_role(on_sample: Command) -> None:
    shown = on_sample("demo", "--no-serve", "--port", "8765").stdout
    for role in ("moderator", "clerk", "auditor", "operator"):
        assert f"  {role}@example.org\n      http://127.0.0.1:8765/office/enter/" in shown


@pytest.fixture
def own(migrated_database: str) -> str:
    """The address of a database without rows."""
    return make_database(os.environ["DATABASE_URL"], "office", template=migrated_database)


def test_members_come_and_go_on_a_record_that_is_checked(own: str, tmp_path: Path) -> None:
    def run(*words: str) -> "CompletedProcess[str]":
        return run_maninso("office", *words, home=tmp_path, DATABASE_URL=own)

    done = run("add", "Kim@example.org", "--role", "moderator")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "kim@example.org is now a moderator")
    done = run("add", "kim@example.org", "--role", "auditor", "--json")
    assert json.loads(done.stdout) == {
        "email": "kim@example.org",
        "role": "auditor",
        "institution": "",
        "new": False,
    }
    assert json.loads(run("list", "--json").stdout)["members"][0]["role"] == "auditor"
    done = run("add", "kim", "--role", "moderator")
    assert (done.returncode, done.stdout, "no e-mail address" in done.stderr) == (2, "", True)
    done = run("add", "lee@example.org", "--role", "king")
    assert (done.returncode, "moderator, clerk, auditor, operator" in done.stderr) == (2, True)
    assert run("remove", "kim@example.org").returncode == 0
    assert run("remove", "kim@example.org").returncode == 2
    report = json.loads(run("audit", "--json", "--export", str(tmp_path / "record.jsonl")).stdout)
    assert (report["size"], report["wrong"]) == (3, None)
    lines = (tmp_path / "record.jsonl").read_text().splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["member-added", "member-changed", "member-removed"]


def test_a_changed_record_is_found_and_fails_the_command(own: str, tmp_path: Path) -> None:
    run_maninso("office", "add", "kim@example.org", "--role", "clerk", home=tmp_path, DATABASE_URL=own)
    with psycopg.connect(own) as connection:
        connection.execute("ALTER TABLE petitions_auditrecord DISABLE TRIGGER ALL")
        connection.execute("UPDATE petitions_auditrecord SET actor = 'somebody else'")
    done = run_maninso("office", "audit", home=tmp_path, DATABASE_URL=own)
    assert (done.returncode, done.stdout) == (1, "")
    assert "entry 1 of the office's record is wrong: it was changed" in done.stderr
    assert run_maninso("office", "audit", "--json", home=tmp_path, DATABASE_URL=own).returncode == 1
