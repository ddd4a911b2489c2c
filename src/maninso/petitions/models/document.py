"""Documents that belong to answers: what they hold, once, and which answer has them, drafts and versions alike."""

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact

from maninso.petitions.models.obligation import Response
from maninso.petitions.models.reply import Reply

LARGEST_DOCUMENT = 10 * 2**20  # bytes
ENDINGS: Mapping[str, str] = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "application/x-hwp": "hwp",
    "application/hwp+zip": "hwpx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
}
"""The kinds of documents that are taken, and how their names end."""


class Document(models.Model):
    """The bytes of a document, kept once whoever has them. They never change (trigger)."""

    digest = models.BinaryField()  # SHA-256 of content
    kind = models.TextField()  # media type, found by content
    size = models.IntegerField()
    content = models.BinaryField()
    kept_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["digest"], name="document_once"),
            models.CheckConstraint(
                condition=Q(
                    Exact(F("digest"), Func(F("content"), function="sha256", output_field=models.BinaryField()))
                ),
                name="document_digest_of_content",
            ),
            models.CheckConstraint(
                condition=Q(size__gt=0, size__lte=LARGEST_DOCUMENT)
                & Q(Exact(F("size"), Func(F("content"), function="octet_length", output_field=models.IntegerField()))),
                name="document_size",
            ),
            models.CheckConstraint(condition=Q(kind__in=list(ENDINGS)), name="document_kind_known"),
        ]


class ReplyDocument(models.Model):
    """A document of an answer while it is written, under the name that people read."""

    reply = models.ForeignKey(Reply, on_delete=models.PROTECT, related_name="documents")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    title = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reply", "document"], name="reply_document_once"),
            models.CheckConstraint(condition=~Q(title=""), name="reply_document_titled"),
        ]


class ResponseDocument(models.Model):
    """A document of one published version of an answer. Append-only (trigger)."""

    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="documents")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="published")
    title = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["response", "document"], name="response_document_once"),
            models.CheckConstraint(condition=~Q(title=""), name="response_document_titled"),
        ]
