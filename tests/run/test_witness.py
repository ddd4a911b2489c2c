"""The served witness: what it cosigned is on disk, two requests at once cannot fork it, a restart forgets nothing."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from tests.ledger.conftest import HonestLog

from maninso import ManinsoError, UsageError
from maninso.ledger.checkpoint import peek_checkpoint
from maninso.ledger.merkle import prove_consistency
from maninso.ledger.note import SignedNote, SignerKey, VerifierKey
from maninso.ledger.proof import open_cosignatures
from maninso.ledger.witness import AddRequest, name_state
from maninso.run.witness import Witness, WitnessStateError, make_server

from .conftest import run_maninso

ORIGIN = "petitions.example/log"
NAME = "witness.example/w"


@pytest.fixture
def log(tmp_path: Path) -> HonestLog:
    return HonestLog(tmp_path / "log", SignerKey(ORIGIN, b"s" * 32)).begin().sign(*range(1, 300))


@contextmanager
def served(state: Path, log: HonestLog) -> Iterator[tuple[Witness, int]]:
    witness = Witness(state, name=NAME, logs={ORIGIN: [log.signer.verifier]}, clock=lambda: 1_700_000_000.5)
    server = make_server(witness, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield witness, server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        witness.close()


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def add(port: int, log: HonestLog, old: int, size: int) -> tuple[int, bytes]:
    proof = tuple(prove_consistency(old, size, log.read_hashes)) if old <= size else ()
    answer, body = ask(port, "POST", "/add-checkpoint", AddRequest(old, proof, log.checkpoint(size)).render())
    return answer.status, body


def test_what_is_cosigned_is_shown_and_kept_over_a_restart(tmp_path: Path, log: HonestLog) -> None:
    state = tmp_path / "state"
    with served(state, log) as (witness, port):
        key = witness.key
        status, body = add(port, log, 0, 200)
        assert status == 200
        note = SignedNote.parse(log.checkpoint(200))
        cosigned = note.render() + body
        assert [each.time for each in open_cosignatures(cosigned, [key])] == [1_700_000_000]
        answer, shown = ask(port, "GET", f"/{name_state(ORIGIN)}/checkpoint")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
        assert shown == cosigned
    with served(state, log) as (witness, port):
        assert witness.key == key
        assert add(port, log, 0, 300) == (409, b"200\n")
        assert add(port, log, 200, 300)[0] == 200
        assert add(port, log, 200, 250) == (409, b"300\n")


def test_the_answers_of_the_specification(tmp_path: Path, log: HonestLog) -> None:
    other = HonestLog(tmp_path / "o", SignerKey("elsewhere.example/log", b"s" * 32)).sign(1)
    impostor = HonestLog(tmp_path / "i", SignerKey(ORIGIN, b"x" * 32)).sign(1)
    fork = HonestLog(tmp_path / "f", log.signer).begin().sign(*range(2, 301))
    with served(tmp_path / "state", log) as (_, port):
        assert add(port, other, 0, 1)[0] == 404
        assert add(port, impostor, 0, 1)[0] == 403
        assert add(port, log, 0, 200)[0] == 200
        assert add(port, log, 201, 200)[0] == 400
        assert add(port, fork, 200, 300)[0] == 422
        assert add(port, fork, 200, 200) == (409, b"200\n")
        answer, _ = ask(port, "POST", "/add-checkpoint", AddRequest(7, (), log.checkpoint(200)).render())
        assert (answer.status, answer.headers["Content-Type"]) == (409, "text/x.tlog.size")
        assert ask(port, "POST", "/add-checkpoint", b"nonsense")[0].status == 400
        assert ask(port, "POST", "/other", b"")[0].status == 404
        assert ask(port, "GET", "/add-checkpoint")[0].status == 404
        assert ask(port, "GET", f"/{'0' * 64}/checkpoint")[0].status == 404
        assert ask(port, "GET", "/key/checkpoint")[0].status == 404
        assert ask(port, "GET", "/../key")[0].status == 404


@pytest.mark.parametrize(
    ("length", "status"), [("", 411), ("x", 411), ("+5", 411), ("-1", 411), ("9999999", 413), ("9" * 30, 413)]
)
def test_a_request_says_how_long_it_is(tmp_path: Path, log: HonestLog, length: str, status: int) -> None:
    with served(tmp_path / "state", log) as (_, port):
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.putrequest("POST", "/add-checkpoint")
        if length:
            connection.putheader("Content-Length", length)
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Connection"]) == (status, "close")
        answer.read()
        connection.close()


def test_of_two_forks_at_once_one_is_cosigned(tmp_path: Path, log: HonestLog) -> None:
    """Both extend what the witness knows, so each alone would be cosigned."""
    for attempt in range(10):
        forks = [
            HonestLog(tmp_path / f"{attempt}{number}", log.signer, log.entries[:200]).sign(*range(first, first + 50))
            for number, first in enumerate((400, 500, 600, 700))
        ]
        with served(tmp_path / f"state{attempt}", log) as (_, port):
            add(port, log, 0, 200)
            answers: list[int] = []
            barrier = threading.Barrier(len(forks))

            def send(fork: HonestLog, barrier: threading.Barrier = barrier, port: int = port) -> None:
                barrier.wait()
                answers.append(add(port, fork, 200, 250)[0])  # noqa: B023 - joined within this round

            threads = [threading.Thread(target=send, args=(fork,)) for fork in forks]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert sorted(answers) == [200, 409, 409, 409]


def test_one_connection_takes_many_requests(tmp_path: Path, log: HonestLog) -> None:
    with served(tmp_path / "state", log) as (_, port):
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        for old, size in [(0, 100), (100, 200), (200, 300)]:
            body = AddRequest(old, tuple(prove_consistency(old, size, log.read_hashes)), log.checkpoint(size)).render()
            connection.request("POST", "/add-checkpoint", body)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
        connection.close()


def test_nothing_is_answered_that_is_not_on_disk(tmp_path: Path, log: HonestLog) -> None:
    with served(tmp_path / "state", log) as (_, port):
        assert add(port, log, 0, 100)[0] == 200
        (tmp_path / "state" / f"{name_state(ORIGIN)}.part").mkdir()  # so that it cannot be written
        assert add(port, log, 100, 200)[0] == 500
        (tmp_path / "state" / f"{name_state(ORIGIN)}.part").rmdir()
        assert add(port, log, 100, 200)[0] == 200


@pytest.mark.parametrize("spoil", [lambda data: b"", lambda data: data[:-9], lambda data: data.replace(b"100", b"101")])
def test_a_spoilt_state_stops_the_start(tmp_path: Path, log: HonestLog, spoil: object) -> None:
    with served(tmp_path / "state", log) as (_, port):
        add(port, log, 0, 100)
    path = tmp_path / "state" / name_state(ORIGIN)
    path.write_bytes(spoil(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(WitnessStateError, match="is not what this witness wrote"), served(tmp_path / "state", log):
        pass
    path.unlink()
    with served(tmp_path / "state", log):
        pass


def test_a_state_without_its_key_stops_the_start(tmp_path: Path, log: HonestLog) -> None:
    with served(tmp_path / "state", log) as (_, port):
        add(port, log, 0, 100)
    (tmp_path / "state" / "key").unlink()
    with pytest.raises(WitnessStateError), served(tmp_path / "state", log):
        pass


def test_two_witnesses_cannot_use_one_folder(tmp_path: Path, log: HonestLog) -> None:
    state = tmp_path / "state"
    first = served(state, log)
    with first, pytest.raises(WitnessStateError, match="another witness uses"), served(state, log):
        pass
    with served(tmp_path / "state", log):
        pass


def test_the_folder_is_closed_to_others(tmp_path: Path, log: HonestLog) -> None:
    with served(tmp_path / "state", log) as (_, port):
        add(port, log, 0, 100)
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
    assert (tmp_path / "state" / "key").stat().st_mode & 0o077 == 0


def test_a_name_that_is_none_is_bad_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        Witness(tmp_path / "state", name="a witness", logs={}, clock=time.time)
    (tmp_path / "file").write_text("")
    with pytest.raises(ManinsoError, match="file"):
        Witness(tmp_path / "file", name=NAME, logs={}, clock=time.time)


def run_witness(*words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "maninso", "witness", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def test_the_command_prints_its_key_and_serves(tmp_path: Path, log: HonestLog) -> None:
    from tests.journeys.test_witnessing import free_port

    port = free_port()
    config = tmp_path / "logs.policy"
    config.write_text(f"log {log.vkey}\nquorum none\n")
    words = ["--name", NAME, "--state", str(tmp_path / "state"), "--config", str(config), "--port", str(port)]
    process = run_witness(*words)
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline().rstrip() for _ in range(4)]
        key = VerifierKey.parse(lines[1].split()[1])
        assert (key.name, key.type) == (NAME, 4)
        assert lines[2:] == [f"address http://127.0.0.1:{port}", f"log     {ORIGIN}"]
        deadline = time.monotonic() + 20
        while True:
            try:
                status, body = add(port, log, 0, 100)
                break
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        assert status == 200
        assert len(open_cosignatures(log.checkpoint(100) + body, [key])) == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 128 + signal.SIGTERM
    finally:
        process.kill()
        process.communicate()
    kept = peek_checkpoint((tmp_path / "state" / name_state(ORIGIN)).read_bytes())
    assert kept.size == 100


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "there is no log to witness"),
        (["--log", "nonsense"], "--log: 'nonsense' is not a log's public key"),
        (["--log", SignerKey(NAME, b"w" * 32).cosigner.render()], "is not a log's"),
    ],
)
def test_bad_usage_has_its_status_and_a_cure(tmp_path: Path, words: list[str], says: str) -> None:
    done = run_maninso("witness", "--name", NAME, "--state", str(tmp_path / "state"), *words, home=tmp_path)
    assert (done.returncode, done.stdout, says in done.stderr, "what to do" in done.stderr) == (2, "", True, True)
    assert re.search("Traceback", done.stderr) is None
