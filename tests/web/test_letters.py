"""Every letter carries the seals of its moment out of the site's reach: the petition's and the site's own."""

import datetime as dt
import html
import textwrap
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from maninso.identity.mailbox import read_mailbox
from maninso.petitions import notices
from maninso.petitions.models import Message
from maninso.signing.keys import LogKey
from maninso.signing.sequencer import Sequencer
from maninso.web.shared.letters import Letter, write_letter

pytestmark = pytest.mark.django_db

HOST = "petitions.example.org"


def write(petition: int, now: dt.datetime) -> Letter:
    notices.ask_confirmation(
        petition_id=petition,
        mailbox=read_mailbox("lee@example.org"),
        language="en",
        issuer="email",
        age=255,
        until=now + dt.timedelta(hours=1),
        now=now,
    )
    message = notices.read_message(Message.objects.latest("pk").pk)
    assert message is not None
    return write_letter(message, now=now)


def test_a_letter_bears_the_seals_of_its_moment(client: Client, opened: Callable[..., int], now: dt.datetime) -> None:
    petition = opened()
    early = write(petition, now)
    assert "seal" not in early.text + early.html
    connection.ensure_connection()
    sequencer = Sequencer(connection.connection, LogKey(bytes(range(32))).sign_as)
    sequencer.start_site_log(host=HOST)
    sequencer.catch_up(now=now)
    sequencer.name_checkpoints(now=now)
    sequencer.catch_up(now=now)
    letter = write(petition, now)
    for path in (f"/p/{petition}/log/checkpoint", "/log/checkpoint"):
        served = client.get(path).content.decode()
        assert textwrap.indent(served, "    ", lambda line: line != "\n") in letter.text
        assert served.strip() in html.unescape(letter.html)


@pytest.mark.parametrize(
    ("facts", "language", "said"),
    [
        ({"what": "reminder", "obligation": 7, "days_left": 7}, "en", ("due in 7 days", "/en/office/debts/7")),
        ({"what": "reminder", "obligation": 7, "days_left": 0}, "en", ("due today", "/en/office/debts/7")),
        ({"what": "reminder", "obligation": 7, "days_left": -3}, "ko", ("3일", "/ko/office/debts/7")),
        ({"what": "preview", "author": "A", "summary": "Yes.", "version": 1}, "en", ("Answered: ", "A writes: Yes.")),
        ({"what": "preview", "author": "A", "summary": "No.", "version": 2}, "ko", ("고친 답변: ", "A: No.")),
    ],
)
def test_the_office_is_written_to(
    facts: dict[str, object], language: str, said: tuple[str, str], opened: Callable[..., int], now: dt.datetime
) -> None:
    notices.tell_desk(petition_id=opened(), recipient="kim@example.org", language=language, facts=facts, now=now)
    message = notices.read_message(Message.objects.get().pk)
    assert message is not None
    letter = write_letter(message, now=now)
    assert [each in letter.subject + letter.text for each in said] == [True, True]
    assert letter.unsubscribe == ""
