"""News by e-mail: nothing is stored before the button, and one click ends it (B39, RFC 8058)."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client
from tests.web.reading import Page

from maninso.identity.confirmation import seal_subscription
from maninso.petitions import notices
from maninso.petitions.models import Message, Subscriber

pytestmark = pytest.mark.django_db


def token_of(petition: int, address: str = "lee@example.org", *, now: float | None = None) -> str:
    moment = time.time() if now is None else now
    return seal_subscription(site.MANINSO.secret_key, address=address, petition_id=petition, language="en", now=moment)


@pytest.fixture
def subscribed(client: Client, opened: Callable[..., int]) -> tuple[int, str]:
    """A petition, and the address that ends a subscriber's news of it."""
    petition = opened()
    client.post(f"/en/petitions/{petition}/updates/confirm", {"token": token_of(petition)})
    subscriber = Subscriber.objects.get()
    token = notices.make_token(subscriber_id=subscriber.pk, petition_id=petition)
    return petition, f"/en/updates/{token}"


def test_asked_for_confirmed_and_stored(client: Client, opened: Callable[..., int]) -> None:
    petition = opened()
    asked = client.post(f"/en/petitions/{petition}/updates", {"email": "Lee@Example.org"})
    assert (asked.status_code, asked.headers["Location"]) == (303, f"/en/petitions/{petition}/updates/sent")
    assert (Message.objects.get().kind, Subscriber.objects.count()) == ("subscribe", 0)
    assert client.get(asked.headers["Location"]).status_code == 200
    token = token_of(petition)
    page = client.get(f"/en/petitions/{petition}/updates/confirm", {"token": token})
    assert (page.status_code, page.headers["Referrer-Policy"], Subscriber.objects.count()) == (200, "strict-origin", 0)
    assert b"lee@" not in page.content
    for _ in range(2):
        done = client.post(f"/en/petitions/{petition}/updates/confirm", {"token": token})
        assert "You will be told" in done.content.decode()
        assert Subscriber.objects.get().address == "lee@example.org"


def test_a_mistake_is_said_and_kept(client: Client, opened: Callable[..., int]) -> None:
    answer = client.post(f"/en/petitions/{opened()}/updates", {"email": "nobody"})
    (field,) = Page(answer.content.decode()).all("input", id="email")
    assert (answer.status_code, field["value"], field["aria-invalid"]) == (422, "nobody", "true")


@pytest.mark.parametrize("method", ["get", "post"])
def test_wrong_links_store_nothing(client: Client, opened: Callable[..., int], method: str) -> None:
    petition, other = opened(), opened(title="Another one")
    for token in ("", "x", token_of(other), token_of(petition, now=time.time() - 3601), "\0", "가" * 3):
        answer = getattr(client, method)(f"/en/petitions/{petition}/updates/confirm", {"token": token})
        assert answer.status_code == 410
    assert Subscriber.objects.count() == 0


def test_opening_ends_nothing_one_post_does_and_a_second_says_so(client: Client, subscribed: tuple[int, str]) -> None:
    """The POST is a mail program's: from nowhere, without a cookie, without a token of a form."""
    petition, address = subscribed
    for _ in range(2):
        page = client.get(address)
        assert "Nothing has happened yet" in page.content.decode()
        assert page.headers["Cache-Control"] == "no-store"
    assert Subscriber.objects.count() == 1
    mail_program = Client(enforce_csrf_checks=True)
    answer = mail_program.post(address, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, Subscriber.objects.count()) == (200, 0)
    assert "Done: your address is deleted" in answer.content.decode()
    for again in (client.get(address), client.post(address)):
        assert (again.status_code, "had ended already" in again.content.decode()) == (200, True)
    assert petition in [petition]


def test_a_wrong_token_changes_nothing(client: Client, subscribed: tuple[int, str]) -> None:
    _, address = subscribed
    for wrong in (address[:-1], address[:-2] + "AA", "/en/updates/x", "/en/updates/%00"):
        for answer in (client.get(wrong), client.post(wrong)):
            assert answer.status_code == 410
    assert Subscriber.objects.count() == 1


def test_pages_link_to_it(client: Client, opened: Callable[..., int], sign: Any, seal: Any, now: Any) -> None:
    petition = opened()
    (leaf_hash,) = sign(petition, 1)
    seal(now)
    for path in (f"/en/petitions/{petition}", f"/en/petitions/{petition}/receipts/{leaf_hash}"):
        page = Page(client.get(path).content.decode())
        assert f"/en/petitions/{petition}/updates" in page.links()


def test_a_petition_counted_elsewhere_or_unknown_has_no_news(client: Client) -> None:
    assert client.get("/en/petitions/999999/updates").status_code == 404
