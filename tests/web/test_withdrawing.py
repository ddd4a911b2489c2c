"""Taking a signature back, the record of voids, "was I counted?": not by opening a page, and not without a secret."""

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.web.reading import Page

from maninso.identity.receipt import make_receipt_secret
from maninso.identity.ticket import derive_key
from maninso.ledger.entries import Void
from maninso.ledger.note import SignerKey, VerifierKey
from maninso.ledger.proof import Promise, open_promise, sign_promise
from maninso.ledger.tiles import unpack_bundle
from maninso.petitions import integrity
from maninso.petitions.lifecycle import Actor, close_petition

pytestmark = pytest.mark.django_db

Sign = Callable[..., list[str]]
Seal = Callable[[dt.datetime], None]


def secret_of(petition: int, leaf: str) -> str:
    key = derive_key(settings.MANINSO.secret_key, purpose="withdraw")
    return make_receipt_secret(key, petition_id=petition, leaf_hash=bytes.fromhex(leaf))


def counted(client: Client, petition: int) -> int:
    return int(client.get(f"/petitions/{petition}/count.json").json()["signature_count"])


@pytest.mark.parametrize("prefix", ["", "/ko", "/en"])
def test_withdrawn_with_the_code(
    client: Client, opened: Callable[..., int], sign: Sign, seal: Seal, now: dt.datetime, prefix: str
) -> None:
    petition = opened()
    leaf = sign(petition, 3)[1]
    seal(now)
    place = f"{prefix}/petitions/{petition}/receipts/{leaf}"
    page = client.get(f"{place}/withdraw")
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    assert secret_of(petition, leaf) not in page.content.decode()
    for _ in range(2):  # once more changes nothing
        answer = client.post(f"{place}/withdraw", {"secret": secret_of(petition, leaf)})
        assert (answer.status_code, answer.headers["Location"]) == (303, place)
        assert answer.headers["Cache-Control"] == "no-store"
        seal(now)
        assert counted(client, petition) == 2
    shown = Page(client.get(f"/en/petitions/{petition}/receipts/{leaf}").content.decode())
    assert "This signature does not count. withdrawn by the signer" in shown.text
    assert (
        "does not count already"
        in Page(client.get(f"/en/petitions/{petition}/receipts/{leaf}/withdraw").content.decode()).text
    )


def test_withdrawn_by_the_browser_that_signed(
    client: Client, opened: Callable[..., int], sign: Sign, seal: Seal, now: dt.datetime
) -> None:
    petition = opened()
    leaf, other = sign(petition, 2)
    seal(now)
    client.cookies[f"maninso_receipt_{petition}"] = secret_of(petition, leaf)
    place = f"/en/petitions/{petition}/receipts/{leaf}"
    page = Page(client.get(f"{place}/withdraw").content.decode())
    assert [field["value"] for field in page.all("input", name="secret")] == [secret_of(petition, leaf)]
    assert secret_of(petition, leaf) not in client.get(place).content.decode()  # the receipt is public
    strange = client.post(f"{place}/withdraw", headers={"origin": "https://elsewhere.example"})
    assert strange.status_code == 403
    assert client.post(f"/en/petitions/{petition}/receipts/{other}/withdraw").status_code == 403
    assert counted(client, petition) == 2
    answer = client.post(f"{place}/withdraw", headers={"origin": "https://petitions.example.org"})
    assert answer.status_code == 303
    seal(now)
    assert counted(client, petition) == 1


@pytest.mark.parametrize("secret", ["A" * 22, "", "é", "\x00", "A" * 5000])
def test_another_secret_changes_nothing(
    client: Client, opened: Callable[..., int], sign: Sign, seal: Seal, now: dt.datetime, secret: str
) -> None:
    petition = opened()
    leaf = sign(petition, 1)[0]
    answer = client.post(f"/petitions/{petition}/receipts/{leaf}/withdraw", {"secret": secret})
    assert answer.status_code == 403
    seal(now)
    assert counted(client, petition) == 1


def test_not_after_the_closing_and_not_what_is_no_signature(
    client: Client, opened: Callable[..., int], sign: Sign, now: dt.datetime
) -> None:
    petition = opened()
    leaf = sign(petition, 1)[0]
    close_petition(petition, now=now)
    place = f"/en/petitions/{petition}/receipts/{leaf}/withdraw"
    assert client.post(place, {"secret": secret_of(petition, leaf)}).status_code == 409
    assert "Signing has ended" in Page(client.get(place).content.decode()).text
    assert client.get(f"/petitions/{petition}/receipts/{'0' * 64}/withdraw").status_code == 404


