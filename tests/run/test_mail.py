"""Handing letters over: one protocol, kept by the folder that sends nothing and by SMTP to a real server."""

import asyncio
import datetime as dt
import email
import email.policy
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, LoginPassword
from tests.live import find_free_port

from maninso.run.mail import FolderPost, Post, PostBusy, SmtpPost, Undeliverable, open_post, render_letter
from maninso.run.settings import read_settings
from maninso.web.shared.letters import Letter

LETTER = Letter(
    recipient="lee@example.org",
    sender_name="만인소",
    subject="서명: 도서관을 일요일에도 열어 주세요",
    text="링크를 여세요:\nhttps://petitions.example.org/ko/petitions/7/confirm?ticket=mt1.AAAA\n",
    html="<p>링크를 여세요</p>",
    language="ko",
    date=dt.datetime(2026, 11, 26, 3, tzinfo=dt.UTC),
    identifier="m7.1800000000",
)
HOST, SENDER = "petitions.example.org", "noreply@petitions.example.org"


class Inbox:
    """What a server took, and how it behaves: `answers` are sent in turn for RCPT, then 250."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.answers: list[str] = []
        self.data_answers: list[str] = []
        self.connections = 0
        self.hang_up_after: int | None = None

    async def handle_EHLO(
        self, server: Server, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: Server, session: Any, envelope: Any, address: str, rcpt_options: list[str]
    ) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Server, session: Any, envelope: Any) -> str:
        answer = self.data_answers.pop(0) if self.data_answers else "250 OK"
        if answer.startswith("250"):
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            self.messages.append(message)
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        if self.hang_up_after is not None and len(self.messages) >= self.hang_up_after:
            self.hang_up_after = None
            server.transport.close()
        return answer


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def serve(inbox: Inbox, **given: Any) -> Controller:
    controller = Controller(inbox, hostname="127.0.0.1", port=find_free_port(), **given)
    controller.start()
    return controller


@pytest.fixture
def server(inbox: Inbox) -> Iterator[str]:
    controller = serve(inbox)
    yield f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


Read = Callable[[], list[EmailMessage]]


def kinds(tmp_path: Path, inbox: Inbox, server: str) -> list[tuple[Post, Read]]:
    """Return each kind of post, with what reads what it was given."""

    def read_folder() -> list[EmailMessage]:
        files = sorted((tmp_path / "mail").glob("*"))
        assert all(file.suffix == ".eml" for file in files)
        parsed = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
        return [message for message in parsed if isinstance(message, EmailMessage)]

    return [
        (FolderPost(tmp_path / "mail", sender=SENDER, host=HOST), read_folder),
        (SmtpPost(server, sender=SENDER, host=HOST), lambda: inbox.messages),
    ]


@pytest.mark.parametrize("kind", [0, 1], ids=["folder", "smtp"])
def test_a_letter_arrives_as_it_was_written(kind: int, tmp_path: Path, inbox: Inbox, server: str) -> None:
    async def send(post: Post) -> None:
        await post.send(replace(LETTER, unsubscribe="https://petitions.example.org/ko/updates/abc"))
        await post.send(LETTER)
        await post.close()

    post, read = kinds(tmp_path, inbox, server)[kind]
    asyncio.run(send(post))
    first, second = read()
    assert (first["To"], first["Subject"]) == ("lee@example.org", LETTER.subject)
    assert first["From"].addresses[0].addr_spec == SENDER
    assert first["Message-ID"] == second["Message-ID"] == "<m7.1800000000@petitions.example.org>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["List-Unsubscribe"] == "<https://petitions.example.org/ko/updates/abc>"
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert second["List-Unsubscribe"] is None
    for kind_of_body, words in (("plain", LETTER.text), ("html", LETTER.html)):
        body = first.get_body((kind_of_body,))
        assert body is not None
        assert body.get_content().replace("\r\n", "\n").strip() == words.strip()


def test_a_header_cannot_be_smuggled_in() -> None:
    with pytest.raises(ValueError, match="end of a line"):
        render_letter(replace(LETTER, recipient="a@b.org\nBcc: c@d.org"), sender=SENDER, host=HOST)
    with pytest.raises(ValueError, match="end of a line"):
        render_letter(replace(LETTER, subject="x\nBcc: c@d.org"), sender=SENDER, host=HOST)


def test_a_folder_that_cannot_be_written_is_busy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PostBusy):
        asyncio.run(FolderPost(tmp_path / "file" / "mail", sender=SENDER, host=HOST).send(LETTER))


def test_many_letters_go_over_few_connections_that_are_kept(inbox: Inbox, server: str) -> None:
    async def send() -> None:
        post = SmtpPost(server, sender=SENDER, host=HOST, connections=3)
        await asyncio.gather(*(post.send(replace(LETTER, identifier=f"m{n}.1")) for n in range(60)))
        await post.close()

    asyncio.run(send())
    assert len({message["Message-ID"] for message in inbox.messages}) == 60
    assert inbox.connections <= 3
    assert inbox.envelopes[0] == (SENDER, ["lee@example.org"])


def test_a_connection_that_the_server_dropped_is_replaced(inbox: Inbox, server: str) -> None:
    async def send() -> None:
        post = SmtpPost(server, sender=SENDER, host=HOST)
        inbox.hang_up_after = 1
        with pytest.raises(PostBusy):  # it hung up instead of answering: nobody knows whether it took the letter
            await post.send(LETTER)
        await post.send(LETTER)
        ((_, kept),) = post._idle
        kept.transport.abort()  # type: ignore[union-attr]
        await asyncio.sleep(0.05)
        await post.send(LETTER)
        await post.close()

    asyncio.run(send())
    assert len(inbox.messages) == 3


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("550 5.1.1 lee@example.org is nobody here", Undeliverable),
        ("553 5.1.3 what is that", Undeliverable),
        ("450 4.2.1 mailbox busy", PostBusy),
        ("451 4.3.0 later", PostBusy),
        ("452 4.5.3 full", PostBusy),
    ],
)
@pytest.mark.parametrize("step", ["answers", "data_answers"])
def test_refusals_for_good_and_for_now(inbox: Inbox, server: str, step: str, answer: str, kind: type) -> None:
    async def send() -> str:
        post = SmtpPost(server, sender=SENDER, host=HOST)
        getattr(inbox, step).append(answer)
        with pytest.raises(kind) as caught:
            await post.send(LETTER)
        await post.send(LETTER)  # the connection is as good as before
        await post.close()
        assert caught.value.code == int(answer[:3])
        return f"{caught.value}{caught.value.__cause__}"

    assert "lee@" not in asyncio.run(send())
    assert len(inbox.messages) == 1
    assert inbox.connections == 1


def test_a_server_that_is_not_there(inbox: Inbox) -> None:
    with pytest.raises(PostBusy):
        asyncio.run(SmtpPost("smtp://127.0.0.1:1", sender=SENDER, host=HOST).send(LETTER))


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # aiosmtpd's, of what no site of ours does
@pytest.mark.filterwarnings("ignore:Session.login_data")
def test_name_and_password(inbox: Inbox) -> None:
    def judge(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"petitions", b"p@ss/word"), handled=False)

    controller = serve(inbox, authenticator=judge, auth_required=True, auth_require_tls=False)
    try:
        good = SmtpPost(f"smtp://petitions:p%40ss%2Fword@127.0.0.1:{controller.port}", sender=SENDER, host=HOST)
        bad = SmtpPost(f"smtp://petitions:wrong@127.0.0.1:{controller.port}", sender=SENDER, host=HOST)

        async def send() -> None:
            await good.send(LETTER)
            await good.close()
            with pytest.raises(PostBusy) as caught:  # the operator's mistake: the letter waits until it is mended
                await bad.send(LETTER)
            assert caught.value.code == 535

        asyncio.run(send())
    finally:
        controller.stop()
    assert len(inbox.messages) == 1


def test_a_password_goes_to_another_machine_by_tls_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import aiosmtplib

    made: list[dict[str, Any]] = []

    class Recorder(aiosmtplib.SMTP):
        def __init__(self, **given: Any) -> None:
            made.append(given)
            super().__init__(**{**given, "hostname": "127.0.0.1", "port": 1})

    monkeypatch.setattr(aiosmtplib, "SMTP", Recorder)
    for url in ("smtp://a:b@mail.example", "smtps://a:b@mail.example", "smtp://mail.example", "smtp://a:b@localhost"):
        with pytest.raises(PostBusy):
            asyncio.run(SmtpPost(url, sender=SENDER, host=HOST).send(LETTER))
    assert [(each["use_tls"], each["start_tls"]) for each in made] == [
        (False, True),
        (True, None),
        (False, None),
        (False, None),
    ]
    assert [each["port"] for each in made] == [587, 465, 587, 587]


def test_the_setting_chooses(tmp_path: Path) -> None:
    base = {"MANINSO_HOME": str(tmp_path), "MANINSO_SECRET_KEY": "x" * 32}
    assert isinstance(open_post(read_settings(base)), FolderPost)
    assert isinstance(open_post(read_settings({**base, "MANINSO_EMAIL_URL": "smtps://mail.example"})), SmtpPost)
