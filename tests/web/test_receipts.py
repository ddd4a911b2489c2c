"""The receipt's page and file, before and after a checkpoint covers the leaf."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from tests.web.reading import Page

pytestmark = pytest.mark.django_db

Sign = Callable[..., list[str]]
Seal = Callable[[dt.datetime], None]


def test_stored_but_not_sealed_yet(client: Client, opened: Callable[..., int], sign: Sign) -> None:
    petition = opened()
    leaf = sign(petition, 3)[1]
    answer = client.get(f"/en/petitions/{petition}/receipts/{leaf}")
    page = Page(answer.content.decode())
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "refresh"] == ["10"]
    assert "Being sealed." in page.text
    file = client.get(f"/petitions/{petition}/receipts/{leaf}.tlog-proof")
    assert (file.status_code, file.headers["Retry-After"], file.headers["Cache-Control"]) == (404, "1", "no-store")
    assert file.json()["type"] == "/problems/not-sealed-yet"


def test_sealed(client: Client, opened: Callable[..., int], sign: Sign, seal: Seal, now: dt.datetime) -> None:
    petition = opened()
    leaf = sign(petition, 3)[1]
    seal(now)
    answer = client.get(f"/en/petitions/{petition}/receipts/{leaf}")
    page = Page(answer.content.decode())
    assert not [meta for meta in page.all("meta") if meta.get("http-equiv") == "refresh"]
    for said in ("Thank you. This signature is recorded.", "Number in the ledger 2", "Counted and sealed.", leaf):
        assert said in page.text
    assert len(page.all("svg", class_="qr") or [svg for svg in page.all("svg") if svg.get("class") == "qr"]) == 1
    path = f"/petitions/{petition}/receipts/{leaf}.tlog-proof"
    assert path in page.links()
    file = client.get(path)
    assert file.content.startswith(b"c2sp.org/tlog-proof@v1\n")
    assert file.headers["Content-Disposition"] == f'attachment; filename="petition-{petition}-leaf-2.tlog-proof"'
    assert file.headers["Access-Control-Allow-Origin"] == "*"
    assert f"--receipt petition-{petition}-leaf-2.tlog-proof" in page.text


def test_signed_twice_says_so_and_that_the_count_is_unchanged(
    client: Client, opened: Callable[..., int], sign: Sign
) -> None:
    petition = opened()
    leaf = sign(petition, 1)[0]
    page = Page(client.get(f"/en/petitions/{petition}/receipts/{leaf}?again=1").content.decode())
    assert "You had signed already" in page.text
    assert "the number has not changed" in page.text


@pytest.mark.parametrize(
    ("leaf", "status"), [("0" * 64, 404), ("0" * 63, 400), ("A" * 64, 400), ("é" * 64, 400), ("%00", 400)]
)
def test_no_such_receipt(client: Client, opened: Callable[..., int], leaf: str, status: int) -> None:
    petition = opened()
    assert client.get(f"/petitions/{petition}/receipts/{leaf}").status_code == status
    assert client.get(f"/petitions/{petition}/receipts/{leaf}.tlog-proof").status_code == status
    assert client.get(f"/petitions/999999/receipts/{leaf}").status_code == status
