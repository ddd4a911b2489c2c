"""A promise is kept, not due yet, or broken; broken, the site's own log dates it for everybody."""

import json
from pathlib import Path

import pytest
from tests.ledger.conftest import digest_of

from maninso import UnreadableError, UsageError
from maninso.ledger.__main__ import main
from maninso.ledger.errors import LedgerError
from maninso.ledger.merkle import hash_leaf, root_of
from maninso.ledger.note import SignerKey
from maninso.ledger.promises import is_promise_key, promise_origin
from maninso.ledger.proof import Promise, sign_promise
from maninso.ledger.sitelog import NamedCheckpoint, SiteEntry
from maninso.ledger.verify import verify_log

ORIGIN = "petitions.example/p/7/log"
SIGNER = SignerKey("petitions.example/promise", b"p" * 32)
BY = 1_700_000_600


@pytest.fixture
def site(make_log, tmp_path):
    """A petition's log of six leaves; its site's log named it at two, and after the promise was due at four."""
    petition = make_log(ORIGIN, folder=tmp_path / "site/p/7/log").begin().sign(*range(1, 6))
    petition.publish()
    named = make_log("petitions.example/log", folder=tmp_path / "site/log")
    for time, size in [(BY - 10, 2), (BY + 10, 4)]:
        named.entries.append(SiteEntry(time, (NamedCheckpoint(7, size, root_of(petition.hashes(size))),)).render())
    named.publish()
    (tmp_path / "site/promise").mkdir()
    (tmp_path / "site/promise/key").write_text(SIGNER.verifier.render() + "\n")
    return petition


@pytest.fixture
def promise(tmp_path):
    """Writes a promise that a leaf with this hash is in the log."""

    def make(leaf: bytes, *, by: int = BY, origin: str = ORIGIN, signer: SignerKey = SIGNER) -> Path:
        path = tmp_path / "mine.promise"
        path.write_bytes(sign_promise(Promise(signer.name, origin, leaf, by), signer))
        return path

    return make


def check(site, promise, **given):
    keys = [SignerKey("petitions.example/log", b"s" * 32).verifier, SIGNER.verifier]
    return verify_log(**{"target": str(site.folder), "keys": keys, "promises": [promise], "now": BY + 60, **given})


def test_kept(site, promise):
    report = check(site, promise(hash_leaf(site.entries[3])))
    (found,) = report.promises
    assert (report.ok, found.state, found.index, found.counted, found.by) == (True, "kept", 3, True, BY)
    assert "mine.promise was kept: it is leaf 3, and it counts." in report.render()
    assert report.to_json()["promises"] == [found.to_json()]


def test_not_due_yet(site, promise):
    report = check(site, promise(digest_of("nowhere")), now=BY)
    assert (report.ok, [each.state for each in report.promises]) == (True, ["waiting"])
    assert "is not due yet" in report.render()
    assert check(site, promise(digest_of("nowhere")), now=None).promises[0].state == "waiting"


def test_broken_by_ones_own_clock(site, promise):
    report = check(site, promise(digest_of("nowhere")))
    assert [each.state for each in report.promises] == ["broken"]
    assert [problem.reason for problem in report.problems] == ["broken-promise"]
    assert f"was due at {BY}, it is {BY + 60}" in report.render()


@pytest.mark.parametrize("leaf", [4, 5, None])
def test_broken_by_the_sites_own_log(site, promise, leaf):
    """Leaves 4 and 5 came, but after the site's log had named four leaves when they were due."""
    wanted = digest_of("nowhere") if leaf is None else hash_leaf(site.entries[leaf])
    folder = check(site, promise(wanted), deep=True, now=None)
    report = folder.logs[-1]
    assert [(each.state, each.index) for each in report.promises] == [("broken", leaf)]
    assert f"at {BY + 10} the site's log names 4 leaves without it" in report.problems[0].message
    assert not folder.ok


def test_kept_by_the_sites_own_log(site, promise):
    assert check(site, promise(hash_leaf(site.entries[3])), deep=True).ok
    assert check(site, promise(hash_leaf(site.entries[5]), by=BY + 10), deep=True).ok


