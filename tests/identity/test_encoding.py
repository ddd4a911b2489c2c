"""Tokens have one spelling: what decodes is what was encoded, byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso.identity.encoding import decode_token, encode_token


@given(st.binary(max_size=80))
def test_what_was_encoded_is_read(data: bytes) -> None:
    assert decode_token(encode_token(data)) == data


@given(st.text(alphabet="AQgwEIMUYckosw048-_+/=\n é", max_size=12))
def test_what_is_read_has_no_other_spelling(text: str) -> None:
    try:
        data = decode_token(text)
    except ValueError:
        return
    assert encode_token(data) == text


@pytest.mark.parametrize("other", ["AB", "AAB", "AA==", "AA=", "A", "A+A_", "AA\n", "가"])
def test_other_spellings_are_refused(other: str) -> None:
    """`AB` and `AA` are both the byte 0 to a lenient reader."""
    with pytest.raises(ValueError, match=r"spelling|base64|padding|ASCII|data"):
        decode_token(other)
