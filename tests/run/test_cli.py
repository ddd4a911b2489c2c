"""The command line: exit statuses, one JSON object where it is asked for, and no traceback for bad input."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from tests.shared import give_cluster

from maninso import __version__
from maninso.charter import preset_ids
from maninso.run.cli import main

from .conftest import run_maninso

Command = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def run_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Run a command that needs no database in this process, which is faster."""
    handler = signal.getsignal(signal.SIGTERM)
    monkeypatch.setenv("MANINSO_HOME", str(tmp_path))

    def run(*words: str) -> "CompletedProcess[str]":
        monkeypatch.setattr(sys, "argv", ["maninso", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return CompletedProcess(words, int(ended.value.code or 0), shown.out, shown.err)

    yield run
    signal.signal(signal.SIGTERM, handler)


def test_it_says_its_version(tmp_path: Path) -> None:
    done = run_maninso("--version", home=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"maninso {__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["no-such-command"], 2, "No such command"),
        (["serve", "--port", "0"], 2, "--port"),
        (["charter", "show", "no-such-charter"], 2, "there is no charter 'no-such-charter'"),
        (["charter", "show", "university", "--language", "fr"], 2, "neither ko nor en"),
        (["charter", "show", "missing.toml"], 3, "missing.toml: cannot be read"),
        (["charter", "check", "missing.toml"], 3, "missing.toml: No such file or directory"),
        (["charter", "whatif", "eu-eci"], 2, "needs one of --petition N and --counts FILE"),
        (["charter", "whatif", "eu-eci", "--counts", "missing.json"], 3, "missing.json: No such file or directory"),
        (["verify", "missing-folder"], 3, "missing-folder is not a folder"),
        (["verify", "x", "--key", "not a key"], 2, "--key: "),
        (["rehearse", "new", "--signers", "1", "--rate", "0"], 2, "lets nobody sign"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_has_its_status_a_message_and_no_traceback(
    words: list[str], status: int, says: str, run_here: Command
) -> None:
    done = run_here(*words)
    assert (done.returncode, done.stdout) == (status, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr


def test_a_bad_setting_is_bad_usage(tmp_path: Path) -> None:
    done = run_maninso("migrate", home=tmp_path, MANINSO_HOST="Not A Host")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("maninso: MANINSO_HOST='Not A Host' is not a host name\n  what to do: ")


def test_a_charter_that_is_none_stops_the_start(tmp_path: Path) -> None:
    done = run_maninso("serve", "--port", "65001", home=tmp_path, MANINSO_CHARTER="no-such-charter")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no charter 'no-such-charter'" in done.stderr


def test_a_database_that_does_not_answer_leaves_nothing_known(tmp_path: Path) -> None:
    done = run_maninso("migrate", home=tmp_path, DATABASE_URL="postgresql://someone:geheim@127.0.0.1:1/maninso")
    assert (done.returncode, done.stdout) == (3, "")
    assert "the database of DATABASE_URL does not answer" in done.stderr
    assert "geheim" not in done.stderr


def test_an_address_that_is_none_does_not_print_itself(tmp_path: Path) -> None:
    done = run_maninso("migrate", home=tmp_path, DATABASE_URL="mysql://someone:geheim@localhost/maninso")
    assert (done.returncode, done.stdout) == (2, "")
    assert "geheim" not in done.stderr
    assert "Traceback" not in done.stderr


def test_charters_are_listed_and_shown(run_here: Command) -> None:
    listed = json.loads(run_here("charter", "list", "--json").stdout)
    assert [charter["id"] for charter in listed["charters"]] == list(preset_ids())
    shown = json.loads(run_here("charter", "show", "university", "--json").stdout)
    rows = {row["figure"]: row for part in shown["parts"] for row in part["rows"]}
    assert (rows["Window"]["value"], rows["Window"]["confidence"]) == ("30 days", "confirmed")
    plain = run_here("charter", "show", "university", "--language", "ko")
    assert "대학 청원" in plain.stdout
    assert "\x1b" not in plain.stdout


def test_a_charter_file_is_checked_line_by_line(run_here: Command, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('id = "mine"\ncolour = "red"\n')
    wrong = run_here("charter", "check", str(file))
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert f"{file}:2: colour: " in wrong.stderr
    as_json = run_here("charter", "check", str(file), "--json")
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["ok"] is False


def test_whatif_for_counts_from_elsewhere(run_here: Command, tmp_path: Path) -> None:
    counts = tmp_path / "counts.json"
    counts.write_text('{"registered": "2024-09-01", "signatures": 1200000, "by_region": {"DE": 69120, "AT": 14399}}')
    done = run_here("charter", "whatif", "eu-eci", "--counts", str(counts), "--json")
    assert done.returncode == 0
    (threshold,) = json.loads(done.stdout)["thresholds"]
    keys = ("met", "signatures", "needed", "regions_met", "regions_needed")
    assert [threshold[key] for key in keys] == [False, 1_200_000, 1_000_000, 1, 7]


def test_whatif_for_a_petition_takes_its_history(on_sample: Command) -> None:
    own = json.loads(on_sample("charter", "whatif", "uk-parliament", "--petition", "6", "--json").stdout)
    response, debate = own["thresholds"]
    assert (response["met"], response["signatures"], response["owed"]) == (True, 10_841, True)
    assert response["due"] is not None  # 21 days after the hour in which the count passed 10,000
    assert (debate["met"], debate["due"], own["is_reported"]) == (False, None, False)
    other = json.loads(on_sample("charter", "whatif", "blue-house-2019", "--petition", "6", "--json").stdout)
    assert [each["met"] for each in other["thresholds"]] == [False]
    plain = on_sample("charter", "whatif", "taiwan-join", "--petition", "6")
    assert plain.stdout.splitlines()[1].split("\t")[:3] == ["threshold", "signatures", "needed"]


@pytest.mark.parametrize(
    ("number", "status", "says"),
    [("999", 3, "there is no petition 999"), ("17", 1, "petition 17 never opened")],
)
def test_whatif_for_a_petition_without_history(number: str, status: int, says: str, on_sample: Command) -> None:
    done = on_sample("charter", "whatif", "university", "--petition", number)
    assert (done.returncode, done.stdout) == (status, "")
    assert says in done.stderr


def test_the_import_says_what_became_of_each_line(tmp_path: Path) -> None:
    good = (
        '{"category": "교통", "begin": "2019-05-01", "end": "2019-05-31", "content": "버스 전용 차로", '
        '"num_agree": %d, "petition_idx": %d, "status": "청원종료", "title": "버스"}\n'
    )
    give_cluster(tmp_path)
    file = tmp_path / "made-up.jsonl"
    file.write_text(good % (200_000, 1) + "not json\n" + good % (199_999, 2))
    first = json.loads(run_maninso("import", "blue-house", str(file), "--json", home=tmp_path).stdout)
    assert (first["read"], first["added"], first["unchanged"]) == (3, 2, 0)
    assert [(each["file"], each["line"]) for each in first["skipped"]] == [(str(file), 2)]
    assert [(each["source_id"], each["signatures"], each["due"]) for each in first["reached"]] == [
        ("1", 200_000, "2019-06-30")
    ]
    again = run_maninso("import", "blue-house", str(file), home=tmp_path)
    assert again.returncode == 0
    assert again.stdout.splitlines()[0] == "3 lines: 0 kept as new, 0 changed, 2 unchanged, 1 skipped."
    assert "1 petitions reached 200,000." in again.stdout
    file.write_text("nothing here\n")
    none = run_maninso("import", "blue-house", str(file), home=tmp_path)
    assert (none.returncode, "Traceback" in none.stderr) == (1, False)
    assert "nothing could be used" in none.stderr


def test_made_up_people_are_refused_outside_a_rehearsal(on_sample: Command) -> None:
    done = on_sample("rehearse", "1", "--signers", "1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "MANINSO_REHEARSAL=1" in done.stderr


def test_tickets_are_written_for_another_load_generator(on_sample: Command, tmp_path: Path) -> None:
    file = tmp_path / "tickets"
    words = ("rehearse", "1", "--signers", "3", "--write-tickets", str(file), "--json")
    done = on_sample(*words, MANINSO_REHEARSAL="1")
    assert json.loads(done.stdout) == {"petition": 1, "tickets": 3, "file": str(file)}
    assert len(set(file.read_text().split())) == 3


def test_a_port_that_is_taken_is_said_at_once(run_here: Command, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_here("serve", "--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"127.0.0.1:{port} cannot be listened on" in done.stderr
    assert not (tmp_path / "postgres").exists()  # nothing was started for it


def test_serve_answers_and_ends_on_sigterm_with_its_database(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MANINSO_", "DATABASE_"))}
    site = subprocess.Popen(
        [sys.executable, "-m", "maninso", "serve", "--port", str(port)],
        env={**environment, "MANINSO_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        status = wait_for(f"http://127.0.0.1:{port}/healthz", site)
    finally:
        site.send_signal(signal.SIGTERM)
        output, _ = site.communicate(timeout=60)
    assert (status, b"Traceback" in output) == (200, False), output.decode()
    assert not (tmp_path / "postgres" / "data" / "postmaster.pid").exists()


def wait_for(address: str, site: "subprocess.Popen[bytes]") -> int:
    """Give the status that the address answers with once the site is up; 0 where it does not come up."""
    deadline = time.monotonic() + 120
    while site.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(address, timeout=5) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code
        except OSError:
            time.sleep(0.1)
    return 0
