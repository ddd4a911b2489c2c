"""How the site asks its witnesses: the 409 dance, answers that are not believed, and nothing twice."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psycopg
import pytest
from tests.signing.conftest import HOST, Logs, connection, log_key, logs, made_up_entry
from tests.signing.test_log import read
from tests.signing.test_sequencer import append
from tests.signing.test_site_log import go_on, site

from maninso import UsageError
from maninso.ledger.note import SignerKey
from maninso.ledger.policy import KnownWitness
from maninso.ledger.proof import open_cosignatures
from maninso.ledger.sitelog import NamedCheckpoint, SiteEntry
from maninso.ledger.witness import SIZE, AddRequest
from maninso.run.settings import read_settings
from maninso.run.witness import Witness
from maninso.run.witnessing import Answer, WitnessError, ask_witness, post_request
from maninso.signing.keys import LogKey, name_site_log
from maninso.signing.sequencer import Sequencer
from maninso.signing.sitelog import SITE, read_cosignatures

__all__ = ["connection", "log_key", "logs", "made_up_entry", "site"]

ORIGIN = name_site_log(HOST)
TIME = 1_780_000_000


class Near:
    """A witness in this process; it notes what it is asked."""

    def __init__(self, witness: Witness) -> None:
        self.witness = witness
        self.known = KnownWitness("near", witness.key, "https://near.example/w/")
        self.asked: list[tuple[int, int]] = []

    def post(self, url: str, body: bytes) -> Answer:
        assert url == "https://near.example/w/add-checkpoint"
        decision = self.witness.add_checkpoint(body)
        self.asked.append((AddRequest.parse(body).old_size, decision.status))
        return Answer(decision.status, decision.content_type, decision.body.encode())


@pytest.fixture
def near(tmp_path: Path, log_key: LogKey) -> Iterator[Near]:
    keys = {ORIGIN: [log_key.sign_as(ORIGIN).verifier]}
    witness = Witness(tmp_path / "state", name="witness.example/near", logs=keys, clock=lambda: TIME)
    yield Near(witness)
    witness.close()


@pytest.fixture
def grow(
    connection: psycopg.Connection, logs: Logs, site: Sequencer, made_up_entry: Callable[..., bytes]
) -> Callable[[int], None]:
    """Lets the site's log grow by so many entries, of which the last names a checkpoint that there is."""
    petition = logs.open()

    def more(entries: int) -> None:
        made_up = [SiteEntry(0, (NamedCheckpoint(petition + 1, size, bytes(32)),)) for size in range(1, entries)]
        append(connection, SITE, [each.render() for each in made_up])
        append(connection, petition, [made_up_entry()])
        assert go_on(site) == 1

    return more


def ask(connection: psycopg.Connection, near: Near) -> bool:
    with connection.cursor() as cursor:
        return ask_witness(cursor, near.known, post=near.post)


def test_each_checkpoint_is_cosigned_once(
    connection: psycopg.Connection, site: Sequencer, grow: Callable[[int], None], near: Near
) -> None:
    assert ask(connection, near) is False  # there is no checkpoint yet
    grow(3)
    assert ask(connection, near) is True
    assert ask(connection, near) is False
    grow(300)
    assert ask(connection, near) is True
    assert near.asked == [(0, 200), (3, 200)]
    served = read(connection, 0, "checkpoint")
    assert served is not None
    assert [each.time for each in open_cosignatures(served, [near.witness.key])] == [TIME]
    with connection.cursor() as cursor:
        (kept,) = read_cosignatures(cursor)
    assert (kept.size, kept.cosigned_at) == (303, dt.datetime.fromtimestamp(TIME, dt.UTC))


def test_a_witness_that_knows_more_than_is_remembered_is_asked_again(
    connection: psycopg.Connection, grow: Callable[[int], None], near: Near
) -> None:
    grow(3)
    ask(connection, near)
    grow(4)
    connection.execute("DELETE FROM signing_cosignature")
    assert ask(connection, near) is True
    assert near.asked == [(0, 200), (0, 409), (3, 200)]
    connection.execute("DELETE FROM signing_cosignature")
    assert ask(connection, near) is True  # it cosigns what it has cosigned once more
    assert near.asked[3:] == [(0, 409), (7, 200)]


