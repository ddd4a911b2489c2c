"""The jobs of the worker: sends the messages that petitions.notices stored, and makes those of announcements.

Any number of workers may run. A message is deleted once it is handed over, and its address with it; a job knows only
the message's number. What fails for a while is tried again, later each time, until the message is of no use.
"""

import asyncio
import datetime as dt
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import procrastinate
from django.conf import settings
from django.db import close_old_connections, connections
from procrastinate.contrib.django.django_connector import DjangoConnector

from maninso.petitions import notices
from maninso.petitions.notices import SEND, TELL
from maninso.petitions.opendata.webhooks import SEND_WEBHOOK, make_deliveries, revive_deliveries
from maninso.run.hooks import Hooks
from maninso.run.mail import MOST_CONNECTIONS, Post, PostBusy, Undeliverable
from maninso.run.settings import DEFAULT_MAIL_RATE
from maninso.web.shared.addresses import site_origin
from maninso.web.shared.letters import Letter, write_letter

logger = logging.getLogger(__name__)

LONGEST_WAIT = 1800  # seconds between two attempts
HOUSEKEEPING = 60.0  # seconds
LETTERS = 2.0  # seconds between two looks for letters whose time has come
CLOSING = 10.0  # seconds that a question to the database may take that is being asked when all ends
STALLED = 30.0  # seconds without a sign of life from the worker that holds a job

T = TypeVar("T")


class LaterEachTime(procrastinate.BaseRetryStrategy):
    """Try again after 5, 10, 20 ... seconds, half an hour at most, for what may pass; nothing else is tried again."""

    def get_retry_decision(self, *, exception: BaseException, job: Any) -> procrastinate.RetryDecision | None:
        """Say when a job that failed is tried again."""
        if not isinstance(exception, PostBusy):
            return None
        return procrastinate.RetryDecision(retry_in={"seconds": min(5 * 2 ** min(job.attempts, 12), LONGEST_WAIT)})


class PostOffice:
    """Sends what waits. `clock` gives the moment; the database is asked in threads, as many as letters are sent.

    `rate` is how many messages a second subscribers are sent at most.
    """

    def __init__(self, post: Post, *, clock: Callable[[], dt.datetime], rate: int = DEFAULT_MAIL_RATE) -> None:
        self._post = post
        self._clock = clock
        self._rate = rate
        self._threads = ThreadPoolExecutor(MOST_CONNECTIONS, thread_name_prefix="post")
        self._hooks = Hooks(origin=site_origin(), key=settings.MANINSO_WEBHOOK_KEY(), clock=clock, ask=self.ask)

    def register(self, jobs: procrastinate.App) -> None:
        """Name the jobs that this office does."""
        jobs.task(name=SEND, retry=LaterEachTime())(self.send_message)
        jobs.task(name=TELL, retry=3)(self.tell_subscribers)
        jobs.task(name=SEND_WEBHOOK, retry=LaterEachTime())(self.send_webhook)

    async def send_message(self, message_id: int) -> None:
        """Send one message, unless it was sent or is of no use any more. Raises PostBusy to be tried again."""
        letter = await self.ask(self._write, message_id)
        if letter is not None:
            try:
                await self._post.send(letter)
            except Undeliverable as error:
                logger.warning("message %d cannot be delivered: %d", message_id, error.code)
        await self.ask(notices.drop_message, message_id)

    def _write(self, message_id: int) -> Letter | None:
        """Return the letter of a message; None where it is gone, or nobody waits for it any more."""
        message, now = notices.read_message(message_id), self._clock()
        if message is not None and now >= message.expires_at:
            logger.warning("message %d is given up: nobody waits for it any more", message_id)
            message = None
        return write_letter(message, now=now) if message is not None else None

    async def send_webhook(self, delivery_id: int) -> None:
        """Tell an institution one thing. Raises PostBusy to be tried again."""
        await self._hooks.send(delivery_id)

    async def tell_subscribers(self, announcement_id: int) -> None:
        """Make the messages of an announcement, some at a time, no faster than they are to be sent.

        A worker that ends meanwhile leaves the rest to the next one.
        """
        while made := await self.ask(notices.tell_subscribers, announcement_id, now=self._clock()):
            if made == notices.AT_ONCE:
                await asyncio.sleep(made / self._rate)

    async def keep_house(self, jobs: procrastinate.App) -> None:
        """Every minute: hand on what a worker left behind that is gone, and forget counts that have lapsed."""
        while True:
            for job in await jobs.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
                await jobs.job_manager.retry_job(job)
            await self.ask(notices.revive_messages, now=self._clock())
            await self.ask(revive_deliveries, now=self._clock())
            await self.ask(notices.drop_lapsed_allowances, now=self._clock())
            await asyncio.sleep(HOUSEKEEPING)

    async def post_letters(self) -> None:
        """Every two seconds: make messages of the letters to creators whose time has come, and tell institutions."""
        while True:
            while await self.ask(notices.send_due_letters, now=self._clock()):
                pass
            await self.ask(make_deliveries, now=self._clock())
            await asyncio.sleep(LETTERS)

    async def ask(self, question: Callable[..., T], *given: Any, **named: Any) -> T:
        """Return what a function answers that asks the database."""

        def answer() -> T:
            close_old_connections()
            return question(*given, **named)

        return await asyncio.get_running_loop().run_in_executor(self._threads, answer)

    async def close(self) -> None:
        """Close what is open: each thread its own connection to the database."""
        await self._post.close()
        together = threading.Barrier(MOST_CONNECTIONS)  # so that no thread closes twice and another never

        def close_mine() -> None:
            together.wait(CLOSING)
            connections.close_all()

        loop = asyncio.get_running_loop()
        closing = [loop.run_in_executor(self._threads, close_mine) for _ in range(MOST_CONNECTIONS)]
        await asyncio.gather(*closing, return_exceptions=True)
        self._threads.shutdown()


async def run_jobs(office: PostOffice, *, stop: Callable[[], bool], wait: bool = True) -> None:
    """Do jobs until `stop` says so; with `wait` false, until none is left. Django must be set up."""
    # An app of its own: the one that stores jobs goes on using Django's connection, and so its transaction.
    jobs = procrastinate.App(connector=DjangoConnector().get_worker_connector())
    office.register(jobs)
    async with jobs.open_async():
        worker = asyncio.create_task(
            jobs.run_worker_async(
                queues=["messages"],
                name=f"post {os.getpid()}",
                concurrency=2 * MOST_CONNECTIONS,
                wait=wait,
                install_signal_handlers=False,
                delete_jobs="always",
                fetch_job_polling_interval=2.0,
                shutdown_graceful_timeout=15.0,
            )
        )
        endless = (
            [asyncio.create_task(each) for each in (office.keep_house(jobs), office.post_letters())] if wait else []
        )
        try:
            while not worker.done() and not stop():
                await asyncio.wait([worker, *endless], timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
                for task in endless:
                    if task.done():
                        task.result()  # it ends only by failing
            if worker.done():
                worker.result()
        finally:
            for task in (*endless, worker):
                task.cancel()
            await asyncio.gather(*endless, worker, return_exceptions=True)
            await office.close()
