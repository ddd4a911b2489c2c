"""Reads the folder that a site keeps its messages in, as their recipients would read them."""

import email
import email.policy
import re
import time
from email.message import EmailMessage
from functools import cache
from pathlib import Path

LONGEST_WAIT = 30.0  # seconds


def read_messages(folder: Path, recipient: str) -> list[EmailMessage]:
    """Return the messages to an address, the oldest first."""
    return [message for message in read_folder(folder) if message["To"] == recipient]


def read_folder(folder: Path) -> list[EmailMessage]:
    """Return all messages, the oldest first."""
    return [read_file(file) for file in sorted(folder.glob("*.eml"))]


@cache
def read_file(file: Path) -> EmailMessage:
    """Return one message; a file never changes."""
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def wait_for_message(folder: Path, recipient: str, *, number: int = 1) -> EmailMessage:
    """Return the newest message to an address once there are `number`."""
    deadline = time.monotonic() + LONGEST_WAIT
    while len(found := read_messages(folder, recipient)) < number:
        assert time.monotonic() < deadline, f"{len(found)} messages, not {number}"
        time.sleep(0.1)
    return found[-1]


def read_text(message: EmailMessage) -> str:
    """Return a message's text."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def find_link(message: EmailMessage) -> str:
    """Return the address on a line of its own in a message's text."""
    (link,) = re.findall(r"^https?://\S+\?\S+$", read_text(message), re.MULTILINE)
    return str(link)
