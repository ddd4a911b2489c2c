"""Checks an ID token (OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725).

Asymmetric signatures alone, by a key of the provider's that fits the algorithm; issuer, audience, times and nonce as
they must be. Nothing in the token is believed before.

PyJWT is imported where a token is checked: every command starts without it, and most sites have no provider.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from maninso.identity.oidc.errors import ProviderError
from maninso.identity.oidc.provider import ASYMMETRIC

LEEWAY = 60  # seconds that two clocks may differ by
OLDEST = 600  # seconds since a token was issued
LONGEST = 16 * 1024  # characters

Keys = Callable[[str | None], Sequence[Mapping[str, Any]]]
_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]


def check_id_token(
    token: object,
    *,
    keys: Keys,
    issuer: str,
    client_id: str,
    algorithms: Sequence[str],
    nonce: str,
    now: float,
) -> Mapping[str, Any]:
    """Return the claims of an ID token that holds. Raises ProviderError ("token"), which says nothing of its content.

    `keys` gives the provider's keys (JWK) for a key id.
    """
    if not isinstance(token, str) or len(token) > LONGEST:
        raise _false("there is no ID token")
    claims = _check_signature(token, keys, issuer=issuer, client_id=client_id, algorithms=algorithms)
    audience = claims["aud"]
    is_for_several = isinstance(audience, list) and len(audience) > 1
    # What is for several must say that it was made for us (section 3.1.3.7, 3 to 5).
    if claims.get("azp", None if is_for_several else client_id) != client_id:
        raise _false("the ID token was made for somebody else")
    _check_times(claims, now=now)
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise _false("the ID token answers another request")
    return claims


def _check_signature(
    token: str, keys: Keys, *, issuer: str, client_id: str, algorithms: Sequence[str]
) -> dict[str, Any]:
    import jwt

    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as error:
        raise _false("the ID token is none") from error
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in algorithms or algorithm not in ASYMMETRIC or "crit" in header:
        raise _false("the ID token is not signed in a way that is accepted")
    fault: Exception | None = None
    for key in keys(key_id if isinstance(key_id, str) else None):
        if key.get("alg", algorithm) != algorithm or key.get("kty") == "oct":
            continue
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                jwt.PyJWK(dict(key), algorithm=algorithm),
                algorithms=[algorithm],
                audience=client_id,
                issuer=issuer,
                options={
                    "require": _REQUIRED,
                    "verify_exp": False,  # by our `now`, below
                    "verify_iat": False,
                    "verify_nbf": False,
                    "enforce_minimum_key_length": True,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            fault = error
        else:
            return claims
    raise _false("the ID token's signature, issuer or audience is wrong") from fault


def _check_times(claims: Mapping[str, Any], *, now: float) -> None:
    expires, issued, begins = (claims["exp"], claims["iat"], claims.get("nbf", claims["iat"]))
    if not all(isinstance(moment, (int, float)) for moment in (expires, issued, begins)):
        raise _false("the ID token's times are none")
    if now >= expires + LEEWAY:
        raise _false("the ID token has expired")
    if not now - OLDEST - LEEWAY <= issued <= now + LEEWAY:
        raise _false("the ID token was not issued just now")
    if now < begins - LEEWAY:
        raise _false("the ID token holds later only")


def _false(message: str) -> ProviderError:
    return ProviderError("token", message)
