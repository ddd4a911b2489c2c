"""Tells webhooks what happened, over HTTP: signed, without following redirects, and later each time where it fails."""

import datetime as dt
import logging
from collections.abc import Awaitable, Callable
from functools import cached_property, partial
from ssl import SSLContext
from typing import Any

from maninso.petitions.opendata import webhooks
from maninso.run.mail import PostBusy

logger = logging.getLogger(__name__)

PATIENCE = 15.0  # seconds for an answer, which Standard Webhooks advises
GONE = 410  # the receiver wants to be told no more

Ask = Callable[..., Awaitable[Any]]


class Hooks:
    """Sends deliveries. `ask` asks the database in a thread; `key` is what secrets are derived from."""

    def __init__(self, *, origin: str, key: bytes, clock: Callable[[], dt.datetime], ask: Ask) -> None:
        self._origin = origin
        self._key = key
        self._clock = clock
        self._ask = ask

    @cached_property
    def _trust(self) -> SSLContext:
        """Whose certificates are believed; read once: that holds the worker up longer than most deliveries."""
        import httpx

        return httpx.create_ssl_context()

    async def send(self, delivery_id: int) -> None:
        """Tell one thing, unless it was told or given up. Raises PostBusy to be tried again."""
        told = await self._ask(partial(webhooks.read_delivery, delivery_id, origin=self._origin))
        if told is None:
            return
        now = self._clock()
        if now >= told.created_at + webhooks.USEFUL:
            logger.warning("webhook %d was not told %s: it did not answer for days", told.webhook_id, told.event)
            await self._finish(delivery_id, "no answer")
            return
        status = await self._post(told, at=int(now.timestamp()))
        if 200 <= status < 300:
            await self._finish(delivery_id, "told")
        elif status == GONE:
            await self._ask(partial(webhooks.end_webhook, told.webhook_id, why="the receiver answered 410", now=now))
        else:
            raise PostBusy(status)

    async def _post(self, told: webhooks.Told, *, at: int) -> int:
        """Return the status of the answer; 0 where there is none."""
        secret = webhooks.derive_secret(self._key, told.webhook_id)
        headers = {
            "content-type": "application/json",
            "webhook-id": told.event,
            "webhook-timestamp": str(at),
            "webhook-signature": webhooks.sign(secret, event=told.event, at=at, body=told.body),
        }
        import httpx  # by the first that tells a webhook: few sites have any

        try:
            async with httpx.AsyncClient(timeout=PATIENCE, follow_redirects=False, verify=self._trust) as client:
                return (await client.post(told.url, content=told.body, headers=headers)).status_code
        except httpx.HTTPError as error:
            logger.info("webhook %d: %s", told.webhook_id, type(error).__name__)
            return 0

    async def _finish(self, delivery_id: int, outcome: str) -> None:
        await self._ask(partial(webhooks.finish_delivery, delivery_id, outcome=outcome, now=self._clock()))
