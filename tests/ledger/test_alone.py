"""A receipt or a promise by itself: what it proves off-line, and each way in which it does not."""

import json

import pytest

from maninso import UsageError
from maninso.ledger.__main__ import main
from maninso.ledger.canonical import encode_base64
from maninso.ledger.entries import Event, Void
from maninso.ledger.note import SignedNote, SignerKey
from maninso.ledger.policy import parse_policy
from maninso.ledger.proof import Promise, Receipt, sign_promise
from maninso.ledger.sitelog import NamedCheckpoint, SiteEntry
from maninso.ledger.verify import save_checkpoint, verify_log

SITE = SignerKey("petitions.example/log", b"s" * 32)
PROMISER = SignerKey("petitions.example/promise", b"p" * 32)
WITNESS = SignerKey("witness.example/w", b"w" * 32)


@pytest.fixture
def keep(tmp_path):
    def write(name, data):
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    return write


def reasons(report):
    return [problem.reason.value for problem in report.problems]


@pytest.mark.parametrize("key", ["petitions.example/p/7/log", "petitions.example/log"])
def test_a_receipt_holds_by_its_logs_or_its_sites_key(log, keep, key):
    file = keep("mine", log.receipt(57))
    report = verify_log(file, keys=[SignerKey(key, b"s" * 32).verifier])
    assert report.to_json() == {
        "ok": True,
        "target": file,
        "kind": "receipt",
        "origin": log.origin,
        "index": 57,
        "size": 300,
        "leaf": encode_base64(log.hashes()[57]),
        "what": "a signature",
        "due": None,
        "witnesses": [],
        "quorum": None,
        "key": log.vkey,
        "problems": [],
    }
    assert report.render().splitlines()[1:] == [
        "Leaf 57 of the log petitions.example/p/7/log is a signature."
        " The site signed that it was there when the log had 300 leaves.",
        "The receipt holds by itself. Whether it counts today, the log tells: verify"
        f" https://petitions.example/petitions/7 --receipt {file}",
    ]


def test_what_an_entry_is(log, keep):
    log.add(Void(1, 0, 10, b"d" * 32), Event("closed", {"at": 1, "count": 298}))
    log.entries.append(b"\x09later")
    kinds = ["the log's first entry", "a signature", "a void", "the event 'closed'", "an entry of a later kind"]
    leaves = [0, 5, 300, 301, 302]
    for leaf, kind in zip(leaves, kinds, strict=True):
        assert verify_log(keep("f", log.receipt(leaf)), keys=[log.signer.verifier]).what == kind


def test_each_false_receipt_has_its_reason(make_log, log, keep):
    genuine = log.receipt(57)
    other = make_log("petitions.example/p/8/log").begin().receipt(0)
    another_key = make_log(seed=b"t" * 32).begin().receipt(0)
    receipt = Receipt.parse(genuine)
    moved = Receipt(receipt.entry, 58, receipt.hashes, receipt.checkpoint_bytes).render()
    forged = genuine.replace(log.checkpoint()[-10:-3], b"AAAAAAA")
    bare = Receipt(None, 57, receipt.hashes, receipt.checkpoint_bytes).render()
    expected = {
        "other-log": other,
        "wrong-key": another_key,
        "bad-proof": moved,
        "bad-signature": forged,
        "malformed-receipt": bare,
    }
    for reason, data in expected.items():
        report = verify_log(keep("f", data), keys=[log.signer.verifier])
        assert reasons(report) == [reason]
        assert report.render().endswith("The receipt does not hold.\n")
    assert reasons(verify_log(keep("f", b"no receipt"), keys=[log.signer.verifier])) == ["malformed-receipt"]


