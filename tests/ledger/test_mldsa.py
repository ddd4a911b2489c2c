"""Cosignatures with ML-DSA-44: verified as tlog-cosignature says, and nothing else passes."""

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from maninso.ledger.checkpoint import peek_checkpoint
from maninso.ledger.errors import LedgerError
from maninso.ledger.mldsa import make_cosigned_message
from maninso.ledger.note import ML_DSA_44, NoteSignature, SignedNote, VerifierKey
from maninso.ledger.policy import PolicyError, parse_policy
from maninso.ledger.proof import open_cosignatures
from maninso.ledger.witness import read_cosignatures

NAME = "witness.example/w"
TIME = 1_700_000_000


@pytest.fixture(scope="module")
def private():
    return MLDSA44PrivateKey.generate()


@pytest.fixture(scope="module")
def key(private):
    return VerifierKey(NAME, ML_DSA_44, private.public_key().public_bytes_raw())


def cosign(private, key, text, *, time=TIME, name=NAME):
    signature = private.sign(make_cosigned_message(name=name, time=time, text=text))
    return NoteSignature(key.name, key.key_id, time.to_bytes(8, "big") + signature)


@pytest.fixture
def text(log):
    return SignedNote.parse(log.checkpoint()).text


def test_what_is_signed_byte_by_byte():
    root = bytes(range(32))
    text = "example.com/l\n5\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert make_cosigned_message(name="w", time=1, text=text) == (
        b"subtree/v1\n\0" + b"\x01w" + bytes(7) + b"\x01" + b"\x0dexample.com/l" + bytes(8) + bytes(7) + b"\x05" + root
    )


def test_a_cosignature_is_verified_with_its_time(private, key, text, log):
    line = cosign(private, key, text)
    assert (len(line.signature), len(key.public_key)) == (8 + 2_420, 1_312)
    assert key.verify(text, line.signature).time == TIME
    note = SignedNote.parse(log.checkpoint())
    cosigned = SignedNote(text, (*note.signatures, line)).render()
    (verified,) = open_cosignatures(cosigned, [key])
    assert (verified.key, verified.time) == (key, TIME)
    assert peek_checkpoint(cosigned) == peek_checkpoint(log.checkpoint())
    assert read_cosignatures(f"{line.render()}\n".encode(), text, key) == (line, TIME)


def test_extension_lines_are_not_part_of_it(private, key, text):
    assert key.verify(text + "extension\n", cosign(private, key, text).signature)


def test_every_other_statement_is_refused(private, key, text, log):
    good = cosign(private, key, text).signature
    origin, size, root, _ = text.split("\n")
    others = [
        (f"{origin}x\n{size}\n{root}\n", good),
        (f"{origin}\n299\n{root}\n", good),
        (SignedNote.parse(log.checkpoint(299)).text, good),
        (text, (TIME + 1).to_bytes(8, "big") + good[8:]),
        (text, cosign(private, key, text, name="witness.example/other").signature),
        (text, good[:-1]),
        (text, good + b"\0"),
        (text, cosign(private, key, text, time=1 << 63).signature),
        ("no checkpoint\n", good),
        (f"{'o' * 256}\n{size}\n{root}\n", good),
        (text, cosign(MLDSA44PrivateKey.generate(), key, text).signature),
    ]
    for other, signature in others:
        with pytest.raises(LedgerError) as refusal:
            key.verify(other, signature)
        assert refusal.value.reason == "bad-signature"


def test_keys_and_policies(key):
    assert VerifierKey.parse(key.render()) == key
    policy = parse_policy(f"witness w {key.render()}\nquorum w\n".encode())
    assert policy.is_met([key])
    with pytest.raises(PolicyError, match="a log's key, of type 01"):
        parse_policy(f"log {key.render()}\nquorum none\n".encode())
    for length in (32, 1_311, 1_313):
        with pytest.raises(LedgerError):
            VerifierKey(NAME, ML_DSA_44, bytes(length))
