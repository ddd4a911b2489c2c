"""How often a network may ask the API: counted before the memory that answers, and said in every answer's headers.

The headers are those of draft-ietf-httpapi-ratelimit-headers. A window is a minute by the clock. Each web process
counts for itself: the limit is there so that no program keeps the others waiting, and costs no look-up elsewhere.
"""

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from maninso.run.bridge import Answer
from maninso.signing.limits import WINDOW, Limiter
from maninso.signing.reading import Exchange, Headers

PREFIX = "/api/"
Next = Callable[[Any, Exchange], Awaitable[None]]


class Allowance:
    """Counts one process's requests by network. `limiter` names networks; `refusal` answers those over the limit."""

    def __init__(
        self, limit: int, *, limiter: Limiter, refusal: Answer, clock: Callable[[], float] = time.time
    ) -> None:
        self._limit = limit
        self._limiter = limiter
        self._refusal = refusal
        self._clock = clock
        self._window = 0
        self._asked: Counter[str] = Counter()

    async def answer(self, scope: Any, exchange: Exchange, next_one: Next) -> None:
        """Let a request pass, or refuse it; either way the answer says what is left."""
        now = self._clock()
        if int(now) // WINDOW != self._window:
            self._window = int(now) // WINDOW
            self._asked.clear()
        network = self._limiter.name_network(scope.client.rpartition(":")[0], scope.headers.get("x-forwarded-for"))
        if network:  # those exempt are told of the limit, and never reach it
            self._asked[network] += 1
        left = self._limit - self._asked[network]
        seconds = self._limiter.seconds_left(now=now)
        headers = [
            ("ratelimit-policy", f'"minute";q={self._limit};w={WINDOW}'),
            ("ratelimit", f'"minute";r={max(0, left)};t={seconds}'),
        ]
        if left < 0:
            more = [*headers, ("retry-after", str(seconds))]
            exchange.response_bytes(self._refusal.status, [*self._refusal.headers, *more], self._refusal.body)
            return
        await next_one(scope, _Telling(exchange, headers))


class _Telling:
    """An exchange whose answer carries some headers more."""

    def __init__(self, exchange: Exchange, headers: Headers) -> None:
        self._exchange = exchange
        self._headers = headers

    def __call__(self) -> Awaitable[bytes]:
        return self._exchange()

    def __aiter__(self) -> Any:
        return self._exchange.__aiter__()

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self._exchange.response_bytes(status, [*headers, *self._headers], body)

    def response_str(self, status: int, headers: Headers, body: str) -> None:
        self._exchange.response_str(status, [*headers, *self._headers], body)

    def response_empty(self, status: int, headers: Headers) -> None:
        self._exchange.response_empty(status, [*headers, *self._headers])