@pytest.fixture
def site_proof(make_log, tmp_path):
    """A proof of the site's log's last entry, cosigned by one witness."""
    site = make_log(SITE.name, folder=tmp_path / "sitelog")
    for time in (1_700_000_000, 1_700_000_010):
        site.entries.append(SiteEntry(time, (NamedCheckpoint(7, 300, b"r" * 32),)).render())
    receipt = Receipt.parse(site.receipt(1))
    note = SignedNote.parse(receipt.checkpoint_bytes)
    cosigned = SignedNote(note.text, (*note.signatures, WITNESS.cosign(note.text, time=1_700_000_020))).render()
    return Receipt(receipt.entry, 1, receipt.hashes, cosigned).render()


def make_policy(*others: SignerKey):
    lines = [f"log {SITE.verifier.render()}"]
    lines += [f"witness w{n} {key.cosigner.render()}" for n, key in enumerate([WITNESS, *others])]
    names = " ".join(f"w{n}" for n in range(len(others) + 1))
    return parse_policy("\n".join([*lines, f"group all all {names}", "quorum all", ""]).encode())


def test_a_proof_of_the_sites_log_with_its_witnesses(site_proof, keep):
    report = verify_log(keep("f", site_proof), policy=make_policy())
    assert (report.ok, report.quorum) == (True, True)
    lines = report.render().splitlines()
    assert "is an entry of 2023-11-14 22:13:30 UTC that names the logs of 1 petitions." in lines[1]
    assert lines[2:4] == [
        "The witness witness.example/w has cosigned it, 2023-11-14 22:13:40 UTC.",
        "They are as many as the policy asks for.",
    ]
    alone = verify_log(keep("f", site_proof), keys=[SITE.verifier])
    assert (alone.ok, alone.quorum) == (True, None)
    assert "its key is not known here" in alone.render()


def test_a_quorum_that_is_not_met_is_told(site_proof, keep):
    report = verify_log(keep("f", site_proof), policy=make_policy(SignerKey("other.example/w", b"o" * 32)))
    assert (reasons(report), report.quorum) == (["missing-quorum"], False)


def test_a_petitions_receipt_bears_no_witnesses_and_needs_none(log, keep):
    assert verify_log(keep("f", log.receipt(5)), policy=make_policy()).ok


def test_a_promise_by_its_own_key(log, keep):
    promise = Promise(PROMISER.name, log.origin, log.hashes()[5], 1_700_000_060)
    file = keep("f", sign_promise(promise, PROMISER))
    report = verify_log(file, keys=[PROMISER.verifier, log.signer.verifier])
    assert (report.ok, report.kind, report.due) == (True, "promise", 1_700_000_060)
    assert report.render().splitlines()[1:] == [
        "The site signed that the leaf is in the log petitions.example/p/7/log by 2023-11-14 22:14:20 UTC.",
        "The promise holds by itself. Whether it was kept, the log tells: verify https://petitions.example/petitions/7"
        f" --promise {file}",
    ]
    another = SignerKey(PROMISER.name, b"q" * 32)
    assert reasons(verify_log(file, keys=[another.verifier])) == ["wrong-key"]
    with pytest.raises(UsageError, match="a key of its own") as refusal:
        verify_log(file, keys=[log.signer.verifier])
    assert "/promise/key" in refusal.value.cure


def test_without_a_key_or_with_what_only_a_log_can_answer_it_is_bad_usage(log, keep, tmp_path):
    file = keep("f", log.receipt(5))
    with pytest.raises(UsageError, match="hangs on the key") as refusal:
        verify_log(file)
    assert refusal.value.cure
    with pytest.raises(UsageError, match="checked by itself"):
        verify_log(file, keys=[log.signer.verifier], keep=tmp_path)
    with pytest.raises(UsageError, match="is no log"):
        save_checkpoint(verify_log(file, keys=[log.signer.verifier]), tmp_path / "seen")


def test_from_the_command_line(capsys, log, keep):
    file = keep("f", log.receipt(5))
    assert main(["verify", file, "--key", log.vkey, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["index"] == 5
    assert main(["verify", keep("f", log.receipt(5)[:-3] + b"\n"), "--key", log.vkey]) == 1
    assert "WRONG (malformed-note)" in capsys.readouterr().out
    assert main(["verify", file]) == 2
