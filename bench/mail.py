"""Sending messages: how many a minute leave by SMTP over kept connections, and what a new connection each would cost.

    .venv/bin/python bench/mail.py [--messages 2000]

The mail server is aiosmtpd in a process of its own on the same machine, and takes its share of it.
"""

import argparse
import asyncio
import datetime as dt
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HANDED_OVER = 100  # letters, to compare connections

SINK = """
import asyncio, sys
from aiosmtpd.smtp import SMTP

class Sink:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"

async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink()), "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()

asyncio.run(main())
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--messages", type=int, default=2000)
    given = arguments.parse_args()
    home = Path(tempfile.mkdtemp(prefix="maninso-bench-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ.update(MANINSO_HOME=str(home), MANINSO_CHARTER="bundestag", MANINSO_EMAIL_URL=f"smtp://127.0.0.1:{port}")
    os.environ.pop("DATABASE_URL", None)
    from maninso.run.database import open_site
    from maninso.run.settings import read_settings

    sink = subprocess.Popen([sys.executable, "-c", SINK, str(port)])
    try:
        with open_site(read_settings()):
            measure(given.messages)
    finally:
        sink.terminate()
        sink.wait()
        shutil.rmtree(home, ignore_errors=True)


def measure(messages: int) -> None:
    """Store messages, send them all, and say how long each took."""
    from maninso.identity.mailbox import read_mailbox
    from maninso.petitions import notices
    from maninso.petitions.lifecycle import open_made_up_petition
    from maninso.petitions.models import Message
    from maninso.run.mail import open_post
    from maninso.run.post import PostOffice, run_jobs
    from maninso.run.settings import read_settings
    from maninso.web.shared.letters import write_letter

    now = dt.datetime.now(dt.UTC)
    petition = open_made_up_petition(charter="bundestag", title="More benches", body="By the river.", now=now)
    started = time.perf_counter()
    for number in range(messages):
        notices.ask_confirmation(
            petition_id=petition,
            mailbox=read_mailbox(f"person{number}@example.org"),
            language="ko" if number % 2 else "en",
            issuer="email",
            age=255,
            until=now + dt.timedelta(days=1),
            now=now,
        )
    stored = time.perf_counter() - started
    sample = notices.read_message(Message.objects.order_by("pk")[0].pk)
    assert sample is not None
    letter = write_letter(sample, now=now)

    async def hand_over(*, anew: bool) -> float:
        """Return the seconds that handing one letter over takes, by a new connection or by one that is kept."""
        post = open_post(read_settings())
        started = time.perf_counter()
        for _ in range(HANDED_OVER):
            await post.send(letter)
            if anew:
                await post.close()
        taken = time.perf_counter() - started
        await post.close()
        return taken / HANDED_OVER

    rounds = [(asyncio.run(hand_over(anew=True)), asyncio.run(hand_over(anew=False))) for _ in range(3)]
    ratio = statistics.median(anew / kept for anew, kept in rounds)
    started = time.perf_counter()
    office = PostOffice(open_post(read_settings()), clock=lambda: dt.datetime.now(dt.UTC))
    asyncio.run(run_jobs(office, stop=lambda: False, wait=False))
    sent = time.perf_counter() - started
    left = Message.objects.count()
    print(f"messages stored      {messages / stored * 60:10,.0f} a minute")
    print(
        f"messages sent        {(messages - left) / sent * 60:10,.0f} a minute, jobs and letters included; {left} left"
    )
    print(f"a new connection for each letter takes {ratio:.1f} times as long as one that is kept")


if __name__ == "__main__":
    main()
