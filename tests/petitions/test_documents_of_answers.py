"""Documents of answers: kinds by their bytes, drafts that take them up, versions that keep theirs."""

import datetime as dt
import hashlib
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from maninso.ledger.entries import Event
from maninso.petitions.access import find_document, find_petition
from maninso.petitions.accounts import add_member
from maninso.petitions.lifecycle import Actor, Reason, remove_petition
from maninso.petitions.models import Document, Obligation, Reply, ReplyDocument, Response, ResponseDocument
from maninso.petitions.obligations import (
    DocumentError,
    ReplyError,
    ReplyText,
    StaleReplyError,
    approve_reply,
    attach_document,
    detach_document,
    digest_response,
    documents,
    drop_reply,
    edit_reply,
    find_kind,
    forget_documents,
    propose_reply,
    read_reply,
    read_reply_document,
    revise_reply,
    start_reply,
)

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
KIM = Actor(role="clerk", name="kim@example.org")
LEE = Actor(role="clerk", name="lee@example.org")
TEXT = ReplyText(author="The mayor", summary="There will be a crossing.", body="In **May**.", language="en")
PLAN, COSTS = b"%PDF-1.7 the plan", b"%PDF-1.7 the costs"


def pack(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in members.items():
            packed.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"), content)
    return file.getvalue()


def word(**more: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        for name, content in {"word__document_xml": b"<document/>", **more}.items():
            packed.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"), content)
    return file.getvalue()


ODT = b"application/vnd.oasis.opendocument.text"


@pytest.fixture(autouse=True)
def _cast(now: dt.datetime) -> None:
    for actor in (KIM, LEE):
        add_member(email=actor.name, role="clerk", now=now)


@pytest.fixture
def draft_of(met: Callable[..., int], now: dt.datetime) -> Callable[[], tuple[int, int]]:
    """Let Kim write an answer; return its number and its revision."""

    def make() -> tuple[int, int]:
        owed = [met()]
        reply = start_reply(obligations=owed, language="en", actor=KIM, now=now)
        return reply, edit_reply(reply, text=TEXT, obligations=owed, seen=1, actor=KIM, now=now)

    return make


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (PLAN, "pdf"),
        (b"\x89PNG\r\n\x1a\n....", "png"),
        (b"\xff\xd8\xff\xe0....", "jpg"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "FileHeader".encode("utf-16-le"), "hwp"),
        (pack(mimetype=b"application/hwp+zip"), "hwpx"),
        (pack(mimetype=ODT, content_xml=b"<x/>"), "odt"),
        (word(), "docx"),
        (word(word__vbaProject_bin=b"x"), None),
        (pack(mimetype=ODT, Basic__a_xml=b"x"), None),
        (pack(mimetype=b"application/epub+zip"), None),
        (pack(mimetype=ODT * 10), None),
        (pack(word__document_xml=b"<document/>"), None),
        (pack(a=b"just a packed file"), None),
        (b"PK\x03\x04 broken", None),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old word file", None),
        (b"<html><script>alert(1)</script>", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"MZ\x90", None),
        (b"", None),
    ],
)
def test_a_kind_is_read_from_the_bytes(content: bytes, ending: str | None) -> None:
    kind = find_kind(content)
    assert (documents.ENDINGS[kind] if kind else None) == ending