def test_a_witness_that_has_seen_another_tree_refuses(
    connection: psycopg.Connection, grow: Callable[[int], None], near: Near, log_key: LogKey, tmp_path: Path
) -> None:
    grow(2)
    from tests.ledger.conftest import HonestLog

    other = HonestLog(tmp_path / "other", log_key.sign_as(ORIGIN), [b"a", b"b"])
    assert near.witness.add_checkpoint(AddRequest(0, (), other.checkpoint()).render()).status == 200
    with pytest.raises(WitnessError, match="it has seen another tree of 2 leaves"):
        ask(connection, near)
    other.entries.append(b"c")
    assert (
        near.witness.add_checkpoint(AddRequest(2, tuple(other.hashes()[2:]), other.checkpoint()).render()).status == 200
    )
    with pytest.raises(WitnessError, match="it has seen 3 leaves, and the site's log has 2"):
        ask(connection, near)
    grow(2)
    with pytest.raises(WitnessError, match="it answered 422"):
        ask(connection, near)


OTHER = SignerKey("witness.example/other", b"o" * 32)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(404, "text/plain", b"unknown\n"), "it answered 404: unknown"),
        (Answer(500, "text/plain", b"\xff" * 900), "it answered 500"),
        (Answer(200, "text/plain", b""), "its cosignature is not right"),
        (Answer(200, "text/plain", b"nonsense\n"), "its cosignature is not right"),
        (Answer(200, "text/plain", f"{OTHER.cosign('x', time=1).render()}\n".encode()), "its cosignature is not right"),
        (Answer(409, SIZE, b"x\n"), "without saying what it knows"),
        (Answer(409, SIZE, b"\xff\n"), "without saying what it knows"),
        (Answer(409, "text/html", b"1\n"), "not as text/x.tlog.size"),
        (Answer(409, SIZE, b"0\n"), "it has seen another tree of 0 leaves"),
        (Answer(409, SIZE, b"999\n"), "it has seen 999 leaves"),
        (Answer(302, "text/plain", b""), "it answered 302"),
    ],
)
def test_no_other_answer_is_believed(
    connection: psycopg.Connection, grow: Callable[[int], None], near: Near, answer: Answer, says: str
) -> None:
    grow(1)
    with pytest.raises(WitnessError, match=says), connection.cursor() as cursor:
        ask_witness(cursor, near.known, post=lambda *_: answer)
    with connection.cursor() as cursor:
        assert read_cosignatures(cursor) == []


def test_a_witness_that_always_says_another_size_is_given_up(
    connection: psycopg.Connection, grow: Callable[[int], None], near: Near
) -> None:
    grow(5)
    sizes = iter([1, 2, 3, 4])
    with pytest.raises(WitnessError, match="it answered 409"), connection.cursor() as cursor:
        ask_witness(cursor, near.known, post=lambda *_: Answer(409, SIZE, f"{next(sizes)}\n".encode()))
    assert next(sizes) == 4


def test_requests_over_http_follow_no_redirect_and_say_what_is_wrong() -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(302 if self.path == "/moved" else 409)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Type", SIZE)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"7\n")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        assert post_request(f"{url}/add-checkpoint", b"body") == Answer(409, SIZE, b"7\n")
        assert post_request(f"{url}/moved", b"body").status == 302
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    with pytest.raises(WitnessError, match="does not answer"):
        post_request("http://127.0.0.1:1/add-checkpoint", b"body")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("quorum nobody\n", "line 1: 'nobody' is defined on no line before"),
        (f"witness w {OTHER.cosigner.render()}\nquorum w\n", "the witness w has no address"),
        (f"witness w {OTHER.cosigner.render()} ftp://w.example\nquorum w\n", "the witness w has no address"),
    ],
)
def test_a_bad_policy_stops_the_start(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "site.policy"
    path.write_text(text)
    with pytest.raises(UsageError, match=says):
        read_settings({"MANINSO_HOME": str(tmp_path), "MANINSO_WITNESSES": str(path)})


def test_a_policy_names_the_witnesses(tmp_path: Path) -> None:
    path = tmp_path / "site.policy"
    path.write_text(f"witness w {OTHER.cosigner.render()} https://w.example\nquorum w\n")
    settings = read_settings({"MANINSO_HOME": str(tmp_path), "MANINSO_WITNESSES": str(path)})
    assert settings.witnesses is not None
    assert [(each.key, each.url) for each in settings.witnesses.witnesses] == [(OTHER.cosigner, "https://w.example")]
    assert read_settings({"MANINSO_HOME": str(tmp_path)}).witnesses is None
