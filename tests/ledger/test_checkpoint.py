"""Checkpoints: three canonical lines, signed by the log's own key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso import UsageError
from maninso.ledger.checkpoint import Checkpoint, open_checkpoint, peek_checkpoint, sign_checkpoint
from maninso.ledger.errors import LedgerError
from maninso.ledger.merkle import EMPTY_ROOT
from maninso.ledger.note import SignerKey, sign_note

ORIGIN = "petitions.example/p/7/log"
SIGNER = SignerKey(ORIGIN, b"s" * 32)
POINT = Checkpoint(ORIGIN, 5, b"r" * 32)
ROOT = "cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI="


@given(st.integers(1, 2**48), st.binary(min_size=32, max_size=32))
def test_checkpoints_round_trip(size, root):
    point = Checkpoint(ORIGIN, size, root)
    assert Checkpoint.parse(point.render()) == point
    assert open_checkpoint(sign_checkpoint(point, SIGNER), origin=ORIGIN, key=SIGNER.verifier) == point


def test_the_text_is_origin_size_and_root():
    assert POINT.render() == f"{ORIGIN}\n5\n{ROOT}\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n05\n{ROOT}\n",
        f"{ORIGIN}\n+5\n{ROOT}\n",
        f"{ORIGIN}\n-5\n{ROOT}\n",
        f"{ORIGIN}\n5_0\n{ROOT}\n",
        f"{ORIGIN}\n 5\n{ROOT}\n",
        f"{ORIGIN}\n٥\n{ROOT}\n",
        f"{ORIGIN}\n5.0\n{ROOT}\n",
        f"{ORIGIN}\n\n{ROOT}\n",
        f"{ORIGIN}\n{2**48 + 1}\n{ROOT}\n",
        f"{ORIGIN}\n{10**30}\n{ROOT}\n",
        f"{ORIGIN}\n0\n{ROOT}\n",
        f"\n5\n{ROOT}\n",
        f"an origin\n5\n{ROOT}\n",
        f"{ORIGIN}\n5\n{ROOT}",
        f"{ORIGIN}\n5\n{ROOT}\n\n",
        f"{ORIGIN}\n5\n{ROOT}\nextension\n",
        f"{ORIGIN}\n5\n{ROOT[:-1]}\n",
        f"{ORIGIN}\n5\n{ROOT[:-2]}J=\n",
        f"{ORIGIN}\n5\n{ROOT[:-4]}\n",
        f"{ORIGIN}\n5\n",
        "",
    ],
)
def test_other_spellings_are_refused(text):
    with pytest.raises(LedgerError) as refusal:
        Checkpoint.parse(text)
    assert refusal.value.reason == "malformed-checkpoint"


@given(st.text(alphabet=f"{ORIGIN}0123456789+-_ \n=", max_size=120))
def test_whatever_is_parsed_is_rendered_the_same(text):
    for candidate in (text, f"{ORIGIN}\n{text}\n{ROOT}\n", f"{text}\n5\n{ROOT}\n"):
        try:
            point = Checkpoint.parse(candidate)
        except LedgerError:
            continue
        assert point.render() == candidate


def test_an_empty_log_has_the_empty_root():
    assert Checkpoint.parse(Checkpoint(ORIGIN, 0, EMPTY_ROOT).render()).size == 0


def test_another_logs_checkpoint_is_refused():
    data = sign_checkpoint(POINT, SIGNER)
    other = SignerKey("petitions.example/p/8/log", b"s" * 32)
    with pytest.raises(LedgerError) as refusal:
        open_checkpoint(data, origin=other.name, key=other.verifier)
    assert refusal.value.reason == "other-log"


def test_a_checkpoint_that_another_key_signed_is_refused():
    data = sign_note(POINT.render(), [SignerKey(ORIGIN, b"t" * 32)])
    with pytest.raises(LedgerError) as refusal:
        open_checkpoint(data, origin=ORIGIN, key=SIGNER.verifier)
    assert refusal.value.reason == "wrong-key"
    assert peek_checkpoint(data) == POINT


def test_a_key_signs_for_the_log_it_is_named_after_alone():
    with pytest.raises(UsageError, match="must not sign for the log"):
        sign_checkpoint(POINT, SignerKey("petitions.example/p/8/log", b"s" * 32))