def test_each_version_keeps_its_documents_and_the_ledgers_digest_covers_them(
    draft_of: Any, log_entries: Callable[[int], list[bytes]], now: dt.datetime
) -> None:
    reply, seen = draft_of()
    seen = attach_document(reply, title="The plan", content=PLAN, seen=seen, actor=KIM, now=now)
    propose_reply(reply, seen=seen, actor=KIM, now=now)
    approve_reply(reply, seen=seen, actor=LEE, now=now)
    petition_id = Obligation.objects.get().petition_id
    plan = hashlib.sha256(PLAN).digest()
    digest = digest_response(
        author=TEXT.author, summary=TEXT.summary, body=TEXT.body, language="en", documents=[("The plan", plan)]
    )
    assert bytes(Response.objects.get().digest) == digest
    assert digest != digest_response(author=TEXT.author, summary=TEXT.summary, body=TEXT.body, language="en")
    logged = {"at": int(now.timestamp()), "threshold": "answer", "response": digest.hex()}
    assert Event.parse(log_entries(petition_id)[-1]) == Event("answered", logged)
    revise_reply(reply, actor=KIM, now=now + DAY)
    seen = detach_document(reply, digest=plan.hex(), seen=seen + 1, actor=KIM, now=now + DAY)
    seen = attach_document(reply, title="The costs", content=COSTS, seen=seen, actor=KIM, now=now + DAY)
    propose_reply(reply, seen=seen, actor=KIM, now=now + DAY)
    approve_reply(reply, seen=seen, actor=LEE, now=now + DAY)
    view = find_petition(petition_id, now=now + DAY)
    assert view is not None
    (answer,) = view.answers
    assert [[(each.title, each.ending, each.size) for each in said.documents] for said in answer.versions] == [
        [("The costs", "pdf", len(COSTS))],
        [("The plan", "pdf", len(PLAN))],
    ]
    assert view.obligations[0].response is not None
    assert [each.title for each in view.obligations[0].response.documents] == ["The costs"]


def test_a_document_makes_a_proposed_answer_a_draft_again(draft_of: Any, now: dt.datetime) -> None:
    reply, seen = draft_of()
    propose_reply(reply, seen=seen, actor=KIM, now=now)
    attach_document(reply, title="The plan", content=PLAN, seen=seen, actor=LEE, now=now)
    kept = Reply.objects.get()
    assert (kept.state, kept.written_by, kept.proposed_by, kept.revision) == ("writing", LEE.name, "", seen + 1)
    with pytest.raises(StaleReplyError):
        attach_document(reply, title="The plan", content=PLAN, seen=seen, actor=KIM, now=now)


def test_a_draft_that_is_given_up_leaves_the_published_documents(draft_of: Any, now: dt.datetime) -> None:
    reply, seen = draft_of()
    seen = attach_document(reply, title="The plan", content=PLAN, seen=seen, actor=KIM, now=now)
    propose_reply(reply, seen=seen, actor=KIM, now=now)
    approve_reply(reply, seen=seen, actor=LEE, now=now)
    with pytest.raises(ReplyError):
        attach_document(reply, title="The costs", content=COSTS, seen=seen, actor=KIM, now=now)
    revise_reply(reply, actor=KIM, now=now)
    attach_document(reply, title="The costs", content=COSTS, seen=seen + 1, actor=KIM, now=now)
    drop_reply(reply, actor=KIM, now=now)
    view = read_reply(reply, now=now)
    assert view is not None
    assert [each.title for each in view.documents] == ["The plan"]


@pytest.mark.parametrize(
    ("title", "content"),
    [
        (" ", PLAN),
        ("a\0", PLAN),
        ("x" * 201, PLAN),
        ("Empty", b""),
        ("A page", b"<html>"),
        ("Too large", b"%PDF-" + bytes(documents.LARGEST_DOCUMENT)),
    ],
)
def test_what_is_no_document_is_refused(title: str, content: bytes, draft_of: Any, now: dt.datetime) -> None:
    reply, seen = draft_of()
    with pytest.raises(documents.UsageError):
        attach_document(reply, title=title, content=content, seen=seen, actor=KIM, now=now)
    assert (Document.objects.count(), Reply.objects.get().revision) == (0, seen)


