"""What a provider says of itself (OpenID Connect Discovery 1.0) and its keys (RFC 7517), kept for an hour."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from maninso.identity.oidc.errors import ProviderDown, ProviderError
from maninso.identity.oidc.fetch import Line
from maninso.identity.oidc.provider import Provider

KEPT = 3600.0  # seconds
KEPT_AT_MOST = 86_400.0  # seconds, where the provider does not answer
ASKED_AGAIN = 30.0  # seconds between two fetches for a key that is not known
MOST_KEYS = 50

_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a provider is asked; "" for what it does not have."""

    authorization: str
    token: str
    userinfo: str
    jwks: str
    auth_methods: tuple[str, ...]


class Directory:
    """One provider's endpoints and keys in this process's memory."""

    def __init__(self, provider: Provider, line: Line, *, issuer: str) -> None:
        self._provider = provider
        self._line = line
        self._issuer = issuer
        self._lock = threading.Lock()
        self._endpoints: Endpoints | None = None
        self._endpoints_at = 0.0
        self._keys: list[Mapping[str, Any]] = []
        self._keys_at = 0.0

    def find_endpoints(self) -> Endpoints:
        """Return the endpoints; what is older than an hour is renewed, or used for a day while nobody answers."""
        now = time.monotonic()
        known = self._endpoints
        if known is not None and now - self._endpoints_at < KEPT:
            return known
        try:
            document = self._line.get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        except ProviderDown:
            if known is not None and now - self._endpoints_at < KEPT_AT_MOST:
                return known
            raise
        self._endpoints, self._endpoints_at = self._read(document), now
        return self._endpoints

    def find_keys(self, key_id: str | None) -> list[Mapping[str, Any]]:
        """Return the signing keys that a token's `kid` may mean; an unknown one has the keys fetched again."""
        now = time.monotonic()
        with self._lock:
            age = now - self._keys_at
            found = self._matching(key_id)
            if not self._keys or age >= KEPT or (not found and age >= ASKED_AGAIN):
                try:
                    self._keys, self._keys_at = self._fetch_keys(), now
                except ProviderDown:
                    if not found or age >= KEPT_AT_MOST:
                        raise
                found = self._matching(key_id)
        return found

    def _matching(self, key_id: str | None) -> list[Mapping[str, Any]]:
        return [
            key
            for key in self._keys
            if key.get("use", "sig") == "sig" and (key_id is None or key.get("kid", key_id) == key_id)
        ]

    def _fetch_keys(self) -> list[Mapping[str, Any]]:
        document = self._line.get(self.find_endpoints().jwks)
        keys = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(keys, list) or len(keys) > MOST_KEYS:
            raise ProviderError("answer", f"the provider {self._provider.id} shows no keys")
        return [key for key in keys if isinstance(key, dict)]

    def _read(self, document: Any) -> Endpoints:
        if not isinstance(document, dict) or document.get("issuer") != self._issuer:
            raise ProviderError("answer", f"the provider {self._provider.id} calls itself by another name")
        methods = document.get("token_endpoint_auth_methods_supported")
        return Endpoints(
            authorization=self._address(document, "authorization_endpoint"),
            token=self._address(document, "token_endpoint"),
            userinfo=self._address(document, "userinfo_endpoint", needed=self._provider.userinfo),
            jwks=self._address(document, "jwks_uri"),
            # Discovery 1.0, section 3: this is what holds where nothing is said.
            auth_methods=tuple(methods) if isinstance(methods, list) else ("client_secret_basic",),
        )

    def _address(self, document: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
        """Return an endpoint's address; TLS is not a matter of taste, except on this machine."""
        address = document.get(name, "")
        if not address and not needed:
            return ""
        parts = urlsplit(address) if isinstance(address, str) else urlsplit("")
        if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL):
            return str(address)
        raise ProviderError("answer", f"the provider {self._provider.id} gives no safe {name}")
