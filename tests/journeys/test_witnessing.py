"""The site's log on a running site, with a witness that follows it, one that is dead and one that is slow."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.journeys.conftest import open_petition, ticket_of
from tests.live import LiveSite, live_site

from maninso.ledger.checkpoint import peek_checkpoint
from maninso.ledger.note import SignedNote, SignerKey, VerifierKey
from maninso.ledger.proof import Receipt

PATIENCE = 60.0  # seconds
NAME = "witness.example/w"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class Neighbour:
    """A witness of the site's log as its own process."""

    def __init__(self, site: LiveSite, state: Path) -> None:
        self.port = free_port()
        key = site.ask("GET", "/log/key").body.decode().strip()
        command = ["--name", NAME, "--state", str(state), "--log", key, "--port", str(self.port)]
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "maninso", "witness", *command], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.process.stdout.readline()
        self.key = VerifierKey.parse(self.process.stdout.readline().split()[1])

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=20)


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("policy") / "site.policy"


@pytest.fixture(scope="module")
def site(migrated_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(tmp_path_factory.mktemp("site"), os.environ["DATABASE_URL"], name="witnessed") as site:
        yield site


def wait_for(what: str, test: object) -> None:
    deadline = time.monotonic() + PATIENCE
    while not test():  # type: ignore[operator]
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.2)


def sign(site: LiveSite, petition: int, person: str) -> str:
    headers = {"Authorization": f"Ticket {ticket_of(person)}", "Content_Type": "application/json"}
    answer = site.ask("POST", f"/petitions/{petition}/signatures", b"{}", **headers)
    assert answer.status == 201, answer.body
    leaf: str = answer.json()["leaf_hash"]
    return leaf


def test_witnesses_follow_the_site_and_hold_nothing_up(
    site: LiveSite, policy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    petition = open_petition(site)
    leaf = sign(site, petition, "the first")
    wait_for("the site's log", lambda: site.ask("GET", "/log/checkpoint").status == 200)
    proof = f"/petitions/{petition}/receipts/{leaf}.site.tlog-proof"
    wait_for("the proof", lambda: site.ask("GET", proof).status == 200)
    report = json.loads(site.maninso("verify", site.url, "--deep", "--json"))
    assert (report["ok"], report["logs"][0]["petitions"]) == (True, 1)
    assert report["logs"][1]["named"] >= 1

    neighbour = Neighbour(site, tmp_path / "state")
    with socket.socket() as slow:  # it takes connections and never answers
        slow.bind(("127.0.0.1", 0))
        slow.listen()
        others = [SignerKey(f"witness.example/{n}", bytes([n]) * 32).cosigner.render() for n in (1, 2)]
        policy.write_text(
            f"witness near {neighbour.key.render()} http://127.0.0.1:{neighbour.port}\n"
            f"witness dead {others[0]} http://127.0.0.1:{free_port()}\n"
            f"witness slow {others[1]} http://127.0.0.1:{slow.getsockname()[1]}\n"
            "quorum near\n"
        )
        monkeypatch.setenv("MANINSO_WITNESSES", str(policy))
        assert site.stop() == 0
        site.start()
        try:
            follow(site, petition, neighbour, policy, tmp_path)
        finally:
            neighbour.stop()


def follow(site: LiveSite, petition: int, neighbour: Neighbour, policy: Path, tmp_path: Path) -> None:
    def cosigned() -> bool:
        note = SignedNote.parse(site.ask("GET", "/log/checkpoint").body)
        return NAME in [line.name for line in note.signatures]

    wait_for("a cosignature", cosigned)
    before = peek_checkpoint(site.ask("GET", "/log/checkpoint").body).size
    started = time.monotonic()
    leaf = sign(site, petition, "the second")
    proof = f"/petitions/{petition}/receipts/{leaf}"
    wait_for("the receipt", lambda: site.ask("GET", f"{proof}.tlog-proof").status == 200)
    assert time.monotonic() - started < 10  # the slow witness lets its asker wait for twice that
    wait_for("the proof", lambda: site.ask("GET", f"{proof}.site.tlog-proof").status == 200)
    wait_for("a cosignature of a later one", lambda: cosigned() and peek_site(site) > before)
    files = {}
    for ending in ("tlog-proof", "site.tlog-proof"):
        files[ending] = tmp_path / f"mine.{ending}"
        # Asked for as nobody did before: what was answered before it was cosigned may be sent for a minute.
        files[ending].write_bytes(site.ask("GET", f"{proof}.{ending}?cosigned").body)
    note = SignedNote.parse(Receipt.parse(files["site.tlog-proof"].read_bytes()).checkpoint_bytes)
    assert NAME in [line.name for line in note.signatures]
    words = ["--policy", str(policy), "--json", *(word for file in files.values() for word in ("--receipt", str(file)))]
    report = json.loads(site.maninso("verify", f"{site.url}/petitions/{petition}", *words))
    assert (report["ok"], [log["ok"] for log in report["logs"]]) == (True, [True, True])
    assert [each["name"] for each in report["logs"][0]["witnesses"]] == [NAME]
    assert report["logs"][1]["site_proofs"][0]["ok"] is True
    impossible = tmp_path / "impossible.policy"
    impossible.write_text(policy.read_text().replace("quorum near", "group three all near dead slow\nquorum three"))
    report = json.loads(site.maninso("verify", site.url, "--policy", str(impossible), "--json", status=1))
    assert [problem["reason"] for problem in report["problems"]] == ["missing-quorum"]


def peek_site(site: LiveSite) -> int:
    return peek_checkpoint(site.ask("GET", "/log/checkpoint").body).size
