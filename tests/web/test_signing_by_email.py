"""The pages of the e-mail way: one step each, the same whatever the truth, and nothing done by opening a link."""

import dataclasses
import datetime as dt
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.conf import settings as site
from django.db import connection
from django.test import Client
from tests.minutes import within_a_minute
from tests.web.reading import Page

from maninso.identity.confirmation import make_confirmation
from maninso.identity.mailbox import read_mailbox
from maninso.identity.ticket import COOKIE, derive_key, verify_ticket
from maninso.petitions.lifecycle import close_due_petitions, close_petition, end_graces
from maninso.petitions.models import Allowance, Message, Petition
from maninso.petitions.notices import read_message
from maninso.signing.limits import Limits
from maninso.web.shared.letters import write_letter

pytestmark = pytest.mark.django_db

OPEN = "bundestag"  # anybody may sign, by any way


def ask(client: Client, petition: int, address: str, **more: str) -> Any:
    return client.post(f"/en/petitions/{petition}/sign/email", {"email": address, **more})


def link_of(petition: int, address: str = "lee@example.org", *, now: float | None = None, secret: str = "") -> str:
    token = make_confirmation(
        site.MANINSO_SUBJECT_SECRET(),
        secret or site.MANINSO.secret_key,
        mailbox=read_mailbox(address),
        petition_id=petition,
        issuer="email",
        age=255,
        now=time.time() if now is None else now,
    )
    return token


def confirm_path(petition: int, token: str) -> str:
    return f"/en/petitions/{petition}/confirm?ticket={quote(token)}"


def test_one_thing_a_page(client: Client, opened: Callable[..., int]) -> None:
    petition = opened(charter=OPEN)
    ways = Page(client.get(f"/en/petitions/{petition}/sign").content.decode())
    assert f"/en/petitions/{petition}/sign/email" in ways.links()
    assert ways.all("form", method="post") == []
    form = client.get(f"/en/petitions/{petition}/sign/email")
    assert (form.status_code, dict(form.cookies)) == (200, {})
    assert [field["name"] for field in Page(form.content.decode()).all("input")] == ["email"]
    answer = ask(client, petition, "lee@example.org")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/en/petitions/{petition}/sign/email/sent")
    assert dict(answer.cookies) == {}
    message = Message.objects.get()
    closes_at = Petition.objects.get(pk=petition).closes_at
    assert closes_at is not None
    assert (message.recipient, message.language, message.facts) == (
        "lee@example.org",
        "en",
        {"issuer": "email", "age": 255, "closes_at": int(closes_at.timestamp()), "grace": 24 * 3600},
    )


def test_the_answer_is_the_same_whatever_the_truth(client: Client, opened: Callable[..., int]) -> None:
    """B22, B27: sixth message or first, the page is the same bytes, and names no address."""
    petition = opened(charter=OPEN)
    answers = [ask(client, petition, "lee@example.org") for _ in range(7)] + [ask(client, petition, "kim@example.org")]
    assert len({(answer.status_code, answer.headers["Location"]) for answer in answers}) == 1
    assert Message.objects.count() == 6
    pages = {client.get(answer.headers["Location"]).content for answer in answers}
    assert len(pages) == 1
    assert b"lee@" not in pages.pop()


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("address", ["", "nobody", "a@b", "a b@example.org", "x" * 400, "a@example.org\0", "<script>"])
def test_a_mistake_is_said_beside_the_field_and_kept(
    client: Client, opened: Callable[..., int], address: str, language: str
) -> None:
    """B4."""
    petition = opened(charter=OPEN)
    answer = client.post(f"/{language}/petitions/{petition}/sign/email", {"email": address})
    assert answer.status_code == 422
    page = Page(answer.content.decode())
    (field,) = page.all("input", id="email")
    assert (field["aria-invalid"], field["aria-describedby"]) == ("true", "email-hint email-error")
    assert field["value"] == address[:400]
    assert Message.objects.count() == 0
    assert ("Mistake" in page.text) == (language == "en")


def test_domains_that_the_charter_asks_for(client: Client, opened: Callable[..., int]) -> None:
    petition = opened()
    assert "An address at gist.ac.kr" in ask(client, petition, "lee@example.org").content.decode()
    assert ask(client, petition, "lee@gm.gist.ac.kr").status_code == 303


