"""Rate limits of the signing path, counted in memory: by network, and by person.

A window is one minute by the clock, and counts begin anew with each. Web processes tell one another about the busiest
networks through the database every few seconds (table signing_rate), so that a limit holds, coarsely, for the whole
site. Networks are kept as keyed digests: no address is stored anywhere.

Behind a mobile carrier thousands of people share one address. The default for networks is therefore far above what
people do, and below what a program does.
"""

import asyncio
import hmac
import ipaddress
import logging
import time
from array import array
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import psycopg

from maninso.signing.queries import QUERIES

logger = logging.getLogger(__name__)

WINDOW = 60  # seconds
IPV6_PREFIX = 64
DIGEST_LENGTH = 16
SHARED_FROM = 10  # a tenth of the limit: quieter networks are not worth telling the others about

PLACES = 1 << 20  # counters of people, of two bytes each, however many people sign
MOST_A_PERSON = 60_000  # requests a minute: what a counter holds, and a little less

SHARED_EVERY = 5.0  # seconds

Excess = Literal["network", "person"]
Connect = Callable[[], Awaitable[psycopg.AsyncConnection]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Signing requests a minute by network and by person; networks exempt; proxies whose word on addresses is taken."""

    network: int
    person: int
    exempt: tuple[Network, ...] = ()
    proxies: tuple[Network, ...] = ()


class Limiter:
    """Counts one process's requests. Owned by its event loop.

    A nation may sign within a minute, so people are not kept one by one: each counts at the place that their subject, a
    keyed digest, falls on. Two people share a place with a chance of one in a million, and are refused together only
    where their requests are too many together.
    """

    def __init__(self, limits: Limits, *, key: bytes) -> None:
        self._limits = limits
        self._key = key
        self._window = 0
        self._begins, self._ends = 0, WINDOW  # Unix seconds
        self._networks: Counter[str] = Counter()
        self._people = array("H", bytes(2 * PLACES))
        self._told: Counter[str] = Counter()
        self._elsewhere: dict[bytes, int] = {}
        self._digests: dict[str, bytes] = {}
        self._named: dict[str, str] = {}  # networks by the peers that have asked

    def find_excess(self, peer: str, forwarded: str | None, subject: bytes, *, now: float) -> Excess | None:
        """Count a signing request, and return whose limit it is beyond, if anybody's.

        `peer` and `forwarded` are what `name_network` asks for; `subject` is a keyed digest of the person. A request of
        an exempt network is not counted; one beyond its network's limit does not count against the person.
        """
        network = self.name_network(peer, forwarded)
        if not network:
            return None
        if not self._begins <= now < self._ends:
            self._turn(now)
        count = self._networks.get(network, 0) + 1
        self._networks[network] = count
        if self._elsewhere:
            count += self._elsewhere.get(self._digest(network), 0)
        if count > self._limits.network:
            return "network"
        place = int.from_bytes(subject[:4], "big") % PLACES
        count = self._people[place]
        if count >= self._limits.person:
            return "person"
        self._people[place] = count + 1
        return None

    def name_network(self, peer: str, forwarded: str | None) -> str:
        """Return the network that a request came from, "" for one that is exempt.

        `peer` is the address of the connection's other end; `forwarded` the X-Forwarded-For header, of which only what
        trusted proxies added is believed: the last address that is no proxy of ours.
        """
        if forwarded is None:
            known = self._named.get(peer)
            if known is not None:
                return known
        address = find_address(peer, forwarded, self._limits.proxies)
        if address is None:
            return peer
        exempt = any(address in network for network in self._limits.exempt)
        network = "" if exempt else _masked(str(address))
        if forwarded is None and len(self._named) < 100_000:
            self._named[peer] = network
        return network

    def seconds_left(self, *, now: float) -> int:
        """Return the seconds until counts begin anew."""
        return max(1, WINDOW - int(now) % WINDOW)

    def take_news(self, *, now: float) -> tuple[int, dict[bytes, int]]:
        """Return the window and what its busy networks did since the last call, by digest, for the other processes."""
        self._turn(now)
        news: dict[bytes, int] = {}
        for network, count in self._networks.items():
            if count * SHARED_FROM >= self._limits.network and count > self._told[network]:
                news[self._digest(network)] = count - self._told[network]
                self._told[network] = count
        return self._window, news

    def hear_news(self, window: int, totals: Sequence[tuple[bytes, int]]) -> None:
        """Take the whole site's counts of a window, by digest, ours among them."""
        if window != self._window:
            return
        own = {self._digest(network): told for network, told in self._told.items()}
        self._elsewhere = {bytes(digest): total - own.get(bytes(digest), 0) for digest, total in totals}

    def _digest(self, network: str) -> bytes:
        digest = self._digests.get(network)
        if digest is None:
            message = self._window.to_bytes(8, "big") + network.encode()
            digest = self._digests[network] = hmac.digest(self._key, message, "sha256")[:DIGEST_LENGTH]
        return digest

    def _turn(self, now: float) -> None:
        window = int(now) // WINDOW
        if window != self._window:
            self._window = window
            self._begins, self._ends = window * WINDOW, (window + 1) * WINDOW
            self._people = array("H", bytes(2 * PLACES))
            for counts in (self._networks, self._told, self._elsewhere, self._digests):
                counts.clear()


def find_address(peer: str, forwarded: str | None, proxies: Sequence[Network]) -> Address | None:
    """Return the address nearest to us that is no proxy of ours; None where even the peer's cannot be read."""
    address = _parse(peer)
    for hop in reversed([] if forwarded is None else forwarded.split(",")):
        if address is None or not any(address in proxy for proxy in proxies):
            break
        nearer = _parse(hop.strip())
        if nearer is None:
            break
        address = nearer
    return address


def _parse(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _masked(text: str) -> str:
    """Return the network that counts as one: an IPv4 address, an IPv6 /64."""
    if ":" not in text:
        return text
    address = _parse(text)
    if not isinstance(address, ipaddress.IPv6Address):
        return text if address is None else str(address)
    return str(ipaddress.IPv6Network((address, IPV6_PREFIX), strict=False))


class Sharer:
    """Tells the other web processes of the site about busy networks, and hears from them."""

    def __init__(self, limiter: Limiter, connect: Connect) -> None:
        self._limiter = limiter
        self._connect = connect
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to share."""
        self._task = asyncio.create_task(self._share())

    async def stop(self) -> None:
        """Stop sharing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _share(self) -> None:
        while True:
            try:
                async with await self._connect() as connection:
                    while True:
                        await share_once(self._limiter, connection, now=time.time())
                        await asyncio.sleep(SHARED_EVERY)
            except psycopg.OperationalError as error:
                logger.warning("rate limits hold for one process only until the database answers: %s", error)
            await asyncio.sleep(SHARED_EVERY)


async def share_once(limiter: Limiter, connection: psycopg.AsyncConnection, *, now: float) -> None:
    """Tell and hear once. Rows of earlier windows are dropped."""
    window, news = limiter.take_news(now=now)
    if news:
        values = {"window": window, "networks": list(news), "counts": list(news.values())}
        await connection.execute(QUERIES["share_rates"].encode(), values)
        await connection.execute(QUERIES["drop_rates"].encode(), {"window": window})
    cursor = await connection.execute(QUERIES["read_rates"].encode(), {"window": window})
    limiter.hear_news(window, await cursor.fetchall())
