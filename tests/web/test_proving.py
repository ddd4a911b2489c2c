"""Proving who one is inside the form: by a code or a provider, nothing lost, good for this one thing (B6, B11, B22)."""

import dataclasses
import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from django.test import Client
from django.utils import timezone
from tests.provider import CLIENT_ID, SECRET, LyingProvider, lying_provider
from tests.web.test_pages import check_markup
from tests.web.test_raising import BODY, TITLE, Form, sponsors_link

from maninso.identity.oidc import Provider, flow
from maninso.identity.oidc.provider import Names
from maninso.identity.rehearsal import issue_rehearsal_ticket
from maninso.petitions import notices
from maninso.petitions.models import Message, Petition, Raising, Sponsor
from maninso.web.shared.letters import write_letter

pytestmark = pytest.mark.django_db

committed = pytest.mark.django_db(transaction=True)  # going to a provider gives the connection back

OPEN = "uk-parliament"  # anybody there may raise a petition, by any way; five supporters
ADA = "ada@example.org"


@pytest.fixture
def real(settings: Any) -> Any:
    """A site that is no rehearsal, where a mailbox is proof enough."""
    settings.MANINSO = dataclasses.replace(settings.MANINSO, rehearsal=False, charter=OPEN)
    return settings


@pytest.fixture
def form(real: Any, client: Client) -> Form:
    return Form(client)


@pytest.fixture
def liar(real: Any) -> Iterator[LyingProvider]:
    with lying_provider() as provider:
        known = Provider(
            id="test",
            name=Names(ko="시험", en="Test"),
            client_id=CLIENT_ID,
            client_secret=SECRET,
            issuer=provider.url,
            scheme="test",
        )
        real.MANINSO = dataclasses.replace(real.MANINSO, providers={"test": known})
        yield provider
    while flow._connections:
        flow._connections.popitem()[1].line.close()


@pytest.fixture(autouse=True)
def _clear(request: pytest.FixtureRequest, database_url: str) -> Iterator[None]:
    yield
    if request.node.get_closest_marker("django_db").kwargs.get("transaction"):
        with psycopg.connect(database_url) as connection:
            connection.execute("TRUNCATE procrastinate_jobs CASCADE")


def read_code(recipient: str = ADA) -> str:
    """Return the code of the newest message to a mailbox, as its owner reads it."""
    row = Message.objects.filter(kind="code", recipient=recipient).latest("pk")
    message = notices.read_message(row.pk)
    assert message is not None
    letter = write_letter(message, now=timezone.now())
    found = re.match(r"(\d{4} \d{4}) is your code", letter.subject)
    assert found is not None, letter.subject
    assert found[1] in letter.text
    assert found[1] in letter.html
    return found[1]


def visit(client: Client, path: str) -> Any:
    """Go to the provider and come back, as a browser does."""
    away = client.get(path)
    assert away.status_code == 303, away.content
    back = urlsplit(httpx.get(away.headers["Location"], verify=False).headers["location"])
    return client.get(f"{back.path}?{back.query}")


def test_a_code_is_typed_where_one_wrote_and_nothing_is_lost(form: Form) -> None:
    form.fill_to_check(name="Ada", address="letters@example.org")
    assert "another tab" not in form.page
    assert form.send(do="code", proof_email="Ada@Example.org").status == 422 or form.step == "check"
    assert "a code comes by e-mail" in form.page
    assert 'autocomplete="one-time-code"' in form.page
    form.send(change="title")  # gone back in between
    form.send(title="Open the river path to everybody", do="")
    assert "Open the river path to everybody" in form.page
    assert "a code comes by e-mail" in form.page
    assert form.send(code="1234").status == 422
    assert "This is not the code." in form.page
    assert "<strong>short</strong>" in form.page
    form.send(code=read_code("Ada@example.org"))
    assert form.status == 200
    assert "Your petition was handed in" in form.page
    assert (Petition.objects.get().title, Raising.objects.count()) == ("Open the river path to everybody", 1)


def test_the_return_key_in_the_address_sends_a_code_and_hands_nothing_in(form: Form) -> None:
    form.fill_to_check().send(proof_email=ADA)
    assert (Message.objects.count(), Petition.objects.count(), "a code comes by e-mail" in form.page) == (1, 0, True)
    assert form.send(code="", proof_email=ADA).status == 422
    assert "Type the code from the message." in form.page
    assert Message.objects.count() == 1