def test_the_record_of_voids(
    client: Client, opened: Callable[..., int], sign: Sign, seal: Seal, now: dt.datetime
) -> None:
    petition = opened()
    leaf = sign(petition, 4)[0]
    seal(now)
    nothing = Page(client.get(f"/en/petitions/{petition}/voids").content.decode())
    assert "Every signature counts" in nothing.text
    assert (
        f"/en/petitions/{petition}/voids" not in Page(client.get(f"/en/petitions/{petition}").content.decode()).links()
    )
    batch = integrity.propose_batch(
        petition_id=petition,
        reason=3,
        text="One <script> made these.",
        selection=integrity.Selection(leaves=(2, 3)),
        actor=Actor(role="operator", name="ada@example.org"),
        now=now,
    )
    integrity.approve_batch(batch.batch_id, actor=Actor(role="operator", name="bo@example.org"), now=now)
    integrity.run_batch(batch.batch_id, now=now)
    integrity.withdraw_signature(petition, bytes.fromhex(leaf), now=now)
    seal(now)
    answer = client.get(f"/en/petitions/{petition}/voids")
    assert "s-maxage=1" in answer.headers["Cache-Control"]
    page = Page(answer.content.decode())
    for said in (
        "One <script> made these.",
        "forged or automated",
        "withdrawn by the signer",
        "1 entry is by a signer",
        "Approved by: the site’s operator. Another person had proposed it.",
    ):
        assert said in page.text
    assert "example.org" not in page.text.replace("petitions.example.org", "")  # who decided is not named to the public
    assert page.text.count("−1") == 3
    # Where the table is a stack of lines, each says what it is.
    labels = [cell["data-label"] for cell in page.all("td")[:6]]
    assert labels == ["Entry", "Signature", "Count", "Reason", "Decided by", "Day"]
    assert f"/en/petitions/{petition}/voids" in Page(client.get(f"/en/petitions/{petition}").content.decode()).links()
    body = client.get(f"/petitions/{petition}/voids.json").json()
    assert [(each["signature"], each["effect"], each["reason"], each["batch"]) for each in body["data"]] == [
        (1, -1, 1, None),
        (3, -1, 3, batch.batch_id),
        (2, -1, 3, batch.batch_id),
    ]
    assert body["meta"] == {"total": 3, "signatures": 4, "voids": 3, "reinstated": 0, "count": 1}
    assert (body["links"]["next"], body["links"]["prev"]) == (None, None)
    (decision,) = body["decisions"]
    assert json.loads(decision["document"])["text"] == "One <script> made these."
    assert (decision["batch"], decision["approved_by"]) == (batch.batch_id, "operator")
    size = int(client.get(f"/p/{petition}/log/checkpoint").content.split(b"\n")[1])
    bundle = client.get(f"/p/{petition}/log/tile/entries/000.p/{size}").content
    voids = [Void.parse(entry) for entry in unpack_bundle(bundle, size) if entry[:1] == b"\x02"]
    digest = hashlib.sha256(decision["document"].encode()).digest()
    assert [void.target for void in voids if void.decision == digest] == [2, 3]


@pytest.mark.parametrize("ending", ["voids", "voids.json"])
def test_no_voids_without_a_ledger(client: Client, ending: str) -> None:
    assert client.get(f"/petitions/999999/{ending}").status_code == 404
    assert client.get(f"/petitions/x/{ending}").status_code == 400


def test_a_promise_until_it_is_sealed_and_after(
    client: Client, opened: Callable[..., int], sign: Sign, seal: Seal, now: dt.datetime
) -> None:
    petition = opened()
    leaf = sign(petition, 1)[0]
    place = f"/petitions/{petition}/receipts/{leaf}"
    assert f"{place}.promise" in Page(client.get(place).content.decode()).links()
    key = VerifierKey.parse(client.get("/promise/key").content.decode().strip())
    assert key.name == "petitions.example.org/promise"
    for _ in range(2):
        answer = client.get(f"{place}.promise")
        promise = open_promise(answer.content, key)
        assert promise.origin == f"petitions.example.org/p/{petition}/log"
        assert promise.leaf_hash.hex() == leaf
        assert 55 <= promise.by - dt.datetime.now(dt.UTC).timestamp() <= 60
        assert answer.headers["Cache-Control"] == "no-store"
        seal(now)
    assert f"{place}.promise" not in Page(client.get(place).content.decode()).links()
    assert client.get(f"/petitions/{petition}/receipts/{'0' * 64}.promise").status_code == 404
    assert client.get(f"/petitions/{petition}/receipts/x.promise").status_code == 400


def ask(client: Client, data: bytes, *, pasted: bool = False) -> str:
    given: dict[str, Any] = {"text": data.decode()} if pasted else {"file": SimpleUploadedFile("receipt", data)}
    answer = client.post("/en/check", given)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    page = Page(answer.content.decode())
    return page.text


