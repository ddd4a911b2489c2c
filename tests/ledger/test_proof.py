"""Receipts and promises: one spelling, and every reason to refuse one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso import UsageError
from maninso.ledger.canonical import encode_base64
from maninso.ledger.entries import Sign, parse_entry
from maninso.ledger.errors import LedgerError
from maninso.ledger.merkle import hash_leaf
from maninso.ledger.note import COSIGNATURE, SignedNote, SignerKey, VerifierKey, sign_note
from maninso.ledger.proof import (
    Promise,
    Receipt,
    open_cosignatures,
    open_promise,
    sign_promise,
    verify_receipt,
)

EXAMPLE = (Path(__file__).parent / "examples" / "receipt-1.tlog-proof").read_bytes()
WITNESS = SignerKey("witness.example/w", b"w" * 32)
WITNESS_KEY = VerifierKey(WITNESS.name, COSIGNATURE, WITNESS.verifier.public_key)
PROMISER = SignerKey("petitions.example/promise", b"p" * 32)
PROMISE = Promise(PROMISER.name, "petitions.example/p/7/log", b"h" * 32, 1_700_000_060)


def refuse(function, *arguments, **named):
    with pytest.raises(LedgerError) as refusal:
        function(*arguments, **named)
    return refusal.value.reason


@pytest.mark.parametrize("index", [0, 1, 255, 256, 299])
def test_a_receipt_holds_for_every_leaf(log, index):
    receipt = verify_receipt(log.receipt(index), log.signer.verifier)
    assert (receipt.index, receipt.checkpoint.size) == (index, 300)
    assert receipt.entry == parse_entry(log.entries[index])
    assert receipt.leaf_hash == hash_leaf(log.entries[index])
    assert receipt.witnesses == ()


def test_a_log_of_one_leaf_needs_no_hashes(make_log):
    log = make_log().begin()
    assert Receipt.parse(log.receipt(0)).hashes == ()
    assert verify_receipt(log.receipt(0), log.signer.verifier).index == 0


def test_an_old_receipt_holds_when_the_log_has_grown(log):
    receipt = log.receipt(5, size=20)
    log.sign(1_000, 1_001)
    assert verify_receipt(receipt, log.signer.verifier).checkpoint.size == 20


@given(st.integers(0, len(EXAMPLE) - 1), st.integers(0, 255))
def test_whatever_is_parsed_is_rendered_the_same(place, byte):
    for candidate in (EXAMPLE[:place] + bytes([byte]) + EXAMPLE[place + 1 :], EXAMPLE[:place], EXAMPLE + bytes([byte])):
        try:
            receipt = Receipt.parse(candidate)
        except LedgerError:
            continue
        assert receipt.render() == candidate


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"c2sp.org/tlog-proof@v1", b"c2sp.org/tlog-proof@v2"),
        (b"index 1\n", b"index 01\n"),
        (b"index 1\n", b"index +1\n"),
        (b"index 1\n", b"index 1 \n"),
        (b"index 1\n", b"\n"),
        (b"index 1\n", b"index 1\nAAAA\n"),
        (b"index 1\n", b"index 1\nnot base64\n"),
        (b"index 1\n", b"index 1\n" + b"GyknpxpSLoca8/M9hHiMDmXitWyofjRLGlwJfAlRw+U=\n" * 61),
        (b"extra AQEAAQAA", b"extra AQEAAQA"),
        (b"extra AQEAAQAA", b"extra  AQEAAQAA"),
        (b"GyknpxpSLoca8/M9hHiMDmXitWyofjRLGlwJfAlRw+U=", b"GyknpxpSLoca8/M9hHiMDmXitWyofjRLGlwJfAlRw+V="),
        (EXAMPLE, b""),
        (EXAMPLE, b"c2sp.org/tlog-proof@v1\n"),
        (EXAMPLE, b"c2sp.org/tlog-proof@v1\nextra \nindex 1\n\n"),
        (EXAMPLE, b"x" * 1_200_001),
    ],
)
def test_other_spellings_are_refused(before, after):
    assert refuse(Receipt.parse, EXAMPLE.replace(before, after)) == "malformed-receipt"


def test_an_entry_longer_than_a_log_holds_is_refused():
    extra = EXAMPLE.split(b"\n")[1]
    longer = f"extra {encode_base64(b'x' * 65_536)}".encode()
    assert refuse(Receipt.parse, EXAMPLE.replace(extra, longer)) == "malformed-receipt"


def test_a_receipt_with_a_broken_checkpoint_is_refused():
    assert refuse(Receipt.parse, EXAMPLE[:-1]) == "malformed-note"
    assert refuse(Receipt.parse, EXAMPLE.replace(b"log\n5\n", b"log\n05\n")) == "malformed-checkpoint"


def test_a_receipt_of_another_log_is_refused(make_log, log):
    other = make_log("petitions.example/p/8/log").begin().sign(1)
    assert refuse(verify_receipt, other.receipt(1), log.signer.verifier) == "other-log"


def test_a_receipt_that_another_key_signed_is_refused(make_log, log):
    other = make_log(seed=b"t" * 32).begin().sign(1)
    assert refuse(verify_receipt, other.receipt(1), log.signer.verifier) == "wrong-key"


def test_a_receipt_whose_signature_fails_is_refused(log):
    receipt = Receipt.parse(log.receipt(1, size=20))
    later = SignedNote.parse(log.checkpoint(21))
    forged = SignedNote(SignedNote.parse(receipt.checkpoint_bytes).text, later.signatures).render()
    data = Receipt(receipt.entry, receipt.index, receipt.hashes, forged).render()
    assert refuse(verify_receipt, data, log.signer.verifier) == "bad-signature"


def test_a_receipt_for_another_entry_or_place_is_refused(log):
    receipt = Receipt.parse(log.receipt(5))
    another = Sign(0, 0, 0, b"n" * 16, b"e" * 32).render()
    for entry, index in ((another, 5), (receipt.entry, 4), (receipt.entry, 300)):
        data = Receipt(entry, index, receipt.hashes, receipt.checkpoint_bytes).render()
        assert refuse(verify_receipt, data, log.signer.verifier) == "bad-proof"


def test_a_receipt_without_its_entry_parses_but_proves_nothing_alone(log):
    receipt = Receipt.parse(log.receipt(5))
    data = Receipt(None, receipt.index, receipt.hashes, receipt.checkpoint_bytes).render()
    assert Receipt.parse(data).entry is None
    assert refuse(verify_receipt, data, log.signer.verifier) == "malformed-receipt"


def test_witnesses_are_told_and_a_false_one_is_refused(log):
    receipt = Receipt.parse(log.receipt(5))
    note = SignedNote.parse(receipt.checkpoint_bytes)
    for text, reason in ((note.text, None), ("another text\n", "bad-signature")):
        signed = SignedNote(note.text, (*note.signatures, WITNESS.cosign(text, time=1_700_000_000))).render()
        data = Receipt(receipt.entry, receipt.index, receipt.hashes, signed).render()
        assert verify_receipt(data, log.signer.verifier).witnesses == ()
        if reason:
            assert refuse(verify_receipt, data, log.signer.verifier, witnesses=[WITNESS_KEY]) == reason
        else:
            known = verify_receipt(data, log.signer.verifier, witnesses=[WITNESS_KEY]).witnesses
            assert [(signed.key, signed.time) for signed in known] == [(WITNESS_KEY, 1_700_000_000)]
    assert open_cosignatures(log.checkpoint(), [WITNESS_KEY]) == ()


def test_a_logs_own_key_is_no_witness(log):
    with pytest.raises(UsageError, match="type 04"):
        open_cosignatures(log.checkpoint(), [log.signer.verifier])


def test_promises_round_trip():
    assert open_promise(sign_promise(PROMISE, PROMISER), PROMISER.verifier) == PROMISE


def test_a_logs_key_signs_no_promises(log):
    with pytest.raises(UsageError, match="must not sign"):
        sign_promise(PROMISE, log.signer)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/v1\n", "/v2\n"),
        ("leaf ", "leaf  "),
        ("leaf ", "Leaf "),
        ("leaf aGho", "leaf aGh"),
        ("by 1700000060", "by 01700000060"),
        ("by 1700000060", "by -1"),
        ("by 1700000060", "by 999999999999999"),
        ("by 1700000060\n", "by 1700000060\n\n"),
        ("petitions.example/p/7/log", "a log"),
    ],
)
def test_other_spellings_of_a_promise_are_refused(before, after):
    assert before in PROMISE.render()
    data = sign_note(PROMISE.render().replace(before, after), [PROMISER])
    assert refuse(open_promise, data, PROMISER.verifier) == "malformed-promise"


def test_a_promise_of_another_or_by_another_key_is_refused():
    other = SignerKey("elsewhere.example/promise", b"p" * 32)
    assert refuse(open_promise, sign_promise(PROMISE, PROMISER), other.verifier) == "other-log"
    forged = sign_note(PROMISE.render(), [other])
    assert refuse(open_promise, forged, PROMISER.verifier) == "wrong-key"
