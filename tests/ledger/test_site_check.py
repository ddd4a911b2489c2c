"""A site's log and its petitions' logs are held against each other, and the quorum of witnesses is required."""

import json
import shutil
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
from tests.ledger.conftest import HonestLog
from tests.ledger.test_fetch import Site

from maninso import UsageError
from maninso.ledger.__main__ import main
from maninso.ledger.checkpoint import peek_checkpoint
from maninso.ledger.merkle import hash_leaves, root_of
from maninso.ledger.note import SignedNote, SignerKey, VerifierKey
from maninso.ledger.policy import parse_policy
from maninso.ledger.sitecheck import _QUORUM_ATTEMPTS
from maninso.ledger.sitelog import NamedCheckpoint, SiteEntry
from maninso.ledger.verify import save_checkpoint, verify_log

SEED = b"s" * 32
ONE, TWO = (SignerKey(f"witness.example/{name}", name.encode() * 16) for name in ("w1", "w2"))
HOST = "petitions.example"
KEY = SignerKey(f"{HOST}/log", SEED).verifier


class Export:
    """A copy of a whole site in a folder: the site's log, and the logs of petitions 7 and 12."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.petitions = {
            number: HonestLog(folder / f"p/{number}/log", SignerKey(f"{HOST}/p/{number}/log", SEED)).begin()
            for number in (7, 12)
        }
        self.site = HonestLog(folder / "log", SignerKey(f"{HOST}/log", SEED))
        self.petitions[7].sign(*range(1, 300))
        self.petitions[12].sign(1, 2, 3)
        self.name(100, (7, 40), (12, 1))
        self.name(110, (7, 270))
        self.name(125, (7, 290), (12, 4))

    def name(self, time, *sizes, root=None):
        named = tuple(
            NamedCheckpoint(number, size, root or root_of(hash_leaves(self.petitions[number].entries[:size])))
            for number, size in sizes
        )
        self.site.entries.append(SiteEntry(time, named).render())

    def publish(self, *witnesses, time=1_700_000_000):
        for log in (self.site, *self.petitions.values()):
            log.publish()
        self.site.write("checkpoint", self.cosigned(*witnesses, time=time))

    def cosigned(self, *witnesses, size=None, time=1_700_000_000):
        note = SignedNote.parse(self.site.checkpoint(size))
        lines = [witness.cosign(note.text, time=time) for witness in witnesses]
        return SignedNote(note.text, (*note.signatures, *lines)).render()

    def keep(self, name, data):
        path = self.folder.parent / name
        path.write_bytes(data)
        return path

    def site_proof(self, index, *witnesses):
        data = self.site.receipt(index)
        head = data[: data.index(b"\n\n") + 2]
        return self.keep(f"{index}.site.tlog-proof", head + self.cosigned(*witnesses))


@pytest.fixture
def export(tmp_path):
    return Export(tmp_path / "export")


def make_policy(quorum="any", *, logs=True):
    lines = [f"log {KEY.render()}"] if logs else []
    lines += [f"witness {each.name[-2:]} {each.cosigner.render()}" for each in (ONE, TWO)]
    lines += [f"group both {quorum} w1 w2", "quorum both", ""]
    return parse_policy("\n".join(lines).encode())


def check(export, place="", **options):
    return verify_log(str(export.folder / place), **{"keys": [KEY], **options})


def reasons(report):
    logs = getattr(report, "logs", [report])
    return [problem.reason.value for log in logs for problem in log.problems]


def test_a_site_s_log_is_checked_by_itself(export):
    export.publish(ONE)
    report = check(export, "log")
    answer = report.to_json()
    assert (report.ok, answer["size"], answer["petitions"], answer["checkpoints"]) == (True, 3, 2, 5)
    assert (answer["last"], answer["quorum"], answer["count"]) == (125, None, None)
    assert answer["witnesses"] == [{"name": ONE.name, "time": None}]
    assert "its key is not known here" in report.render()
    assert report.render().endswith("The site's log holds.\n")


def test_a_whole_copy_is_held_against_its_site_s_log(export):
    export.publish()
    report = check(export)
    assert [log.origin for log in report.logs] == [f"{HOST}/log", f"{HOST}/p/7/log", f"{HOST}/p/12/log"]
    assert report.ok
    assert [log.named for log in report.logs] == [None, 3, 2]
    assert "All 3 checkpoints that the site's log names of it are of its history." in report.render()


def test_a_copy_of_part_of_a_site_passes_with_a_warning(export):
    export.publish()
    shutil.rmtree(export.folder / "p/12")
    report = check(export, "log", deep=True)
    assert (report.ok, len(report.logs)) == (True, 2)
    assert report.logs[0].warnings == ["The log of petition 12 is not in this copy."]


def test_another_history_than_the_site_s_log_names_is_a_fork(export):
    shown = export.petitions[7]
    shown.entries[280], shown.entries[281] = shown.entries[281], shown.entries[280]
    export.publish()
    report = check(export)
    assert reasons(report) == ["fork"]
    assert report.logs[1].problems[0].message.startswith("Against the site's log: it names another root")


def test_a_log_that_is_shorter_than_the_site_s_log_names_has_shrunk(export):
    del export.petitions[7].entries[280:]
    export.publish()
    assert reasons(check(export)) == ["shrunk"]


def test_a_site_s_log_that_breaks_its_rules_does_not_hold(export):
    export.name(130, (7, 200))
    export.name(131, (12, 4), root=b"x" * 32)
    export.name(90)
    export.publish()
    assert reasons(check(export, "log")) == ["shrunk", "fork", "false-event"]
    # The false root contradicts petition 12's own log besides.
    assert reasons(check(export)) == ["shrunk", "fork", "false-event", "fork"]
    assert check(export, "log").render().endswith("This log does not hold. Keep the files: they are the evidence.\n")


def test_a_changed_entry_of_the_site_s_log_is_told(export):
    export.publish()
    data = bytearray(export.site.read("tile/entries/000.p/3"))
    data[-1] ^= 1
    export.site.write("tile/entries/000.p/3", bytes(data))
    assert "changed-entry" in reasons(check(export, "log"))


def test_a_petition_s_log_is_no_site_s_log(export):
    export.publish()
    shutil.copytree(export.folder / "p/7/log", export.folder / "x", dirs_exist_ok=True)
    shutil.rmtree(export.folder / "log")
    shutil.copytree(export.folder / "p/12/log", export.folder / "log")
    assert reasons(check(export, "p/7/log", deep=True)) == ["other-log"]
    with pytest.raises(UsageError, match="cannot be told"):
        verify_log(str(export.folder / "x"), deep=True)


def test_a_site_s_log_in_a_petition_s_place_is_not_taken_for_it(export):
    export.publish()
    shutil.rmtree(export.folder / "p/7/log")
    shutil.copytree(export.folder / "log", export.folder / "p/7/log")
    assert reasons(check(export, "p/7/log")) == ["other-log"]


def test_a_petition_with_deep_brings_its_site_s_log(export):
    export.publish()
    report = check(export, "p/7/log", deep=True)
    assert [log.origin for log in report.logs] == [f"{HOST}/log", f"{HOST}/p/7/log"]
    assert (report.ok, report.logs[1].named) == (True, 3)
    saved = export.folder.parent / "saved"
    save_checkpoint(report, saved)
    assert peek_checkpoint(saved.read_bytes()).origin == f"{HOST}/p/7/log"


@pytest.mark.parametrize(
    ("witnesses", "quorum", "wrong"),
    [
        ((), "any", ["missing-quorum"]),
        ((ONE,), "any", []),
        ((ONE,), "all", ["missing-quorum"]),
        ((ONE, TWO), "all", []),
    ],
)
@pytest.mark.parametrize("place", ["", "log", "p/7/log"])
def test_a_policy_requires_its_quorum(export, witnesses, quorum, wrong, place):
    export.publish(*witnesses)
    report = check(export, place, keys=[], policy=make_policy(quorum))
    assert reasons(report) == wrong
    site = report.logs[0] if place != "log" else report
    assert site.quorum is (not wrong)
    assert [(each.name, each.time) for each in site.witnesses] == [(each.name, 1_700_000_000) for each in witnesses]
    assert site.key_source == "given"
    assert ("2023-11-14 22:13:20 UTC" in site.render()) is bool(witnesses)


def test_a_witness_s_false_signature_is_told(export):
    export.publish(ONE)
    note = SignedNote.parse(export.site.read("checkpoint"))
    false = ONE.cosign(note.text + "x\n", time=5)
    export.site.write("checkpoint", SignedNote(note.text, (note.signatures[0], false)).render())
    report = check(export, "log", policy=make_policy())
    assert reasons(report) == ["bad-signature"]
    assert report.quorum is False


def test_a_policy_that_trusts_another_log_refuses_this_one(export):
    export.publish(ONE)
    other = SignerKey(f"{HOST}/log", b"x" * 32).verifier
    policy = parse_policy(f"log {other.render()}\nquorum none\n".encode())
    assert reasons(check(export, "log", keys=[], policy=policy)) == ["wrong-key"]


def test_a_receipt_with_its_site_s_proof(export):
    export.publish(ONE)
    receipt = export.keep("mine", export.petitions[7].receipt(39, 40))
    proof = export.site_proof(0, ONE)
    report = check(export, "p/7/log", receipts=[receipt, proof], policy=make_policy()).logs[1]
    assert report.ok
    (held,) = report.site_proofs
    assert (held.size, held.time, held.witnesses[0].time) == (40, 100, 1_700_000_000)
    assert "names this log at 40 leaves, 1970-01-01 00:01:40 UTC. The witness" in report.render()
    answer = report.to_json()["site_proofs"][0]
    assert (answer["ok"], answer["size"], answer["witnesses"]) == (
        True,
        40,
        [{"name": ONE.name, "time": 1_700_000_000}],
    )
    assert check(export, receipts=[receipt, proof]).ok


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("another petition", "other-log"),
        ("another history", "fork"),
        ("more leaves", "shrunk"),
        ("no quorum", "missing-quorum"),
        ("another key", "wrong-key"),
    ],
)
def test_a_site_s_proof_that_does_not_hold(export, case, reason):
    place, index, policy = "p/7/log", 0, None
    if case == "another petition":
        place, index = "p/12/log", 1
    elif case == "another history":
        export.name(200, (7, 295), root=b"x" * 32)
        index = 3
    elif case == "more leaves":
        export.name(200, (7, 300))
        del export.petitions[7].entries[295:]
        export.name(201, (7, 295))
        index = 3
    elif case == "no quorum":
        policy = make_policy()
    elif case == "another key":
        export.site.signer = SignerKey(f"{HOST}/log", b"x" * 32)
    proof = export.site_proof(index)
    export.publish(ONE)
    report = check(export, place, receipts=[proof], policy=policy)
    assert reasons(report)[-1] == reason
    last = getattr(report, "logs", [report])[-1]
    if reason != "missing-quorum":
        assert last.site_proofs[0].to_json()["reason"] == reason
        assert f"The proof {proof} does not hold." in last.render()


def test_old_checkpoints_of_the_site_s_log_are_continued(export):
    old = export.keep("old", export.site.checkpoint(2))
    fork = export.keep("fork", HonestLog(export.folder, export.site.signer, export.site.entries[1:]).checkpoint())
    export.publish()
    assert check(export, "log", old=[old]).olds == [2]
    assert reasons(check(export, "log", old=[fork])) == ["fork"]
    assert check(export, "p/7/log", deep=True, old=[old]).logs[0].olds == [2]


@pytest.fixture
def served(export, tmp_path):
    served = Site(export.folder)
    thread = Thread(target=served.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    served.server.shutdown()
    thread.join()
    served.server.server_close()


@pytest.mark.parametrize("address", ["", "/", "/en", "/ko/", "/log", "/log/", "/log/checkpoint"])
def test_a_site_is_checked_by_any_of_its_addresses(export, served, address):
    export.publish()
    report = verify_log(served.url + address, keys=[KEY])
    assert (report.ok, report.origin) == (True, f"{HOST}/log")


def test_deep_reads_every_petition_of_a_site(export, served):
    export.publish()
    report = verify_log(served.url, keys=[KEY], deep=True)
    assert [(log.ok, log.named) for log in report.logs] == [(True, None), (True, 3), (True, 2)]
    shutil.rmtree(export.folder / "p/12")
    report = verify_log(served.url, keys=[KEY], deep=True)
    assert reasons(report) == ["vanished"]
    assert report.logs[0].problems[0].message.startswith("The site's log names petition 12;")


def test_a_petition_with_a_policy_over_http(export, served):
    export.publish(ONE, TWO)
    report = verify_log(f"{served.url}/ko/petitions/7", policy=make_policy("all"))
    assert (report.ok, [log.origin for log in report.logs]) == (True, [f"{HOST}/log", f"{HOST}/p/7/log"])


def test_witnesses_have_a_moment_to_answer(export, served, monkeypatch):
    pauses = []
    monkeypatch.setattr("maninso.ledger.sitecheck.time", SimpleNamespace(sleep=pauses.append))
    export.publish(ONE)
    bare = (200, {}, export.site.checkpoint())
    served.answers["/log/checkpoint"] = [bare, bare, bare]  # the first is only read for its name
    report = verify_log(f"{served.url}/log", keys=[KEY], policy=make_policy())
    assert (report.ok, pauses) == (True, [2.0, 2.0])
    export.publish()
    assert reasons(verify_log(f"{served.url}/log", keys=[KEY], policy=make_policy())) == ["missing-quorum"]
    assert len(pauses) == 2 + _QUORUM_ATTEMPTS - 1


def test_the_small_command_takes_the_same_options(export, capsys):
    export.publish(ONE)
    policy = export.keep("my.policy", f"log {KEY.render()}\nwitness w1 {ONE.cosigner.render()}\nquorum w1\n".encode())
    assert main(["verify", str(export.folder / "log"), "--policy", str(policy), "--deep", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [log["origin"] for log in answer["logs"]] == [f"{HOST}/log", f"{HOST}/p/7/log", f"{HOST}/p/12/log"]
    assert answer["logs"][0]["quorum"] is True
    policy.write_bytes(b"quorum w1\n")
    assert main(["verify", str(export.folder), "--policy", str(policy)]) == 2
    assert "my.policy, line 1: 'w1' is defined on no line before" in capsys.readouterr().err


def test_the_published_example(examples, tmp_path):
    shutil.copytree(examples / "site", tmp_path / "log")
    shutil.copytree(examples, tmp_path / "p/269110/log", ignore=lambda *_: ["site"])
    witness = (examples / "witness.vkey").read_text().strip()
    policy = parse_policy(f"witness w {witness}\nquorum w\n".encode())
    key = VerifierKey.parse((examples / "site.vkey").read_text().strip())
    report = verify_log(str(tmp_path), keys=[key], policy=policy, receipts=[examples / "site/receipt-1.tlog-proof"])
    assert report.ok
    site, petition = report.logs
    assert [(each.name, each.time) for each in site.witnesses] == [("witness.example/w1", 1_700_000_000)]
    assert petition.named == 2
    assert petition.site_proofs[0].size == 5
