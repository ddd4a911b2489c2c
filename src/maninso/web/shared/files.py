"""Hands files over that somebody else made: to be kept, never to be run or shown inside a page of ours."""

import re

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from maninso.petitions.access import DocumentView

LOCKED = "default-src 'none'; sandbox"
_NAME = re.compile(r"([0-9a-f]{64})\.([a-z]{3,4})", re.ASCII)
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
LONGEST_NAME = 80  # characters


def read_file_name(name: str) -> tuple[str, str] | None:
    """Return the digest and the ending that a document's address names; None for what is none."""
    match = _NAME.fullmatch(name)
    return (match[1], match[2]) if match else None


def send_document(document: DocumentView, content: bytes) -> HttpResponse:
    """Return a document as a file to be kept, named by its title."""
    response = HttpResponse(content, content_type=document.kind)
    title = " ".join(_UNSAFE.sub(" ", document.title).split()).strip(". ")[:LONGEST_NAME] or "document"
    response.headers["Content-Disposition"] = content_disposition_header(True, f"{title}.{document.ending}") or ""
    response.headers["Content-Security-Policy"] = LOCKED
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["ETag"] = f'"{document.digest}"'
    return response
