"""Any provider of OpenID Connect: discovery, ID token, and its claims (from UserInfo too, where the file says so)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from maninso.identity.oidc.errors import ProviderError
from maninso.identity.oidc.kind import Connection
from maninso.identity.oidc.provider import Provider
from maninso.identity.oidc.tokens import check_id_token
from maninso.identity.oidc.verified import Verified, read_claims


class Generic:
    """OpenID Connect as it is written."""

    unsent: tuple[str, ...] = ()

    def name_issuer(self, provider: Provider) -> str:
        """Return the issuer of the file."""
        return provider.issuer

    def find_authorization(self, connection: Connection) -> str:
        """Return the endpoint of the discovery document."""
        return connection.directory.find_endpoints().authorization

    def verify(
        self,
        connection: Connection,
        *,
        code: str,
        state: str,
        nonce: str,
        verifier: str,
        return_to: str,
        now: float,
        today: dt.date,
    ) -> Verified:
        """Exchange the code, check the ID token, and read its claims."""
        tokens = exchange_code(connection, code=code, verifier=verifier, return_to=return_to)
        provider = connection.provider
        claims = check_id_token(
            tokens.get("id_token"),
            keys=connection.directory.find_keys,
            issuer=connection.issuer,
            client_id=provider.client_id,
            algorithms=provider.algorithms,
            nonce=nonce,
            now=now,
        )
        more = self.ask_more(connection, tokens, subject=claims["sub"]) if provider.userinfo else {}
        # What the signed token says stands before what was asked for afterwards.
        return read_claims(provider, {**more, **claims}, acr=claims.get("acr"), today=today)

    def ask_more(self, connection: Connection, tokens: Mapping[str, Any], *, subject: str) -> Mapping[str, Any]:
        """Return the claims of UserInfo, which must be about the same subject (Core 1.0, section 5.3.2)."""
        claims = connection.line.get(
            connection.directory.find_endpoints().userinfo, token=str(tokens.get("access_token", ""))
        )
        if not isinstance(claims, dict) or claims.get("sub") != subject:
            raise ProviderError("claims", "UserInfo is about somebody else")
        return claims


def exchange_code(connection: Connection, *, code: str, verifier: str, return_to: str) -> Mapping[str, Any]:
    """Return the token endpoint's answer to a code (RFC 6749, section 4.1.3; RFC 7636, section 4.5)."""
    provider = connection.provider
    endpoints = connection.directory.find_endpoints()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": return_to,
        "code_verifier": verifier,
        "client_id": provider.client_id,
    }
    auth = None
    if provider.client_secret and "client_secret_basic" in endpoints.auth_methods:
        auth = (provider.client_id, provider.client_secret)
        del form["client_id"]
    elif provider.client_secret:
        form["client_secret"] = provider.client_secret
    tokens = connection.line.post(endpoints.token, form, auth=auth)
    if not isinstance(tokens, dict):
        raise ProviderError("answer", f"the provider {provider.id} gives no tokens")
    return tokens


KIND = Generic()
