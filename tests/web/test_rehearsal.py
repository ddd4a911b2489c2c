"""Becoming a made-up person: a ticket in a cookie, only in a rehearsal, only by POST from the site's own form."""

import dataclasses
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client
from tests.web.reading import Page

from maninso.identity.ticket import COOKIE, derive_key, verify_ticket
from maninso.petitions.lifecycle import close_petition

pytestmark = pytest.mark.django_db


def become(client: Client, petition: int, **fields: str) -> Any:
    return client.post("/en/identity/rehearsal", {"petition": str(petition), **fields})


def ticket_of(answer: Any) -> Any:
    key = derive_key(site.MANINSO.secret_key, purpose="ticket")
    return verify_ticket(key, answer.cookies[COOKIE].value, now=time.time())


def test_form_then_ticket_then_the_button_that_signs(client: Client, opened: Callable[..., int]) -> None:
    petition = opened()
    form = Page(client.get(f"/en/identity/rehearsal?petition={petition}").content.decode())
    assert form.all("input", name="petition")[0]["value"] == str(petition)
    answer = become(client, petition, person="Wanderer")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/en/petitions/{petition}/sign/now")
    assert answer.headers["Cache-Control"] == "no-store"
    cookie = answer.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"], cookie["max-age"]) == (True, "Lax", True, 3600)
    page = Page(client.get(answer.headers["Location"]).content.decode())
    (form_tag,) = [form for form in page.all("form") if form.get("method") == "post"]
    assert form_tag["action"] == f"/en/petitions/{petition}/signatures"
    assert "Nothing has been signed yet" in page.text


def test_one_name_is_one_person_and_no_name_is_a_new_one(client: Client, opened: Callable[..., int]) -> None:
    petition = opened()
    first, again = (ticket_of(become(client, petition, person=name)) for name in ("Wanderer", " wanderer "))
    assert first.subject == again.subject
    assert (first.issuer, first.assurance, first.region) == ("rehearsal", 1, "")
    one, other = (ticket_of(become(client, petition)) for _ in range(2))
    assert one.subject != other.subject


def test_ticket_satisfies_the_charter(client: Client, opened: Callable[..., int]) -> None:
    petition = opened(charter="finland")
    assert ticket_of(become(client, petition)).assurance == 3


def test_region_must_be_one_that_the_charter_counts_by(client: Client, opened: Callable[..., int]) -> None:
    petition = opened(charter="blue-house-2019")
    assert ticket_of(become(client, petition, region="KR-11")).region == "KR-11"
    assert ticket_of(become(client, petition, region="XX")).region == ""


def test_without_rehearsal_there_is_no_such_page(client: Client, opened: Callable[..., int], settings: Any) -> None:
    petition = opened(charter="finland")
    settings.MANINSO = dataclasses.replace(settings.MANINSO, rehearsal=False)
    assert client.get(f"/identity/rehearsal?petition={petition}").status_code == 404
    answer = become(client, petition)
    assert (answer.status_code, list(answer.cookies)) == (404, [])
    page = Page(client.get(f"/en/petitions/{petition}/sign").content.decode())
    assert "has not set up a way to prove who you are yet" in page.text


def test_cookie_is_for_http_too_where_the_site_runs_on_this_machine(
    client: Client, opened: Callable[..., int], settings: Any
) -> None:
    settings.MANINSO = dataclasses.replace(settings.MANINSO, host="localhost:8000")
    assert become(client, opened()).cookies[COOKIE]["secure"] == ""


def test_form_of_another_site_gives_no_ticket(opened: Callable[..., int]) -> None:
    client = Client(enforce_csrf_checks=True)
    petition = opened()
    answer = become(client, petition)
    assert (answer.status_code, list(answer.cookies)) == (403, [])
    assert "This form came from elsewhere" in Page(answer.content.decode()).text
    form = client.get(f"/en/identity/rehearsal?petition={petition}")
    cookie = form.cookies["csrftoken"]
    assert (cookie["max-age"], cookie["expires"], cookie["httponly"]) == ("", "", True)  # until the browser is closed
    html = form.content.decode()
    (token,) = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
    assert become(client, petition, csrfmiddlewaretoken=token).status_code == 303


@pytest.mark.parametrize("name", ["x" * 61, "a\0b"])
def test_unusable_name_is_said_beside_its_field_and_kept(client: Client, opened: Callable[..., int], name: str) -> None:
    answer = become(client, opened(), person=name)
    assert (answer.status_code, list(answer.cookies)) == (422, ["csrftoken"])
    page = Page(answer.content.decode())
    (field,) = page.all("input", id="person")
    assert (field["aria-invalid"], field["aria-describedby"]) == ("true", "person-hint person-error")
    assert field["value"].startswith(name[:1])


@pytest.mark.parametrize(("number", "status"), [("", 400), ("x", 400), ("999999", 404), ("\0", 400)])
def test_bad_petition_number(client: Client, number: str, status: int) -> None:
    assert client.get("/identity/rehearsal", {"petition": number}).status_code == status
    assert client.post("/identity/rehearsal", {"petition": number}).status_code == status


def test_closed_petition_leads_back_to_its_page(client: Client, opened: Callable[..., int], now: Any) -> None:
    petition = opened()
    close_petition(petition, now=now)
    for path in (f"/en/petitions/{petition}/sign", f"/en/identity/rehearsal?petition={petition}"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/en/petitions/{petition}")
    assert become(client, petition).headers["Location"] == f"/en/petitions/{petition}"
