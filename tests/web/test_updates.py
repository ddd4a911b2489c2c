"""News by e-mail: nothing is stored before the button, and one click ends it (B39, RFC 8058)."""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client
from tests.web.reading import Page

from maninso.charter import load_preset
from maninso.identity.confirmation import seal_subscription
from maninso.identity.rehearsal import make_rehearsal_ticket
from maninso.petitions import notices, raising
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


@pytest.fixture
def raised(now: dt.datetime) -> raising.Raised:
    """A petition that gathers its first supporters."""
    return raising.raise_petition(
        charter=load_preset("university"),
        draft=raising.Draft(title="A bench at the pond", body="There is none.", language="en"),
        ticket=make_rehearsal_ticket("x" * 32, person="Ada", region="", now=0, age=40, assurance=3),
        nonce=raising.make_nonce(),
        page="{id}{token}",
        salt=bytes(16),
        now=now,
    )


def test_b49_supporters_ask_to_be_told_when_it_opens(client: Client, raised: raising.Raised) -> None:
    petition, by = raised.petition_id, raised.links.sponsor
    updates = f"/en/petitions/{petition}/updates"
    supported = client.post(f"/en/petitions/{petition}/support/{by}", {"person": "Bo"}).content.decode()
    assert f"{updates}?by={by}" in supported
    page = client.get(updates, {"by": by}).content.decode()
    assert ("You are told when it opens, too." in page, f'name="by" value="{by}"' in page) == (True, True)
    wrong = client.post(updates, {"email": "nobody", "by": by})
    assert (wrong.status_code, f'name="by" value="{by}"' in wrong.content.decode()) == (422, True)
    asked = client.post(updates, {"email": "lee@example.org", "by": by})
    assert (asked.status_code, asked["Location"]) == (303, f"{updates}/sent?by={by}")
    assert f"{updates}?by={by}" in client.get(asked["Location"]).content.decode()
    token = token_of(petition)
    assert "A bench at the pond" not in client.get(f"{updates}/confirm", {"token": token}).content.decode()
    done = client.post(f"{updates}/confirm", {"token": token}).content.decode()
    assert ("You will be told when it opens, too." in done, Subscriber.objects.count()) == (True, 1)


@pytest.mark.parametrize("by", ["", "x", "\0", "가" * 16])
def test_without_the_supporters_link_there_is_no_news_of_what_gathers(
    client: Client, raised: raising.Raised, by: str
) -> None:
    updates = f"/en/petitions/{raised.petition_id}/updates"
    for address in (updates, f"{updates}/sent"):
        assert client.get(address, {"by": by}).status_code in (400, 404)
    assert client.post(updates, {"email": "lee@example.org", "by": by}).status_code in (400, 404)
    assert Message.objects.filter(kind="subscribe").count() == 0
