"""The secret of a receipt: derived alike each time, another for each signature, and nothing else passes for it."""

import hashlib

import pytest

from maninso.identity.receipt import is_receipt_secret, make_receipt_secret, name_cookie

KEY = bytes(range(32))
LEAF = hashlib.sha256(b"leaf").digest()


def test_it_is_what_the_reference_says() -> None:
    secret = make_receipt_secret(KEY, petition_id=12, leaf_hash=LEAF)
    mac = hashlib.blake2b((12).to_bytes(8, "big") + LEAF, key=KEY, digest_size=16).digest()
    import base64

    assert (base64.urlsafe_b64decode(secret + "=="), len(secret)) == (mac, 22)
    assert name_cookie(12) == "maninso_receipt_12"


@pytest.mark.parametrize(
    ("key", "petition", "leaf"), [(bytes(32), 12, LEAF), (KEY, 13, LEAF), (KEY, 12, hashlib.sha256(b"").digest())]
)
def test_another_signatures_secret_is_none(key: bytes, petition: int, leaf: bytes) -> None:
    secret = make_receipt_secret(KEY, petition_id=12, leaf_hash=LEAF)
    assert is_receipt_secret(KEY, secret, petition_id=12, leaf_hash=LEAF) is True
    assert is_receipt_secret(key, secret, petition_id=petition, leaf_hash=leaf) is False


@pytest.mark.parametrize("secret", ["", "A", "é" * 22, "\udc80", "A" * 22, "A" * 10_000])
def test_anything_is_refused_that_is_none(secret: str) -> None:
    assert is_receipt_secret(KEY, secret, petition_id=12, leaf_hash=LEAF) is False
