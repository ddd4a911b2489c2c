"""Naver Login, which is OAuth 2.0 without OpenID Connect (https://developers.naver.com/docs/login/api/api.md).

What is different: no discovery, no ID token, no nonce and no PKCE are documented, so who it is comes from the profile
that is asked for with the access token, over TLS and with the client's secret; only `state` ties the answer to this
browser. `id` is the account's number for this app alone. The state is sent once more with the code. Birth year and
birthday come apart. A Naver account is no person: assurance 1.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from maninso.identity.oidc.errors import ProviderError
from maninso.identity.oidc.kind import Connection
from maninso.identity.oidc.provider import Provider
from maninso.identity.oidc.verified import Verified, read_claims

LOGIN = "https://nid.naver.com"
PROFILE = "https://openapi.naver.com/v1/nid/me"


class Naver:
    """Naver's differences."""

    unsent: tuple[str, ...] = ("nonce", "code_challenge", "code_challenge_method", "scope", "acr_values")

    def name_issuer(self, provider: Provider) -> str:
        """Return Naver's address; another one in the file is for tests."""
        return provider.issuer or LOGIN

    def find_authorization(self, connection: Connection) -> str:
        """Return the fixed endpoint."""
        return f"{connection.issuer}/oauth2.0/authorize"

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
        """Exchange the code and ask whose it is."""
        provider = connection.provider
        form = {
            "grant_type": "authorization_code",
            "client_id": provider.client_id,
            "client_secret": provider.client_secret,
            "code": code,
            "state": state,
        }
        tokens = connection.line.post(f"{connection.issuer}/oauth2.0/token", form)
        token = tokens.get("access_token") if isinstance(tokens, dict) else None
        if not isinstance(token, str) or not token:
            # Naver refuses with status 200 and `error` in the answer.
            raise ProviderError("refused", f"the provider {provider.id} takes the code back")
        answer = connection.line.get(f"{provider.issuer}/v1/nid/me" if provider.issuer else PROFILE, token=token)
        profile = answer.get("response") if isinstance(answer, dict) and answer.get("resultcode") == "00" else None
        if not isinstance(profile, dict):
            raise ProviderError("claims", "the provider does not say who this is")
        return read_claims(provider, name_claims(profile), acr=None, today=today)


def name_claims(profile: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the profile under the names that the file's mapping has by default; `sub` is Naver's `id`."""
    claims = {**profile, "sub": profile.get("id")}
    birth_year, birthday = profile.get("birthyear"), profile.get("birthday")
    if isinstance(birth_year, str) and isinstance(birthday, str):
        claims["birth_date"] = f"{birth_year}-{birthday}"
    elif isinstance(birth_year, str):
        claims["birth_date"] = birth_year
    return claims


KIND = Naver()