def test_the_proof_of_one_entry_is_enough(site, promise, make_log, tmp_path):
    named = make_log("petitions.example/log", folder=tmp_path / "unused")
    named.entries = [
        SiteEntry(time, (NamedCheckpoint(7, size, root_of(site.hashes(size))),)).render()
        for time, size in [(BY - 10, 2), (BY + 10, 4)]
    ]
    proof = tmp_path / "mine.site.tlog-proof"
    proof.write_bytes(named.receipt(1))
    report = check(site, promise(hash_leaf(site.entries[5])), receipts=[proof], now=None)
    assert [each.state for each in report.promises] == ["broken"]
    proof.write_bytes(named.receipt(0))
    assert check(site, promise(hash_leaf(site.entries[5])), receipts=[proof], now=None).ok


def test_what_is_no_promise_of_this_site(site, promise, tmp_path):
    leaf = hash_leaf(site.entries[3])
    forged = promise(leaf, signer=SignerKey(SIGNER.name, b"f" * 32))
    assert [(each.state, each.problem.reason) for each in check(site, forged).promises] == [("refused", "wrong-key")]
    other = promise(leaf, signer=SignerKey("elsewhere.example/promise", b"p" * 32))
    assert check(site, other).promises[0].problem.reason == "other-log"
    elsewhere = promise(leaf, origin="petitions.example/p/8/log")
    assert check(site, elsewhere).promises[0].problem.reason == "other-log"
    bad = tmp_path / "bad"
    bad.write_bytes(promise(leaf).read_bytes().replace(b"leaf ", b"leaf  "))
    assert check(site, bad).promises[0].problem.reason == "malformed-promise"


def test_the_key_is_read_from_the_site_with_a_warning(site, promise):
    file = promise(hash_leaf(site.entries[3]))
    report = check(site, file, keys=[site.signer.verifier])
    assert report.ok
    assert any("The key of promises was read from" in warning for warning in report.warnings)
    key = site.folder.parents[2] / "promise/key"
    key.write_text(SignerKey("elsewhere.example/promise", b"p" * 32).verifier.render() + "\n")
    assert [each.reason for each in check(site, file, keys=[site.signer.verifier]).problems] == ["wrong-key"]
    key.unlink()
    with pytest.raises(UnreadableError):
        check(site, file, keys=[site.signer.verifier])


def test_a_log_whose_entries_are_false_keeps_no_promise(site, promise):
    file = promise(hash_leaf(site.entries[3]))
    place = site.folder / "tile/entries/000.p/6"
    data = bytearray(place.read_bytes())
    data[-1] ^= 1
    place.write_bytes(data)
    report = check(site, file)
    assert (report.ok, report.promises) == (False, [])


def test_a_promise_needs_its_petition(site, promise, tmp_path):
    file = promise(hash_leaf(site.entries[3]))
    with pytest.raises(UsageError, match="a petition's log"):
        check(site, file, target=str(tmp_path / "site/log"))
    assert check(site, file, target=str(tmp_path / "site/log"), deep=True).ok
    assert check(site, file, target=str(tmp_path / "site")).ok
    with pytest.raises(UsageError, match="is of the log"):
        check(site, promise(bytes(32), origin="petitions.example/p/8/log"), target=str(tmp_path / "site"))


def test_names_of_keys():
    assert is_promise_key(SIGNER.verifier) is True
    for name in ("petitions.example/log", "promise", "petitions.example/p/promise"):
        assert is_promise_key(SignerKey(name, b"p" * 32).verifier) is False
    with pytest.raises(LedgerError):
        promise_origin(b"nothing")


def test_the_command(site, promise, capsys):
    file = promise(hash_leaf(site.entries[3]))
    keys = ["--key", site.vkey, "--key", SIGNER.verifier.render()]
    assert main(["verify", str(site.folder), *keys, "--promise", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["promises"][0]["state"] == "kept"
    assert main(["verify", str(site.folder), *keys, "--promise", str(promise(bytes(32))), "--json"]) == 1
