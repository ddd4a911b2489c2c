"""Was it an answer? Only signers say so, once each, by what they signed with; only sums are shown."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from maninso.identity.nullifier import derive_nullifier, open_sealed_key
from maninso.identity.rehearsal import make_rehearsal_ticket
from maninso.ledger.entries import render_sign
from maninso.petitions.access import find_petition
from maninso.petitions.integrity import destroy_petition_key
from maninso.petitions.lifecycle import Actor, close_petition
from maninso.petitions.models import Obligation, Verdict
from maninso.petitions.obligations import answer
from maninso.signing.gate import append_entries
from maninso.signing.voids import withdraw_leaf

pytestmark = pytest.mark.django_db

KIM = Actor(role="clerk", name="kim@example.org")


def sign_as(petition_id: int, person: str, now: dt.datetime) -> None:
    """Let a rehearsal's person sign for real: under the petition's own key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT wrapped_key FROM signing_gate WHERE petition_id = %s", [petition_id])
        sealed = bytes(cursor.fetchone()[0])
        wrapping_key = settings.MANINSO_KEPT_WRAPPING_KEY(petition_id)
        key = open_sealed_key(wrapping_key, petition_id=petition_id, sealed=sealed)
        secret = settings.MANINSO.secret_key
        ticket = make_rehearsal_ticket(secret, person=person, region="", now=0, assurance=3, age=40)
        nullifier = derive_nullifier(key, issuer=ticket.scheme, subject=ticket.subject)
        append_entries(cursor, petition_id=petition_id, entries=[render_sign(1, 0, 0, nullifier, bytes(32))])


@pytest.fixture
def answered(opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime) -> Obligation:
    """A petition that Ada, Bo and fifty others signed, answered."""
    petition_id = opened()
    sign_as(petition_id, "Ada", now)
    sign_as(petition_id, "Bo", now)
    sign(petition_id, 50)
    seal(now)
    owed = Obligation.objects.get(petition_id=petition_id)
    answer(owed.pk, author="The rector", summary="Yes.", body="From May.", language="en", now=now, actor=KIM)
    return owed


def page_of(owed: Obligation) -> str:
    return f"/en/petitions/{owed.petition_id}/verdict/{owed.pk}"


def sums(owed: Obligation, now: dt.datetime) -> tuple[int, int, int, int]:
    view = find_petition(owed.petition_id, now=now)
    assert view is not None
    (each,) = view.verdicts
    return each.yes, each.partly, each.no, each.earlier


def test_each_signer_says_so_once_and_may_change_their_mind(
    answered: Obligation, client: Client, now: dt.datetime
) -> None:
    page = page_of(answered)
    assert "No signer has said so far." in client.get(f"/en/petitions/{answered.petition_id}").content.decode()
    assert client.get(page).status_code == 200
    assert sums(answered, now) == (0, 0, 0, 0)  # opening it says nothing
    for person, verdict in (("Ada", "yes"), ("Bo", "no"), ("Ada", "partly"), ("Ada", "partly")):
        said = client.post(page, {"person": person, "verdict": verdict})
        assert (said.status_code, "Thank you" in said.content.decode()) == (200, True)
    assert sums(answered, now) == (0, 1, 1, 0)
    shown = client.get(f"/en/petitions/{answered.petition_id}").content.decode()
    assert "2 of 52 signers have said so." in shown
    answer(answered.pk, author="The rector", summary="Yes!", body="", language="en", now=now, actor=KIM)
    client.post(page, {"person": "Bo", "verdict": "yes"})
    assert sums(answered, now) == (1, 1, 0, 1)  # Ada spoke of the first version


def test_who_did_not_sign_says_nothing(answered: Obligation, client: Client, now: dt.datetime) -> None:
    refused = client.post(page_of(answered), {"person": "Stranger", "verdict": "yes"})
    assert (refused.status_code, "No signature that counts" in refused.content.decode()) == (422, True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT leaf_index FROM signing_leaf WHERE nullifier IS NOT NULL ORDER BY leaf_index LIMIT 1")
        (leaf,) = cursor.fetchone()
        withdraw_leaf(cursor, petition_id=answered.petition_id, leaf_index=leaf, now=now)
    assert client.post(page_of(answered), {"person": "Ada", "verdict": "yes"}).status_code == 422
    assert Verdict.objects.count() == 0


def test_a_verdict_leads_to_no_leaf(answered: Obligation, client: Client) -> None:
    client.post(page_of(answered), {"person": "Ada", "verdict": "yes"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT nullifier FROM signing_leaf WHERE nullifier IS NOT NULL")
        leaves = {bytes(nullifier) for (nullifier,) in cursor.fetchall()}
    assert bytes(Verdict.objects.get().person) not in leaves


@pytest.mark.parametrize("verdict", ["", "maybe", "\0"])
def test_another_word_is_refused(verdict: str, answered: Obligation, client: Client) -> None:
    said = client.post(page_of(answered), {"person": "Ada", "verdict": verdict})
    assert (said.status_code, "Choose one of the three." in said.content.decode()) == (422, True)


def test_without_the_key_nobody_can_show_that_they_signed(
    answered: Obligation, client: Client, now: dt.datetime
) -> None:
    close_petition(answered.petition_id, now=now)
    assert client.post(page_of(answered), {"person": "Ada", "verdict": "yes"}).status_code == 200
    assert destroy_petition_key(answered.petition_id, now=now)
    said = client.post(page_of(answered), {"person": "Bo", "verdict": "yes"})
    assert (said.status_code, "key is destroyed" in said.content.decode()) == (422, True)
    assert sums(answered, now) == (1, 0, 0, 0)


def test_another_sites_form_is_refused_and_nothing_is_where_no_answer_is(
    answered: Obligation, opened: Callable[..., int], client: Client
) -> None:
    given = {"person": "Ada", "verdict": "yes"}
    assert client.post(page_of(answered), given, headers={"origin": "https://evil.example"}).status_code == 403
    other = opened(title="Another one")
    own = answered.petition_id
    for path in (f"{other}/verdict/{answered.pk}", f"{own}/verdict/999999", "x/verdict/1", f"{own}/verdict/x"):
        assert client.get(f"/en/petitions/{path}").status_code in (400, 404)
    Obligation.objects.filter(pk=answered.pk).update(
        state="lapsed", response=None, turns=1, turned_index=9, turned_count=2, turned_at=answered.met_at
    )
    assert client.post(page_of(answered), given).status_code == 404
