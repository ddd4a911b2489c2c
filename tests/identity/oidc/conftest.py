"""A provider that lies on demand, and the way there and back without a browser."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.provider import CLIENT_ID, SECRET, LyingProvider, lying_provider

from maninso.identity.oidc import Pending, Provider, Verified, begin, finish, flow
from maninso.identity.oidc.provider import Names

RETURN = "http://127.0.0.1:1/identity/oidc/test/return"
TODAY = dt.date(2026, 11, 26)

Configure = Callable[..., Provider]


@pytest.fixture
def liar() -> Iterator[LyingProvider]:
    with lying_provider() as provider:
        yield provider
    while flow._connections:
        flow._connections.popitem()[1].line.close()


@pytest.fixture
def configure(liar: LyingProvider) -> Configure:
    def make(**given: Any) -> Provider:
        return Provider(
            **{
                "id": "test",
                "name": Names(ko="시험", en="Test"),
                "client_id": CLIENT_ID,
                "client_secret": SECRET,
                "issuer": liar.url,
                "scheme": "test",
                **given,
            }
        )

    return make


def go(provider: Provider, **given: Any) -> tuple[dict[str, str], Pending]:
    """Go to the provider; return what its redirect says, and what the browser keeps."""
    address, pending = begin(
        provider,
        **{
            "petition_id": 7,
            "language": "ko",
            "assurance": 0,
            "age": 255,
            "return_to": RETURN,
            "now": time.time(),
            **given,
        },
    )
    # It is plain HTTP; to read whose certificates are believed would take longer than the rest of a test.
    location = httpx.get(address, verify=False).headers["location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}, pending


def come_back(provider: Provider, pending: Pending, answer: dict[str, str], **given: Any) -> Verified:
    moment = {"now": time.time(), "today": TODAY, "return_to": RETURN, **given}
    return finish(provider, pending, answer=answer, **moment)


def go_and_come_back(provider: Provider, **given: Any) -> Verified:
    answer, pending = go(provider, **given)
    return come_back(provider, pending, answer)
