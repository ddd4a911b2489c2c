"""Who comes into the office, with what, how often it may be tried, and what is kept."""

import dataclasses
import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from tests.web.test_pages import check_markup

from maninso.petitions.accounts import add_member, remove_member
from maninso.web.office.members import sign_entrance
from maninso.web.shared.sessions import forget_ended_sessions

pytestmark = pytest.mark.django_db

ENGLISH = {"accept-language": "en"}


@pytest.fixture(autouse=True)
def _mail_in_memory(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def ask_for_code(client: Client, email: str) -> Any:
    return client.post("/account/login", {"email": email}, headers=ENGLISH)


def code_in(message: Any) -> str:
    found = re.search(r"^([A-Z0-9-]{6,})$", message.body, re.MULTILINE)
    assert found is not None
    return found[1]


def test_a_code_alone_leads_to_the_second_factor_and_nowhere_else(client: Client, now: dt.datetime) -> None:
    add_member(email="kim@example.org", role="moderator", now=now)
    assert ask_for_code(client, "KIM@example.org").status_code == 302
    answer = client.post("/account/login/code", {"code": code_in(mail.outbox[0])})
    assert answer.headers["Location"] == "/office"
    for path in ("/office", "/office/record"):
        assert client.get(path).headers["Location"] == "/account/factors"


def test_what_a_stranger_sees_is_what_a_member_sees(now: dt.datetime) -> None:
    add_member(email="kim@example.org", role="moderator", now=now)
    pages = []
    for email in ("kim@example.org", "nobody@example.org"):
        client = Client(headers=ENGLISH)
        ask_for_code(client, email)
        page = client.get("/account/login/code").content.decode()
        pages.append(re.sub(r'value="[^"]{64}"', "", page.replace(email, "ADDRESS")))
    assert pages[0] == pages[1]
    assert [message.to for message in mail.outbox] == [["kim@example.org"]]


def test_codes_are_sent_three_times_in_ten_minutes_at_most(now: dt.datetime) -> None:
    add_member(email="kim@example.org", role="moderator", now=now)
    answers = [ask_for_code(Client(headers=ENGLISH), "kim@example.org") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 200, 200]
    assert len(mail.outbox) == 3
    assert "Too many" in answers[-1].content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM petitions_cache")
        names = [name for (name,) in cursor.fetchall()]
    assert len(names) > 1  # what is counted: by network, and by mailbox
    assert [name for name in names if not re.fullmatch("[0-9a-f]{64}", name)] == []


def test_a_code_may_be_tried_three_times(client: Client, now: dt.datetime) -> None:
    add_member(email="kim@example.org", role="moderator", now=now)
    ask_for_code(client, "kim@example.org")
    for _ in range(3):
        client.post("/account/login/code", {"code": "WRONG1"})
    client.post("/account/login/code", {"code": code_in(mail.outbox[0])})
    assert "/account/login" in client.get("/office").headers["Location"]


def test_nobody_signs_up(client: Client) -> None:
    assert client.get("/account/signup").status_code == 404
    ask_for_code(client, "nobody@example.org")
    assert mail.outbox == []


def test_whoever_lost_the_role_is_out(enter: Callable[..., Client], now: dt.datetime) -> None:
    client = enter("auditor")
    assert client.get("/office").status_code == 200
    remove_member(email="auditor@example.org", now=now)
    assert client.get("/office").status_code == 302


def test_sessions_are_listed_and_the_others_ended(enter: Callable[..., Client]) -> None:
    first, second = enter("clerk"), enter("clerk")
    page = second.get("/en/account/sessions").content.decode()
    assert page.count("<td>127.0.0.1<") == 2
    assert "End all others" in page
    second.post("/account/sessions")
    assert [browser.get("/office/debts").status_code for browser in (first, second)] == [302, 200]


def test_a_change_of_the_secret_logs_nobody_out_while_the_former_one_is_kept(enter: Any, settings: Any) -> None:
    kim, away = enter("moderator"), enter("auditor")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret, of two and thirty characters"
    assert kim.get("/office").status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert (kim.get("/office").status_code, away.get("/office").status_code) == (200, 302)


def test_a_session_that_is_over_leaves_no_address(enter: Callable[..., Client], now: dt.datetime) -> None:
    first, second, third = enter("clerk"), enter("clerk", "other"), enter("auditor")
    first.post("/account/logout")
    assert UserSession.objects.count() == 2
    Session.objects.filter(session_key=second.session.session_key).update(expire_date=now)
    assert forget_ended_sessions(now=now) == 1
    assert list(UserSession.objects.values_list("user__email", flat=True)) == ["auditor@example.org"]
    assert (Session.objects.count(), third.get("/office").status_code) == (1, 200)


def test_the_entrance_of_a_rehearsal_is_on_rehearsals_alone(client: Client, now: dt.datetime, settings: Any) -> None:
    add_member(email="kim@example.org", role="moderator", now=now)
    token = sign_entrance("kim@example.org")
    assert client.get(f"/office/enter/{token}").status_code == 200
    assert client.get(f"/office/enter/{token[:-1]}x").status_code == 404
    assert client.get(f"/office/enter/{sign_entrance('nobody@example.org')}").status_code == 404
    settings.MANINSO = dataclasses.replace(settings.MANINSO, rehearsal=False)
    assert client.get(f"/office/enter/{token}").status_code == 404
    assert client.post(f"/office/enter/{token}").status_code == 404


def test_second_factors_are_sealed_in_the_database(now: dt.datetime) -> None:
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP

    member, _ = add_member(email="kim@example.org", role="moderator", now=now)
    from django.contrib.auth import get_user_model

    totp = TOTP.activate(get_user_model().objects.get(pk=member.account_id), "GLOEJ4VHGAHOHO6WC3UCQPVZ34DR6AQG")
    assert "GLOEJ4VHGAHOHO6WC3UCQPVZ34DR6AQG" not in str(Authenticator.objects.values_list("data", flat=True).get())
    assert totp.instance.wrap().instance.pk == totp.instance.pk


def test_operators_give_and_take_roles(enter: Callable[..., Client]) -> None:
    client = enter("operator")
    assert client.post("/office/members", {"email": "new@example.org", "role": "clerk"}).status_code == 303
    assert "new@example.org" in client.get("/office/members").content.decode()
    assert client.post("/office/members", {"do": "remove", "email": "new@example.org"}).status_code == 303
    assert "new@example.org" not in client.get("/office/members").content.decode()
    for given, status in (
        ({"email": "no address", "role": "clerk"}, 422),
        ({"email": "a@b.c", "role": "king"}, 422),
        ({"email": "\0@b.c", "role": "clerk"}, 422),
        ({"do": "remove", "email": "operator@example.org"}, 409),
    ):
        answer = client.post("/office/members", given)
        assert (answer.status_code, "Mistake:" in answer.content.decode()) == (status, True), given


@pytest.mark.parametrize("role", ["moderator", "clerk", "auditor"])
def test_members_are_the_operators_business(enter: Callable[..., Client], role: str) -> None:
    answer = enter(role).get("/en/office/members")
    assert (answer.status_code, "Your role does not include this." in answer.content.decode()) == (403, True)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_pages_are_well_made_and_never_cached(enter: Callable[..., Client], language: str) -> None:
    client = enter("operator")
    for path in ("/office", "/office/members", "/office/record", "/office/record?check=1"):
        answer = client.get(f"/{language}{path}")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), path
        assert len(answer.content) < 60_000
        check_markup(path, answer.content.decode(), language)
    for path in ("/account/login", "/account/factors", "/account/sessions"):
        answer = Client().get(f"/{language}{path}") if path.endswith("login") else client.get(f"/{language}{path}")
        assert answer.status_code == 200, path
        assert "no-store" in answer.headers["Cache-Control"], path


def test_the_record_is_exported_for_auditors(enter: Callable[..., Client]) -> None:
    client = enter("auditor")
    lines = b"".join(client.get("/office/record.jsonl").streaming_content).splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 1
    assert enter("moderator").get("/office/record.jsonl").status_code == 403


def test_reading_a_public_page_asks_for_no_session_and_sets_no_cookie(client: Client) -> None:
    answer = client.get("/petitions")
    assert (dict(answer.cookies), "Cookie" in answer.headers.get("Vary", "")) == ({}, False)


def test_the_record_leads_to_newer_and_older_entries_that_are_there(enter: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("maninso.web.office.record.PER_PAGE", 1)
    client = enter("operator")  # whose coming in is an entry, like each of these two
    enter("auditor")
    enter("clerk")
    first, last = (client.get(f"/office/record?page={page}").content.decode() for page in (1, 3))
    assert ('rel="next" href="?page=2"' in first, 'rel="prev"' in first) == (True, False)
    assert ('rel="next"' in last, 'rel="prev" href="?page=2"' in last) == (False, True)
