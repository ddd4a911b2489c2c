"""The authorization code flow with PKCE (RFC 6749, RFC 7636, RFC 9700), as much of it as signing needs.

What has to be known when a person comes back lies in a signed cookie of their own browser, for ten minutes: the site
keeps no state, so any of its machines may answer.
"""

import datetime as dt
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from maninso.identity.encoding import decode_token, encode_token
from maninso.identity.oidc import generic, kakao, naver
from maninso.identity.oidc.errors import ProviderError
from maninso.identity.oidc.kind import Connection, Kind
from maninso.identity.oidc.provider import Provider
from maninso.identity.oidc.verified import Verified
from maninso.identity.ticket import derive_key

LIFETIME = 600  # seconds until somebody who went to the provider must be back
LONGEST_COOKIE = 2000  # characters
LONGEST_CODE = 4096  # characters

KINDS: Mapping[str, Kind] = {"generic": generic.KIND, "kakao": kakao.KIND, "naver": naver.KIND}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Somebody who went to a provider: what they were about to sign, and what only their browser knows.

    `age` is what they declared where nobody else knows it, or AGE_UNKNOWN; `assurance` what the petition asks for.
    `purpose` is identity.proof's where it is not to sign, and `back` the page on this site that they come back to.
    """

    provider: str
    petition_id: int
    language: str
    assurance: int
    age: int
    state: str
    nonce: str
    verifier: str
    expires_at: int
    purpose: str = ""
    back: str = ""


def begin(
    provider: Provider,
    *,
    petition_id: int,
    language: str,
    assurance: int,
    age: int,
    return_to: str,
    now: float,
    purpose: str = "",
    back: str = "",
) -> tuple[str, Pending]:
    """Return the provider's address to send a person to, and what to keep in their browser. Raises ProviderDown."""
    pending = Pending(
        provider=provider.id,
        petition_id=petition_id,
        language=language,
        assurance=assurance,
        age=age,
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        expires_at=int(now) + LIFETIME,
        purpose=purpose,
        back=back,
    )
    challenge = encode_token(hashlib.sha256(pending.verifier.encode()).digest())
    wanted = [acr for acr, level in provider.acr.items() if level >= assurance]
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": return_to,
        "scope": " ".join(provider.scopes),
        "state": pending.state,
        "nonce": pending.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **({"acr_values": " ".join(wanted)} if wanted else {}),
    }
    kind = KINDS[provider.kind]
    where = kind.find_authorization(connect(provider))
    sent = {name: value for name, value in asked.items() if name not in kind.unsent}
    return f"{where}{'&' if '?' in where else '?'}{urlencode(sent)}", pending


def finish(
    provider: Provider, pending: Pending, *, answer: Mapping[str, str], return_to: str, now: float, today: dt.date
) -> Verified:
    """Return who came back, by what the provider's redirect said (`answer`). Raises ProviderError, ProviderDown.

    The redirect is believed only with this browser's state (and the provider's name, where it says it: RFC 9207).
    """
    if now >= pending.expires_at or not hmac.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
        raise ProviderError("state", "this is not the answer that was waited for, or it came too late")
    kind = KINDS[provider.kind]
    if answer.get("iss", kind.name_issuer(provider)) != kind.name_issuer(provider):
        raise ProviderError("state", "another provider answered than was asked")
    if "error" in answer:
        fault = "denied" if answer["error"] in ("access_denied", "interaction_required") else "refused"
        raise ProviderError(fault, f"the provider {provider.id} sent nobody back")
    code = answer.get("code", "")
    if not 0 < len(code) <= LONGEST_CODE:
        raise ProviderError("answer", f"the provider {provider.id} sent no code back")
    verified = kind.verify(
        connect(provider),
        code=code,
        state=pending.state,
        nonce=pending.nonce,
        verifier=pending.verifier,
        return_to=return_to,
        now=now,
        today=today,
    )
    if verified.assurance < pending.assurance:
        raise ProviderError("low", "the petition asks for a stronger proof")
    return verified


_connections: dict[str, Connection] = {}  # of this process, by the provider's id
_connecting = threading.Lock()


def connect(provider: Provider) -> Connection:
    """Return this process's line to a provider, with what it remembers of it."""
    with _connecting:
        known = _connections.get(provider.id)
        if known is not None and known.provider != provider:
            known.line.close()
            known = None
        if known is None:
            known = Connection(provider, issuer=KINDS[provider.kind].name_issuer(provider))
            _connections[provider.id] = known
        return known


def seal_pending(secret: str, pending: Pending) -> str:
    """Return the cookie's value: the fields and a MAC over them, both in base64url."""
    body = json.dumps(asdict(pending), separators=(",", ":")).encode()
    return f"{encode_token(body)}.{encode_token(_sign(secret, body))}"


def read_pending(secrets_: Sequence[str], value: str) -> Pending:
    """Return what a cookie holds that was sealed under any of the site's secrets. Raises ProviderError ("state")."""
    lost = ProviderError("state", "this browser did not go to a provider, or it was too long ago")
    body_text, _, mac_text = value.partition(".")
    if len(value) > LONGEST_COOKIE:
        raise lost
    try:
        body, mac = decode_token(body_text), decode_token(mac_text)
    except ValueError as error:
        raise lost from error
    if not any(hmac.compare_digest(_sign(secret, body), mac) for secret in secrets_):
        raise lost
    return Pending(**json.loads(body))


def name_cookie(state: str) -> str:
    """Return the cookie's name: one for each time that somebody goes, so that two tabs do not disturb each other."""
    return f"maninso_oidc_{hashlib.sha256(state.encode()).hexdigest()[:8]}"


def _sign(secret: str, body: bytes) -> bytes:
    return hmac.digest(derive_key(secret, purpose="oidc"), body, "sha256")