def test_throw_away_addresses_are_refused_or_marked(
    client: Client, opened: Callable[..., int], make_charter: Callable[..., Any]
) -> None:
    petition = opened(charter=OPEN)
    answer = ask(client, petition, "lee@sub.mailinator.com")
    assert (answer.status_code, Message.objects.count()) == (422, 0)
    assert "Throw-away addresses" in answer.content.decode()
    marking = opened(charter=make_charter('who = "anyone"', disposable_mail='"marked"'))
    assert ask(client, marking, "lee@mailinator.com").status_code == 303
    assert Message.objects.get().facts["issuer"] == "email:disposable"


def test_what_nobody_can_check_is_declared(client: Client, opened: Callable[..., int]) -> None:
    petition = opened(charter="we-the-people")
    answer = ask(client, petition, "lee@example.org")
    page = Page(answer.content.decode())
    assert (answer.status_code, page.all("input", name="declared")[0]["aria-invalid"]) == (422, "true")
    assert page.all("input", id="email")[0]["value"] == "lee@example.org"
    assert ask(client, petition, "lee@example.org", declared="1").status_code == 303
    assert Message.objects.get().facts["age"] == 13


@pytest.mark.parametrize("charter", ["blue-house-2019", "finland", "eu-eci"])
def test_where_the_charter_asks_for_more(client: Client, opened: Callable[..., int], charter: str) -> None:
    petition = opened(charter=charter)
    assert client.get(f"/petitions/{petition}/sign/email").status_code == 404
    assert ask(client, petition, "lee@example.org").status_code == 404
    page = Page(client.get(f"/en/petitions/{petition}/sign").content.decode())
    assert f"/en/petitions/{petition}/sign/email" not in page.links()


def test_another_scheme_than_the_charters(
    client: Client, opened: Callable[..., int], make_charter: Callable[..., Any]
) -> None:
    petition = opened(charter=make_charter('who = "anyone"', scheme='"eid"'))
    assert ask(client, petition, "lee@example.org").status_code == 404
    petition = opened(charter=make_charter('who = "anyone"', scheme='"email"'))
    assert ask(client, petition, "lee@example.org").status_code == 303


def test_opening_the_link_changes_nothing(client: Client, opened: Callable[..., int]) -> None:
    """B20, B29: a scanner or a stranger sees a button and nobody's details."""
    petition = opened(charter=OPEN)
    token = link_of(petition)
    for _ in range(3):
        page = client.get(confirm_path(petition, token))
        assert (page.status_code, dict(page.cookies)) == (200, {})
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "strict-origin"
    content = Page(page.content.decode())
    (form,) = content.all("form")
    assert (form["method"], form["action"]) == ("post", f"/en/petitions/{petition}/confirm")
    assert [field["value"] for field in content.all("input", name="ticket")] == [token]
    assert content.all("meta", name="robots")[0]["content"] == "noindex"
    assert "lee" not in content.text
    outside = [
        attributes.get("href", "") + attributes.get("src", "")
        for _, attributes in content.elements
        if "://" in attributes.get("href", "") + attributes.get("src", "")
    ]
    assert all(address.startswith("https://petitions.example.org/") for address in outside)


