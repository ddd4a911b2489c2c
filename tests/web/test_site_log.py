"""The site's log over HTTP, the proof beside a receipt, and the page that says who has cosigned."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from tests.web.reading import Page

from maninso.ledger.checkpoint import open_checkpoint, peek_checkpoint
from maninso.ledger.note import SignedNote, SignerKey, VerifierKey
from maninso.ledger.proof import verify_receipt
from maninso.ledger.sitelog import SiteEntry
from maninso.signing.keys import LogKey
from maninso.signing.sequencer import Sequencer
from maninso.signing.sitelog import Cosignature, keep_cosignature
from maninso.web.pages.front import NEWEST_ENTRIES

pytestmark = pytest.mark.django_db

HOST = "petitions.example.org"
WITNESS = SignerKey("witness.example/w", b"w" * 32)
Seal = Callable[[dt.datetime], None]


@pytest.fixture
def name(seal: Seal) -> Callable[[dt.datetime], None]:
    """One round of the worker: seal, name what was sealed, and seal that."""

    def round_at(now: dt.datetime) -> None:
        connection.ensure_connection()
        sequencer = Sequencer(connection.connection, LogKey(bytes(range(32))).sign_as)
        sequencer.start_site_log(host=HOST)
        seal(now)
        sequencer.name_checkpoints(now=now)
        seal(now)

    return round_at


def test_files_of_the_site_s_log(client: Client, opened: Callable[..., int], name: Seal, now: dt.datetime) -> None:
    assert client.get("/log/checkpoint").status_code == 404
    assert client.get("/log/key").status_code == 404
    opened()
    name(now)
    checkpoint = client.get("/log/checkpoint")
    key = client.get("/log/key")
    assert (checkpoint.headers["Content-Type"], checkpoint.headers["Cache-Control"]) == (
        "text/plain; charset=utf-8",
        "no-store",
    )
    assert checkpoint.headers["Access-Control-Allow-Origin"] == "*"
    vkey = VerifierKey.parse(key.content.decode().removesuffix("\n"))
    assert open_checkpoint(checkpoint.content, origin=f"{HOST}/log", key=vkey).size == 1
    for path in ("/log/tile/0/000.p/1", "/log/tile/entries/000.p/1"):
        tile = client.get(path)
        assert (tile.status_code, tile.headers["Cache-Control"]) == (200, "public, max-age=604800, immutable")
    for path in ("/log/tile/0/000.p/2", "/log/", "/log/x", "/log/../key", "/log/é", "/p/0/log/checkpoint"):
        answer = client.get(path)
        assert (answer.status_code in (400, 404), answer.headers.get("Cache-Control", "no-store")) == (True, "no-store")


def test_a_receipt_s_proof_in_the_site_s_log(
    client: Client, opened: Callable[..., int], sign: Callable[..., list[str]], seal: Seal, name: Seal, now: dt.datetime
) -> None:
    petition = opened()
    leaf = sign(petition, 3)[1]
    path = f"/petitions/{petition}/receipts/{leaf}.site.tlog-proof"
    seal(now)
    early = client.get(path)
    assert (early.status_code, early.json()["type"]) == (404, "/problems/not-sealed-yet")
    assert path not in Page(client.get(f"/en/petitions/{petition}/receipts/{leaf}").content.decode()).links()
    name(now)
    file = client.get(path)
    file_name = f"petition-{petition}-leaf-2.site.tlog-proof"
    assert file.headers["Content-Disposition"] == f'attachment; filename="{file_name}"'
    assert path in Page(client.get(f"/en/petitions/{petition}/receipts/{leaf}").content.decode()).links()
    proof = verify_receipt(file.content, VerifierKey.parse(client.get("/log/key").content.decode().strip()))
    receipt = client.get(f"/petitions/{petition}/receipts/{leaf}.tlog-proof").content
    named = SiteEntry.parse(proof.entry.render()).find(petition)
    assert named is not None
    assert named.size == peek_checkpoint(receipt[receipt.index(b"\n\n") + 2 :]).size
    assert client.get(f"/petitions/{petition}/receipts/{'0' * 64}.site.tlog-proof").status_code == 404
    assert client.get(f"/petitions/{petition}/receipts/x.site.tlog-proof").status_code == 400
    assert client.get(f"/petitions/0/receipts/{leaf}.site.tlog-proof").status_code in (400, 404)


def test_the_page_says_who_has_cosigned_and_when(
    client: Client, opened: Callable[..., int], name: Seal, now: dt.datetime
) -> None:
    nobody = "No witness has cosigned this site’s ledger yet."
    assert nobody in Page(client.get("/en/about").content.decode()).text
    opened()
    name(now)
    checkpoint = client.get("/log/checkpoint").content
    line = WITNESS.cosign(SignedNote.parse(checkpoint).text, time=1_780_000_000)
    at = dt.datetime.fromtimestamp(1_780_000_000, dt.UTC)
    with connection.cursor() as cursor:
        keep_cosignature(cursor, Cosignature(WITNESS.cosigner, 1, checkpoint, line.render(), at))
    page = Page(client.get("/en/about").content.decode())
    assert nobody not in page.text
    assert "witness.example/w" in page.text
    assert [each["datetime"] for each in page.all("time")] == ["2026-05-28T20:26:40.000Z"]
    assert "maninso verify https://petitions.example.org --deep" in page.text
    served = SignedNote.parse(client.get("/log/checkpoint").content)
    assert [each.name for each in served.signatures] == [f"{HOST}/log", "witness.example/w"]


def test_the_site_s_ledger_in_words(client: Client, opened: Callable[..., int], name: Seal, now: dt.datetime) -> None:
    empty = Page(client.get("/en/log").content.decode())
    assert "It has no entry yet." in empty.text
    petitions = [opened() for _ in range(12)]
    name(now)
    answer = client.get("/en/log")
    page = Page(answer.content.decode())
    assert (answer.status_code, answer.headers["Cache-Control"].startswith("public")) == (200, True)
    assert client.get("/log/key").content.decode().strip() in page.text
    assert "No witness has cosigned this site’s ledger yet." in page.text
    # Of an entry that names many petitions, ten are shown.
    assert [link for link in page.links() if link in [f"/en/petitions/{each}" for each in petitions]] == [
        f"/en/petitions/{each}" for each in petitions[:10]
    ]
    assert "and 2 more" in page.text
    assert f"maninso verify https://{HOST} --deep" in page.text
    checkpoint = client.get("/log/checkpoint").content
    line = WITNESS.cosign(SignedNote.parse(checkpoint).text, time=1_780_000_000)
    with connection.cursor() as cursor:
        at = dt.datetime.fromtimestamp(1_780_000_000, dt.UTC)
        keep_cosignature(cursor, Cosignature(WITNESS.cosigner, 1, checkpoint, line.render(), at))
    seen = Page(client.get("/ko/log").content.decode())
    assert "witness.example/w" in seen.text
    assert "2026-05-28T20:26:40.000Z" in [each["datetime"] for each in seen.all("time")]


def test_a_long_site_log_shows_its_end(
    client: Client, opened: Callable[..., int], sign: Callable[..., list[str]], name: Seal, now: dt.datetime
) -> None:
    petition = opened()
    for second in range(NEWEST_ENTRIES + 3):
        sign(petition, 1, first=second)
        name(now + dt.timedelta(seconds=second))
    page = Page(client.get("/en/log").content.decode())
    rows = [each["data-label"] for each in page.all("th") if each.get("data-label")]
    assert rows == ["Entry"] * NEWEST_ENTRIES
    assert f"Entry Time Petitions named, each with the length of its ledger {NEWEST_ENTRIES + 2} " in page.text
