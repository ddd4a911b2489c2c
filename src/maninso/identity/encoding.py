"""base64url without padding (RFC 4648, section 5), as tokens in addresses, forms and cookies are written.

One spelling only: the last character of most lengths has bits that say nothing, and a token that is good in several
spellings is counted, remembered or taken away in one of them and comes back in another.
"""

import base64


def encode_token(data: bytes) -> str:
    """Return bytes as text for an address, a form or a cookie."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_token(text: str) -> bytes:
    """Return the bytes whose one spelling `text` is: `encode_token(decode_token(x)) == x`. Raises ValueError."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if encode_token(data) != text:
        raise ValueError("another spelling of the same bytes")
    return data
