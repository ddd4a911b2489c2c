"""Kakao Login with OpenID Connect switched on (https://developers.kakao.com/docs/latest/en/kakaologin/rest-api).

What is different: the issuer is fixed; the client's secret goes into the form, if the app has one; the ID token holds
no birth date, which only the account's own interface gives (`userinfo = true`, with the consent items birthyear and
birthday); `sub` is the account's number for this app alone. A Kakao account is no person: assurance 1, unless the file
says otherwise for an app that demands more of its users.
"""

from collections.abc import Mapping
from typing import Any

from maninso.identity.oidc.errors import ProviderError
from maninso.identity.oidc.generic import Generic
from maninso.identity.oidc.kind import Connection
from maninso.identity.oidc.provider import Provider

ISSUER = "https://kauth.kakao.com"
ACCOUNT = "https://kapi.kakao.com/v2/user/me"


class Kakao(Generic):
    """Kakao's differences."""

    def name_issuer(self, provider: Provider) -> str:
        """Return Kakao's issuer; another one in the file is for tests."""
        return provider.issuer or ISSUER

    def ask_more(self, connection: Connection, tokens: Mapping[str, Any], *, subject: str) -> Mapping[str, Any]:
        """Return `birth_date` out of the account's data; `id` there is the token's `sub`."""
        issuer = connection.provider.issuer
        account = connection.line.get(
            f"{issuer}/v2/user/me" if issuer else ACCOUNT, token=str(tokens.get("access_token", ""))
        )
        if not isinstance(account, dict) or str(account.get("id")) != subject:
            raise ProviderError("claims", "the account's data is about somebody else")
        about = account.get("kakao_account")
        about = about if isinstance(about, dict) else {}
        birth_year, birthday = about.get("birthyear"), about.get("birthday")
        if isinstance(birth_year, str) and isinstance(birthday, str) and about.get("birthday_type") != "LUNAR":
            return {"birth_date": f"{birth_year}{birthday}"}
        return {"birth_date": birth_year} if isinstance(birth_year, str) else {}


KIND = Kakao()