def test_without_a_proof_nothing_is_handed_in(form: Form, client: Client) -> None:
    form.fill_to_check().send(proof_email="")
    assert (form.status, "Prove who you are first." in form.page) == (422, True)
    form.send(proof_email="nobody", do="code")
    assert (form.status, "name@example.org" in form.page, 'value="nobody"' in form.page) == (422, True, True)
    form.send(person="Ada")
    assert (form.status, Petition.objects.count(), Message.objects.count()) == (422, 0, 0)


def test_five_codes_may_be_tried_and_five_messages_sent(form: Form) -> None:
    form.fill_to_check().send(proof_email=ADA, do="code")
    code = read_code()
    for _ in range(5):
        assert "This is not the code." in form.send(code="00000000").page
    assert "tried too often" in form.send(code=code).page
    pages = [re.sub(r'value="[^"]*"', "", form.send(proof_email=ADA, do="code").page) for _ in range(6)]
    assert len(set(pages)) == 1  # the same whether it was one too many
    assert (Message.objects.count(), Petition.objects.count()) == (5, 0)


def test_only_mailboxes_of_the_charters_domains_raise_a_petition(form: Form, real: Any) -> None:
    real.MANINSO = dataclasses.replace(real.MANINSO, charter="university")
    form.fill_to_check().send(proof_email=ADA, do="code")
    assert (form.status, Message.objects.count()) == (422, 0)
    assert "An address at gist.ac.kr, gm.gist.ac.kr is needed." in form.page
    assert "It has to be at gist.ac.kr, gm.gist.ac.kr." in form.page
    form.send(proof_email="lee@gm.gist.ac.kr", do="code").send(code=read_code("lee@gm.gist.ac.kr"))
    assert "Your petition was handed in" in form.page


def test_a_mailbox_that_was_asked_under_other_rules_is_refused_too(form: Form, real: Any) -> None:
    form.fill_to_check().send(proof_email=ADA, do="code")
    real.MANINSO = dataclasses.replace(real.MANINSO, charter="university")
    assert "An address at gist.ac.kr" in form.send(code=read_code()).page
    assert Petition.objects.count() == 0


def test_a_ticket_that_signs_raises_and_supports_nothing(form: Form, client: Client, real: Any) -> None:
    form.fill_to_check()
    secret, now = real.MANINSO.secret_key, timezone.now().timestamp()
    client.cookies["maninso_ticket"] = issue_rehearsal_ticket(secret, person="Han", region="", now=now)
    client.cookies["maninso_raise"] = client.cookies["maninso_ticket"].value
    assert "Prove who you are first." in form.send().page
    assert Petition.objects.count() == 0


@pytest.fixture
def invitation(form: Form, client: Client) -> str:
    """The link for supporters of Ada's petition."""
    form.fill_to_check().send(proof_email=ADA, do="code").send(code=read_code())
    return sponsors_link(client, form.creators_page)


def challenge_of(page: str) -> str:
    found = re.search(r'name="challenge" value="([^"]+)"', page)
    assert found is not None
    return html.unescape(found[1])


def test_supporters_prove_who_they_are_by_a_code_once_a_person(invitation: str, client: Client) -> None:
    assert "also declare that you are among those who may sign" in client.get(invitation).content.decode()
    for number, address in enumerate(("bo@example.org", "BO+x@example.org", "cy@example.org")):
        asked = client.post(invitation, {"do": "code", "proof_email": address}).content.decode()
        given = {"challenge": challenge_of(asked), "code": read_code(address), "proof_email": address}
        done = client.post(invitation, given).content.decode()
        assert ("You support it already" in done) == (number == 1)
    assert Raising.objects.get().sponsors == 2
    assert set(Sponsor.objects.values_list("assurance", flat=True)) == {0}


def test_a_code_for_raising_supports_nothing(invitation: str, client: Client) -> None:
    form = Form(client).fill_to_check(title="Plant trees").send(proof_email="bo@example.org", do="code")
    given = {"challenge": challenge_of(form.page), "code": read_code("bo@example.org")}
    answer = client.post(invitation, given)
    assert (answer.status_code, Raising.objects.get().sponsors) == (422, 0)


