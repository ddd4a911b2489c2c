"""Documents of answers through the pages: taken up, published, and served as files that nothing runs."""

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.web.office.test_debts import WORDS, seen, start

from maninso.petitions.models import Document, Obligation

pytestmark = pytest.mark.django_db

PLAN = b"%PDF-1.7 the plan"
NAME = f"{hashlib.sha256(PLAN).hexdigest()}.pdf"


@pytest.fixture
def owed(opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime) -> Obligation:
    """Let a petition meet the university's threshold; return what is owed."""
    petition_id = opened()
    sign(petition_id, 50)
    seal(now)
    return Obligation.objects.get()


def attach(client: Client, reply: int, content: bytes = PLAN, title: str = 'Floor "plan" / 평면도') -> Any:
    file = SimpleUploadedFile("evil.html", content, content_type="text/html")
    given = {"do": "attach", "seen": seen(client, reply), "title": title, "file": file}
    return client.post(f"/en/office/answers/{reply}", given)


def test_a_document_goes_from_the_desk_to_the_public(enter: Any, owed: Obligation, client: Client) -> None:
    kim, lee = enter("clerk", "kim"), enter("clerk", "lee")
    reply = start(kim, owed)
    given = {**WORDS, "meets": [str(owed.pk)]}
    kim.post(f"/office/answers/{reply}", {**given, "seen": seen(kim, reply), "do": "save"})
    assert attach(kim, reply).status_code == 303
    assert client.get(f"/documents/{NAME}").status_code == 404
    office = lee.get(f"/office/answers/{reply}/documents/{NAME}")
    assert (office.status_code, office.content, office["Cache-Control"]) == (200, PLAN, "no-store")
    kim.post(f"/office/answers/{reply}", {**given, "seen": seen(kim, reply), "do": "propose"})
    lee.post(f"/office/answers/{reply}", {"seen": seen(lee, reply), "do": "approve"})
    page = client.get(f"/en/petitions/{owed.petition_id}").content.decode()
    for said in (f'href="/documents/{NAME}"', "평면도", "PDF, 17", NAME.removesuffix(".pdf")):
        assert said in page
    file = client.get(f"/documents/{NAME}")
    assert (file.status_code, file.content, file["Content-Type"]) == (200, PLAN, "application/pdf")
    assert file["Content-Disposition"].startswith("attachment; filename*=utf-8''Floor%20plan")
    assert file["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert (file["X-Content-Type-Options"], file["Cross-Origin-Resource-Policy"]) == ("nosniff", "same-origin")
    answer = client.get(f"/petitions/{owed.petition_id}.json").json()["data"]["attributes"]
    assert answer["government_response"]["documents"][0]["sha256"] == NAME.removesuffix(".pdf")


@pytest.mark.parametrize(
    "name", [f"{'0' * 64}.pdf", NAME.replace("pdf", "png"), NAME.upper(), "plan.pdf", "..%2f..pdf"]
)
def test_what_is_no_document_is_not_there(name: str, enter: Any, owed: Obligation, client: Client) -> None:
    kim = enter("clerk", "kim")
    reply = start(kim, owed)
    attach(kim, reply)
    assert client.get(f"/documents/{name}").status_code == 404
    assert kim.get(f"/office/answers/{reply}/documents/{name}").status_code == 404


def test_what_is_not_taken_is_said_and_its_name_is_kept(enter: Any, owed: Obligation) -> None:
    kim = enter("clerk", "kim")
    reply = start(kim, owed)
    answer = attach(kim, reply, b"<html><script>alert(1)</script>", "Our page")
    page = answer.content.decode()
    assert (answer.status_code, "This document was not taken" in page) == (409, True)
    assert 'value="Our page"' in page
    nothing = kim.post(f"/en/office/answers/{reply}", {"do": "attach", "seen": seen(kim, reply), "title": "x"})
    assert nothing.status_code == 409
    assert not Document.objects.exists()


def test_a_document_is_taken_out_again(enter: Any, owed: Obligation) -> None:
    kim = enter("clerk", "kim")
    reply = start(kim, owed)
    attach(kim, reply)
    given = {"do": "detach", "seen": seen(kim, reply), "digest": NAME.removesuffix(".pdf")}
    assert kim.post(f"/office/answers/{reply}", given).status_code == 303
    assert "Floor" not in kim.get(f"/office/answers/{reply}").content.decode()


def test_only_the_office_reads_a_drafts_document(enter: Any, owed: Obligation, client: Client) -> None:
    kim = enter("clerk", "kim")
    reply = start(kim, owed)
    attach(kim, reply)
    assert client.get(f"/office/answers/{reply}/documents/{NAME}").status_code in (302, 303)
