"""The API's limit: counted by network, told in every answer, and refused above it."""

import asyncio
import ipaddress
from typing import Any

from maninso.run.allowance import Allowance
from maninso.run.bridge import Answer
from maninso.signing.limits import Limiter, Limits

REFUSAL = Answer(429, [("content-type", "application/problem+json")], b"{}")
HERE = (ipaddress.ip_network("127.0.0.0/8"),)


class Scope:
    path = "/api/v1/petitions"

    def __init__(self, client: str, **headers: str) -> None:
        self.client = client
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Exchange:
    def __init__(self) -> None:
        self.said: tuple[int, dict[str, str], bytes] = (0, {}, b"")

    def response_bytes(self, status: int, headers: Any, body: bytes) -> None:
        self.said = (status, dict(headers), body)


async def found(_scope: Any, exchange: Any) -> None:
    exchange.response_bytes(200, [("etag", '"x"')], b"found")


def ask(allowance: Allowance, scope: Scope) -> tuple[int, dict[str, str], bytes]:
    exchange = Exchange()
    asyncio.run(allowance.answer(scope, exchange, found))  # type: ignore[arg-type]
    return exchange.said


def make(*, now: list[float]) -> Allowance:
    limiter = Limiter(Limits(network=9, person=9, exempt=HERE, proxies=HERE), key=bytes(32))
    return Allowance(2, limiter=limiter, refusal=REFUSAL, clock=lambda: now[0])


def test_what_is_left_is_told_and_what_is_over_refused() -> None:
    now = [120.0 * 60 + 18]
    allowance = make(now=now)
    scope = Scope("203.0.113.7:5000")
    status, headers, body = ask(allowance, scope)
    assert (status, body, headers["etag"]) == (200, b"found", '"x"')
    assert headers["ratelimit-policy"] == '"minute";q=2;w=60'
    assert headers["ratelimit"] == '"minute";r=1;t=42'
    assert ask(allowance, scope)[1]["ratelimit"] == '"minute";r=0;t=42'
    status, headers, body = ask(allowance, scope)
    assert (status, headers["retry-after"], headers["ratelimit"]) == (429, "42", '"minute";r=0;t=42')
    assert headers["content-type"] == "application/problem+json"
    assert ask(allowance, Scope("203.0.113.8:5000"))[0] == 200
    now[0] += 42
    assert ask(allowance, scope)[0] == 200


def test_a_proxy_s_readers_count_one_by_one_and_this_machine_never() -> None:
    allowance = make(now=[0.0])
    assert [ask(allowance, Scope("127.0.0.1:1"))[0] for _ in range(4)] == [200] * 4
    readers = [Scope("127.0.0.1:1", x_forwarded_for=f"198.51.100.{number}") for number in (1, 1, 1, 2)]
    assert [ask(allowance, reader)[0] for reader in readers] == [200, 200, 429, 200]
