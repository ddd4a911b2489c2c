"""Documents of answers: what kind they are is read from their bytes, and a draft takes them up and lets them go."""

import datetime as dt
import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Exists, OuterRef

from maninso import UsageError
from maninso.petitions.lifecycle import Actor, clean_text
from maninso.petitions.models import ENDINGS, LARGEST_DOCUMENT, Document, ReplyDocument, ResponseDocument
from maninso.petitions.obligations.replies import change_draft

MOST_DOCUMENTS = 10  # of one answer
LONGEST_TITLE = 200  # characters
UNUSED_FOR = dt.timedelta(days=1)
"""How long bytes are kept that no answer has any more."""

HWP = "application/x-hwp"
_SIGNATURES: Mapping[bytes, str] = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HWP_MARK = "FileHeader".encode("utf-16-le")  # the stream that every HWP 5 file has
_NAMED = ("odt", "ods", "odp", "hwpx")
"""Kinds that a packed file names itself, in its member `mimetype` (OpenDocument 1.3 part 2, section 3.3; OWPML)."""
_OFFICE: Mapping[str, str] = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}
"""The main member of Office Open XML files."""
_KINDS: Mapping[str, str] = {ending: kind for kind, ending in ENDINGS.items()}


class DocumentError(UsageError):
    """A document that cannot be taken."""


def find_kind(content: bytes) -> str | None:
    """Return the media type of a document by its bytes; None for a kind that is not taken, or one with macros."""
    for signature, kind in _SIGNATURES.items():
        if content.startswith(signature):
            return kind
    if content.startswith(_OLE):
        return HWP if _HWP_MARK in content else None
    return _find_packed(content) if content.startswith(b"PK\x03\x04") else None


def attach_document(reply_id: int, *, title: str, content: bytes, seen: int, actor: Actor, now: dt.datetime) -> int:
    """Add a document to a draft, and return the draft's revision; one that was proposed is a draft again.

    Raises DocumentError for what is empty, too large, of a kind that is not taken, without a name, or one too many;
    StaleReplyError, ReplyError, RoleError.
    """
    title = clean_text("title", title, most=LONGEST_TITLE)
    if not title:
        raise DocumentError("title: it is empty", cure="give the document a name that says what it is")
    if not 0 < len(content) <= LARGEST_DOCUMENT:
        raise DocumentError("the document is empty or too large", cure=f"give at most {LARGEST_DOCUMENT:,} bytes")
    kind = find_kind(content)
    if kind is None:
        raise DocumentError(
            "this kind of document is not taken", cure=f"give one of: {', '.join(sorted(ENDINGS.values()))}"
        )
    digest = hashlib.sha256(content).digest()
    with transaction.atomic():
        reply, revision = change_draft(reply_id, {"attached": digest.hex()}, seen=seen, actor=actor, now=now)
        Document.objects.bulk_create(
            [Document(digest=digest, kind=kind, size=len(content), content=content, kept_at=now)],
            ignore_conflicts=True,
        )
        # Held, so that nobody forgets it before the answer has it.
        document = Document.objects.select_for_update(no_key=True).only("pk").get(digest=digest)
        ReplyDocument.objects.update_or_create(reply=reply, document=document, defaults={"title": title})
        if reply.documents.count() > MOST_DOCUMENTS:
            raise DocumentError("too many documents", cure=f"an answer has at most {MOST_DOCUMENTS}")
    return revision


def detach_document(reply_id: int, *, digest: str, seen: int, actor: Actor, now: dt.datetime) -> int:
    """Take a document out of a draft; published versions keep theirs. Returns the revision.

    Raises DocumentError where the draft has no such document, StaleReplyError, ReplyError, RoleError.
    """
    with transaction.atomic():
        reply, revision = change_draft(reply_id, {"detached": digest}, seen=seen, actor=actor, now=now)
        rows = list(reply.documents.select_related("document").defer("document__content"))
        found = [each for each in rows if bytes(each.document.digest).hex() == digest]
        if not found:
            raise DocumentError(f"answer {reply_id} has no such document", cure="look at it again")
        found[0].delete()
    return revision


def forget_documents(*, now: dt.datetime) -> int:
    """Delete the bytes that no answer has had for a day; return of how many documents."""
    unused = Document.objects.filter(
        ~Exists(ReplyDocument.objects.filter(document=OuterRef("pk"))),
        ~Exists(ResponseDocument.objects.filter(document=OuterRef("pk"))),
        kept_at__lt=now - UNUSED_FOR,
    )
    gone = 0
    for number in list(unused.values_list("pk", flat=True)):
        with transaction.atomic():
            Document.objects.select_for_update().only("pk").filter(pk=number).first()
            gone += unused.filter(pk=number).delete()[0]
    return gone


def _find_packed(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = set(packed.namelist())
            if any("vbaproject" in name.lower() or name.startswith(("Basic/", "Scripts/")) for name in names):
                return None
            if "mimetype" in names:
                if packed.getinfo("mimetype").file_size > 100:
                    return None
                named = packed.read("mimetype").decode("ascii", errors="replace").strip()
                return named if ENDINGS.get(named) in _NAMED else None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
        return None
    found = next((ending for name, ending in _OFFICE.items() if name in names), "")
    return _KINDS.get(found) if "[Content_Types].xml" in names else None