@pytest.mark.parametrize("challenge", ["", "x", "\0", "가" * 900, "A" * 2000])
def test_a_forged_challenge_supports_nothing(invitation: str, client: Client, challenge: str) -> None:
    answer = client.post(invitation, {"challenge": challenge, "code": "12345678"})
    assert (answer.status_code, Raising.objects.get().sponsors) == (422, 0)


def test_another_sites_form_supports_nothing(invitation: str, client: Client) -> None:
    answer = client.post(invitation, {"do": "code", "proof_email": ADA}, headers={"origin": "https://else.example"})
    assert (answer.status_code, Message.objects.filter(kind="code").count()) == (403, 1)


@committed
def test_a_provider_is_gone_to_before_anything_is_written(liar: LyingProvider, client: Client) -> None:
    form = Form(client).send(eligible="yes")
    assert (form.step, "/en/identity/oidc/test?for=raise" in form.page) == ("prove", True)
    back = visit(client, "/en/identity/oidc/test?for=raise")
    assert (back.status_code, back.headers["Location"]) == (303, "/en/petitions/new/proved")
    cookie = back.cookies["maninso_raise"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 3 * 3600)
    assert "maninso_ticket" not in client.cookies
    form.page = client.get("/en/petitions/new/proved").content.decode()
    check_markup("/en/petitions/new/proved", form.page, "en")
    form.send(eligible="yes")
    assert form.step == "title"
    form.send(title=TITLE).send(body=BODY).send(name="", address="")
    assert "You have proved who you are." in form.page
    assert "Your petition was handed in" in form.send().page


@committed
def test_a_provider_can_be_gone_to_beside_the_form(liar: LyingProvider, client: Client) -> None:
    form = Form(client).send(eligible="yes").send()
    form.send(title=TITLE).send(body=BODY).send(name="", address="")
    assert 'href="/en/identity/oidc/test?for=raise-beside" target="_blank"' in form.page
    back = visit(client, "/en/identity/oidc/test?for=raise-beside")
    assert "Close this window." in client.get(back.headers["Location"]).content.decode()
    assert "Your petition was handed in" in form.send().page


@committed
def test_who_comes_back_without_a_proof_is_told_why(liar: LyingProvider, client: Client) -> None:
    liar.denies = True
    back = visit(client, "/en/identity/oidc/test?for=raise")
    assert back.headers["Location"] == "/en/petitions/new/proved?note=stopped"
    assert "without proving who you are" in client.get(back.headers["Location"]).content.decode()
    assert "maninso_raise" not in client.cookies


@committed
def test_a_supporter_goes_to_a_provider_and_signs_no_other_petition(
    invitation: str, liar: LyingProvider, client: Client
) -> None:
    page = html.unescape(client.get(invitation).content.decode())
    found = re.search(r'href="(/en/identity/oidc/test\?for=support[^"]+)"', page)
    assert found is not None
    back = visit(client, found[1])
    assert (back.headers["Location"], "maninso_support" in back.cookies) == (invitation, True)
    assert "You have proved who you are." in client.get(invitation).content.decode()
    assert "Thank you for your support" in client.post(invitation, {}).content.decode()
    form = Form(client).send(eligible="yes").send()
    form.send(title="Plant trees").send(body=BODY).send(name="", address="")
    assert "Prove who you are first." in form.send().page


@pytest.mark.parametrize(
    "query", ["for=", "for=x", "for=support", "for=support&petition=1&token=x", "for=support&petition=\0"]
)
def test_a_provider_is_asked_for_nothing_else(liar: LyingProvider, client: Client, query: str) -> None:
    assert client.get(f"/en/identity/oidc/test?{query}").status_code in (400, 404)


def test_a_provider_that_is_down_is_said(liar: LyingProvider, client: Client) -> None:
    liar.down = True
    answer = client.get("/en/identity/oidc/test?for=raise")
    assert (answer.status_code, "/en/petitions/new/proved" in answer.content.decode()) == (503, True)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_of_it_is_well_made(liar: LyingProvider, client: Client, language: str) -> None:
    form = Form(client, language).send(eligible="yes")
    pages = [form.page, client.get(f"/{language}/petitions/new/proved?note=late").content.decode()]
    form.send().send(title=TITLE).send(body=BODY).send(name="", address="")
    pages += [form.page, form.send(proof_email=ADA, do="code").page, form.send(code="1").page]
    for number, page in enumerate(pages):
        check_markup(f"page {number}", re.sub(r'<script type="module" src="[^"]*"></script>', "", page), language)