def test_an_answer_has_so_many_documents_and_the_same_bytes_once(draft_of: Any, now: dt.datetime) -> None:
    reply, seen = draft_of()
    for number in range(documents.MOST_DOCUMENTS):
        content = PLAN + bytes([number])
        seen = attach_document(reply, title=f"Plan {number}", content=content, seen=seen, actor=KIM, now=now)
    seen = attach_document(reply, title="Another name", content=PLAN + bytes(1), seen=seen, actor=KIM, now=now)
    with pytest.raises(DocumentError, match="too many"):
        attach_document(reply, title="One more", content=COSTS, seen=seen, actor=KIM, now=now)
    assert list(ReplyDocument.objects.order_by("pk").values_list("title", flat=True)[:2]) == ["Another name", "Plan 1"]
    with pytest.raises(DocumentError, match="no such document"):
        detach_document(reply, digest="00" * 32, seen=seen, actor=KIM, now=now)


def test_the_public_gets_what_was_published_to_a_petition_that_it_may_read(draft_of: Any, now: dt.datetime) -> None:
    reply, seen = draft_of()
    digest = hashlib.sha256(PLAN).hexdigest()
    seen = attach_document(reply, title="The plan", content=PLAN, seen=seen, actor=KIM, now=now)
    assert find_document(digest) is None
    assert read_reply_document(reply, digest) is not None
    propose_reply(reply, seen=seen, actor=KIM, now=now)
    approve_reply(reply, seen=seen, actor=LEE, now=now)
    found = find_document(digest)
    assert found is not None
    assert (found[0].title, found[1]) == ("The plan", PLAN)
    petition_id = Obligation.objects.get().petition_id
    remove_petition(petition_id, reason=Reason(code="personal-data"), now=now)
    assert find_document(digest) is None
    assert read_reply_document(reply + 1, digest) is None


def test_bytes_that_no_answer_has_any_more_go(draft_of: Any, now: dt.datetime) -> None:
    reply, seen = draft_of()
    seen = attach_document(reply, title="The plan", content=PLAN, seen=seen, actor=KIM, now=now)
    attach_document(reply, title="The costs", content=COSTS, seen=seen, actor=KIM, now=now)
    ReplyDocument.objects.filter(title="The plan").delete()
    assert [forget_documents(now=now + DAY / 2), forget_documents(now=now + 2 * DAY)] == [0, 1]
    assert [bytes(each.content) for each in Document.objects.all()] == [COSTS]


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("document_once", {}),
        ("document_digest_of_content", {"digest": bytes(32)}),
        ("document_size", {"size": 1, "content": b"xx", "digest": hashlib.sha256(b"xx").digest()}),
        ("document_size", {"size": 0, "content": b"", "digest": hashlib.sha256(b"").digest()}),
        (
            "document_kind_known",
            {"kind": "text/html", "content": b"x", "size": 1, "digest": hashlib.sha256(b"x").digest()},
        ),
    ],
)
def test_the_database_refuses_documents_that_are_none(
    constraint: str, changes: dict[str, Any], now: dt.datetime
) -> None:
    whole = {
        "digest": hashlib.sha256(PLAN).digest(),
        "kind": "application/pdf",
        "size": len(PLAN),
        "content": PLAN,
        "kept_at": now,
    }
    kept = Document.objects.create(**whole)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Document.objects.create(**{**whole, **changes})
    with pytest.raises(IntegrityError, match="never change"):
        Document.objects.filter(pk=kept.pk).update(size=1)


def test_the_database_refuses_documents_twice_or_without_a_name(draft_of: Any, now: dt.datetime) -> None:
    reply, seen = draft_of()
    seen = attach_document(reply, title="The plan", content=PLAN, seen=seen, actor=KIM, now=now)
    propose_reply(reply, seen=seen, actor=KIM, now=now)
    approve_reply(reply, seen=seen, actor=LEE, now=now)
    document, response = Document.objects.get(), Response.objects.get()
    for constraint, create in (
        ("reply_document_once", lambda: ReplyDocument.objects.create(reply_id=reply, document=document, title="x")),
        ("reply_document_titled", lambda: ReplyDocument.objects.update(title="")),
        ("response_document_once", lambda: response.documents.create(document=document, title="x")),
        ("response_document_titled", lambda: response.documents.create(document=document, title="")),
        ("never change", lambda: ResponseDocument.objects.update(title="x")),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            create()
