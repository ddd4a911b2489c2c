"""Connections to one site that stay open from file to file, since a big log is tens of thousands of them.

A proxy of the environment (`https_proxy`, `http_proxy`, `no_proxy`) is used as by `urllib.request`.
"""

import weakref
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead, RemoteDisconnected
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from maninso import UsageError

_LARGEST_REFUSAL = 65_536  # bytes of an answer without a file that are read so that the connection can be used again


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; of a body longer than was asked for, one byte more than that."""

    status: int
    headers: Message
    body: bytes


class Connections:
    """Open connections to the site of a URL; may be used by several threads, each with a connection of its own."""

    def __init__(self, site: SplitResult, *, timeout: float, direct: bool = False) -> None:
        """`direct` goes past any proxy; `timeout` is in seconds. Raises UsageError for a proxy that is none."""
        self._site = site
        self._timeout = timeout
        self._idle: deque[HTTPConnection] = deque()
        self._proxy = None if direct else _find_proxy(site)
        weakref.finalize(self, _close_all, self._idle)

    def get(self, target: str, headers: Mapping[str, str], limit: int) -> Answer:
        """Asks for a path with its query. Raises OSError or HTTPException, also for a body that breaks off."""
        with suppress(IndexError):
            kept = self._idle.pop()
            # A site may close what was idle: that says nothing of the file, so it is asked for anew at once.
            with suppress(ConnectionError, RemoteDisconnected):
                return self._ask(kept, target, headers, limit)
        return self._ask(self._connect(), target, headers, limit)

    def _ask(self, connection: HTTPConnection, target: str, headers: Mapping[str, str], limit: int) -> Answer:
        try:
            connection.request("GET", self._name(target), headers={**headers, **self._authorize()})
            response = connection.getresponse()
            most = limit if response.status == 200 else min(limit, _LARGEST_REFUSAL)
            body = response.read(most + 1)
            if len(body) <= most and response.length:  # read(n) is silent about a connection that broke before the end
                raise IncompleteRead(body, response.length)
        except (OSError, HTTPException):
            connection.close()
            raise
        if response.isclosed():
            self._idle.append(connection)
        else:
            connection.close()
        return Answer(response.status, response.headers, body)

    def _connect(self) -> HTTPConnection:
        place = self._proxy or self._site
        encrypted = self._site.scheme == "https"
        port = place.port or (443 if place.scheme == "https" else 80)
        kind = HTTPSConnection if encrypted else HTTPConnection
        connection = kind(place.hostname or "", port, timeout=self._timeout)
        if self._proxy and encrypted:
            connection.set_tunnel(self._site.hostname or "", self._site.port or 443, _proxy_login(self._proxy))
        return connection

    def _name(self, target: str) -> str:
        """What stands in the request's first line: to a proxy without a tunnel, the whole address."""
        through = self._proxy and self._site.scheme == "http"
        return f"http://{self._site.netloc}{target}" if through else target

    def _authorize(self) -> Mapping[str, str]:
        return _proxy_login(self._proxy) if self._proxy and self._site.scheme == "http" else {}


def _close_all(idle: deque[HTTPConnection]) -> None:
    while idle:
        idle.pop().close()


def _find_proxy(site: SplitResult) -> SplitResult | None:
    address = getproxies().get(site.scheme)
    if not address or proxy_bypass(site.netloc):
        return None
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        if parts.hostname and parts.scheme == "http" and parts.port != 0:
            return parts
    except ValueError:
        pass
    raise UsageError(f"The proxy {address!r} cannot be used.", cure=f"Set {site.scheme}_proxy to http://HOST:PORT.")


def _proxy_login(proxy: SplitResult) -> Mapping[str, str]:
    if proxy.username is None:
        return {}
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(login.encode()).decode('ascii')}"}
