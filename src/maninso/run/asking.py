"""One HTTP request after the other over a connection that stays open, for those who ask this site a lot.

A rehearsal's crowd shares the machine with the site it tries, so a request is bytes that were made before.
"""

import asyncio
from typing import NamedTuple

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
NO_ANSWER = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError)
"""What `ask` raises where the connection ends, or what comes is no answer."""


class Answer(NamedTuple):
    """An answer; `wait` are the seconds of its Retry-After header, one where there is none."""

    status: int
    wait: float
    body: bytes


async def ask(connection: Connection, request: bytes) -> Answer:
    """Send one request and return its answer. Raises NO_ANSWER."""
    reader, writer = connection
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    headers = dict(line.split(b": ", 1) for line in lines[1:] if line)
    body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
    return Answer(int(lines[0].split(b" ", 2)[1]), float(headers.get(b"retry-after", b"1")), body)


def close(connection: Connection | None) -> None:
    """Close a connection, if there is one."""
    if connection is not None:
        connection[1].close()
