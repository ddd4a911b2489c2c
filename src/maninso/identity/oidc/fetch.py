"""Asks a provider over HTTP, with patience that ends: a slow provider holds up a few threads, never the site.

At most MOST_WAITING requests wait for one provider; one that failed FAILURES times in a row is not asked for REST
seconds. An answer is at most LARGEST bytes and comes within LONGEST seconds, however slowly it drips.

httpx is imported where the first line is made: every command starts without it, and most sites have no provider.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from ssl import SSLContext
from typing import Any

from maninso.identity.oidc.errors import ProviderDown, ProviderError

MOST_WAITING = 8
FAILURES = 3
REST = 10.0  # seconds
LONGEST = 6.0  # seconds
LARGEST = 256 * 1024  # bytes
TIMEOUT, TIMEOUT_OF_CONNECTING = 4.0, 2.0  # seconds


@cache
def _read_trust() -> SSLContext:
    """Whose certificates are believed, for the lines to all providers: reading that takes longer than most answers."""
    import httpx

    return httpx.create_ssl_context()


class Line:
    """The line to one provider, shared by the threads of a process."""

    def __init__(self, provider: str) -> None:
        import httpx

        timeout = httpx.Timeout(TIMEOUT, connect=TIMEOUT_OF_CONNECTING)
        self._provider = provider
        headers = {"Accept": "application/json"}
        self._client = httpx.Client(timeout=timeout, follow_redirects=False, headers=headers, verify=_read_trust())
        self._faults = (httpx.HTTPError, TimeoutError)
        self._places = threading.BoundedSemaphore(MOST_WAITING)
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until = 0.0

    def get(self, address: str, *, token: str = "") -> Any:
        """Return the JSON at an address, asked with a bearer token if one is given; without one all may read it."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            return self._ask("GET", address, headers=headers)
        except ProviderError as error:
            if token or error.fault != "refused":
                raise
            raise ProviderDown(self._provider, "does not say what it is") from error

    def post(self, address: str, form: Mapping[str, str], *, auth: tuple[str, str] | None = None) -> Any:
        """Return the JSON that answers a form."""
        return self._ask("POST", address, data=dict(form), auth=auth)

    def close(self) -> None:
        """Close what is kept open."""
        self._client.close()

    def _ask(self, method: str, address: str, **given: Any) -> Any:
        with self._place():
            try:
                status, body = self._receive(method, address, **given)
            except self._faults as error:
                self._note(failed=True)
                raise ProviderDown(self._provider, "does not answer") from error
            if status >= 500:
                self._note(failed=True)
                raise ProviderDown(self._provider, f"answers with {status}")
            self._note(failed=False)
        if status != 200:
            raise ProviderError("refused", f"the provider {self._provider} refuses ({status})")
        try:
            return json.loads(body)
        except ValueError as error:
            raise ProviderError("answer", f"the provider {self._provider} answers with something else") from error

    def _receive(self, method: str, address: str, **given: Any) -> tuple[int, bytes]:
        deadline = time.monotonic() + LONGEST
        body = b""
        with self._client.stream(method, address, **given) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > LARGEST:
                    raise ProviderError("answer", f"the provider {self._provider} answers at too great length")
                if time.monotonic() > deadline:
                    raise TimeoutError
            return response.status_code, body

    @contextmanager
    def _place(self) -> Iterator[None]:
        if time.monotonic() < self._rests_until:
            raise ProviderDown(self._provider, "did not answer a moment ago")
        if not self._places.acquire(blocking=False):
            raise ProviderDown(self._provider, "keeps too many people waiting")
        try:
            yield
        finally:
            self._places.release()

    def _note(self, *, failed: bool) -> None:
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            if self._failures >= FAILURES:
                self._rests_until = time.monotonic() + REST