def test_was_i_counted(client: Client, opened: Callable[..., int], sign: Sign, seal: Seal, now: dt.datetime) -> None:
    assert client.get("/en/check").status_code == 200
    petition = opened()
    leaf = sign(petition, 3)[1]
    place = f"/petitions/{petition}/receipts/{leaf}"
    promise = client.get(f"{place}.promise").content
    assert "will be sealed within a minute" in ask(client, promise)
    seal(now)
    assert "it counts" in ask(client, promise)
    receipt = client.get(f"{place}.tlog-proof").content
    for pasted in (False, True):
        assert "Yes: this signature is in the ledger, and it counts." in ask(client, receipt, pasted=pasted)
    assert "it counts" in ask(client, receipt.replace(b"\n", b"\r\n"))
    sign(petition, 2, first=3)
    seal(now)
    assert "it counts" in ask(client, receipt)  # old receipts stay valid
    integrity.withdraw_signature(petition, bytes.fromhex(leaf), now=now)
    said = ask(client, receipt)
    assert "does not count" in said
    assert "withdrawn by the signer" in said


def test_what_is_false_is_said_to_be(
    client: Client, opened: Callable[..., int], sign: Sign, seal: Seal, now: dt.datetime
) -> None:
    petition = opened()
    leaf = sign(petition, 3)[1]
    seal(now)
    place = f"/petitions/{petition}/receipts/{leaf}"
    receipt = client.get(f"{place}.tlog-proof").content
    lines = receipt.split(b"\n")
    assert "was changed" in ask(client, receipt.replace(b"index 2", b"index 1"))
    assert "neither a receipt nor a promise" in ask(client, receipt.replace(b"index 2", b"index 02"))
    elsewhere = receipt.replace(b"petitions.example.org", b"other.example.org")
    assert "from another site" in ask(client, elsewhere)
    assert "neither a receipt nor a promise" in ask(client, b"\n".join(lines[:3]))
    for data in (b"hello", b"", b"c2sp.org/tlog-proof@v1\n\x00\n\n\x00\n", b"\xff\xfe"):
        assert "neither a receipt nor a promise" in ask(client, data) or "another site" in ask(client, data)


def test_evidence_against_the_site_is_called_so(
    client: Client, opened: Callable[..., int], sign: Sign, seal: Seal, now: dt.datetime
) -> None:
    from django.db import connection

    from maninso.ledger.checkpoint import Checkpoint, sign_checkpoint
    from maninso.ledger.merkle import hash_leaf
    from maninso.ledger.proof import Receipt
    from maninso.signing.keys import LogKey

    petition = opened()
    sign(petition, 1)
    seal(now)
    origin = f"petitions.example.org/p/{petition}/log"
    with connection.cursor() as cursor:
        cursor.execute("SELECT entry FROM signing_leaf WHERE petition_id = %s AND leaf_index = 1", [petition])
        entry = bytes(cursor.fetchone()[0])
    # A log of one leaf under the site's true key: another history than the one that is served.
    forked = sign_checkpoint(Checkpoint(origin, 1, hash_leaf(entry)), LogKey(bytes(range(32))).sign_as(origin))
    assert "its ledger says something else" in ask(client, Receipt(entry, 0, (), forked).render())
    signer = SignerKey("petitions.example.org/promise", settings.MANINSO_PROMISE_KEY())
    broken = sign_promise(
        Promise(signer.name, origin, hashlib.sha256(b"never").digest(), int(now.timestamp()) - 9), signer
    )
    assert "and it is not there" in ask(client, broken)
    forged = SignerKey("petitions.example.org/promise", bytes(32))
    promise = sign_promise(Promise(signer.name, origin, hashlib.sha256(b"x").digest(), 1), forged)
    assert "this site did not make it" in ask(client, promise)


def test_a_code_outlasts_a_change_of_the_sites_secret(
    client: Client, opened: Callable[..., int], sign: Sign, seal: Seal, now: dt.datetime, settings: Any
) -> None:
    petition = opened()
    leaf, other = sign(petition, 2)
    seal(now)
    codes = [secret_of(petition, each) for each in (leaf, other)]
    old = settings.MANINSO.secret_key
    settings.MANINSO = dataclasses.replace(settings.MANINSO, secret_key="another secret " * 3, previous_secrets=(old,))
    place = f"/en/petitions/{petition}/receipts"
    assert client.post(f"{place}/{leaf}/withdraw", {"secret": codes[0]}).status_code == 303
    settings.MANINSO = dataclasses.replace(settings.MANINSO, previous_secrets=())
    assert client.post(f"{place}/{other}/withdraw", {"secret": codes[1]}).status_code == 403
