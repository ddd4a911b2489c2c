"""`maninso rebuild`: from a restored database and a copy of the published files back to a log that goes on."""

import json
import os
from pathlib import Path

import psycopg
import pytest
from tests.databases import make_database
from tests.signing.conftest import HOST, NOW, Logs
from tests.signing.test_forks import Dump
from tests.signing.test_rebuild import publish
from tests.signing.test_sequencer import append, published

from maninso.ledger.entries import render_sign
from maninso.run.agreement import require_agreement
from maninso.run.settings import read_or_make_secret, read_settings
from maninso.signing.keys import LogKey
from maninso.signing.sequencer import Sequencer
from maninso.signing.signed import SignedFiles

from .conftest import run_maninso


def entries(number: int) -> list[bytes]:
    return [render_sign(1, 0, 0, os.urandom(16), os.urandom(32)) for _ in range(number)]


@pytest.fixture
def url(database_url: str, migrated_database: str) -> str:
    return make_database(database_url, "rebuild_command", template=migrated_database)


def test_a_log_is_rebuilt_once_and_only_from_what_reaches_what_was_signed(url: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = {"DATABASE_URL": url, "MANINSO_HOST": HOST}
    words = ["rebuild", "7", "--from", str(tmp_path / "none")]
    early = run_maninso(*words, home=home, **settings)
    assert (early.returncode, "log.key is not there" in early.stderr) == (1, True)
    key = LogKey(read_or_make_secret(home / "keys" / "log.key"))
    with psycopg.connect(url, autocommit=True) as connection:
        petition = Logs(connection).open()
        sequencer = Sequencer(connection, key.sign_as, signed=SignedFiles(home / "keys" / "signed"))
        sequencer.catch_up(now=NOW)
        dump = Dump(connection, petition)
        append(connection, petition, entries(5))
        sequencer.catch_up(now=NOW)
        older = publish(connection, petition, tmp_path / "older")
        append(connection, petition, entries(300))
        sequencer.catch_up(now=NOW)
        copy = publish(connection, petition, tmp_path / "copy")
        dump.restore()
        refused = run_maninso("worker", home=home, **settings)
        assert (refused.returncode, "rebuild the log from its published tiles" in refused.stderr) == (1, True)
        kept = home / "cache" / "1-any" / str(petition) / "tile" / "0" / "000"
        kept.parent.mkdir(parents=True)
        kept.write_bytes(b"of before")
        words = ["rebuild", str(petition), "--from"]
        assert run_maninso(*words, str(tmp_path / "none"), home=home, **settings).returncode == 3
        short = run_maninso(*words, str(older), home=home, **settings)
        assert (short.returncode, "was signed at 306 leaves, and the database has 6" in short.stderr) == (1, True)
        assert (published(connection, petition)[0], kept.exists()) == (1, True)
        done = run_maninso(*words, str(copy), "--json", home=home, **settings)
        assert json.loads(done.stdout) == {
            "origin": f"{HOST}/p/{petition}/log",
            "kept": 1,
            "added": 305,
            "moved": 0,
        }
        assert published(connection, petition)[0] == 306  # published again at once, so that the site's log may follow
        assert not kept.exists()
        require_agreement(read_settings({"MANINSO_HOME": str(home), **settings}))
        again = run_maninso(*words, str(copy), home=home, **settings)
        assert (again.returncode, "has 306 leaves, and the published log 306" in again.stderr) == (1, True)
        stranger = run_maninso("rebuild", "8", "--from", str(copy), home=home, **settings)
        assert (stranger.returncode, stranger.stdout) == (1, "")
