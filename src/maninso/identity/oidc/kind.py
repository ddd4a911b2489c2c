"""What kinds of providers differ in."""

import datetime as dt
from typing import Protocol

from maninso.identity.oidc.directory import Directory
from maninso.identity.oidc.fetch import Line
from maninso.identity.oidc.provider import Provider
from maninso.identity.oidc.verified import Verified


class Connection:
    """One provider with the line to it and what it says of itself."""

    def __init__(self, provider: Provider, *, issuer: str) -> None:
        self.provider = provider
        self.issuer = issuer
        self.line = Line(provider.id)
        self.directory = Directory(provider, self.line, issuer=issuer)


class Kind(Protocol):
    """One kind of provider."""

    unsent: tuple[str, ...]
    """Parameters of the authorization request that this kind does not know."""

    def name_issuer(self, provider: Provider) -> str:
        """Return the issuer that its tokens must name."""

    def find_authorization(self, connection: Connection) -> str:
        """Return where people are sent. Raises ProviderDown."""

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
        """Return who a code stands for. Raises ProviderError, ProviderDown."""
