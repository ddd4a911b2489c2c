"""The keyed code of the signing path is HMAC-SHA-256 and nothing else."""

import hmac

from hypothesis import given
from hypothesis import strategies as st

from maninso.identity.mac import Mac


@given(st.binary(max_size=200), st.lists(st.binary(max_size=300), min_size=2, max_size=3))
def test_it_is_what_the_standard_library_computes(key: bytes, messages: list[bytes]) -> None:
    mac = Mac(key)
    assert [mac.digest(message) for message in messages] == [hmac.digest(key, m, "sha256") for m in messages]


def test_a_known_answer() -> None:
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"  # RFC 4231, test case 2
    assert Mac(b"Jefe").digest(b"what do ya want for nothing?").hex() == expected
