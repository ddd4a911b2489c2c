"""Reads the folder that a site keeps its messages in, as their recipients would read them."""

import email
import email.policy
import re
import time
from email.message import EmailMessage
from pathlib import Path

LONGEST_WAIT = 30.0  # seconds


def read_messages(folder: Path, recipient: str) -> list[EmailMessage]:
    """Return the messages to an address, the oldest first."""
    messages = []
    for file in sorted(folder.glob("*.eml")):
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        if message["To"] == recipient:
            messages.append(message)
    return messages


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
