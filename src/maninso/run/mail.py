"""Hands letters over: to a mail server over connections that are kept, or to a folder, where nothing is sent.

Both are a `Post`, and the same tests hold for both. What a server says is logged as its code alone: its words often
hold the address.
"""

import asyncio
import os
import secrets
import ssl
import time
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib

from maninso import ManinsoError
from maninso.run.settings import Settings
from maninso.web.shared.letters import Letter

MOST_CONNECTIONS = 8
PATIENCE = 20.0  # seconds for each step of a conversation
IDLE = 30.0  # seconds after which a kept connection is not trusted any more
_LOCAL = ("localhost", "127.0.0.1", "::1")


class Undeliverable(ManinsoError):
    """The server will never take this letter; `code` is SMTP's."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the mail server refused a message for good ({code})")
        self.code = code


class PostBusy(ManinsoError):
    """The letter could not be handed over now; `code` is SMTP's, 0 where there was no answer."""

    def __init__(self, code: int = 0) -> None:
        super().__init__("the mail server does not take messages now" + (f" ({code})" if code else ""))
        self.code = code


class Post(Protocol):
    """What takes letters."""

    async def send(self, letter: Letter) -> None:
        """Hand a letter over; returns when that is certain. Raises Undeliverable or PostBusy."""

    async def close(self) -> None:
        """Close what is open."""


def open_post(settings: Settings) -> Post:
    """Return the post that MANINSO_EMAIL_URL names."""
    parts = urlsplit(settings.email_url)
    if parts.scheme == "file":
        return FolderPost(Path(unquote(parts.path)), sender=settings.email_from, host=settings.host)
    return SmtpPost(settings.email_url, sender=settings.email_from, host=settings.host)


def render_letter(letter: Letter, *, sender: str, host: str) -> bytes:
    """Return a letter as a message: text and HTML, marked as written by a program, so that none answers it.

    (RFC 3834 for Auto-Submitted, RFC 2369 and RFC 8058 for the headers that unsubscribe.) The older classes of `email`
    are used: the newer take five times as long. What they do not look at is looked at here: ValueError for a header
    with a line's end in it.
    """
    headers = {
        "From": formataddr((letter.sender_name, sender)),
        "To": letter.recipient,
        "Date": format_datetime(letter.date),
        "Message-ID": f"<{letter.identifier}@{host.partition(':')[0]}>",
        "Content-Language": letter.language,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if letter.unsubscribe:
        headers["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if any(sign in value for value in (*headers.values(), letter.subject) for sign in "\r\n\0"):
        raise ValueError("a header holds the end of a line")
    message = MIMEMultipart("alternative")
    for name, value in headers.items():
        message[name] = value
    message["Subject"] = Header(letter.subject, "utf-8", header_name="Subject").encode()
    message.attach(MIMEText(letter.text, "plain", "utf-8"))
    message.attach(MIMEText(letter.html, "html", "utf-8"))
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


class FolderPost:
    """Keeps each letter as a file in a folder and sends nothing: for trying out, and for tests."""

    def __init__(self, folder: Path, *, sender: str, host: str) -> None:
        self._folder = folder
        self._sender = sender
        self._host = host

    async def send(self, letter: Letter) -> None:
        """Write a letter; it is there whole or not at all."""
        try:
            await asyncio.to_thread(self._write, letter)
        except OSError as error:
            raise PostBusy from error

    async def close(self) -> None:
        """Nothing is open."""

    def _write(self, letter: Letter) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{time.time():.3f}-{letter.identifier}-{secrets.token_hex(2)}.eml"
        draft = self._folder / f".{name}"
        draft.write_bytes(render_letter(letter, sender=self._sender, host=self._host))
        os.replace(draft, self._folder / name)


class SmtpPost:
    """Sends letters by SMTP (RFC 5321), MOST_CONNECTIONS at a time, over connections that are kept.

    With `smtp:` the connection turns to TLS where the server offers it, and must where a password is sent to another
    machine; with `smtps:` it is TLS from the start.
    """

    def __init__(self, url: str, *, sender: str, host: str, connections: int = MOST_CONNECTIONS) -> None:
        parts = urlsplit(url)
        self._server = parts.hostname or "localhost"
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 587)
        self._user = unquote(parts.username or "") or None
        self._password = unquote(parts.password or "") or None
        self._sender = sender
        self._host = host
        self._places = asyncio.Semaphore(connections)
        self._idle: list[tuple[float, aiosmtplib.SMTP]] = []

    async def send(self, letter: Letter) -> None:
        """Send one letter; a kept connection that the server has dropped meanwhile is replaced once."""
        message = await asyncio.to_thread(render_letter, letter, sender=self._sender, host=self._host)
        async with self._places:
            client, kept = await self._take()
            try:
                await self._converse(client, letter.recipient, message)
            except aiosmtplib.SMTPServerDisconnected as error:
                client.close()
                if not kept:
                    raise PostBusy from error
                client = await self._connect()
                await self._converse_anew(client, letter.recipient, message)
            self._idle.append((time.monotonic(), client))

    async def close(self) -> None:
        """Say goodbye on every connection that is kept."""
        while self._idle:
            _, client = self._idle.pop()
            await _leave(client)

    async def _take(self) -> tuple[aiosmtplib.SMTP, bool]:
        while self._idle:
            since, client = self._idle.pop()
            if client.is_connected and time.monotonic() - since < IDLE:
                return client, True
            client.close()
        return await self._connect(), False

    async def _connect(self) -> aiosmtplib.SMTP:
        must_hide = self._password is not None and self._server not in _LOCAL
        client = aiosmtplib.SMTP(
            hostname=self._server,
            port=self._port,
            timeout=PATIENCE,
            use_tls=self._tls,
            start_tls=None if self._tls or not must_hide else True,
            username=self._user,
            password=self._password,
            local_hostname=self._host.partition(":")[0],
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
            client.close()
            raise PostBusy(getattr(error, "code", 0)) from error
        return client

    async def _converse_anew(self, client: aiosmtplib.SMTP, recipient: str, message: bytes) -> None:
        try:
            await self._converse(client, recipient, message)
        except aiosmtplib.SMTPServerDisconnected as error:
            client.close()
            raise PostBusy from error

    async def _converse(self, client: aiosmtplib.SMTP, recipient: str, message: bytes) -> None:
        """One message in an open connection. What it raises holds no address (`from None`)."""
        try:
            await client.sendmail(self._sender, [recipient], message)
        except aiosmtplib.SMTPServerDisconnected:
            raise
        except aiosmtplib.SMTPRecipientsRefused as error:
            await self._reset(client)
            raise _judge(error.recipients[0].code if error.recipients else 0) from None
        except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPNotSupported) as error:
            await self._reset(client)
            raise _judge(getattr(error, "code", 550)) from None
        except (aiosmtplib.SMTPException, OSError):
            client.close()
            raise PostBusy from None

    async def _reset(self, client: aiosmtplib.SMTP) -> None:
        """Keep the connection after a refusal, if it still answers."""
        try:
            await client.rset()
        except (aiosmtplib.SMTPException, OSError):
            client.close()
        else:
            self._idle.append((time.monotonic(), client))


def _judge(code: int) -> Undeliverable | PostBusy:
    """5xx is for good, all else may pass (RFC 5321, section 4.2.1)."""
    return Undeliverable(code) if 500 <= code < 600 else PostBusy(code)


async def _leave(client: aiosmtplib.SMTP) -> None:
    try:
        await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        client.close()
