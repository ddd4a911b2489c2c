"""An OpenID Connect provider of our own that lies on demand, on this machine.

It logs everybody in at once, as `person`. What it gets wrong is set by its attributes; by default it is honest.
"""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CLIENT_ID = "maninso-tests"
SECRET = "a secret of the tests"


def free_at_once() -> threading.Event:
    """Make an event that is set."""
    event = threading.Event()
    event.set()
    return event


@cache
def make_key(_whose: str) -> rsa.RSAPrivateKey:
    """Make a key, once: it takes long."""
    return rsa.generate_private_key(65537, 2048)


@dataclass
class Grant:
    """One log-in that a code stands for."""

    request: dict[str, str]
    claims: dict[str, Any]
    used: bool = False


@dataclass
class LyingProvider:
    """The provider's state. `twist` changes an ID token's claims before it is signed."""

    url: str = ""
    person: str = "person 1"
    more: dict[str, Any] = field(default_factory=dict)  # claims besides
    profile: dict[str, Any] = field(default_factory=dict)  # UserInfo, Kakao's account, Naver's response
    twist: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda claims: claims)
    algorithm: str = "RS256"
    header: dict[str, Any] = field(default_factory=dict)
    kid: str = "k1"
    issuer: str = ""  # what discovery says; "" is the truth
    auth_methods: tuple[str, ...] = ()  # how discovery says that the secret is to be sent; () says nothing
    result_code: str = "00"  # Naver's, of a profile; anything else goes without one
    keeps_account: bool = False  # 403 in the place of the account's data: the person did not consent
    takes_codes_again: bool = False
    denies: bool = False
    delay: float = 0.0  # seconds before each answer
    down: bool = False  # 503 to everything
    free: threading.Event = field(default_factory=free_at_once)  # cleared: every answer waits until it is set
    asked: list[tuple[str, dict[str, str], str]] = field(default_factory=list)  # path, form or query, Authorization
    grants: dict[str, Grant] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: make_key("ours"))
    curve_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    foreign_key: rsa.RSAPrivateKey = field(default_factory=lambda: make_key("another's"))

    def jwks(self) -> dict[str, Any]:
        keys = []
        for algorithm, key, name in (("RS256", self.key, self.kid), ("ES256", self.curve_key, "curve")):
            made: str = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key())  # type: ignore[assignment]
            keys.append({**json.loads(made), "kid": name, "use": "sig"})
        return {"keys": keys}

    def sign(self, claims: dict[str, Any]) -> str:
        match self.algorithm:
            case "none":
                return jwt.encode(claims, "", algorithm="none", headers=self.header)
            case "HS256":  # with the public key for a secret: RFC 8725, section 2.1
                pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
                return forge_hs256(claims, pem, {"kid": self.kid, **self.header})
            case "ES256":
                return jwt.encode(claims, self.curve_key, "ES256", headers={"kid": "curve", **self.header})
            case "foreign":
                return jwt.encode(claims, self.foreign_key, "RS256", headers={"kid": self.kid, **self.header})
            case _:
                return jwt.encode(claims, self.key, "RS256", headers={"kid": self.kid, **self.header})

    def id_token(self, grant: Grant) -> str:
        now = int(time.time())
        honest = {
            "iss": self.url,
            "aud": grant.request["client_id"],
            "exp": now + 300,
            "iat": now,
            "nonce": grant.request.get("nonce", ""),
            **grant.claims,
        }
        return self.sign(self.twist(honest))


def forge_hs256(claims: dict[str, Any], secret: bytes, header: dict[str, Any]) -> str:
    """Make a token by hand: the library refuses to take a public key for a secret."""
    import hmac

    def text(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    head = text(json.dumps({"alg": "HS256", "typ": "JWT", **header}).encode())
    body = text(json.dumps(claims).encode())
    return f"{head}.{body}.{text(hmac.digest(secret, f'{head}.{body}'.encode(), 'sha256'))}"


class Handler(BaseHTTPRequestHandler):
    """Answers for the provider in `server.provider`."""

    protocol_version = "HTTP/1.1"

    @property
    def provider(self) -> LyingProvider:
        return self.server.provider  # type: ignore[attr-defined,no-any-return]

    def log_message(self, *_: Any) -> None:
        """Be quiet."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.handle_request(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.handle_request(self.path, {name: values[0] for name, values in parse_qs(body).items()})

    def handle_request(self, path: str, given: dict[str, str]) -> None:
        provider = self.provider
        provider.asked.append((path, given, self.headers.get("Authorization", "")))
        time.sleep(provider.delay)
        provider.free.wait(60)
        if provider.down:
            self.send(503, {"error": "temporarily_unavailable"})
        elif path == "/.well-known/openid-configuration":
            self.send(200, self.describe())
        elif path == "/jwks":
            self.send(200, provider.jwks())
        elif path in ("/authorize", "/oauth2.0/authorize"):
            self.log_in(given)
        elif path in ("/token", "/oauth2.0/token"):
            self.exchange(given)
        elif path == "/v2/user/me" and provider.keeps_account:
            self.send(403, {"msg": "insufficient scopes.", "code": -402, "required_scopes": ["birthyear"]})
        elif path == "/v1/nid/me" and provider.result_code != "00":
            self.send(200, {"resultcode": provider.result_code, "message": "Authentication failed"})
        elif path in ("/userinfo", "/v2/user/me"):
            self.send(200, provider.profile)
        elif path == "/v1/nid/me":
            self.send(200, {"resultcode": "00", "message": "success", "response": provider.profile})
        else:
            self.send(404, {"error": "nothing here"})

    def describe(self) -> dict[str, Any]:
        url, methods = self.provider.url, list(self.provider.auth_methods)
        return {
            **({"token_endpoint_auth_methods_supported": methods} if methods else {}),
            "issuer": self.provider.issuer or url,
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
            "userinfo_endpoint": f"{url}/userinfo",
            "jwks_uri": f"{url}/jwks",
        }

    def log_in(self, given: dict[str, str]) -> None:
        provider = self.provider
        answer = {"state": given["state"]}
        if provider.denies:
            answer["error"] = "access_denied"
        else:
            code = f"code-{len(provider.grants)}"
            provider.grants[code] = Grant(given, {"sub": provider.person, **provider.more})
            answer["code"] = code
        self.send_response(302)
        self.send_header("Location", f"{given['redirect_uri']}?{urlencode(answer)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def exchange(self, given: dict[str, str]) -> None:
        provider = self.provider
        grant = provider.grants.get(given.get("code", ""))
        if grant is None or (grant.used and not provider.takes_codes_again) or not self.knows_verifier(grant, given):
            naver = self.path.startswith("/oauth2.0")
            self.send(200 if naver else 400, {"error": "invalid_grant"})
            return
        grant.used = True
        tokens = {"access_token": "access", "token_type": "Bearer", "expires_in": 300}
        if "openid" in grant.request.get("scope", ""):
            tokens["id_token"] = provider.id_token(grant)
        self.send(200, tokens)

    def knows_verifier(self, grant: Grant, given: dict[str, str]) -> bool:
        challenge = grant.request.get("code_challenge")
        if challenge is None:
            return True
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge

    def send(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def lying_provider() -> Iterator[LyingProvider]:
    """Run a provider."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider = LyingProvider(url=f"http://127.0.0.1:{server.server_address[1]}")
    server.provider = provider  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