def test_the_button_moves_the_ticket_into_the_cookie_and_goes_on_to_sign(
    client: Client, opened: Callable[..., int]
) -> None:
    petition = opened(charter=OPEN)
    token = link_of(petition)
    answer = client.post(f"/en/petitions/{petition}/confirm", {"ticket": token})
    assert (answer.status_code, answer.headers["Location"]) == (307, f"/en/petitions/{petition}/signatures")
    assert answer.headers["Cache-Control"] == "no-store"
    cookie = answer.cookies[COOKIE]
    assert cookie.value == token
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"], cookie["path"]) == (True, "Lax", True, "/")
    assert 3590 <= cookie["max-age"] <= 3600
    assert token not in answer.headers["Location"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_links_that_do_not_hold(client: Client, opened: Callable[..., int], method: str) -> None:
    """B28: back to the ways with what to do next, no error page, no cookie."""
    petition, other = opened(charter=OPEN), opened(charter=OPEN, title="Another one")
    wrong = {
        "": "invalid",
        "nonsense": "invalid",
        "mt1.AAAA": "invalid",
        "x" * 3000: "invalid",
        "\0": "invalid",
        link_of(petition, secret="another secret " * 3): "invalid",
        link_of(petition, now=time.time() - 3601): "expired",
        link_of(other): "elsewhere",
    }
    for token, note in wrong.items():
        address = f"/en/petitions/{petition}/confirm"
        answer = getattr(client, method)(address, {"ticket": token})
        assert (answer.status_code, dict(answer.cookies)) == (303, {})
        assert answer.headers["Location"] == f"/en/petitions/{petition}/sign?note={note}"
        page = Page(client.get(answer.headers["Location"]).content.decode())
        assert "Nothing was signed" in page.text
        assert f"/en/petitions/{petition}/sign/email" in page.links()


def test_a_ticket_of_the_secret_before(client: Client, opened: Callable[..., int], settings: Any) -> None:
    petition = opened(charter=OPEN)
    old = site.MANINSO.secret_key
    token = link_of(petition)
    settings.MANINSO = dataclasses.replace(site.MANINSO, secret_key="a new secret " * 3, previous_secrets=(old,))
    assert client.get(confirm_path(petition, token)).status_code == 200
    assert client.post(f"/en/petitions/{petition}/confirm", {"ticket": token}).status_code == 307
    settings.MANINSO = dataclasses.replace(site.MANINSO, previous_secrets=())
    assert client.get(confirm_path(petition, token)).status_code == 303
    subject = verify_ticket(derive_key(old, purpose="ticket"), token, now=time.time()).subject
    again = link_of(petition)
    assert verify_ticket(derive_key("a new secret " * 3, purpose="ticket"), again, now=time.time()).subject == subject


def test_a_page_of_another_site_sends_nothing(client: Client, opened: Callable[..., int]) -> None:
    petition = opened(charter=OPEN)
    token = link_of(petition)
    for headers in ({"origin": "https://elsewhere.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        for path, fields in (
            (f"/en/petitions/{petition}/confirm", {"ticket": token}),
            (f"/en/petitions/{petition}/sign/email", {"email": "lee@example.org"}),
        ):
            answer = client.post(path, fields, headers=headers)
            assert (answer.status_code, dict(answer.cookies)) == (403, {})
    assert Message.objects.count() == 0


def test_a_petition_that_takes_no_signatures(client: Client, opened: Callable[..., int], now: dt.datetime) -> None:
    """B31."""
    petition = opened(charter=OPEN)
    token = link_of(petition)
    close_petition(petition, now=now)
    for path in ("sign", "sign/now", "sign/email", f"confirm?ticket={token}"):
        answer = client.get(f"/en/petitions/{petition}/{path}")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/en/petitions/{petition}")
    assert ask(client, petition, "lee@example.org").headers["Location"] == f"/en/petitions/{petition}"
    assert Message.objects.count() == 0


def test_b32_a_link_asked_for_in_time_leads_to_the_button_while_the_grace_lasts(
    client: Client, opened: Callable[..., int], now: dt.datetime
) -> None:
    half_an_hour = dt.timedelta(minutes=30)
    petition = opened(charter=OPEN)
    with connection.cursor() as cursor:
        for table, key in (("signing_gate", "petition_id"), ("petitions_petition", "id")):
            cursor.execute(f"UPDATE {table} SET closes_at = %s WHERE {key} = %s", [now + half_an_hour, petition])
    assert ask(client, petition, "lee@example.org").status_code == 303
    letter = write_letter(read_message(Message.objects.get().pk), now=now)  # type: ignore[arg-type]
    assert "the link holds for 24 hours" in letter.text
    token = parse_qs(urlsplit(re.findall(r"https?://\S+confirm\S+", letter.text)[0]).query)["ticket"][0]
    with connection.cursor() as cursor:  # time passes
        for table, key in (("signing_gate", "petition_id"), ("petitions_petition", "id")):
            cursor.execute(f"UPDATE {table} SET closes_at = %s WHERE {key} = %s", [now - half_an_hour, petition])
    late = "late@example.org"
    assert ask(client, petition, late).headers["Location"] == f"/en/petitions/{petition}"  # not noticed yet, and over
    assert close_due_petitions(now=now) == 1
    assert ask(client, petition, late).headers["Location"] == f"/en/petitions/{petition}"
    assert Message.objects.count() == 1
    assert "may confirm it until" in client.get(f"/en/petitions/{petition}").content.decode()
    assert client.get(confirm_path(petition, token)).status_code == 200
    assert client.post(f"/en/petitions/{petition}/confirm", {"ticket": token}).status_code == 307
    assert client.get(f"/en/petitions/{petition}/sign/now").status_code == 200
    assert end_graces(now=now + dt.timedelta(hours=24)) == 1
    assert client.get(confirm_path(petition, token)).headers["Location"] == f"/en/petitions/{petition}"


def limit(settings: Any, most: int) -> None:
    settings.MANINSO = dataclasses.replace(site.MANINSO, limits=Limits(network=most, person=30))


def test_a_network_that_asks_too_often(client: Client, opened: Callable[..., int], settings: Any) -> None:
    """B67: others are not affected, and no address of the network is kept."""
    limit(settings, 3)
    petition = opened(charter=OPEN)

    def ask(attempt: int) -> list[Any]:
        """Ask from a network that nobody asked from before."""
        address, path = f"203.0.113.{9 - attempt}", f"/en/petitions/{petition}/sign/email"
        return [client.post(path, {"email": f"p{n}.{attempt}@example.org"}, REMOTE_ADDR=address) for n in range(5)]

    answers = within_a_minute(ask)
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429, 429]
    assert answers[3].headers["Retry-After"] == "60"
    assert "Too many messages were asked for from your network" in answers[3].content.decode()
    other = client.post(f"/en/petitions/{petition}/sign/email", {"email": "q@example.org"}, REMOTE_ADDR="203.0.113.10")
    assert other.status_code == 303
    assert all(b"203.0" not in bytes(row.key) for row in Allowance.objects.all())


class TestWork:
    """Proof of work: a browser that computes asks freely, one that does not asks a little."""

    @pytest.fixture
    def petition(self, opened: Callable[..., int], settings: Any) -> int:
        limit(settings, 100)
        settings.MANINSO = dataclasses.replace(settings.MANINSO, proof_of_work=200)
        return opened(charter=OPEN)

    def solve(self, client: Client) -> str:
        from altcha import v1 as altcha

        challenge = altcha.Challenge(
            **{
                {"maxnumber": "max_number"}.get(name, name): value
                for name, value in client.get("/identity/challenge").json().items()
            }
        )
        solution = altcha.solve_challenge(challenge)
        assert solution is not None
        return altcha.Payload(
            challenge.algorithm, challenge.challenge, solution.number, challenge.salt, challenge.signature
        ).to_base64()

    def ask(self, client: Client, petition: int, number: int, work: str = "") -> int:
        return client.post(
            f"/en/petitions/{petition}/sign/email",
            {"email": f"p{number}@example.org", "work": work},
            REMOTE_ADDR="203.0.113.9",
        ).status_code

    def test_who_computes_asks_freely_once_a_challenge(self, client: Client, petition: int) -> None:
        import base64
        import json

        assert [self.ask(client, petition, n, self.solve(client)) for n in range(4)] == [303] * 4
        work = self.solve(client)
        other_spelling = base64.b64encode(json.dumps(json.loads(base64.b64decode(work)), indent=1).encode()).decode()
        answers = [self.ask(client, petition, n, each) for n, each in enumerate([work, work, other_spelling, work], 10)]
        assert answers == [303, 303, 303, 429]  # the second and third were the two without work

    def test_who_does_not_asks_a_little(self, client: Client, petition: int) -> None:
        wrong = ["", "nonsense", "e30=", "W10=", "bnVsbA==", "x" * 3000]
        assert [self.ask(client, petition, n, each) for n, each in enumerate(wrong)] == [303, 303, 429, 429, 429, 429]
        assert self.ask(client, petition, 9, self.solve(client)) == 303

    def test_a_challenge_of_another_site(self, client: Client, petition: int, settings: Any) -> None:
        work = self.solve(client)
        settings.MANINSO = dataclasses.replace(settings.MANINSO, secret_key="another secret " * 3)
        assert [self.ask(client, petition, n, work) for n in range(3)] == [303, 303, 429]

    def test_the_form_brings_the_script_and_works_without(self, client: Client, petition: int) -> None:
        page = Page(client.get(f"/en/petitions/{petition}/sign/email").content.decode())
        (script,) = page.all("script")
        assert script["src"].startswith("/static/work.")
        sent = client.get(script["src"])
        assert (sent.headers["Content-Type"], len(sent.content) < 2000) == ("text/javascript; charset=utf-8", True)
        challenge = client.get("/identity/challenge")
        assert challenge.headers["Cache-Control"] == "no-store"
        assert client.get("/identity/challenge").json() != challenge.json()

    def test_without_the_setting_there_is_none(self, client: Client, opened: Callable[..., int]) -> None:
        assert client.get("/identity/challenge").status_code == 404
        page = Page(client.get(f"/en/petitions/{opened(charter=OPEN)}/sign/email").content.decode())
        assert page.all("script") == []
