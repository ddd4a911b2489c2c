"""Nullifiers and the keys behind them."""

import hashlib
import hmac

import pytest

from maninso.identity.nullifier import (
    SealError,
    commit_key,
    derive_nullifier,
    make_petition_key,
    open_sealed_key,
    seal_key,
)

KEY = bytes(range(32))
WRAP = b"w" * 32


def test_nullifier_is_the_documented_hmac() -> None:
    message = b"maninso/nullifier/v1\0mail\0someone"
    expected = hmac.new(KEY, message, hashlib.sha256).digest()[:16]
    assert derive_nullifier(KEY, issuer="mail", subject=b"someone") == expected


def test_nullifiers_of_two_petitions_cannot_be_linked() -> None:
    assert derive_nullifier(KEY, issuer="mail", subject=b"s") != derive_nullifier(
        b"x" * 32, issuer="mail", subject=b"s"
    )


def test_issuer_and_subject_do_not_run_together() -> None:
    with pytest.raises(ValueError, match="NUL"):
        derive_nullifier(KEY, issuer="mail\0so", subject=b"meone")
    assert derive_nullifier(KEY, issuer="mail", subject=b"a\0b") != derive_nullifier(KEY, issuer="a", subject=b"b")


def test_sealed_key_opens_for_its_petition_under_its_wrapping_key_only() -> None:
    key = make_petition_key()
    sealed = seal_key(WRAP, petition_id=7, key=key)
    assert open_sealed_key(WRAP, petition_id=7, sealed=sealed) == key
    for wrapping_key, petition_id, data in [
        (b"x" * 32, 7, sealed),
        (WRAP, 8, sealed),
        (WRAP, 7, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (WRAP, 7, b""),
    ]:
        with pytest.raises(SealError, match="does not open") as caught:
            open_sealed_key(wrapping_key, petition_id=petition_id, sealed=data)
        assert caught.value.cure


def test_keys_are_random_and_sealed_anew_each_time() -> None:
    assert make_petition_key() != make_petition_key()
    assert seal_key(WRAP, petition_id=7, key=KEY) != seal_key(WRAP, petition_id=7, key=KEY)


def test_commitment_is_the_documented_hash() -> None:
    assert commit_key(KEY) == hashlib.sha256(KEY).digest()


@pytest.mark.parametrize("use", [commit_key, lambda key: derive_nullifier(key, issuer="m", subject=b"s")])
def test_short_keys_are_refused(use) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="32 bytes"):
        use(b"short")
